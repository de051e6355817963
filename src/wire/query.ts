// Finds query parameters without parsing the whole query.
import { isUtf8 } from "node:buffer";
import { HEX } from "./grammar.ts";

const ESCAPES = /[%+]/;

/** First value of a query parameter, percent-decoded, `+` as blank; undefined when absent. */
export function queryValue(query: string, name: string): string | undefined {
  const bytes = ESCAPES.test(query) ? Buffer.from(name) : null;
  for (let from = 1; from < query.length; from = pieceEnd(query, from) + 1) {
    const value = valueAt(query, from, name, bytes);
    if (value !== undefined) return decode(value);
  }
  return undefined;
}

/** The values of all query parameters of that name, decoded in the same way. */
export function queryValues(query: string, name: string): string[] {
  const bytes = ESCAPES.test(query) ? Buffer.from(name) : null;
  const values: string[] = [];
  for (let from = 1; from < query.length; from = pieceEnd(query, from) + 1) {
    const value = valueAt(query, from, name, bytes);
    if (value !== undefined) values.push(decode(value));
  }
  return values;
}

/** A query without the parameters of that name; the others stay as they are, and a query of no other becomes "". */
export function withoutParameter(query: string, name: string): string {
  const bytes = ESCAPES.test(query) ? Buffer.from(name) : null;
  const kept: string[] = [];
  let removed = false;
  for (let from = 1; from < query.length; ) {
    const end = pieceEnd(query, from);
    if (valueAt(query, from, name, bytes) === undefined) kept.push(query.slice(from, end));
    else removed = true;
    from = end + 1;
  }
  if (!removed) return query;
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

function pieceEnd(query: string, from: number): number {
  const end = query.indexOf("&", from);
  return end === -1 ? query.length : end;
}

/** Value, as it is written, of the piece that begins at `from`; undefined: it has another name. @param bytes of the name; null: no escapes */
function valueAt(query: string, from: number, name: string, bytes: Buffer | null): string | undefined {
  const end = pieceEnd(query, from);
  let eq = from; // looked for in this piece alone: there may be thousands that have none
  while (eq < end && query.charCodeAt(eq) !== 0x3d) eq++;
  const literal = eq - from === name.length && query.startsWith(name, from);
  return literal || (bytes !== null && spells(query, from, eq, bytes)) ? query.slice(eq + 1, end) : undefined;
}

/** Whether a piece of the query, its escapes undone, is this name. Decoding each would let bad ones cost an exception each. */
function spells(query: string, from: number, end: number, name: Buffer): boolean {
  let i = 0;
  for (let at = from; at < end; at++) {
    let byte = query.charCodeAt(at);
    if (byte > 0x7f) return false;
    if (byte === 0x2b) byte = 0x20;
    else if (byte === 0x25) {
      byte = hexByte(query, at + 1, end);
      at += 2;
    }
    if (byte !== name[i++]) return false;
  }
  return i === name.length;
}

/** The byte two hexadecimal digits stand for, or -1. */
function hexByte(text: string, at: number, end: number): number {
  if (at + 1 >= end) return -1;
  const high = HEX[text.charCodeAt(at)] ?? 255;
  const low = HEX[text.charCodeAt(at + 1)] ?? 255;
  return high === 255 || low === 255 ? -1 : high * 16 + low;
}

/** A bad escape, or what is no UTF-8, is its own text, as backends see it. Costs no exception, since there may be thousands. */
function decode(text: string): string {
  if (!ESCAPES.test(text)) return text;
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    let byte = text.charCodeAt(at);
    if (byte > 0x7f) return text;
    if (byte === 0x2b) byte = 0x20;
    else if (byte === 0x25) {
      byte = hexByte(text, at + 1, text.length);
      if (byte === -1) return text;
      at += 2;
    }
    bytes[length++] = byte;
  }
  const decoded = bytes.subarray(0, length);
  return isUtf8(decoded) ? decoded.toString() : text;
}
