// Repeats, at growing intervals, an operation that failed for a temporary reason.
import type { Clock } from "../core/clock.ts";

/** Wait before the first repetition, ms; it doubles with each that follows. */
const FIRST_MS = 1000;
/** Longest wait, ms. */
const LONGEST_MS = 60_000;

/** At most one repetition is waiting at any time. */
export class RetryLater {
  readonly #clock: Clock;
  #waitMs = FIRST_MS;
  #stop: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `run` after the next, longer wait. */
  again(run: () => void): void {
    this.#stop();
    this.#stop = this.#clock.after(this.#waitMs, run);
    this.#waitMs = Math.min(LONGEST_MS, this.#waitMs * 2);
  }

  /** Cancels the repetition that is waiting, and resets the interval. */
  settled(): void {
    this.#stop();
    this.#waitMs = FIRST_MS;
  }
}
