// Successes and failures of the last while, in ten slots that are emptied as the clock passes them: no timer, no list.

const SLOTS = 10;

/** Counts over a moving window; a result leaves it between nine and ten tenths of the window later. */
export class RollingCounts {
  /** Totals as of the last call of {@link add} or {@link advance}. */
  successes = 0;
  failures = 0;
  readonly #slotMs: number;
  readonly #good = new Float64Array(SLOTS);
  readonly #bad = new Float64Array(SLOTS);
  #slot = 0;

  /** @param windowMs 0: nothing is ever forgotten */
  constructor(windowMs: number) {
    this.#slotMs = windowMs === 0 ? Number.POSITIVE_INFINITY : windowMs / SLOTS;
  }

  /** @param now monotonic, ms */
  add(failed: boolean, now: number): void {
    this.advance(now);
    if (failed) {
      this.#bad[this.#slot % SLOTS]!++;
      this.failures++;
    } else {
      this.#good[this.#slot % SLOTS]!++;
      this.successes++;
    }
  }

  /** Forgets what is too old. */
  advance(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    if (slot <= this.#slot) return;
    for (let next = Math.max(this.#slot + 1, slot - SLOTS + 1); next <= slot; next++) {
      const i = next % SLOTS;
      this.successes -= this.#good[i]!;
      this.failures -= this.#bad[i]!;
      this.#good[i] = 0;
      this.#bad[i] = 0;
    }
    this.#slot = slot;
  }

  clear(): void {
    this.successes = 0;
    this.failures = 0;
    this.#good.fill(0);
    this.#bad.fill(0);
  }
}
