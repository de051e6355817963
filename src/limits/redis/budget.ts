// Timeouts of decisions: one timer for all of them, because they expire in the order they began.

/** A decision that waits for its answer. */
export interface Waiting {
  /** Whether the answer has come. */
  readonly settled: boolean;
  /** The time is over without an answer. */
  expire(): void;
}

/** Gives every decision the same time. Call {@link close} when done. */
export class Budget {
  readonly #ms: number;
  readonly #now: () => number;
  readonly #queue: { readonly waiting: Waiting; readonly end: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param now monotonic clock, ms */
  constructor(ms: number, now: () => number) {
    this.#ms = ms;
    this.#now = now;
  }

  start(waiting: Waiting): void {
    this.#queue.push({ waiting, end: this.#now() + this.#ms });
    if (this.#timer === undefined) this.#arm(this.#ms);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
  }

  #arm(ms: number): void {
    // Answers that came while the process was busy are read before the time is checked.
    this.#timer = setTimeout(() => setImmediate(() => this.#look()), ms);
  }

  #look(): void {
    this.#timer = undefined;
    const now = this.#now();
    let done = 0;
    for (const { waiting, end } of this.#queue) {
      if (!waiting.settled && end > now) break;
      done++;
      if (!waiting.settled) waiting.expire();
    }
    this.#queue.splice(0, done);
    const first = this.#queue[0];
    if (first !== undefined) this.#arm(Math.max(1, first.end - now));
  }
}
