// How commands on the same machine reach the listeners of a running gateway.
import type { ClientRequestArgs } from "node:http";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { IpList } from "../auth/ip-list.ts";
import type { ListenerConfig } from "../config/meaning/listeners.ts";
import { bracketed } from "../wire/authority.ts";
import { compileCidrs } from "../wire/cidr.ts";
import { verifiedTls } from "./verified-tls.ts";

/** A listener as this machine reaches it. */
export interface OwnListener {
  /** null: not one of the configuration. */
  readonly listener: ListenerConfig | null;
  /** Such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  readonly socketPath?: string;
  /** Whether to send a PROXY header, because the listener trusts this machine as a load balancer. */
  readonly headed?: boolean;
}

/** The listener with the fewest demands on clients. @throws Error when none serves HTTP/1.1 to this machine */
export function ownListener(listeners: readonly ListenerConfig[]): OwnListener {
  const usable = listeners.filter(({ http1 }) => http1).sort((a, b) => demands(a) - demands(b))[0];
  if (usable === undefined) throw new Error("no listener accepts HTTP/1.1 requests; set a URL with -url");
  if (demands(usable) === 2)
    throw new Error(
      "every listener requires a client certificate; add one that does not, such as a UNIX socket, or set a URL with -url",
    );
  if (demands(usable) === HELD_OFF)
    throw new Error("the IP lists of all listeners exclude this machine; list 127.0.0.1, or set a URL with -url");
  const { port, socket, tls, proxyProtocol } = usable;
  const address = ownAddress(usable);
  const host = socket === "" ? `${bracketed(address)}:${port}` : "localhost";
  const origin = `${tls === null ? "http" : "https"}://${host}`;
  const headed = compileCidrs(proxyProtocol.trustedPeers)(address);
  return { listener: usable, origin, headed, ...(socket === "" ? {} : { socketPath: socket }) };
}

/** The address from which, and at which, this machine asks a listener; "" through a UNIX socket. */
function ownAddress({ host, socket }: ListenerConfig): string {
  if (socket !== "") return "";
  return host === "0.0.0.0" || host === "::" || host === "" ? "127.0.0.1" : host;
}

/** Above every demand that can be met. */
const HELD_OFF = 3;

function demands(listener: ListenerConfig): number {
  const { tls } = listener;
  if (new IpList(listener, "listener").reason(ownAddress(listener)) !== null) return HELD_OFF;
  if (tls === null) return 0;
  return tls.clients.mode === "none" || tls.clients.mode === "request" ? 1 : 2;
}

/** Options of a request by which it reaches the listener. */
export function connectionOptions({ origin, socketPath, headed = false }: OwnListener): {
  socketPath?: string;
  createConnection?: (to: ClientRequestArgs) => Socket;
} {
  const secure = origin.startsWith("https:");
  return {
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(headed && { createConnection: (to: ClientRequestArgs) => connectHeaded(to as NetConnectOpts, secure) }),
  };
}

/** Without an address. */
const PROXY_HEADER = "PROXY UNKNOWN\r\n";

/** A connection that begins with a PROXY header. */
function connectHeaded(to: NetConnectOpts, secure: boolean): Socket {
  const socket = connect(to);
  socket.write(PROXY_HEADER);
  return secure ? connectTls({ ...to, socket }) : socket;
}

/** A TLS connection to a listener, whose certificate was compared with those configured. @throws Error (rejects) */
export function openVerified(
  { origin, socketPath, headed = false }: OwnListener,
  configured: readonly { readonly cert: string | Buffer }[],
): Promise<TLSSocket> {
  const { hostname, port } = new URL(origin);
  const to = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || 443 };
  const place = socketPath === undefined ? to : { path: socketPath };
  if (!headed) return verifiedTls(place, configured);
  const socket = connect(place as NetConnectOpts);
  socket.write(PROXY_HEADER);
  return verifiedTls({ socket }, configured);
}
