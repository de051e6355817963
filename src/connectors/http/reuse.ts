// Whether a kept connection may be reused, according to `Keep-Alive` of its backend and its idle time.
import type { ResponseHead } from "../../wire/response-head.ts";

/** A connection that was idle for this long may have been given up by its backend a moment ago, ms. */
const RESTED_MS = 1000;
/** Longest margin between our end of an idle connection and that of its backend, ms; of a shorter time it is half. */
const MARGIN_MS = 1000;

const NEVER = Number.POSITIVE_INFINITY;

/** The past and the future of one connection. */
export class Reuse {
  /** Exchanges completed on it. */
  served = 0;
  /** From when on it must not be used again, ms on the pool's clock. */
  until = NEVER;
  #since = 0;
  #hint = "";
  /** What the hint says: how long it may be idle, ms, and how many requests may follow. */
  #idleMs = NEVER;
  #requests = NEVER;
  #maxServed = NEVER;
  #doubtful = false;

  /** Whether the backend admits another request at all. */
  get allowed(): boolean {
    return this.served < this.#maxServed && this.#idleMs > 0;
  }

  /**
   * Whether the backend may have ended the connection by now, or sent what answers nothing: the body of an answer that has
   * none, or a 408.
   */
  isDoubtful(now: number): boolean {
    return this.#doubtful || now - this.#since >= RESTED_MS;
  }

  /** Takes in what the head of a final response says. @param length bytes of body to come; 0 none */
  heed(head: ResponseHead, length: number): void {
    this.#doubtful = length === 0 && (head.contentLength > 0 || head.chunked);
    if (head.idleHint === "") return;
    if (head.idleHint !== this.#hint) this.#read(head.idleHint);
    // Some backends count down, others always tell the whole number.
    this.#maxServed = Math.min(this.#maxServed, this.served + this.#requests);
  }

  /** It is idle from now on. @param longest the pool's own limit, ms; 0 none */
  rest(now: number, longest: number): void {
    this.#since = now;
    this.until = now + Math.min(longest || NEVER, this.#idleMs);
  }

  /** `timeout=5, max=100` (RFC 2068 §19.7.1). What is malformed says nothing. */
  #read(hint: string): void {
    this.#hint = hint;
    this.#idleMs = this.#requests = NEVER;
    for (const part of hint.split(",")) {
      const [, name, digits] = /^\s*(timeout|max)\s*=\s*"?(\d{1,9})"?\s*$/i.exec(part) ?? [];
      const number = Number(digits);
      if (name === undefined) continue;
      // The next request is on its way for a while.
      if (name.length > 3) this.#idleMs = number * 1000 - Math.min(MARGIN_MS, number * 500);
      else this.#requests = number;
    }
  }
}
