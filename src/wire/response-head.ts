// Parser for the head of an HTTP/1.1 response (RFC 9112 §4, §5, §6): as strict as llhttp, with the exceptions below.
//
// Three faults of old servers have one safe reading, and RFC 9112 lets a recipient take it. They are normalised, so that no
// client sees them: lines that end with LF alone (§2.2), blanks between a field name and its colon (§5.1), and equal
// `Content-Length` values, in one line or several (§6.3). Anything else that breaks the grammar is refused as soon as it has
// been read. The framing of chunks and trailers takes none of these liberties.
import { addTokens, dropFields, type Fields, isField } from "./fields.ts";
import { TOKEN, VALUE } from "./grammar.ts";

/** The head of a response, hop-by-hop fields already removed. */
export interface ResponseHead {
  status: number;
  reason: string;
  fields: Fields;
  /** `Content-Length`, or -1 when there is none. */
  contentLength: number;
  chunked: boolean;
  /** Whether the connection may carry another response after this one. */
  keepAlive: boolean;
  /** `Upgrade` in lower case when `Connection` names it, else "". */
  upgrade: string;
  /** `Keep-Alive` as sent, else "". */
  idleHint: string;
  /** Characters of text it took. */
  size: number;
}

/** Thrown for a response that breaks the grammar; the text is for the log only, never for a client. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Most digits of a length: 10^15 bytes is far below where doubles lose whole numbers. */
const MAX_LENGTH_DIGITS = 15;

/**
 * Parses a complete head.
 * @param text begins with the status line, as latin1, and holds at least the empty line; what follows that is not looked at
 * @throws ProtocolError
 */
export function parseResponseHead(text: string): ResponseHead {
  const minor = parseVersion(text);
  const status = parseStatus(text);
  const lineEnd = valueEnd(text, 12);
  const head: ResponseHead = {
    status,
    reason: parseReason(text, lineEnd),
    fields: [],
    contentLength: -1,
    chunked: false,
    keepAlive: minor === 1,
    upgrade: "",
    idleHint: "",
    size: 0,
  };
  parseFields(text, nextLine(text, lineEnd), head);
  // RFC 9112 §6.1: framing of chunks in HTTP/1.0 is to be treated as faulty.
  if (minor === 0 && head.chunked) head.keepAlive = false;
  return head;
}

function parseVersion(text: string): number {
  if (!text.startsWith("HTTP/1.") || text.charCodeAt(8) !== 0x20) throw new ProtocolError("bad version");
  const minor = text.charCodeAt(7) - 0x30;
  if (minor !== 0 && minor !== 1) throw new ProtocolError("bad version");
  return minor;
}

function parseStatus(text: string): number {
  const a = text.charCodeAt(9) - 0x30;
  const b = text.charCodeAt(10) - 0x30;
  const c = text.charCodeAt(11) - 0x30;
  if (!(a >= 1 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9)) throw new ProtocolError("bad status code");
  return a * 100 + b * 10 + c;
}

function parseReason(text: string, lineEnd: number): string {
  if (lineEnd === 12) return "";
  if (text.charCodeAt(12) !== 0x20) throw new ProtocolError("bad status line");
  return text.slice(13, lineEnd);
}

function parseFields(text: string, from: number, head: ResponseHead): void {
  let nominated: Set<string> | null = null;
  let pos = from;
  while (!isLineEnd(text.charCodeAt(pos))) {
    const nameTo = nameEnd(text, pos);
    const colon = colonAt(text, nameTo);
    const end = valueEnd(text, colon + 1);
    const name = text.slice(pos, nameTo);
    let value = trimmed(text, colon + 1, end);
    pos = nextLine(text, end);
    switch (name.charCodeAt(0) | 0x20) {
      case 0x63: // c
        if (isField(name, "content-length")) {
          refuseTab(text, colon, end);
          const repeated = head.contentLength !== -1;
          value = readLength(head, value);
          if (repeated) continue;
        } else if (isField(name, "connection")) {
          if (isField(value, "keep-alive") && nominated === null) head.keepAlive = true;
          else {
            nominated ??= new Set();
            addTokens(value, nominated);
          }
          continue;
        }
        break;
      case 0x74: // t
        if (isField(name, "transfer-encoding")) {
          refuseTab(text, colon, end);
          if (head.chunked || !isField(value, "chunked")) throw new ProtocolError("unsupported Transfer-Encoding");
          head.chunked = true;
          continue;
        }
        if (isField(name, "trailer") || isField(name, "te")) continue;
        break;
      case 0x6b: // k
        if (isField(name, "keep-alive")) {
          head.idleHint = value;
          continue;
        }
        break;
      case 0x75: // u
        if (isField(name, "upgrade")) {
          head.upgrade = value.toLowerCase();
          continue;
        }
        break;
      case 0x70: // p
        if (isField(name, "proxy-connection") || isField(name, "proxy-authenticate")) continue;
        break;
    }
    head.fields.push(name, value);
  }
  head.size = nextLine(text, pos);
  if (head.chunked && head.contentLength !== -1) throw new ProtocolError("Content-Length beside Transfer-Encoding");
  if (nominated?.has("upgrade") !== true) head.upgrade = "";
  if (nominated !== null) applyConnection(head, nominated);
}

