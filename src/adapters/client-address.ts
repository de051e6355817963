// The address of the client on a connection: that of the peer, or the one in the PROXY header of a load balancer.
import type { Socket } from "node:net";
import { plainAddress } from "../wire/cidr.ts";

const named = new WeakMap<Socket, string>();

/** Replaces the address of the peer by that of the client. Called once a PROXY header has been read. */
export function nameClient(socket: Socket, address: string): void {
  named.set(socket, address);
}

/**
 * The address of the client, given the accepted socket or the TLS socket on it; "" on a UNIX socket. It is read from the
 * accepted socket, which remembers it: a TLS socket has none any more once the client has disconnected.
 */
export function addressOf(socket: Socket): string {
  const transport = transportOf(socket);
  return named.get(transport) ?? plainAddress(transport.remoteAddress ?? "");
}

/** The socket below a TLS socket, which Node does not expose in a documented way; any other socket itself. */
function transportOf(socket: Socket): Socket {
  return (socket as Socket & { readonly _parent?: Socket | null })._parent ?? socket;
}
