// Values in a form that passes from thread to thread in small pieces, so that neither end takes long over any of them.

/** Rows of one piece hold about this many numbers. */
const PIECE_CELLS = 8192;

/** What kinds of values there are rows for. */
const OBJECT = 0;
const LIST = 1;
const MAP = 2;
const SET = 3;
const BYTES = 4;

/** Values without parts. */
type Leaf = string | number | boolean | null | undefined;

/** A part of a packed value; pieces are unpacked in their order. */
export interface Piece {
  /** Leaves that no piece before had. */
  readonly leaves: readonly Leaf[];
  /** Contents of buffers, in the order of their rows. */
  readonly bytes: readonly Uint8Array[];
  /**
   * Row after row: kind, number of cells, cells. A cell below 0 is the leaf `-1 - cell`, any other the value of the row of that
   * number, which stands before. The first cell of an object is the list of its keys; maps alternate keys and values.
   */
  readonly rows: Int32Array;
}

/**
 * Takes a value apart. Parts that are shared stay shared. The last row is the value itself.
 * @param value plain objects, arrays, maps, sets, buffers and leaves, without cycles
 * @throws TypeError for anything else, which would arrive as something different
 */
export function* pack(value: object): Generator<Piece> {
  const packer = new Packer();
  // A stack of our own, so that a piece can be given away in the middle of any value.
  const stack: Open[] = [openOf(value)];
  while (stack.length > 0) {
    const open = stack[stack.length - 1]!;
    if (open.next === open.parts.length) {
      packer.row(open);
      stack.pop();
      if (packer.full) yield packer.take();
      continue;
    }
    const part = open.parts[open.next]!;
    const cell = packer.cellOf(part);
    if (cell === null) stack.push(openOf(part as object));
    else {
      open.cells.push(cell);
      open.next++;
    }
  }
  yield packer.take();
}

/** A value whose parts are being packed. */
interface Open {
  readonly value: object;
  readonly kind: number;
  readonly parts: readonly unknown[];
  readonly cells: number[];
  next: number;
}

class Packer {
  readonly #leaves = new Map<Leaf, number>();
  readonly #numbers = new Map<object, number>();
  readonly #keys = new Map<string, readonly string[]>();
  #fresh: Leaf[] = [];
  #bytes: Uint8Array[] = [];
  #rows: number[] = [];

  get full(): boolean {
    return this.#rows.length >= PIECE_CELLS;
  }

  /** Where a part is, or null when it has to be packed first. */
  cellOf(part: unknown): number | null {
    if (typeof part === "object" && part !== null) return this.#numbers.get(part) ?? null;
    if (typeof part === "function" || typeof part === "symbol" || typeof part === "bigint") throw unfit(typeof part);
    const leaf = part as Leaf;
    let cell = this.#leaves.get(leaf);
    if (cell === undefined) {
      cell = -1 - this.#leaves.size;
      this.#leaves.set(leaf, cell);
      this.#fresh.push(leaf);
    }
    return cell;
  }

  row({ value, kind, cells }: Open): void {
    if (kind === BYTES) this.#bytes.push(value as Uint8Array);
    const first = kind === OBJECT ? [this.#keysRow(Object.keys(value))] : [];
    this.#rows.push(kind, first.length + cells.length, ...first, ...cells);
    this.#numbers.set(value, this.#numbers.size);
  }

  take(): Piece {
    const piece = { leaves: this.#fresh, bytes: this.#bytes, rows: Int32Array.from(this.#rows) };
    this.#fresh = [];
    this.#bytes = [];
    this.#rows = [];
    return piece;
  }

  /** Objects with the same keys share the list of them. */
  #keysRow(keys: readonly string[]): number {
    const text = JSON.stringify(keys);
    let list = this.#keys.get(text);
    if (list === undefined) {
      list = keys;
      this.#keys.set(text, list);
      this.row({ value: list, kind: LIST, parts: [], cells: list.map((key) => this.cellOf(key)!), next: 0 });
    }
    return this.#numbers.get(list)!;
  }
}

function openOf(value: object): Open {
  const kind = kindOf(value);
  return { value, kind, parts: partsOf(value, kind), cells: [], next: 0 };
}

function kindOf(value: object): number {
  if (Array.isArray(value)) return LIST;
  if (value instanceof Map) return MAP;
  if (value instanceof Set) return SET;
  if (value instanceof Uint8Array) return BYTES;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return OBJECT;
  throw unfit(value.constructor.name);
}

function partsOf(value: object, kind: number): readonly unknown[] {
  if (kind === LIST) return value as unknown[];
  if (kind === MAP) return [...(value as Map<unknown, unknown>)].flat(1);
  if (kind === SET) return [...(value as Set<unknown>)];
  return kind === BYTES ? [] : Object.values(value);
}

function unfit(what: string): TypeError {
  return new TypeError(`a ${what} cannot be packed`);
}

/** Puts a packed value together again, frozen as far as objects and lists go. */
export class Unpacker {
  readonly #leaves: Leaf[] = [];
  readonly #values: unknown[] = [];

  /** Takes the next piece. */
  add({ leaves, bytes, rows }: Piece): void {
    for (const leaf of leaves) this.#leaves.push(leaf);
    let buffers = 0;
    for (let at = 0; at < rows.length; ) {
      const kind = rows[at]!;
      const end = at + 2 + rows[at + 1]!;
      const buffer = kind === BYTES ? bytes[buffers++]! : null;
      this.#values.push(buffer === null ? this.#build(kind, rows, at + 2, end) : asBuffer(buffer));
      at = end;
    }
  }

  /** The value, when all pieces were added. */
  get value(): unknown {
    return this.#values[this.#values.length - 1];
  }

  #build(kind: number, rows: Int32Array, start: number, end: number): unknown {
    if (kind === OBJECT) return this.#object(rows, start, end);
    const parts: unknown[] = [];
    for (let at = start; at < end; at++) parts.push(this.#at(rows[at]!));
    if (kind === LIST) return Object.freeze(parts);
    if (kind === SET) return new Set(parts);
    const map = new Map<unknown, unknown>();
    for (let i = 0; i < parts.length; i += 2) map.set(parts[i], parts[i + 1]);
    return map;
  }

  #object(rows: Int32Array, start: number, end: number): unknown {
    const keys = this.#at(rows[start]!) as readonly string[];
    const object: Record<string, unknown> = {};
    for (let i = 0; start + 1 + i < end; i++) {
      const value = this.#at(rows[start + 1 + i]!);
      // A key of that name must not become the prototype.
      if (keys[i] === "__proto__") Object.defineProperty(object, "__proto__", { value, enumerable: true });
      else object[keys[i]!] = value;
    }
    return Object.freeze(object);
  }

  #at(cell: number): unknown {
    return cell < 0 ? this.#leaves[-1 - cell] : this.#values[cell];
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
