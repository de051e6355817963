// Decodes the string types of ASN.1 that X.509 uses.
import type { Der } from "./der.ts";
import { TlsFault } from "./fault.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const UTF16 = new TextDecoder("utf-16be", { fatal: true, ignoreBOM: true });

/** Decoders by universal tag. */
const READERS: Readonly<Record<number, (bytes: Buffer) => string>> = {
  12: (bytes) => UTF8.decode(bytes),
  18: ascii, // NumericString
  19: ascii, // PrintableString
  20: (bytes) => bytes.toString("latin1"), // TeletexString, in practice Latin-1
  22: ascii, // IA5String
  26: ascii, // VisibleString
  28: ucs4, // UniversalString
  30: (bytes) => UTF16.decode(bytes), // BMPString
};

/** The text of a string element; null if it is of another type, or its bytes are invalid for the type. */
export function textOf(element: Der): string | null {
  try {
    return READERS[element.tag]?.(element.content) ?? null;
  } catch {
    return null;
  }
}

/** Decodes an implicitly tagged IA5String. @throws TlsFault when a byte is not ASCII */
export function ascii(bytes: Buffer): string {
  if (bytes.some((byte) => byte >= 0x80)) throw new TlsFault("a string has bytes that its type does not allow");
  return bytes.toString("latin1");
}

function ucs4(bytes: Buffer): string {
  const points = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32BE(4 * i));
  return String.fromCodePoint(...points);
}

/** Whether a text contains control characters (C0, DEL, C1) or line separators, which could end or split it elsewhere. */
export function hasControls(text: string): boolean {
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);
}
