// Counts events in a sliding window: ten slots that are cleared as time passes, without timers or lists.

const SLOTS = 10;

/** Counts over a moving window; what is counted leaves it between nine and ten tenths of the window later. */
export class RollingCount {
  /** As of the last call of {@link add} or {@link advance}. */
  total = 0;
  readonly #slotMs: number;
  readonly #slots = new Float64Array(SLOTS);
  /** Number of the slot that counts now. */
  #slot = 0;

  /** @param windowMs 0: nothing is ever forgotten */
  constructor(windowMs: number) {
    this.#slotMs = windowMs === 0 ? Number.POSITIVE_INFINITY : windowMs / SLOTS;
  }

  /** @param now monotonic, ms */
  add(now: number): void {
    this.advance(now);
    this.#slots[this.#slot % SLOTS]!++;
    this.total++;
  }

  /** Forgets what is too old. */
  advance(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    if (slot <= this.#slot) return;
    for (let next = Math.max(this.#slot + 1, slot - SLOTS + 1); next <= slot; next++) {
      this.total -= this.#slots[next % SLOTS]!;
      this.#slots[next % SLOTS] = 0;
    }
    this.#slot = slot;
  }

  clear(): void {
    this.total = 0;
    this.#slots.fill(0);
  }
}
