// Splits a stream of JSON messages: one per line (NDJSON), or the elements of one array.
import { Gathered } from "../../../wire/gathered.ts";
import { InputError, tooLarge } from "../input-error.ts";

const UNDECIDED = 0;
const LINES = 1;
/** Before the first element, and between elements. */
const ARRAY = 2;
const CLOSED = 3;

/** Holds one unfinished message at most. */
export class JsonSplitter {
  readonly #maxBytes: number;
  readonly #arrays: boolean;
  #state = UNDECIDED;
  readonly #pending = new Gathered();
  /** How far {@link #pending} has been looked at. */
  #at = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #elements = 0;

  /**
   * @param maxBytes longest message, as text
   * @param arrays whether an array is a list of messages; false where a message itself may be one
   */
  constructor(maxBytes: number, arrays: boolean) {
    this.#maxBytes = maxBytes;
    this.#arrays = arrays;
  }

  /** Adds bytes, which the caller does not change afterwards. */
  push(chunk: Buffer): void {
    this.#pending.add(chunk, true);
  }

  /**
   * The next message, or null when more bytes are needed.
   * @param ended no more bytes come; null then means the stream is complete
   * @throws {InputError} for a message too long, or what is not a list of messages
   */
  next(ended: boolean): Buffer | null {
    if (this.#state === UNDECIDED) this.#decide();
    if (this.#state === UNDECIDED) return null;
    return this.#state === LINES ? this.#line(ended) : this.#element(ended);
  }

  #decide(): void {
    const { bytes } = this.#pending;
    const first = bytes.findIndex((c) => !isSpace(c));
    if (first === -1) return this.#pending.clear();
    const array = this.#arrays && bytes[first] === 0x5b;
    this.#state = array ? ARRAY : LINES;
    this.#pending.skip(array ? first + 1 : first);
  }

  #line(ended: boolean): Buffer | null {
    for (;;) {
      const { bytes } = this.#pending;
      const end = bytes.indexOf(0x0a, this.#at);
      if (end === -1) {
        this.#at = bytes.length;
        if (this.#at > this.#maxBytes) throw tooLarge(this.#maxBytes);
        return ended ? this.#take(this.#at, 0) : null;
      }
      const line = this.#take(end, 1);
      if (line !== null) return line;
    }
  }

  #element(ended: boolean): Buffer | null {
    const { bytes } = this.#pending;
    for (; this.#at < bytes.length; this.#at++) {
      const c = bytes[this.#at]!;
      if (this.#state === CLOSED) {
        if (!isSpace(c)) throw new InputError("There is something behind the array of messages.");
      } else if (this.#escaped) this.#escaped = false;
      else if (this.#inString) {
        if (c === 0x5c) this.#escaped = true;
        else if (c === 0x22) this.#inString = false;
      } else if (c === 0x22) this.#inString = true;
      else if (c === 0x7b || c === 0x5b) this.#depth++;
      else if (this.#depth > 0 && (c === 0x7d || c === 0x5d)) this.#depth--;
      else if (this.#depth === 0 && (c === 0x2c || c === 0x5d)) {
        const element = this.#take(this.#at, 1);
        if (c === 0x5d) this.#state = CLOSED;
        if (element !== null) return element;
        if (c === 0x2c || this.#elements > 0) throw new InputError("An element of the array of messages is missing.");
        return this.#element(ended);
      }
    }
    if (this.#at > this.#maxBytes && this.#state !== CLOSED) throw tooLarge(this.#maxBytes);
    if (ended && this.#state !== CLOSED) throw new InputError("The array of messages does not end.");
    if (this.#state === CLOSED) {
      this.#pending.clear();
      this.#at = 0;
    }
    return null;
  }

  /** Takes what is before `end` and skips `skip` bytes; null when it is blank. */
  #take(end: number, skip: number): Buffer | null {
    const piece = this.#pending.bytes.subarray(0, end);
    this.#pending.skip(end + skip);
    this.#at = 0;
    if (piece.every(isSpace)) return null;
    if (piece.length > this.#maxBytes) throw tooLarge(this.#maxBytes);
    this.#elements++;
    return piece;
  }
}

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
}
