// Finds cookies in the header fields without parsing all of them (RFC 6265 §4.2, §5.2).
import { isField } from "./fields.ts";

/** Where the value of a cookie begins in a `Cookie` line, or -1. */
export function cookieStart(line: string, name: string): number {
  let at = 0;
  while (at < line.length) {
    at = pastBlanks(line, at);
    if (line.startsWith(name, at) && line.charCodeAt(at + name.length) === 0x3d) return at + name.length + 1;
    const next = line.indexOf(";", at);
    if (next === -1) return -1;
    at = next + 1;
  }
  return -1;
}

/** Where the value that begins at `start` ends; blanks behind it are not part of it. */
export function cookieEnd(line: string, start: number): number {
  let end = pieceEnd(line, start);
  while (end > start && (line.charCodeAt(end - 1) === 0x20 || line.charCodeAt(end - 1) === 0x09)) end--;
  return end;
}

/** Value of the first cookie of that name a client sent, or undefined. Names heed case. */
export function cookieValue(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    if (!isField(fields[i]!, "cookie")) continue;
    const line = fields[i + 1]!;
    const start = cookieStart(line, name);
    if (start !== -1) return line.slice(start, cookieEnd(line, start));
  }
  return undefined;
}

/** Values of all cookies of that name a client sent. */
export function cookieValues(fields: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (const cookie of cookiesIn(fields)) {
    const start = valueStart(cookie, name);
    if (start !== -1) values.push(cookie.slice(start));
  }
  return values;
}

/** A cookie as a client sends it. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
}

/** All cookies of a client, in order. */
export function cookiesOf(fields: readonly string[]): readonly Cookie[] {
  return cookiesIn(fields).map((cookie) => ({ name: nameIn(cookie), value: cookie.slice(cookie.indexOf("=") + 1) }));
}

/** The cookies a client sent without those of that name, as one `Cookie` line; "" when none is left. */
export function withoutCookie(fields: readonly string[], name: string): string {
  return withoutCookies(fields, (each) => each === name);
}

/** The cookies a client sent without those of some names, as one `Cookie` line; "" when none is left. */
export function withoutCookies(fields: readonly string[], isLeftOut: (name: string) => boolean): string {
  return cookiesIn(fields)
    .filter((cookie) => !isLeftOut(nameIn(cookie)))
    .join("; ");
}

/** Many servers pass over blanks before the `=`. "" where there is no `=`. */
function nameIn(cookie: string): string {
  let end = Math.max(0, cookie.indexOf("="));
  while (end > 0 && (cookie.charCodeAt(end - 1) === 0x20 || cookie.charCodeAt(end - 1) === 0x09)) end--;
  return cookie.slice(0, end);
}

/** `name=value` of each, in order. Takes time in proportion to their length, whatever they consist of. */
function cookiesIn(fields: readonly string[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (!isField(fields[i]!, "cookie")) continue;
    const line = fields[i + 1]!;
    for (let start = 0; start < line.length; start = pieceEnd(line, start) + 1) {
      const from = pastBlanks(line, start);
      const end = cookieEnd(line, from);
      if (end > from) found.push(line.slice(from, end));
    }
  }
  return found;
}

/** Where the value of a cookie of that name begins; -1: it has another. Many servers pass over blanks before the `=`. */
function valueStart(cookie: string, name: string): number {
  if (!cookie.startsWith(name)) return -1;
  const equals = pastBlanks(cookie, name.length);
  return cookie.charCodeAt(equals) === 0x3d ? equals + 1 : -1;
}

function pieceEnd(line: string, from: number): number {
  const end = line.indexOf(";", from);
  return end === -1 ? line.length : end;
}

function pastBlanks(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09) at++;
  return at;
}

/** Value of the last cookie of that name that a response sets, or undefined. */
export function setCookieValue(fields: readonly string[], name: string): string | undefined {
  for (let i = fields.length - 2; i >= 0; i -= 2) {
    if (!isField(fields[i]!, "set-cookie")) continue;
    const line = fields[i + 1]!;
    const start = cookieStart(line, name);
    // What follows the first ";" are attributes, which are no cookies.
    const attributes = line.indexOf(";");
    if (start !== -1 && (attributes === -1 || start <= attributes)) return line.slice(start, cookieEnd(line, start));
  }
  return undefined;
}
