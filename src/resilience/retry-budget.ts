// Bounds retries by the live requests, so that a service that fails does not get several times its load.
import type { RetryBudget } from "../core/retry.ts";

/** Parts of the window: counts leave it in steps of this many. */
const SLOTS = 10;

/** Compares retries and requests over the last window. */
export class WindowedBudget implements RetryBudget {
  readonly #ratio: number;
  readonly #minimum: number;
  readonly #slotMs: number;
  readonly #now: () => number;
  readonly #requests = new Float64Array(SLOTS);
  readonly #retries = new Float64Array(SLOTS);
  #requestSum = 0;
  #retrySum = 0;
  /** Number of the slot that counts now. */
  #slot: number;

  /**
   * @param ratio retries per request
   * @param minimum retries allowed in a window however few the requests
   * @param now monotonic clock, ms
   */
  constructor(ratio: number, minimum: number, windowMs: number, now: () => number) {
    this.#ratio = ratio;
    this.#minimum = minimum;
    this.#slotMs = Math.max(1, windowMs / SLOTS);
    this.#now = now;
    this.#slot = Math.floor(now() / this.#slotMs);
  }

  request(): void {
    this.#requests[this.#advance()]!++;
    this.#requestSum++;
  }

  take(): boolean {
    const at = this.#advance();
    if (this.#retrySum >= Math.max(this.#minimum, this.#ratio * this.#requestSum)) return false;
    this.#retries[at]!++;
    this.#retrySum++;
    return true;
  }

  /** Forgets what has left the window. @returns index of the slot that counts now */
  #advance(): number {
    const slot = Math.floor(this.#now() / this.#slotMs);
    for (let steps = Math.min(SLOTS, slot - this.#slot); steps > 0; steps--) {
      const gone = (slot - steps + 1) % SLOTS;
      this.#requestSum -= this.#requests[gone]!;
      this.#retrySum -= this.#retries[gone]!;
      this.#requests[gone] = this.#retries[gone] = 0;
    }
    this.#slot = slot;
    return slot % SLOTS;
  }
}
