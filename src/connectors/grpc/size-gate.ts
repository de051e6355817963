// Checks the size of gRPC messages by their length prefixes, the only part of them that the gateway parses.

const PREFIX = 5;

/** Bounds the messages of one direction; the bytes themselves pass by. */
export class SizeGate {
  readonly #maxBytes: number;
  /** Bytes of the message under way still to come. */
  #left = 0;
  /** Bytes of the prefix seen, and the length they make so far. */
  #seen = 0;
  #length = 0;

  /** @param maxBytes largest message, without its prefix */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns false when a message announces more than is allowed */
  admits(chunk: Buffer): boolean {
    let pos = 0;
    while (pos < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - pos);
        this.#left -= step;
        pos += step;
        continue;
      }
      const byte = chunk[pos++]!;
      if (++this.#seen > 1) this.#length = this.#length * 256 + byte;
      if (this.#seen < PREFIX) continue;
      if (this.#length > this.#maxBytes) return false;
      this.#left = this.#length;
      this.#seen = this.#length = 0;
    }
    return true;
  }
}
