// Finds where values of JSON end (RFC 8259) in bytes, without making them.
import { LONG } from "./long-texts.ts";

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
export const QUOTE = 34;
const PLUS = 43;
export const COMMA = 44;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_ARRAY = 91;
export const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const LOWER = 32;
const LETTER_E = 101;
export const OPEN_OBJECT = 123;
export const CLOSE_OBJECT = 125;
const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
const NULL = Buffer.from("null");

/** Bytes of a string that are looked at one by one before a search that is faster for long ones. */
const SHORT = 32;

/** Offsets of a value: of its first byte, and of the one behind it. */
export interface JsonSpan {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads over one text. Positions are offsets of bytes; a method that returns one returns -1 for malformed JSON, and
 * {@link problem} and {@link at} then say what is wrong. What strings contain is not checked.
 */
export class JsonScanner {
  problem: "malformed" | "too deep" = "malformed";
  /** Where the problem is. */
  at = 0;
  /** Values read over that are long strings, quotes included, in order. */
  readonly long: JsonSpan[] = [];
  readonly #bytes: Buffer;
  readonly #maxDepth: number;

  /** @param maxDepth of objects and arrays in each other */
  constructor(bytes: Buffer, maxDepth: number) {
    this.#bytes = bytes;
    this.#maxDepth = maxDepth;
  }

  /** @returns the first byte at or after `pos` that is no blank */
  blanks(pos: number): number {
    const bytes = this.#bytes;
    let at = pos;
    for (;;) {
      const byte = bytes[at];
      if (byte !== SPACE && byte !== LF && byte !== CR && byte !== TAB) return at;
      at++;
    }
  }

  /** @param pos first byte of a value @param depth of what it is in @returns the byte behind it */
  value(pos: number, depth: number): number {
    switch (this.#bytes[pos]) {
      case QUOTE:
        return this.#text(pos);
      case OPEN_OBJECT:
        return this.#object(pos, depth + 1);
      case OPEN_ARRAY:
        return this.#array(pos, depth + 1);
      case TRUE[0]:
        return this.#word(pos, TRUE);
      case FALSE[0]:
        return this.#word(pos, FALSE);
      case NULL[0]:
        return this.#word(pos, NULL);
      default:
        return this.#number(pos);
    }
  }

  /** @param pos of its first quote @returns the byte behind its last */
  string(pos: number): number {
    const bytes = this.#bytes;
    if (bytes[pos] !== QUOTE) return this.fail(pos);
    let at = pos + 1;
    for (;;) {
      const stop = Math.min(at + SHORT, bytes.length);
      while (at < stop) {
        const byte = bytes[at++];
        if (byte === QUOTE) return at;
        if (byte === BACKSLASH) at++;
      }
      const quote = bytes.indexOf(QUOTE, at);
      if (quote === -1) return this.fail(bytes.length);
      let escapes = quote;
      while (escapes > at && bytes[escapes - 1] === BACKSLASH) escapes--;
      if ((quote - escapes) % 2 === 0) return quote + 1;
      at = quote + 1;
    }
  }

  /** Reads over `"key":`. @returns the first byte of the value */
  key(pos: number): number {
    const end = this.string(pos);
    if (end === -1) return -1;
    const colon = this.blanks(end);
    return this.#bytes[colon] === COLON ? this.blanks(colon + 1) : this.fail(colon);
  }

  fail(at: number, problem: JsonScanner["problem"] = "malformed"): -1 {
    this.problem = problem;
    this.at = at;
    return -1;
  }

  #text(pos: number): number {
    const to = this.string(pos);
    if (to - pos >= LONG) this.long.push({ from: pos, to });
    return to;
  }

  #object(pos: number, depth: number): number {
    if (depth > this.#maxDepth) return this.fail(pos, "too deep");
    let at = this.blanks(pos + 1);
    if (this.#bytes[at] === CLOSE_OBJECT) return at + 1;
    for (;;) {
      at = this.key(at);
      if (at !== -1) at = this.value(at, depth);
      if (at === -1) return -1;
      at = this.blanks(at);
      if (this.#bytes[at] === CLOSE_OBJECT) return at + 1;
      if (this.#bytes[at] !== COMMA) return this.fail(at);
      at = this.blanks(at + 1);
    }
  }

  #array(pos: number, depth: number): number {
    if (depth > this.#maxDepth) return this.fail(pos, "too deep");
    let at = this.blanks(pos + 1);
    if (this.#bytes[at] === CLOSE_ARRAY) return at + 1;
    for (;;) {
      at = this.value(at, depth);
      if (at === -1) return -1;
      at = this.blanks(at);
      if (this.#bytes[at] === CLOSE_ARRAY) return at + 1;
      if (this.#bytes[at] !== COMMA) return this.fail(at);
      at = this.blanks(at + 1);
    }
  }

  #word(pos: number, word: Buffer): number {
    for (let i = 1; i < word.length; i++) if (this.#bytes[pos + i] !== word[i]) return this.fail(pos);
    return pos + word.length;
  }

  #number(pos: number): number {
    const bytes = this.#bytes;
    const whole = bytes[pos] === MINUS ? pos + 1 : pos;
    let at = bytes[whole] === ZERO ? whole + 1 : this.#digits(whole);
    if (at !== -1 && bytes[at] === POINT) at = this.#digits(at + 1);
    if (at !== -1 && (bytes[at]! | LOWER) === LETTER_E) {
      const sign = bytes[at + 1];
      at = this.#digits(sign === PLUS || sign === MINUS ? at + 2 : at + 1);
    }
    return at;
  }

  /** One or more. */
  #digits(pos: number): number {
    let at = pos;
    while (this.#bytes[at]! >= ZERO && this.#bytes[at]! <= NINE) at++;
    return at === pos ? this.fail(pos) : at;
  }
}
