// Hosts with ports, as in URLs and `Host`.
import { isIP } from "node:net";
import { plainAddress } from "./cidr.ts";
import { isUnixSocket } from "./unix-socket.ts";

/** Where something is asked for. */
export interface Place {
  readonly scheme: "http" | "https";
  /** Host name, IP address or UNIX socket. */
  readonly address: string;
  readonly port: number;
}

/** A host as it stands before a port: IPv6 addresses in brackets (RFC 3986 §3.2.2). */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/**
 * The one spelling of a host in a configuration: IPv6 addresses compressed and without brackets, `localhost.` without its
 * dot. A name of several labels keeps its dot, which tells the resolver that it is complete. Other text stays as it is.
 */
export function plainHost(text: string): string {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  const zone = bare.indexOf("%");
  if (isIP(bare) === 6) return plainAddress(bare) + (zone === -1 ? "" : bare.slice(zone));
  return text.length > 1 && text.indexOf(".") === text.length - 1 ? text.slice(0, -1) : text;
}

/** A name without the dot that marks it as complete: as it stands in URLs, `Host` and certificates. */
export function withoutRoot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

/** An address as logs name it: `10.0.0.1:3000`, `unix:/run/app.sock`. */
export function addressText({ address, port }: Omit<Place, "scheme">): string {
  return isUnixSocket(address) ? address : `${bracketed(address)}:${port}`;
}

/** A place as log lines name it: `https://10.0.0.1:8443`, `http://unix:/run/app.sock`. */
export function originText(place: Place): string {
  return `${place.scheme}://${addressText(place)}`;
}

/** Host with the port where it is not the scheme's own; `localhost` for a UNIX socket. The zone of an IPv6 address means something on this machine only. */
export function authorityOf({ scheme, address, port }: Place): string {
  if (isUnixSocket(address)) return "localhost";
  const host = bracketed(withoutRoot(address).replace(/%.*$/, ""));
  return port === (scheme === "https" ? 443 : 80) ? host : `${host}:${port}`;
}

/** `db:5432`, `10.0.0.1:5432`, `[::1]:5432` apart. @returns null when it is none of these */
export function hostPort(text: string): { readonly host: string; readonly port: number } | null {
  const [, literal, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65535) || (literal !== undefined && isIP(literal) !== 6)) return null;
  return { host: literal ?? name!, port };
}

/** Host of an authority without its port: a name in lower case without a trailing dot, an address in its one spelling. */
export function hostName(authority: string): string {
  let end = authority.length;
  const colon = authority.lastIndexOf(":");
  if (colon !== -1 && authority.indexOf("]", colon) === -1) end = colon;
  if (authority.charCodeAt(end - 1) === 0x2e) end--;
  const name = authority.slice(0, end).toLowerCase();
  return name.charCodeAt(0) === 0x5b ? bracketed(plainHost(name)) : name;
}
