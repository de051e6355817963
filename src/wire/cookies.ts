// Cookies where they stand: found in the header fields without taking the fields apart (RFC 6265 §4.2, §5.2).
import { isField } from "./fields.ts";

/** Where the value of a cookie begins in a `Cookie` line, or -1. */
export function cookieStart(line: string, name: string): number {
  let at = 0;
  while (at < line.length) {
    while (line.charCodeAt(at) === 0x20 || line.charCodeAt(at) === 0x09) at++;
    if (line.startsWith(name, at) && line.charCodeAt(at + name.length) === 0x3d) return at + name.length + 1;
    const next = line.indexOf(";", at);
    if (next === -1) return -1;
    at = next + 1;
  }
  return -1;
}

/** Where the value that begins at `start` ends; blanks behind it are not part of it. */
export function cookieEnd(line: string, start: number): number {
  let end = line.indexOf(";", start);
  if (end === -1) end = line.length;
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
  return cookiesIn(fields).flatMap((cookie) => (isNamed(cookie, name) ? [cookie.slice(name.length + 1)] : []));
}

/** The cookies a client sent without those of that name, as one `Cookie` line; "" when none is left. */
export function withoutCookie(fields: readonly string[], name: string): string {
  return cookiesIn(fields)
    .filter((cookie) => !isNamed(cookie, name))
    .join("; ");
}

/** `name=value` of each, in order. */
function cookiesIn(fields: readonly string[]): string[] {
  const lines = fields.filter((_, i) => i % 2 === 1 && isField(fields[i - 1]!, "cookie"));
  return lines.flatMap((line) => line.split(";").map((cookie) => cookie.replaceAll(/^[ \t]+|[ \t]+$/g, "")));
}

function isNamed(cookie: string, name: string): boolean {
  return cookie.startsWith(name) && cookie.charCodeAt(name.length) === 0x3d;
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
