// Limits retries relative to requests, so that a failing service does not get several times its load.
import type { RetryBudget } from "../core/retry.ts";
import { RollingCount } from "./rolling-count.ts";

/** Compares retries and requests over the last window. */
export class WindowedBudget implements RetryBudget {
  readonly #ratio: number;
  readonly #minimum: number;
  readonly #now: () => number;
  readonly #requests: RollingCount;
  readonly #retries: RollingCount;

  /**
   * @param ratio retries per request
   * @param minimum retries allowed in a window however few the requests
   * @param now monotonic clock, ms
   */
  constructor(ratio: number, minimum: number, windowMs: number, now: () => number) {
    this.#ratio = ratio;
    this.#minimum = minimum;
    this.#now = now;
    this.#requests = new RollingCount(windowMs);
    this.#retries = new RollingCount(windowMs);
  }

  request(): void {
    this.#requests.add(this.#now());
  }

  take(): boolean {
    const now = this.#now();
    this.#requests.advance(now);
    this.#retries.advance(now);
    if (this.#retries.total >= Math.max(this.#minimum, this.#ratio * this.#requests.total)) return false;
    this.#retries.add(now);
    return true;
  }
}
