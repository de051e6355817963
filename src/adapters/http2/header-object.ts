// Converts a flat field list for node:http2: one object, lower-case names, without connection-level fields.
import type { OutgoingHttpHeaders } from "node:http2";
import { emptyHeaders } from "../../wire/http2-raw.ts";

/** Never in HTTP/2 (RFC 9113 §8.2.2). */
const CONNECTION_LEVEL: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** Repeated fields are joined with a comma (RFC 9110 §5.3), `Set-Cookie` stays a list. */
export function headerObject(fields: readonly string[]): OutgoingHttpHeaders {
  const headers = emptyHeaders();
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const value = fields[i + 1]!;
    const before = headers[name];
    if (before === undefined) {
      if (!CONNECTION_LEVEL.has(name)) headers[name] = value;
    } else if (name === "set-cookie" || name.endsWith("-bin")) {
      headers[name] = Array.isArray(before) ? [...before, value] : [String(before), value];
    } else {
      headers[name] = `${String(before)}, ${value}`;
    }
  }
  return headers;
}
