// The literals of a block (RFC 8878 §3.1.1.3.1).
import { ZstdError } from "./fse.ts";
import { decodeStream, type HuffmanTable, readHuffman } from "./huffman.ts";

const RAW = 0;
const REPEATED = 1;
const COMPRESSED = 2;

/** Most bytes of a block, as of its literals. */
export const MAX_BLOCK = 131_072;

/** Literals of the blocks of one frame, one block after the other. */
export class Literals {
  /** Those of the block read last are bytes[at, end). */
  bytes: Uint8Array = EMPTY;
  at = 0;
  end = 0;
  /** Of the last block that had one. */
  #table: HuffmanTable | null = null;
  #room: Uint8Array = EMPTY;

  /** Reads the section that begins at data[from]. @returns where it ends */
  read(data: Uint8Array, from: number, to: number): number {
    const head = data[from]!;
    const type = head & 3;
    const format = (head >> 2) & 3;
    return type === RAW || type === REPEATED
      ? this.#plain(data, from, to, type, format)
      : this.#coded(data, from, to, type, format);
  }

  #plain(data: Uint8Array, from: number, to: number, type: number, format: number): number {
    const headSize = [1, 2, 1, 3][format]!;
    const size = headSize === 1 ? data[from]! >> 3 : littleEndian(data, from, headSize) >>> 4;
    const body = from + headSize;
    const end = body + (type === RAW ? size : 1);
    if (end > to || size > MAX_BLOCK) throw new ZstdError("literals are cut");
    this.at = type === RAW ? body : 0;
    this.end = this.at + size;
    if (type === RAW) this.bytes = data;
    else this.#scratch().fill(data[body]!, 0, size);
    return end;
  }

  #coded(data: Uint8Array, from: number, to: number, type: number, format: number): number {
    const headSize = format < 2 ? 3 : format + 2;
    const width = [10, 10, 14, 18][format]!;
    const sizes = littleEndian(data, from, headSize);
    const size = Math.floor(sizes / 16) % 2 ** width;
    let body = from + headSize;
    const end = body + Math.floor(sizes / 2 ** (4 + width));
    if (end > to || size > MAX_BLOCK) throw new ZstdError("literals are cut");
    if (type === COMPRESSED) ({ table: this.#table, end: body } = readHuffman(data, body, end));
    if (this.#table === null) throw new ZstdError("literals without a table");
    this.at = 0;
    this.end = size;
    const out = this.#scratch();
    if (format === 0) decodeStream(this.#table, data, body, end, out, 0, size);
    else decodeFour(this.#table, data, body, end, out, size);
    return end;
  }

  /** Makes the room of its own the place of the literals. */
  #scratch(): Uint8Array {
    if (this.#room.length === 0) this.#room = new Uint8Array(MAX_BLOCK);
    this.bytes = this.#room;
    return this.#room;
  }
}

const EMPTY = new Uint8Array(0);

/** Four streams, the sizes of the first three before them. */
function decodeFour(
  table: HuffmanTable,
  data: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  size: number,
): void {
  if (from + 6 > to) throw new ZstdError("literals are cut");
  const quarter = (size + 3) >> 2;
  let at = from + 6;
  for (let i = 0; i < 4; i++) {
    const end = i === 3 ? to : at + littleEndian(data, from + 2 * i, 2);
    const until = i === 3 ? size : (i + 1) * quarter;
    if (end > to || i * quarter > until) throw new ZstdError("literals are cut");
    decodeStream(table, data, at, end, out, i * quarter, until);
    at = end;
  }
}

/** @param size at most 6 */
export function littleEndian(data: Uint8Array, from: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + (data[from + i] ?? 0);
  return value;
}
