// Addresses of UNIX sockets: `unix:` and a path, absolute or relative to the working directory.
import type { Socket } from "node:net";

const PREFIX = "unix:";
/** Longest path, bytes: `sun_path` of Linux without the byte that ends it. */
export const MAX_SOCKET_PATH = 107;

/** Whether an address is that of a UNIX socket. */
export function isUnixSocket(address: string): boolean {
  return address.startsWith(PREFIX);
}

/** The canonical form of such an address; null if it is not one, or its path is empty or too long. */
export function unixSocket(text: string): string | null {
  if (!isUnixSocket(text)) return null;
  const path = text.slice(PREFIX.length).replace(/^\/+/, "/"); // accepts unix:///run/a
  const bytes = Buffer.byteLength(path);
  return bytes === 0 || bytes > MAX_SOCKET_PATH || path.includes("\0") ? null : PREFIX + path;
}

/** The destination as options of `node:net`. @param address IP address or UNIX socket */
export function placeToConnect(address: string, port: number): { path: string } | { host: string; port: number } {
  return isUnixSocket(address) ? { path: address.slice(PREFIX.length) } : { host: address, port };
}

/**
 * Whether a socket that seems to have ended was reset: Node reports data and a reset that arrive together as data and a
 * clean end, but a TCP socket that was reset has no peer. Those of UNIX never have addresses.
 */
export function wasReset(socket: Socket): boolean {
  return socket.remoteAddress === undefined && socket.localAddress !== undefined;
}
