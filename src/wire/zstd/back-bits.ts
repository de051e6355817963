// Bits that are read from the end of a range to its beginning (RFC 8878 §4.1).
import { ZstdError } from "./fse.ts";

/** Reads one range. The highest set bit of its last byte only marks where the bits begin. */
export class BackBits {
  /** Bits not read yet; negative when more were read than there are. */
  left: number;
  readonly #data: Uint8Array;
  readonly #from: number;

  /** Reads data[from, to). */
  constructor(data: Uint8Array, from: number, to: number) {
    const last = to > from ? data[to - 1]! : 0;
    if (last === 0) throw new ZstdError("a bit stream has no end mark");
    this.#data = data;
    this.#from = from;
    this.left = (to - from - 1) * 8 + 31 - Math.clz32(last);
  }

  /** The next bits without reading them; zeros where there are none. @param count at most 25 */
  peek(count: number): number {
    const start = this.left - count;
    if (start < 0) return this.left > 0 ? (this.#load(0) & ((1 << this.left) - 1)) << -start : 0;
    return (this.#load(start >> 3) >>> (start & 7)) & ((1 << count) - 1);
  }

  /** Reads the next bits. @param count at most 25 */
  take(count: number): number {
    const value = this.peek(count);
    this.left -= count;
    return value;
  }

  #load(byte: number): number {
    const data = this.#data;
    const at = this.#from + byte;
    return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
  }
}
