// A bounded map whose entries expire.

interface Entry<T> {
  readonly value: T;
  /** Time of expiry, ms. */
  readonly until: number;
}

/** Entries expire after the same time; if there are too many, the oldest is removed. */
export class Remembered<T> {
  /** In order of expiry. */
  readonly #entries = new Map<string, Entry<T>>();
  readonly #max: number;
  readonly #ms: number;
  readonly #now: () => number;

  /** @param max number of entries @param ms lifetime of an entry @param now current time, ms */
  constructor(max: number, ms: number, now: () => number) {
    this.#max = max;
    this.#ms = ms;
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.until <= this.#now() ? undefined : entry.value;
  }

  set(key: string, value: T): void {
    const now = this.#now();
    this.#entries.delete(key);
    for (const [old, { until }] of this.#entries) {
      if (until > now && this.#entries.size < this.#max) break;
      this.#entries.delete(old);
    }
    this.#entries.set(key, { value, until: now + this.#ms });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
