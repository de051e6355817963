// Long texts of requests, as images in Base64 are: whoever passes them on uses their bytes as received.

/** Bytes from which a text is long. */
export const LONG = 65_536;
/** Longest head that a format puts before a text, or that another one takes away: of a `data:` URL. */
const MAX_HEAD = 256;

/** Bytes that are looked at together. */
const WORD = 4;
const SPACE = 32;
const BACKSLASH = 92;
const MAX_ASCII = 127;
/** Of each byte of a word, the highest bit; and the least number that is no control character. */
const HIGH_BITS = 0x80808080 | 0;
const SPACES = 0x20202020;

/** A long text of a request. */
export class LongText {
  /** As JSON has it, which is as it is: ASCII without escapes. */
  readonly bytes: Buffer;
  #text: string | null = null;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Made when it is first needed. */
  get text(): string {
    this.#text ??= this.bytes.toString("latin1");
    return this.#text;
  }
}

/** Whether the content of a string of JSON is ASCII without escapes and control characters. */
export function isClean(bytes: Buffer): boolean {
  if (bytes.includes(BACKSLASH)) return false;
  const first = -bytes.byteOffset & (WORD - 1);
  if (bytes.length < first + WORD) return areClean(bytes, 0, bytes.length);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + first, Math.floor((bytes.length - first) / WORD));
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    // A byte that is less than a blank borrows from its highest bit; one that is no ASCII has it set.
    if (((word | ((word | 0) - SPACES)) & HIGH_BITS) !== 0) return false;
  }
  return areClean(bytes, 0, first) && areClean(bytes, first + WORD * words.length, bytes.length);
}

function areClean(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i]! < SPACE || bytes[i]! > MAX_ASCII) return false;
  return true;
}

/**
 * Finds the long text that another one ends with, or is the end of.
 * @returns what comes before the bytes, and the bytes; null: there is none
 */
export function foundIn(
  texts: readonly LongText[],
  text: string,
): { readonly head: string; readonly bytes: Buffer } | null {
  for (const known of texts) {
    const more = text.length - known.length;
    if (Math.abs(more) > MAX_HEAD) continue;
    if (more >= 0 && text.endsWith(known.text)) return { head: text.slice(0, more), bytes: known.bytes };
    if (more < 0 && known.text.endsWith(text)) return { head: "", bytes: known.bytes.subarray(-more) };
  }
  return null;
}
