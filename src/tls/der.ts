// A strict reader of DER (ITU-T X.690): encodings that are valid only as BER are refused.
import { TlsFault } from "./fault.ts";

/** Universal tags. */
export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const OID = 0x06;
export const SEQUENCE = 0x30;
export const SET = 0x31;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const CONSTRUCTED = 0x20;

const MAX_OID_BYTES = 64;

/** One element: its tag and the position of its content. It is a view of the bytes it was read from. */
export class Der {
  readonly tag: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #from: number;
  readonly #to: number;

  private constructor(bytes: Buffer, at: number, end: number) {
    const tag = bytes[at];
    const first = bytes[at + 1];
    if (tag === undefined || first === undefined || at + 2 > end || (tag & 0x1f) === 0x1f) throw notDer();
    let from = at + 2;
    let length = first;
    if (first >= 0x80) {
      const digits = first & 0x7f;
      if (digits === 0 || digits > 4 || from + digits > end) throw notDer();
      length = bytes.readUIntBE(from, digits);
      if (length < (digits === 1 ? 0x80 : 2 ** (8 * (digits - 1)))) throw notDer(); // not the shortest form
      from += digits;
    }
    if (from + length > end) throw notDer();
    this.tag = tag;
    this.#bytes = bytes;
    this.#start = at;
    this.#from = from;
    this.#to = from + length;
  }

  /** Reads the element that spans all of `bytes`. @throws TlsFault */
  static read(bytes: Buffer): Der {
    const element = new Der(bytes, 0, bytes.length);
    if (element.#to !== bytes.length) throw notDer();
    return element;
  }

  /** The content, without tag and length. */
  get content(): Buffer {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  /** The whole element, with tag and length. */
  get raw(): Buffer {
    return this.#bytes.subarray(this.#start, this.#to);
  }

  /** The content as hexadecimal digits, lower-case. */
  get hex(): string {
    return this.#bytes.toString("hex", this.#from, this.#to);
  }

  /** The elements inside a constructed element. @throws TlsFault */
  children(): Der[] {
    if ((this.tag & CONSTRUCTED) === 0) throw notDer();
    const all: Der[] = [];
    for (let at = this.#from; at < this.#to; ) {
      const child = new Der(this.#bytes, at, this.#to);
      all.push(child);
      at = child.#to;
    }
    return all;
  }

  /** This element if it has the given tag. @throws TlsFault if not */
  as(tag: number): Der {
    if (this.tag !== tag) throw notDer();
    return this;
  }
}

/** Reads the children of a constructed element in order. */
export class DerFields {
  readonly #all: readonly Der[];
  #next = 0;

  constructor(parent: Der, tag = SEQUENCE) {
    this.#all = parent.as(tag).children();
  }

  /** The next child. @throws TlsFault if there is none, or it has none of these tags */
  take(...tags: readonly number[]): Der {
    const next = this.takeIf(...tags);
    if (next === null) throw notDer();
    return next;
  }

  /** The next child if it has one of these tags, else null; it is then not consumed. */
  takeIf(...tags: readonly number[]): Der | null {
    const next = this.#all[this.#next];
    if (next === undefined || !tags.includes(next.tag)) return null;
    this.#next++;
    return next;
  }

  /** @throws TlsFault if a child was not read */
  end(): void {
    if (this.#next !== this.#all.length) throw notDer();
  }
}

/** The tags of a Time (RFC 5280 §4.1), for `takeIf(...TIMES)`. */
export const TIMES = [UTC_TIME, GENERALIZED_TIME] as const;

/** Reads UTCTime or GeneralizedTime (RFC 5280 §4.1.2.5). @returns ms since 1970 @throws TlsFault */
export function timeOf(element: Der): number {
  const written = element.content.toString("latin1");
  const year = element.tag === UTC_TIME ? `${Number(written.slice(0, 2)) < 50 ? "20" : "19"}${written}` : written;
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(year);
  const ms = parts === null ? Number.NaN : Date.parse(`${parts.slice(1, 4).join("-")}T${parts.slice(4).join(":")}Z`);
  if (Number.isNaN(ms)) throw notDer();
  return ms;
}

/** A serial number as hexadecimal digits, lower-case, without leading zeros, so that equal numbers have equal texts. */
export function serialOf(element: Der): string {
  return element.as(INTEGER).hex.replace(/^(00)+(?=..)/, "");
}

/** An OID in dotted form, such as `1.2.840.113549`. @throws TlsFault, also for one longer than 64 bytes */
export function dottedOid(element: Der): string {
  if (element.content.length > MAX_OID_BYTES) throw notDer();
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of element.as(OID).content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [first = 0n, ...rest] = arcs;
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - 40n * root, ...rest].join(".");
}

function notDer(): TlsFault {
  return new TlsFault("not well-formed DER");
}
