// Decompresses Zstandard (RFC 8878), which Node 20 cannot. Written for hostile input: every loop is bounded by the data.
import { setImmediate } from "node:timers/promises";
import { ZstdError } from "./fse.ts";
import { Literals, littleEndian, MAX_BLOCK } from "./literals.ts";
import { Output } from "./output.ts";
import { Sequences } from "./sequences.ts";

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const HEAD_SIZE = 4;
const CHECKSUM_SIZE = 4;
const RAW = 0;
const REPEATED = 1;
const COMPRESSED = 2;
/** Work between two turns of the event loop, in bytes made. */
const SLICE = 262_144;
/** What a block costs however little it makes, in bytes made. */
const BLOCK_COST = 4096;
/** A sender that flushes more often than this many bytes is refused: small blocks cost most of their time in tables. */
const MIN_BLOCK = 1024;

/**
 * Decompresses all frames of `data`; other requests are served in between. Checksums are not checked.
 * @param maxBytes beyond which it stops
 * @returns null: there are more
 * @throws ZstdError the data is malformed, cut, needs a dictionary, or has far more blocks than its bytes need
 */
export async function unzstd(data: Buffer, maxBytes: number): Promise<Buffer | null> {
  const out = new Output(maxBytes);
  let at = 0;
  let work = 0;
  let blocks = Math.ceil(maxBytes / MIN_BLOCK) + MIN_BLOCK;
  while (at < data.length) {
    if (isSkippable(data, at)) {
      at = skip(data, at);
      continue;
    }
    const frame = new Frame(data, at, out);
    while (!frame.last) {
      const before = out.length;
      frame.block();
      if (out.length > maxBytes) return null;
      if (--blocks < 0) throw new ZstdError("too many blocks");
      work += out.length - before + BLOCK_COST;
      if (work < SLICE) continue;
      work = 0;
      await setImmediate();
    }
    at = frame.end();
  }
  return out.bytes;
}

function isSkippable(data: Buffer, at: number): boolean {
  return littleEndian(data, at, HEAD_SIZE) - (data[at]! & 15) === SKIPPABLE;
}

function skip(data: Buffer, at: number): number {
  const end = at + 2 * HEAD_SIZE + littleEndian(data, at + HEAD_SIZE, HEAD_SIZE);
  if (end > data.length) throw new ZstdError("a frame is cut");
  return end;
}

/** One frame. */
class Frame {
  /** Its last block was read. */
  last = false;
  readonly #data: Buffer;
  readonly #out: Output;
  readonly #literals = new Literals();
  readonly #sequences = new Sequences();
  readonly #hasChecksum: boolean;
  /** Bytes it declares to make; -1 it does not. */
  readonly #size: number;
  #at: number;

  constructor(data: Buffer, from: number, out: Output) {
    this.#data = data;
    this.#out = out;
    out.begin();
    if (littleEndian(data, from, HEAD_SIZE) !== MAGIC) throw new ZstdError("not a frame");
    const flags = data[from + HEAD_SIZE] ?? 8;
    if ((flags & 8) !== 0) throw new ZstdError("reserved bits are set");
    this.#hasChecksum = (flags & 4) !== 0;
    const isSingle = (flags & 32) !== 0;
    const dictionarySize = [0, 1, 2, 4][flags & 3]!;
    const sizeSize = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6]!;
    // The window is of no interest: all that was made is kept.
    const dictionary = from + HEAD_SIZE + (isSingle ? 1 : 2);
    if (littleEndian(data, dictionary, dictionarySize) !== 0) throw new ZstdError("a dictionary is needed");
    const size = littleEndian(data, dictionary + dictionarySize, sizeSize);
    this.#size = sizeSize === 0 ? -1 : sizeSize === 2 ? size + 256 : size;
    this.#at = dictionary + dictionarySize + sizeSize;
  }

  /** Reads the next block. */
  block(): void {
    const head = littleEndian(this.#data, this.#at, 3);
    this.#at += 3;
    this.last = (head & 1) !== 0;
    const type = (head >> 1) & 3;
    const size = head >> 3;
    const end = this.#at + (type === REPEATED ? 1 : size);
    if (end > this.#data.length || size > MAX_BLOCK) throw new ZstdError("a block is cut");
    this.#out.block();
    if (type === RAW) this.#out.raw(this.#data, this.#at, end);
    else if (type === REPEATED) this.#out.fill(this.#data[this.#at]!, size);
    else if (type === COMPRESSED) this.#compressed(end);
    else throw new ZstdError("invalid type of a block");
    this.#at = end;
  }

  /** @returns where the frame ends */
  end(): number {
    const end = this.#at + (this.#hasChecksum ? CHECKSUM_SIZE : 0);
    if (end > this.#data.length) throw new ZstdError("a frame is cut");
    if (this.#size !== -1 && this.#size !== this.#out.frameLength) throw new ZstdError("a frame has another size");
    return end;
  }

  #compressed(end: number): void {
    if (this.#at === end) throw new ZstdError("a block is cut");
    const at = this.#literals.read(this.#data, this.#at, end);
    this.#sequences.run(this.#data, at, end, this.#literals, this.#out);
  }
}
