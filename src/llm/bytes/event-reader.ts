// Reads server-sent events (WHATWG HTML §9.2.6) from bytes that may be cut anywhere.
import { Gathered } from "../../wire/gathered.ts";

const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const LF_BYTE = Buffer.from([LF]);
const DATA = Buffer.from("data");
const EVENT = Buffer.from("event");

/**
 * Receives what an {@link EventReader} finds. `raw` are the bytes as received, with the blank line that ends them if there
 * was one: a view of the chunk being read, or bytes of their own where they were cut. A blank line of CRLF is whole even if
 * its LF comes in the next chunk.
 */
export interface EventListener {
  /** @param name of the `event` field; "" none @param data `data` lines, joined by LF */
  event(name: string, data: string, raw: Buffer): void;
  /** What is no event: comments, or fields without data. Comments are reported at once, also without their blank line. */
  comment(raw: Buffer): void;
  /** An event has more than the bytes permitted. Nothing follows. */
  tooLarge(): void;
}

/** Reads one stream. Each byte is looked at a fixed number of times, however the stream is cut. */
export class EventReader {
  readonly #to: EventListener;
  readonly #maxBytes: number;
  readonly #ends = new LineEnds();
  /** What earlier chunks have of the current block. */
  readonly #held = new Gathered();
  /** First byte of the current line if it began in an earlier chunk; -1 it did not. */
  #lineStart = -1;
  /** The current block has a line that is no comment. */
  #hasFields = false;
  /** The chunk before ended with CR: an LF at the beginning of the next belongs to it. */
  #afterCr = false;
  #atStart = true;
  #stopped = false;

  /** @param maxBytes of one event, its line ends included */
  constructor(to: EventListener, maxBytes: number) {
    this.#to = to;
    this.#maxBytes = maxBytes;
  }

  /** Reads on. The chunk is not kept. */
  feed(chunk: Buffer): void {
    const ends = this.#ends;
    ends.reset();
    let block = 0;
    let line = 0;
    if (this.#afterCr && chunk.length > 0) {
      this.#afterCr = false;
      if (chunk[0] === LF) {
        line = 1;
        if (this.#held.length === 0) block = 1;
      }
    }
    while (line < chunk.length && !this.#stopped) {
      const end = ends.find(chunk, line);
      if (end === -1) break;
      const next = this.#behind(chunk, end);
      if (end > line || this.#lineStart !== -1) this.#endLine(chunk[line]!);
      else {
        if (line > block || this.#held.length > 0) this.#deliver(chunk.subarray(block, next));
        block = next;
        this.#atStart = false;
      }
      line = next;
    }
    if (!this.#stopped) this.#keep(chunk, block, line);
  }

  /** The stream has ended: what has come without its blank line is delivered as it is. */
  end(): void {
    if (this.#held.length > 0 && !this.#stopped) this.#deliver(this.#held.take());
    this.stop();
  }

  /** Reports nothing more, not even the rest of the chunk being read. */
  stop(): void {
    this.#stopped = true;
    this.#held.clear();
  }

  /** @returns where the line after the one that ends at `end` begins */
  #behind(chunk: Buffer, end: number): number {
    if (chunk[end] === LF) return end + 1;
    if (end + 1 === chunk.length) this.#afterCr = true;
    return chunk[end + 1] === LF ? end + 2 : end + 1;
  }

  #endLine(first: number): void {
    if ((this.#lineStart === -1 ? first : this.#lineStart) !== COLON) this.#hasFields = true;
    this.#lineStart = -1;
  }

  /** Keeps what is not complete: the block at `block`, whose last line began at `line`. */
  #keep(chunk: Buffer, block: number, line: number): void {
    if (line < chunk.length && this.#lineStart === -1) this.#lineStart = chunk[line]!;
    if (block === chunk.length) return;
    const rest = chunk.subarray(block);
    if (!this.#hasFields && this.#lineStart === -1) this.#deliver(rest);
    else if (this.#held.length + rest.length > this.#maxBytes) this.#refuse();
    else this.#held.add(rest);
  }

  #refuse(): void {
    this.stop();
    this.#to.tooLarge();
  }

  /** @param last bytes of the block */
  #deliver(last: Buffer): void {
    let raw = last;
    if (this.#held.length + last.length > this.#maxBytes) return this.#refuse();
    if (this.#held.length > 0) {
      this.#held.add(last);
      raw = this.#held.take();
    }
    // The blank line ends with CRLF, whose LF is yet to come: clients look for all of it.
    if (this.#afterCr && raw.at(-2) === LF) raw = Buffer.concat([raw, LF_BYTE]);
    if (this.#atStart) {
      this.#atStart = false;
      if (raw.subarray(0, 3).equals(BYTE_ORDER_MARK)) raw = raw.subarray(3); // nothing of the first event
    }
    const hasFields = this.#hasFields || this.#lineStart !== -1;
    this.#hasFields = false;
    this.#lineStart = -1;
    if (hasFields) dispatch(raw, this.#to);
    else this.#to.comment(raw);
  }
}

/** Reads the lines of one block. */
function dispatch(raw: Buffer, to: EventListener): void {
  const ends = new LineEnds();
  let name = "";
  let data: string | null = null;
  for (let line = 0; line < raw.length; ) {
    let end = ends.find(raw, line);
    if (end === -1) end = raw.length;
    // The LF of a CRLF is read as an empty line, which is none of these.
    const value = valueAt(raw, line, end, DATA);
    if (value !== -1) {
      const text = raw.toString("utf8", value, end);
      data = data === null ? text : `${data}\n${text}`;
    } else {
      const at = valueAt(raw, line, end, EVENT);
      if (at !== -1) name = raw.toString("utf8", at, end);
    }
    line = end + 1;
  }
  if (data === null) to.comment(raw);
  else to.event(name, data, raw);
}

/** Where the value of field `name` begins in a line; -1 when the line is of another field. */
function valueAt(bytes: Buffer, from: number, to: number, name: Buffer): number {
  const end = from + name.length;
  if (end > to) return -1;
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name[i]) return -1;
  if (end === to) return to;
  if (bytes[end] !== COLON) return -1;
  return end + 1 < to && bytes[end + 1] === SPACE ? end + 2 : end + 1;
}

/** Finds CR and LF in one buffer from its beginning on, and looks at each byte once for either. */
class LineEnds {
  #lf = -1;
  #cr = -1;

  reset(): void {
    this.#lf = this.#cr = -1;
  }

  /** @param from not before that of the call before @returns -1 none */
  find(bytes: Buffer, from: number): number {
    if (this.#lf < from) this.#lf = orEnd(bytes.indexOf(LF, from));
    if (this.#cr < from) this.#cr = orEnd(bytes.indexOf(CR, from));
    const end = Math.min(this.#lf, this.#cr);
    return end === NONE ? -1 : end;
  }
}

const NONE = 2 ** 31 - 1;

function orEnd(found: number): number {
  return found === -1 ? NONE : found;
}
