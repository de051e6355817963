// Buffers a small message until it is complete, because trailers may only follow a complete message.
import { Gathered } from "../../wire/gathered.ts";

const PREFIX = 5;
/** A larger message passes as it comes, with its prefix, bytes: to hold it would cost memory and time. */
const MAX_HELD = 64 * 1024;

/** Follows length-prefixed messages (PROTOCOL-HTTP2) cut anywhere. */
export class MessageGate {
  readonly #held = new Gathered();
  /** Bytes of the prefix seen, and the length they make so far. */
  #seen = 0;
  #length = 0;
  /** Bytes of the message under way still to come, once its prefix is complete. */
  #left = 0;
  /** The message under way is too large to hold: a part of it may have passed. */
  open = false;

  /** Whether bytes are held. */
  get holds(): boolean {
    return this.#held.length > 0;
  }

  /** Whether the last byte was the last of a message. */
  get whole(): boolean {
    return this.#seen === 0 && this.#left === 0;
  }

  /** Takes the next bytes. @returns what may pass: a view of `chunk`, or a copy behind what was held */
  push(chunk: Buffer): Buffer {
    const passes = this.#follow(chunk);
    const passing = chunk.subarray(0, passes);
    const joins = passes > 0 && this.holds;
    if (joins) this.#held.add(passing);
    const out = joins ? this.#held.take() : passing;
    if (passes < chunk.length) this.#held.add(chunk.subarray(passes));
    return out;
  }

  /** @returns how many bytes of the chunk may pass */
  #follow(chunk: Buffer): number {
    let pos = 0;
    let passes = 0;
    while (pos < chunk.length) {
      if (this.#left === 0) {
        const byte = chunk[pos++]!;
        if (++this.#seen > 1) this.#length = this.#length * 256 + byte;
        if (this.#seen < PREFIX) continue;
        this.#left = this.#length;
        this.#seen = this.#length = 0;
        this.open = PREFIX + this.#left > MAX_HELD;
      } else {
        const step = Math.min(this.#left, chunk.length - pos);
        this.#left -= step;
        pos += step;
      }
      if (this.#left === 0) this.open = false;
      if (this.open || this.#left === 0) passes = pos;
    }
    return passes;
  }
}
