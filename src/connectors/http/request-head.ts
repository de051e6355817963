// The request head as one string.
import type { UpstreamRequest } from "../../core/upstream-request.ts";
import { isField } from "../../wire/fields.ts";

/** What is the same for every request to an endpoint. */
export interface HeadDefaults {
  /** `Host` unless the request says otherwise. */
  readonly host: string;
  /** Drop `Accept-Encoding`, so that the backend answers uncompressed. */
  readonly dropAcceptEncoding: boolean;
  /** WebSockets open at once to this endpoint; 0 no limit. */
  readonly maxUpgrades: number;
}

/** Head of a request, without the empty line at its end; a body of unknown length also lacks its framing. */
export function headText({ head, own, body }: UpstreamRequest, defaults: HeadDefaults): string {
  const { method, fields } = head;
  const drops = defaults.dropAcceptEncoding;
  let text = `${method} ${head.target} HTTP/1.1\r\nHost: ${head.authority ?? defaults.host}\r\n`;
  for (let i = 0; i < fields.length; i += 2) {
    if (drops && isField(fields[i]!, "accept-encoding")) continue;
    text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  }
  if (body.length > 0) text += `Content-Length: ${body.length}\r\n`;
  text += head.forwarded.text;
  for (let i = 0; i < own.length; i += 2) text += `${own[i]}: ${own[i + 1]}\r\n`;
  if (head.expectsContinue && body.length !== 0) text += "Expect: 100-continue\r\n";
  if (head.kind === "websocket") return `${text}Connection: Upgrade\r\nUpgrade: websocket\r\n`;
  if (head.acceptsTrailers) text += "TE: trailers\r\nConnection: TE\r\n";
  return body.length === 0 ? text + emptyBody(method) : text;
}

/** Framing of a request without a body: a length where the method makes a server expect one (RFC 9110 §8.6). */
export function emptyBody(method: string): string {
  return method === "POST" || method === "PUT" || method === "PATCH" ? "Content-Length: 0\r\n" : "";
}
