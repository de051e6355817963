// Collects bytes in one buffer that doubles as it fills, so that small chunks need no objects.

const EMPTY = Buffer.alloc(0);
/** What was announced is believed once one in so many bytes has come. */
const GOOD_PART = 32;

/** Collects bytes; memory and copying stay below a small multiple of them, however they are cut. */
export class Gathered {
  readonly #expected: number;
  #room: Buffer = EMPTY;
  #from = 0;
  /** Bytes collected. */
  length = 0;

  /** @param expected bytes that are likely to come in all: room for them is made once a good part has come; 0 unknown */
  constructor(expected = 0) {
    this.#expected = expected;
  }

  /** What was collected so far. The bytes of the view stay as they are, whatever is added later. */
  get bytes(): Buffer {
    return this.#room.subarray(this.#from, this.#from + this.length);
  }

  /** @param owned whether `piece` is never written to again: a first piece is then kept without a copy */
  add(piece: Buffer, owned = false): void {
    if (owned && this.length === 0) this.#room = piece;
    else {
      if (this.#from + this.length + piece.length > this.#room.length) this.#grow(this.length + piece.length);
      piece.copy(this.#room, this.#from + this.length);
    }
    this.length += piece.length;
  }

  /** Drops the first `count` bytes. */
  skip(count: number): void {
    this.#from += count;
    this.length -= count;
    if (this.length === 0) this.clear();
  }

  /** Gives away what was collected, and begins anew. */
  take(): Buffer {
    const all = this.bytes;
    this.clear();
    return all;
  }

  clear(): void {
    this.#room = EMPTY;
    this.#from = this.length = 0;
  }

  #grow(need: number): void {
    const isLikely = this.#expected >= need && this.#expected <= GOOD_PART * need;
    const room = Buffer.allocUnsafe(isLikely ? this.#expected : Math.max(need, 2 * this.length));
    this.#room.copy(room, 0, this.#from, this.#from + this.length);
    this.#room = room;
    this.#from = 0;
  }
}

/**
 * Reads a source to its end.
 * @param maxBytes beyond which it is given up
 * @param tooLarge what is thrown then
 */
export async function gather(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tooLarge: () => Error,
): Promise<Buffer> {
  const all = new Gathered();
  for await (const chunk of source) {
    all.add(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length), true);
    if (all.length > maxBytes) throw tooLarge();
  }
  return all.take();
}