function applyConnection(head: ResponseHead, nominated: Set<string>): void {
  if (nominated.has("close")) head.keepAlive = false;
  else if (nominated.has("keep-alive")) head.keepAlive = true;
  // A backend cannot take away what frames the message by nominating it.
  for (const kept of ["close", "keep-alive", "content-length"]) nominated.delete(kept);
  if (nominated.size > 0) dropFields(head.fields, nominated);
}

/** llhttp reads a tab beside the value of a framing field differently from a blank, so a tab there is refused. */
function refuseTab(text: string, from: number, to: number): void {
  const at = text.indexOf("\t", from);
  if (at !== -1 && at < to) throw new ProtocolError("tab in a framing field");
}

/** @returns the value as it is passed on: one number, however often it was repeated */
function readLength(head: ResponseHead, value: string): string {
  const comma = value.indexOf(",");
  if (comma !== -1) {
    for (const one of value.split(",")) value = readLength(head, trimmed(one, 0, one.length));
    return value;
  }
  if (value.length === 0 || value.length > MAX_LENGTH_DIGITS) throw new ProtocolError("bad Content-Length");
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) throw new ProtocolError("bad Content-Length");
    length = length * 10 + digit;
  }
  if (head.contentLength !== -1 && head.contentLength !== length)
    throw new ProtocolError("Content-Length that differs");
  head.contentLength = length;
  return value;
}

function nameEnd(text: string, from: number): number {
  let i = from;
  while (TOKEN[text.charCodeAt(i)] === 1) i++;
  if (i === from) throw new ProtocolError("bad field name");
  return i;
}

function colonAt(text: string, from: number): number {
  let i = from;
  while (isBlank(text.charCodeAt(i))) i++;
  if (text.charCodeAt(i) !== 0x3a) throw new ProtocolError("bad field name");
  return i;
}

function valueEnd(text: string, from: number): number {
  let i = from;
  while (VALUE[text.charCodeAt(i)] === 1) i++;
  if (!isLineEnd(text.charCodeAt(i))) throw new ProtocolError("bad byte in a line");
  return i;
}

function isLineEnd(c: number): boolean {
  return c === 0x0d || c === 0x0a;
}

/** Where the next line begins behind the one that ends at `end`, with CRLF or LF. */
function nextLine(text: string, end: number): number {
  if (text.charCodeAt(end) === 0x0a) return end + 1;
  if (text.charCodeAt(end + 1) !== 0x0a) throw new ProtocolError("CR without LF");
  return end + 2;
}

function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(c: number): boolean {
  return c === 0x20 || c === 0x09;
}

/**
 * Parses the trailer section of a chunked body (RFC 9112 §7.1.2).
 * @param text field lines ending in the empty line; `"\r\n"` when there are none
 * @returns the fields that may be trailers: those that route or authenticate are left out (RFC 9110 §6.5.1)
 * @throws ProtocolError for bad lines, and for fields that would have framed the message
 */
export function parseTrailers(text: string): Fields {
  const fields: Fields = [];
  let pos = 0;
  while (text.charCodeAt(pos) !== 0x0d) {
    const colon = nameEnd(text, pos);
    const end = valueEnd(text, colon + 1);
    if (text.charCodeAt(colon) !== 0x3a || text.charCodeAt(end) !== 0x0d) throw new ProtocolError("bad trailer line");
    const name = text.slice(pos, colon);
    if (isField(name, "content-length") || isField(name, "transfer-encoding")) {
      throw new ProtocolError(`${name} among trailers`);
    }
    if (!NOT_IN_TRAILERS.has(name.toLowerCase())) fields.push(name, trimmed(text, colon + 1, end));
    pos = nextLine(text, end);
  }
  if (pos + 2 !== text.length) throw new ProtocolError("bad end of trailers");
  return fields;
}

/** Fields a recipient must not take from trailers, lower-case. */
export const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  "transfer-encoding",
  "content-length",
  "host",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "authorization",
  "proxy-authorization",
  "proxy-authenticate",
  "proxy-connection",
  "www-authenticate",
  "cookie",
  "set-cookie",
  "content-encoding",
  "content-type",
  "content-range",
  "cache-control",
  "location",
  "vary",
  "age",
  "date",
  "expires",
  "retry-after",
  "x-request-id",
]);
