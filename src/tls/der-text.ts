// Texts in certificates: the string types of ASN.1, as X.509 uses them.
import type { Der } from "./der.ts";
import { TlsFault } from "./fault.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const UTF16 = new TextDecoder("utf-16be", { fatal: true, ignoreBOM: true });

/** Universal tag → how its bytes are read; other types are no texts. */
const READERS: Readonly<Record<number, (bytes: Buffer) => string>> = {
  12: (bytes) => UTF8.decode(bytes),
  18: ascii, // NumericString
  19: ascii, // PrintableString
  20: (bytes) => bytes.toString("latin1"), // TeletexString, which everyone reads so
  22: ascii, // IA5String
  26: ascii, // VisibleString
  28: ucs4, // UniversalString
  30: (bytes) => UTF16.decode(bytes), // BMPString
};

/** The text of a string type; null for another type, or when the bytes are none of that type. */
export function textOf(element: Der): string | null {
  try {
    return READERS[element.tag]?.(element.content) ?? null;
  } catch {
    return null;
  }
}

/** Bytes of an IA5String under an implicit tag. @throws TlsFault when one is not ASCII */
export function ascii(bytes: Buffer): string {
  if (bytes.some((byte) => byte >= 0x80)) throw new TlsFault("a text has bytes that its type does not allow");
  return bytes.toString("latin1");
}

function ucs4(bytes: Buffer): string {
  const points = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32BE(4 * i));
  return String.fromCodePoint(...points);
}

/** Whether a text has a character that no name needs, and that ends or splits texts elsewhere: NUL, line ends, C0, C1. */
export function hasControls(text: string): boolean {
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);
}
