// Huffman coded literals (RFC 8878 §4.2).
import { BackBits } from "./back-bits.ts";
import { readTable, ZstdError } from "./fse.ts";

const MAX_BITS = 11;
const MAX_WEIGHTS = 255;
/** Of the table that weights are coded with. */
const WEIGHT_LOG = 6;

/** A decoding table, indexed by the next {@link log} bits. */
export interface HuffmanTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  /** Bits of the code. */
  readonly bits: Uint8Array;
}

/** Reads the description of a table. @returns the table, and where its description ends */
export function readHuffman(
  data: Uint8Array,
  from: number,
  to: number,
): { readonly table: HuffmanTable; readonly end: number } {
  const head = from < to ? data[from]! : 0;
  const end = from + 1 + (head < 128 ? head : (head - 126) >> 1);
  if (end > to) throw new ZstdError("a Huffman table is cut");
  return {
    table: tableOf(head < 128 ? codedWeights(data, from + 1, end) : plainWeights(data, from + 1, head - 127)),
    end,
  };
}

function plainWeights(data: Uint8Array, from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (data[from + (i >> 1)]! >> (i % 2 === 0 ? 4 : 0)) & 15);
}

/** Two states take turns; the one that finds no bits left leaves the last word to the other. */
function codedWeights(data: Uint8Array, from: number, to: number): number[] {
  const { table, end } = readTable(data, from, to, WEIGHT_LOG, MAX_BITS + 1);
  const bits = new BackBits(data, end, to);
  const weights: number[] = [];
  let state = bits.take(table.log);
  let other = bits.take(table.log);
  while (weights.length < MAX_WEIGHTS) {
    weights.push(table.symbols[state]!);
    const next = table.base[state]! + bits.take(table.bits[state]!);
    state = other;
    other = next;
    if (bits.left >= 0) continue;
    weights.push(table.symbols[state]!);
    return weights;
  }
  throw new ZstdError("too many Huffman weights");
}

/** @param weights of all symbols but the last, whose weight is what is missing */
function tableOf(weights: number[]): HuffmanTable {
  let sum = 0;
  for (const weight of weights) sum += weight > 0 ? 2 ** (weight - 1) : 0;
  const log = 32 - Math.clz32(sum);
  const missing = 2 ** log - sum;
  if (sum === 0 || log > MAX_BITS || (missing & (missing - 1)) !== 0) throw new ZstdError("invalid Huffman weights");
  weights.push(32 - Math.clz32(missing));
  if (weights.length > MAX_WEIGHTS + 1) throw new ZstdError("too many Huffman weights");
  const symbols = new Uint8Array(1 << log);
  const bits = new Uint8Array(1 << log);
  let at = 0;
  for (let weight = 1; weight <= log; weight++) {
    for (const [symbol, its] of weights.entries()) {
      if (its !== weight) continue;
      const next = at + (1 << (weight - 1));
      symbols.fill(symbol, at, next);
      bits.fill(log + 1 - weight, at, next);
      at = next;
    }
  }
  return { log, symbols, bits };
}

/** Decodes data[from, to) into out[at, end), which it must fill exactly. */
export function decodeStream(
  { log, symbols, bits }: HuffmanTable,
  data: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  at: number,
  end: number,
): void {
  const rest = new BackBits(data, from, to);
  const mask = (1 << log) - 1;
  let { left } = rest;
  let pos = at;
  // A code has at most 11 bits: three bytes hold it wherever it begins.
  while (pos < end && left >= log) {
    const start = left - log;
    const byte = from + (start >> 3);
    const code = ((data[byte]! | (data[byte + 1]! << 8) | (data[byte + 2]! << 16)) >>> (start & 7)) & mask;
    out[pos++] = symbols[code]!;
    left -= bits[code]!;
  }
  rest.left = left;
  while (pos < end && rest.left > 0) {
    const code = rest.peek(log);
    out[pos++] = symbols[code]!;
    rest.left -= bits[code]!;
  }
  if (pos !== end || rest.left !== 0) throw new ZstdError("literals do not fit");
}
