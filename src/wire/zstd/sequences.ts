// The sequences of a block (RFC 8878 §3.1.1.3.2): how many literals, then how many bytes from how far back.
import { BackBits } from "./back-bits.ts";
import { constantTable, type FseTable, readTable, tableOf, ZstdError } from "./fse.ts";
import { type Literals, littleEndian, MAX_BLOCK } from "./literals.ts";
import type { Output } from "./output.ts";

/** One of the three numbers of a sequence: each has a table of its own. */
interface Kind {
  readonly maxLog: number;
  readonly maxSymbol: number;
  readonly usual: FseTable;
}

const LENGTHS: Kind = {
  maxLog: 9,
  maxSymbol: 35,
  usual: tableOf(
    [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
    6,
  ),
};
/** An offset beyond 2^25 is further than any text this decoder makes. */
const MAX_OFFSET_CODE = 25;
const OFFSETS: Kind = {
  maxLog: 8,
  maxSymbol: 31,
  usual: tableOf([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5),
};
const MATCHES: Kind = {
  maxLog: 9,
  maxSymbol: 52,
  usual: tableOf(
    [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
    6,
  ),
};

/** Bits behind the code of a length, and the length without them. */
const LENGTH_BITS = Uint8Array.of(...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
const LENGTH_BASE = bases(LENGTH_BITS, 0);
const MATCH_BITS = Uint8Array.of(
  ...zeros(32),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
);
const MATCH_BASE = bases(MATCH_BITS, 3);

function zeros(count: number): number[] {
  return Array<number>(count).fill(0);
}

function bases(bits: Uint8Array, first: number): Int32Array {
  let base = first;
  return Int32Array.from(bits, (count) => {
    base += 1 << count;
    return base - (1 << count);
  });
}

/** Sequences of the blocks of one frame, one block after the other. */
export class Sequences {
  /** Of the last block that had sequences: for lengths, offsets and matches. */
  readonly #tables: (FseTable | null)[] = [null, null, null];
  /** The last three offsets, the latest first. */
  readonly #offsets = [1, 4, 8];

  /** Reads data[from, to) and writes the block. */
  run(data: Uint8Array, from: number, to: number, literals: Literals, out: Output): void {
    if (from >= to) throw new ZstdError("sequences are cut");
    const first = data[from]!;
    const headSize = first < 128 ? 1 : first < 255 ? 2 : 3;
    const count =
      headSize === 1
        ? first
        : headSize === 2
          ? (first - 128) * 256 + data[from + 1]!
          : littleEndian(data, from + 1, 2) + 0x7f00;
    let at = from + headSize;
    if (count > 0) at = this.#readTables(data, at, to);
    else if (at !== to) throw new ZstdError("bytes behind the block");
    if (count > 0) this.#decode(new BackBits(data, at, to), count, literals, out);
    out.literals(literals, literals.end - literals.at);
  }

  #readTables(data: Uint8Array, from: number, to: number): number {
    const modes = from < to ? data[from]! : 3;
    if ((modes & 3) !== 0) throw new ZstdError("reserved bits are set");
    let at = from + 1;
    for (const [i, kind] of [LENGTHS, OFFSETS, MATCHES].entries()) {
      switch ((modes >> (6 - 2 * i)) & 3) {
        case 0:
          this.#tables[i] = kind.usual;
          break;
        case 1:
          if (at >= to || data[at]! > kind.maxSymbol) throw new ZstdError("invalid symbol");
          this.#tables[i] = constantTable(data[at++]!);
          break;
        case 2:
          ({ table: this.#tables[i], end: at } = readTable(data, at, to, kind.maxLog, kind.maxSymbol));
          break;
        default:
          if (this.#tables[i] === null) throw new ZstdError("no table to repeat");
      }
    }
    return at;
  }

  #decode(bits: BackBits, count: number, literals: Literals, out: Output): void {
    const [lengths, offsets, matches] = this.#tables as FseTable[] as [FseTable, FseTable, FseTable];
    let length = bits.take(lengths.log);
    let offset = bits.take(offsets.log);
    let match = bits.take(matches.log);
    let room = MAX_BLOCK;
    for (let left = count; left > 0; left--) {
      const offsetCode = offsets.symbols[offset]!;
      if (offsetCode > MAX_OFFSET_CODE) throw new ZstdError("an offset is too far");
      const offsetValue = (1 << offsetCode) + bits.take(offsetCode);
      const matchCode = matches.symbols[match]!;
      const matchLength = MATCH_BASE[matchCode]! + bits.take(MATCH_BITS[matchCode]!);
      const lengthCode = lengths.symbols[length]!;
      const literalLength = LENGTH_BASE[lengthCode]! + bits.take(LENGTH_BITS[lengthCode]!);
      room -= literalLength + matchLength;
      if (bits.left < 0 || room < 0) throw new ZstdError("sequences do not fit");
      out.literals(literals, literalLength);
      out.match(this.#offset(offsetValue, literalLength), matchLength);
      if (left === 1) break;
      length = lengths.base[length]! + bits.take(lengths.bits[length]!);
      match = matches.base[match]! + bits.take(matches.bits[match]!);
      offset = offsets.base[offset]! + bits.take(offsets.bits[offset]!);
    }
    if (bits.left !== 0) throw new ZstdError("bits behind the sequences");
    if (literals.end - literals.at > room) throw new ZstdError("a block is too large");
  }

  /** @param value an offset + 3, or which of the last three it is */
  #offset(value: number, literalLength: number): number {
    const last = this.#offsets;
    const which = value > 3 ? 3 : value - (literalLength === 0 ? 0 : 1);
    if (which === 0) return last[0]!;
    const offset = value > 3 ? value - 3 : which === 3 ? last[0]! - 1 : last[which]!;
    if (which > 1) last[2] = last[1]!;
    last[1] = last[0]!;
    last[0] = offset;
    return offset;
  }
}
