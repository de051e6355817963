// Host names and IP addresses as a configuration holds them: what is one, and what was meant where it is none.
import { isIP } from "node:net";
import { bracketed, hostPort, plainHost, withoutRoot } from "../../wire/authority.ts";

/** A host name without port, exact or with a star for its first labels; or an IPv6 literal. */
export const HOST =
  /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$|^\[[0-9A-Fa-f:.]+\]$/;

/** The one spelling of a host name or IP address, null when it is none. */
export function readHost(text: string): string | null {
  const host = plainHost(text);
  if (isIP(host) !== 0) return host;
  const name = !/^[\d.]+$/.test(host) && !/^[*[]/.test(host) && HOST.test(withoutRoot(host));
  return name ? host : null;
}

/** What was meant by a text that is no host; begins with `; `, "" when nothing can be said. */
export function hostMeant(text: string): string {
  if (/^unix:|^\//.test(text)) return "; unix sockets are not supported, the other side must listen on a port";
  if (text.includes("$")) return "; a variable is written ${NAME} and must be set";
  const [, scheme, authority] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(text) ?? [];
  const place = hostPort(authority ?? text);
  const name = place?.host ?? (authority === undefined ? null : readHost(authority));
  const port = place === null ? "" : `, with port: ${place.port} as a key of its own`;
  if (name !== null && scheme !== undefined) return `; write ${name}${port}; the scheme is no part of it`;
  if (place !== null) return `; write ${place.host}${port}`;
  const [, digits] = /^[:*]+(\d+)$/.exec(text) ?? [];
  if (digits !== undefined) return `; leave the host out and write port: ${digits}`;
  if (text === "*") return "; every address of this machine is 0.0.0.0, or :: with IPv6";
  if (text.includes("/")) return "; a host has no path";
  if (text.startsWith("[")) return "; brackets stand around IPv6 addresses only";
  return "";
}

/** What was meant by a text that is no `host:port`; begins with `; `. */
export function hostPortMeant(text: string): string {
  const [, authority] = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)/i.exec(text) ?? [];
  const place = hostPort(authority ?? "");
  if (place !== null) return `; write ${bracketed(place.host)}:${place.port}`;
  const host = readHost(authority ?? "");
  return host === null
    ? "; an IPv6 address stands in brackets: [::1]:6379"
    : `; the port is missing: ${bracketed(host)}:PORT`;
}
