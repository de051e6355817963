// A bounded cache of decisions.

interface Entry {
  readonly allowed: boolean;
  /** Monotonic ms. */
  readonly endsAt: number;
}

/** Longest key that is cached, characters: clients choose the length of paths. */
const MAX_KEY = 512;

/** The decisions of one configuration: least recently used ones are removed first. */
export class Decisions {
  readonly #max: number;
  readonly #keepMs: number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();

  /** @param max entries; 0 disables the cache @param keepMs lifetime of an entry; 0 unlimited */
  constructor(max: number, keepMs: number) {
    this.#max = max;
    this.#keepMs = keepMs === 0 ? Number.POSITIVE_INFINITY : keepMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** undefined if not cached. @param now monotonic ms */
  get(key: string, now: number): boolean | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (now >= entry.endsAt) {
      this.#entries.delete(key);
      return undefined;
    }
    // The order only matters when something is about to be removed.
    if (this.#entries.size === this.#max) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry.allowed;
  }

  set(key: string, allowed: boolean, now: number): void {
    if (this.#max === 0 || key.length > MAX_KEY) return;
    if (this.#entries.size >= this.#max) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(key, { allowed, endsAt: now + this.#keepMs });
  }
}
