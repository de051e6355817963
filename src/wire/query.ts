// Query parameters where they stand, without taking the query apart.

const ESCAPES = /[%+]/;

/** First value of a query parameter, percent-decoded, `+` as blank; undefined when absent. */
export function queryValue(query: string, name: string): string | undefined {
  const bytes = ESCAPES.test(query) ? Buffer.from(name) : null;
  let from = 1;
  while (from < query.length) {
    let end = query.indexOf("&", from);
    if (end === -1) end = query.length;
    let eq = query.indexOf("=", from);
    if (eq === -1 || eq > end) eq = end;
    const literal = eq - from === name.length && query.startsWith(name, from);
    if (literal || (bytes !== null && spells(query, from, eq, bytes))) return decode(query.slice(eq + 1, end));
    from = end + 1;
  }
  return undefined;
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
  const digits = text.slice(at, Math.min(at + 2, end));
  return /^[\da-f]{2}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
}

function decode(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text; // a bad escape is its own text, as backends see it
  }
}
