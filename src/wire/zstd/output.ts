// What a decoder has made so far: bounded, and in one piece, so that later bytes can be copied from earlier ones.
import { ZstdError } from "./fse.ts";
import { type Literals, MAX_BLOCK } from "./literals.ts";

/** Below it, bytes are copied one by one: faster than a call. */
const SHORT = 24;

/** Makes room before each block, so that writing needs no checks of its own. */
export class Output {
  /** Bytes made. */
  length = 0;
  /** Where the current frame begins: nothing before it can be copied. */
  #frame = 0;
  #bytes: Buffer = Buffer.alloc(0);
  readonly #maxBytes: number;

  /** @param maxBytes expected to be made at most: no more room is made than one block beyond them */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What was made. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  /** A frame begins. */
  begin(): void {
    this.#frame = this.length;
  }

  /** Bytes of the current frame. */
  get frameLength(): number {
    return this.length - this.#frame;
  }

  /** A block begins. */
  block(): void {
    const need = this.length + MAX_BLOCK;
    if (need > this.#bytes.length) this.#grow(Math.max(need, Math.min(2 * need, this.#maxBytes + MAX_BLOCK)));
  }

  raw(data: Uint8Array, from: number, to: number): void {
    this.#bytes.set(data.subarray(from, to), this.length);
    this.length += to - from;
  }

  fill(byte: number, count: number): void {
    this.#bytes.fill(byte, this.length, this.length + count);
    this.length += count;
  }

  /** Takes the next literals. */
  literals(literals: Literals, count: number): void {
    const from = literals.at;
    const to = from + count;
    if (to > literals.end) throw new ZstdError("too few literals");
    literals.at = to;
    if (count > SHORT) return this.raw(literals.bytes, from, to);
    const bytes = this.#bytes;
    const source = literals.bytes;
    let { length } = this;
    for (let i = from; i < to; i++) bytes[length++] = source[i]!;
    this.length = length;
  }

  /** Repeats `count` bytes from `offset` bytes back; those being written now may be among them. */
  match(offset: number, count: number): void {
    let { length } = this;
    if (offset <= 0 || offset > length - this.#frame) throw new ZstdError("an offset is too far");
    const bytes = this.#bytes;
    const end = length + count;
    this.length = end;
    if (count > SHORT && offset >= count) bytes.copyWithin(length, length - offset, end - offset);
    else for (; length < end; length++) bytes[length] = bytes[length - offset]!;
  }

  #grow(size: number): void {
    const bytes = Buffer.allocUnsafe(size);
    this.#bytes.copy(bytes, 0, 0, this.length);
    this.#bytes = bytes;
  }
}
