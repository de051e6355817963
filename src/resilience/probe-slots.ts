// Limits the concurrent probes of the process; the others wait in turn.

/** A bounded number of slots for probes. */
export class ProbeSlots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Calls `run` once there is a place. @returns gives up waiting; null: there was one, and `run` has been called */
  take(run: () => void): (() => void) | null {
    if (this.#free === 0) {
      this.#waiting.add(run);
      return () => this.#waiting.delete(run);
    }
    this.#free--;
    run();
    return null;
  }

  /** Gives a slot back, to the probe that has waited longest. */
  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free++;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
