// Incremental decoder of the chunked transfer coding (RFC 9112 §7.1): validates every byte, copies none of the payload.

import type { Fields } from "./fields.ts";
import { HEX } from "./grammar.ts";
import { ProtocolError, parseTrailers } from "./response-head.ts";

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILERS = 6;
const DONE = 7;

/** Most hexadecimal digits of one chunk size: 2^44 bytes. */
const MAX_SIZE_DIGITS = 11;
/** Most bytes of the extensions of one chunk, and of the trailer section. */
const MAX_SIDE_BYTES = 16 * 1024;

/** `;name`, `;name=token`, `;name="quoted"`, any number of them (RFC 9112 §7.1.1), without the blanks that llhttp refuses. */
const EXTENSIONS =
  /^(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"))?)+$/;

/** Decoder state for one body. Feed bytes with {@link next}; each call reports at most one run of payload. */
export class ChunkedDecoder {
  #state = SIZE;
  #size = 0;
  #digits = 0;
  #sideBytes = 0;
  #trailerText = "";
  #extension = "";

  /** Start and end of the payload run found by the last {@link next}; equal when there was none. */
  dataStart = 0;
  dataEnd = 0;
  /** Trailer fields, once {@link done}. */
  trailers: Fields = [];

  /** Whether the final chunk and the trailers have been read. */
  get done(): boolean {
    return this.#state === DONE;
  }

  /**
   * Reads from `from` until a run of payload was found, the body ended, or `to` was reached.
   * @returns the position after what was read
   * @throws ProtocolError
   */
  next(bytes: Uint8Array, from: number, to: number): number {
    let pos = from;
    this.dataStart = this.dataEnd = pos;
    while (pos < to) {
      if (this.#state === DATA) {
        const take = Math.min(this.#size, to - pos);
        this.dataStart = pos;
        this.dataEnd = pos + take;
        this.#size -= take;
        if (this.#size === 0) this.#state = DATA_CR;
        return pos + take;
      }
      if (this.#state === TRAILERS) return this.#readTrailers(bytes, pos, to);
      this.#readFraming(bytes[pos]!);
      pos++;
    }
    return pos;
  }

  #readFraming(c: number): void {
    switch (this.#state) {
      case SIZE:
        return this.#readSize(c);
      case EXTENSION:
        return this.#readExtension(c);
      case SIZE_LF:
        expect(c, 0x0a);
        this.#state = this.#size === 0 ? TRAILERS : DATA;
        this.#digits = 0;
        return;
      case DATA_CR:
        expect(c, 0x0d);
        this.#state = DATA_LF;
        return;
      case DATA_LF:
        expect(c, 0x0a);
        this.#state = SIZE;
        return;
    }
  }

  #readExtension(c: number): void {
    if (c !== 0x0d) {
      if (c === 0x0a) throw new ProtocolError("bad chunk extension");
      this.#extension += String.fromCharCode(c);
      if (++this.#sideBytes > MAX_SIDE_BYTES) throw new ProtocolError("chunk extensions too large");
      return;
    }
    if (!EXTENSIONS.test(this.#extension)) throw new ProtocolError("bad chunk extension");
    this.#extension = "";
    this.#sideBytes = 0;
    this.#state = SIZE_LF;
  }

  #readSize(c: number): void {
    const digit = HEX[c]!;
    if (digit !== 255) {
      if (++this.#digits > MAX_SIZE_DIGITS) throw new ProtocolError("chunk too large");
      this.#size = this.#size * 16 + digit;
      return;
    }
    if (this.#digits === 0) throw new ProtocolError("bad chunk size");
    if (c === 0x0d) this.#state = SIZE_LF;
    else if (c === 0x3b) {
      this.#extension = ";";
      this.#state = EXTENSION;
    } else throw new ProtocolError("bad chunk size");
  }

  #readTrailers(bytes: Uint8Array, from: number, to: number): number {
    for (let pos = from; pos < to; pos++) {
      this.#trailerText += String.fromCharCode(bytes[pos]!);
      if (this.#trailerText.length > MAX_SIDE_BYTES) throw new ProtocolError("trailers too large");
      if (bytes[pos] !== 0x0a) continue;
      if (!this.#trailerText.endsWith("\r\n")) throw new ProtocolError("LF alone in trailers");
      if (this.#trailerText === "\r\n" || this.#trailerText.endsWith("\r\n\r\n")) {
        this.trailers = parseTrailers(this.#trailerText);
        this.#state = DONE;
        this.dataStart = this.dataEnd = pos + 1;
        return pos + 1;
      }
    }
    return to;
  }
}

function expect(got: number, wanted: number): void {
  if (got !== wanted) throw new ProtocolError("bad chunk framing");
}
