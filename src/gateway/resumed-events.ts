// An event stream that survives the loss of its backend: forwards whole events only, so that none is left incomplete.
import type { EventStreamRule } from "../core/route-settings.ts";
import { EventBoundary } from "../wire/event-boundary.ts";
import { Gathered } from "../wire/gathered.ts";

/** Maximum delay a backend may set with `retry:`, ms. */
const MAX_WAIT_MS = 60_000;

const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const DATA = Buffer.from("data");
const ID = Buffer.from("id");
const RETRY = Buffer.from("retry");
const NOTHING = Buffer.alloc(0);

/** Makes one stream of those of one backend after the other. Bytes pass unchanged; ids and waits are read (WHATWG HTML §9.2.6). */
export class ResumedEvents {
  /** Of the last event that had one; "" before. */
  lastEventId = "";
  readonly #rule: EventStreamRule;
  #boundary = new EventBoundary();
  /** What has come since the last boundary. */
  readonly #held = new Gathered();
  /** Nothing of the backend has been read yet. */
  #atStart = true;
  #waitMs: number;
  #retries = 0;
  #hasIds = false;
  /** The backend repeats the event after which it should continue. */
  #repeats = false;
  /** Of the event being read: its id, null when it has none, and whether it has data. */
  #id: string | null = null;
  #hasData = false;

  constructor(rule: EventStreamRule) {
    this.#rule = rule;
    this.#waitMs = rule.retryMs;
  }

  /** Whether a lost backend may be followed by another: the stream has ids to go on from, and attempts are left. */
  mayResume(): boolean {
    return this.#hasIds && this.#retries < this.#rule.maxRetries;
  }

  /** Counts an attempt. @returns ms to wait before it */
  wait(): number {
    this.#retries++;
    return this.#waitMs;
  }

  /** The next backend has begun to answer. */
  begin(): void {
    this.#boundary = new EventBoundary();
    this.#held.clear();
    this.#atStart = this.#repeats = true;
  }

  /** The current event is larger than the rule allows; no more data is accepted from this backend. */
  get tooLarge(): boolean {
    const { maxHeldBytes } = this.#rule;
    return maxHeldBytes > 0 && this.#boundary.pending > maxHeldBytes;
  }

  /** @returns the events that are complete now, also as views of `chunk`; empty when none is */
  take(chunk: Buffer): Buffer {
    this.#boundary.feed(chunk);
    const { lastEnd } = this.#boundary;
    let whole = chunk.subarray(0, lastEnd);
    if (lastEnd > 0 && this.#held.length > 0) {
      this.#held.add(whole);
      whole = this.#held.take();
    }
    this.#held.add(chunk.subarray(lastEnd));
    return lastEnd > 0 ? this.#read(whole) : NOTHING;
  }

  /** The backend has ended the stream cleanly. @returns the data after the last event, or null */
  rest(): Buffer | null {
    return this.#held.length > 0 ? this.#held.take() : null;
  }

  /** Reads bytes that end with an event. @returns them, without an event that the client has */
  #read(bytes: Buffer): Buffer {
    const passed: Buffer[] = [];
    let from = 0;
    let pos = 0;
    if (this.#atStart && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) {
      pos = 3;
      if (this.#repeats) from = 3; // it is one at the beginning of the client's stream only
    }
    this.#atStart = false;
    let event = pos;
    while (pos < bytes.length) {
      let end = pos;
      while (bytes[end] !== LF && bytes[end] !== CR) end++;
      const next = bytes[end] === CR && bytes[end + 1] === LF ? end + 2 : end + 1;
      if (end > pos) this.#line(bytes, pos, end);
      else {
        if (this.#endEvent()) {
          passed.push(bytes.subarray(from, event));
          from = next;
        }
        event = next;
      }
      pos = next;
    }
    if (passed.length === 0) return bytes.subarray(from);
    return Buffer.concat([...passed, bytes.subarray(from)]);
  }

  #line(bytes: Buffer, from: number, to: number): void {
    if (valueAt(bytes, from, to, DATA) !== -1) this.#hasData = true;
    const id = valueAt(bytes, from, to, ID);
    if (id !== -1 && !bytes.subarray(id, to).includes(0)) this.#id = bytes.toString("utf8", id, to);
    const retry = valueAt(bytes, from, to, RETRY);
    if (retry === -1) return;
    const ms = bytes.toString("latin1", retry, to);
    if (/^\d+$/.test(ms)) this.#waitMs = Math.min(Number(ms), MAX_WAIT_MS);
  }

  /** An event without data is not dispatched, but its id counts. @returns whether the client has this event already */
  #endEvent(): boolean {
    const id = this.#id;
    const says = this.#hasData || id !== null;
    this.#id = null;
    this.#hasData = false;
    if (!says) return false;
    if (this.#repeats && id !== null && id === this.lastEventId) return true;
    this.#repeats = false;
    this.#retries = 0;
    if (id === null) return false;
    this.#hasIds = id !== "";
    this.lastEventId = id;
    return false;
  }
}

/** Where the value of field `name` begins in a line; -1 when the line is of another field. */
function valueAt(bytes: Buffer, from: number, to: number, name: Buffer): number {
  if (bytes[from] !== name[0]) return -1;
  const end = from + name.length;
  if (end > to || bytes.compare(name, 0, name.length, from, end) !== 0) return -1;
  if (end === to) return to;
  if (bytes[end] !== COLON) return -1;
  return bytes[end + 1] === SPACE ? end + 2 : end + 1;
}
