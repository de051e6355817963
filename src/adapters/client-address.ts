// Whose connection a socket is: the address of its peer, or the one a load balancer named in a PROXY header.
import type { Socket } from "node:net";
import { plainAddress } from "../wire/cidr.ts";

const named = new WeakMap<Socket, string>();

/** From now on the socket counts as a connection of the client at `address`. */
export function nameClient(socket: Socket, address: string): void {
  named.set(socket, address);
}

/**
 * The address of a client, also of the TLS socket on its connection; "" on a UNIX socket. An accepted socket remembers it,
 * while a TLS socket would ask again, and hear nothing of a client that has left meanwhile.
 */
export function addressOf(socket: Socket): string {
  const transport = transportOf(socket);
  return named.get(transport) ?? plainAddress(transport.remoteAddress ?? "");
}

/** The socket that a TLS socket was made from, which Node does not document; any other socket itself. */
function transportOf(socket: Socket): Socket {
  return (socket as Socket & { readonly _parent?: Socket | null })._parent ?? socket;
}
