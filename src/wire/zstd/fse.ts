// Tables of finite state entropy (RFC 8878 §4.1).

/** Thrown by what reads the format: the data is not what it allows. */
export class ZstdError extends Error {}

/** A decoding table: what each state says, and how the next is found. */
export interface FseTable {
  /** Bits of a state. */
  readonly log: number;
  readonly symbols: Uint8Array;
  /** Bits read for the next state, and what is added to them. */
  readonly bits: Uint8Array;
  readonly base: Uint16Array;
}

/** A table whose only state says `symbol`. */
export function constantTable(symbol: number): FseTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: Uint8Array.of(0), base: Uint16Array.of(0) };
}

/**
 * Reads the description of a table from data[from, to).
 * @param maxLog most bits of a state @param maxSymbol highest symbol permitted
 * @returns the table, and where its description ends
 */
export function readTable(
  data: Uint8Array,
  from: number,
  to: number,
  maxLog: number,
  maxSymbol: number,
): { readonly table: FseTable; readonly end: number } {
  const bits = new Bits(data, from, to);
  const log = bits.take(4) + 5;
  if (log > maxLog) throw new ZstdError("invalid accuracy");
  const counts: number[] = [];
  let left = (1 << log) + 1;
  for (let width = log + 1; left > 1; ) {
    while (1 << (width - 1) > left) width--;
    const count = takeCount(bits, width, left);
    left -= Math.abs(count);
    counts.push(count);
    for (let zeros = count === 0 ? 3 : 0; zeros === 3; ) {
      zeros = bits.take(2);
      for (let i = 0; i < zeros; i++) counts.push(0);
    }
    if (counts.length > maxSymbol + 1) throw new ZstdError("too many symbols");
  }
  if (left !== 1 || bits.end > to) throw new ZstdError("invalid probabilities");
  return { table: tableOf(counts, log), end: bits.end };
}

/** @param width bits of the largest value possible now; small values take one less @returns -1: less than one state */
function takeCount(bits: Bits, width: number, left: number): number {
  const half = 1 << (width - 1);
  const short = 2 * half - 1 - left;
  const low = bits.peek(width - 1);
  if (low < short) {
    bits.skip(width - 1);
    return low - 1;
  }
  const value = bits.take(width);
  return (value >= half ? value - short : value) - 1;
}

/** @param counts states of each symbol, -1: one that is read anew every time */
export function tableOf(counts: readonly number[], log: number): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(counts.length);
  let high = size - 1;
  for (const [symbol, count] of counts.entries()) {
    next[symbol] = Math.abs(count);
    if (count === -1) symbols[high--] = symbol;
  }
  spread(symbols, counts, high);
  const bits = new Uint8Array(size);
  const base = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const number = next[symbols[state]!]!++;
    bits[state] = log - (31 - Math.clz32(number));
    base[state] = (number << bits[state]!) - size;
  }
  return { log, symbols, bits, base };
}

/** Gives symbols their states, up to `high`, in the order the format prescribes. */
function spread(symbols: Uint8Array, counts: readonly number[], high: number): void {
  const mask = symbols.length - 1;
  const step = (symbols.length >> 1) + (symbols.length >> 3) + 3;
  let at = 0;
  for (const [symbol, count] of counts.entries()) {
    for (let i = 0; i < count; i++) {
      symbols[at] = symbol;
      do at = (at + step) & mask;
      while (at > high);
    }
  }
}

/** Reads bits forwards; behind the end there are zeros. */
class Bits {
  readonly #data: Uint8Array;
  readonly #to: number;
  #at: number;

  constructor(data: Uint8Array, from: number, to: number) {
    this.#data = data;
    this.#to = to;
    this.#at = from * 8;
  }

  /** Behind the last byte of which bits were taken. */
  get end(): number {
    return Math.ceil(this.#at / 8);
  }

  /** @param count at most 16 */
  peek(count: number): number {
    const byte = Math.floor(this.#at / 8);
    const three = this.#byte(byte) | (this.#byte(byte + 1) << 8) | (this.#byte(byte + 2) << 16);
    return (three >>> (this.#at & 7)) & ((1 << count) - 1);
  }

  skip(count: number): void {
    this.#at += count;
  }

  take(count: number): number {
    const value = this.peek(count);
    this.#at += count;
    return value;
  }

  #byte(at: number): number {
    return at < this.#to ? this.#data[at]! : 0;
  }
}
