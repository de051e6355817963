// Byte classes of RFC 9110 §5.5–5.6 as lookup tables: used by all parsers, so that all reject the same bytes.

/** 1 for a `tchar` (RFC 9110 §5.6.2): what a method or a field name may consist of. Index: byte 0–255. */
export const TOKEN: Uint8Array = table(
  (c) =>
    (c >= 0x30 && c <= 0x39) ||
    (c >= 0x41 && c <= 0x5a) ||
    (c >= 0x61 && c <= 0x7a) ||
    "!#$%&'*+-.^_`|~".includes(String.fromCharCode(c)),
);

/** 1 for a byte a field value or reason phrase may hold: HTAB, SP, VCHAR, obs-text (RFC 9110 §5.5). */
export const VALUE: Uint8Array = table((c) => c === 0x09 || (c >= 0x20 && c !== 0x7f));

/** Value 0–15 of a hexadecimal digit, 255 for any other byte. */
export const HEX: Uint8Array = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) {
  HEX[i.toString(16).charCodeAt(0)] = i;
  HEX[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

/** Whether `text` has at least one character and only such as the table admits. */
export function consistsOf(text: string, admits: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (admits[text.charCodeAt(i)] !== 1) return false;
  return text !== "";
}

function table(admits: (c: number) => boolean): Uint8Array {
  const t = new Uint8Array(256);
  for (let c = 0; c < 256; c++) if (admits(c)) t[c] = 1;
  return t;
}
