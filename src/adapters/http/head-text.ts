// The head of a reply as one string, passed to node:http as a whole, so that head and body are sent in one write.
import { type ServerResponse, STATUS_CODES } from "node:http";
import { isField } from "../../wire/fields.ts";

/**
 * What node:http keeps of a head that was made by `writeHead`. Setting it ourselves skips a second validation and
 * re-assembly of every field (a third of the cost of a small reply, docs/performance.md); the fields were validated
 * when they were parsed or written by us.
 */
interface HeadSlot {
  _header: string | null;
  /** Lines of trailers. */
  readonly _trailer: string;
  chunkedEncoding: boolean;
}

/**
 * Sets the head of a reply on a connection that stays open. HTTP/1.1 clients only.
 * @param fields flat list, no framing but an optional `Content-Length`
 * @param chunked frame the body in chunks
 * @param keepAlive `Connection` and `Keep-Alive` lines
 */
export function setHead(
  response: ServerResponse,
  status: number,
  reason: string,
  fields: readonly string[],
  chunked: boolean,
  keepAlive: string,
): void {
  const slot = response as unknown as HeadSlot;
  slot._header = headText(status, reason, fields, chunked, keepAlive);
  slot.chunkedEncoding = chunked;
}

/** Sets head and complete body: both leave as one string. @param body latin1 */
export function setWhole(
  response: ServerResponse,
  status: number,
  reason: string,
  fields: readonly string[],
  keepAlive: string,
  body: string,
): void {
  (response as unknown as HeadSlot)._header = headText(status, reason, fields, false, keepAlive) + body;
}

/** Sends the end of a reply at once. Node does so with `end` only, which closes a connection that is to be closed. */
export function sendEnd(response: ServerResponse): void {
  response.flushHeaders();
  const slot = response as unknown as HeadSlot;
  if (!slot.chunkedEncoding) return;
  response.socket?.write(`0\r\n${slot._trailer}\r\n`, "latin1");
  slot.chunkedEncoding = false;
}

function headText(
  status: number,
  reason: string,
  fields: readonly string[],
  chunked: boolean,
  keepAlive: string,
): string {
  let text = `HTTP/1.1 ${status} ${reason === "" ? (STATUS_CODES[status] ?? "") : reason}\r\n`;
  let dated = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === 4 && isField(name, "date")) dated = true;
    text += `${name}: ${fields[i + 1]}\r\n`;
  }
  if (!dated) text += `Date: ${httpDate()}\r\n`;
  if (chunked) text += "Transfer-Encoding: chunked\r\n";
  return `${text + keepAlive}\r\n`;
}

/** Head of a reply after which the connection ends; a body without `Content-Length` ends with it. */
export function closingHead(status: number, reason: string, fields: readonly string[]): string {
  return headText(status, reason, fields, false, "Connection: close\r\n");
}

/** Head of the agreement to a WebSocket handshake. */
export function switchingHead(fields: readonly string[]): string {
  return headText(101, "", fields, false, "Connection: Upgrade\r\nUpgrade: websocket\r\n");
}

let dateSecond = 0;
let dateText = "";

/** The value of `Date` for the current second; the text is kept until the second is over. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}

let keepAliveMs = -1;
let keepAliveText = "";

/** The lines that tell a client how long it may keep the connection; made anew only when the setting changes. */
export function keepAlive(idleMs: number): string {
  if (idleMs !== keepAliveMs) {
    keepAliveMs = idleMs;
    keepAliveText = "Connection: keep-alive\r\n";
    if (idleMs >= 1000) keepAliveText += `Keep-Alive: timeout=${Math.floor(idleMs / 1000)}\r\n`;
  }
  return keepAliveText;
}
