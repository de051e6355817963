// Host names and IP addresses in a configuration: validation, and suggestions for invalid ones.
import { isIP } from "node:net";
import { bracketed, hostPort, plainHost, withoutRoot } from "../../wire/authority.ts";

/** A host name without port, exact or with a star for its first labels; or an IPv6 literal. */
export const HOST =
  /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$|^\[[0-9A-Fa-f:.]+\]$/;

/** The normalised form of a host name or IP address; null if the text is neither. */
export function readHost(text: string): string | null {
  const host = plainHost(text);
  if (isIP(host) !== 0) return host;
  const name = !/^[\d.]+$/.test(host) && !/^[*[]/.test(host) && HOST.test(withoutRoot(host));
  return name ? host : null;
}

/** A suggestion for a text that is not a host; begins with `; `, "" = none. */
export function hostMeant(text: string): string {
  if (/^unix:|^\//.test(text)) return "; unix sockets are not supported, the other side must listen on a port";
  if (text.includes("$")) return "; variables are written ${NAME} and must be set";
  const [, scheme, authority] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(text) ?? [];
  const place = hostPort(authority ?? text);
  const name = place?.host ?? (authority === undefined ? null : readHost(authority));
  const port = place === null ? "" : `, and port: ${place.port} as a separate key`;
  if (name !== null && scheme !== undefined) return `; write ${name}${port}, without the scheme`;
  if (place !== null) return `; write ${place.host}${port}`;
  const [, digits] = /^[:*]+(\d+)$/.exec(text) ?? [];
  if (digits !== undefined) return `; omit the host and write port: ${digits}`;
  if (text === "*") return "; for all addresses of this machine write 0.0.0.0, or :: with IPv6";
  if (text.includes("/")) return "; a host has no path";
  if (text.startsWith("[")) return "; only IPv6 addresses are written in brackets";
  return "";
}

/** A suggestion for a text that is not `host:port`; begins with `; `. */
export function hostPortMeant(text: string): string {
  const [, authority] = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)/i.exec(text) ?? [];
  const place = hostPort(authority ?? "");
  if (place !== null) return `; write ${bracketed(place.host)}:${place.port}`;
  const host = readHost(authority ?? "");
  return host === null
    ? "; write IPv6 addresses in brackets: [::1]:6379"
    : `; the port is missing: ${bracketed(host)}:PORT`;
}
