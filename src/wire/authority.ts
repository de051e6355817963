// Hosts and ports as they stand together in URLs and in `Host`.
import { isIP } from "node:net";

/** Where something is asked for. */
export interface Place {
  readonly scheme: "http" | "https";
  /** Host name or IP address. */
  readonly address: string;
  readonly port: number;
}

/** A host as it stands before a port: IPv6 addresses in brackets (RFC 3986 §3.2.2). */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Host with the port where it is not the scheme's own. */
export function authorityOf({ scheme, address, port }: Place): string {
  const host = bracketed(address);
  return port === (scheme === "https" ? 443 : 80) ? host : `${host}:${port}`;
}

/** `db:5432`, `10.0.0.1:5432`, `[::1]:5432` apart. @returns null when it is none of these */
export function hostPort(text: string): { readonly host: string; readonly port: number } | null {
  const [, literal, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65535) || (literal !== undefined && isIP(literal) !== 6)) return null;
  return { host: literal ?? name!, port };
}
