// Leases keep what was learned across reloads: a resource lives as long as some snapshot holds the key that identifies it.
import { atOnce } from "./slices.ts";

interface Entry {
  readonly value: unknown;
  readonly close: () => void;
  holders: number;
}

/** Shared resources by identity. Same key: the same resource, state and all. */
export class LeaseTable {
  readonly #entries = new Map<string, Entry>();

  /** Number of live resources, for tests and metrics. */
  get size(): number {
    return this.#entries.size;
  }

  /** Opens a holder for one snapshot; give it back with {@link LeaseHolder.release}. */
  holder(): LeaseHolder {
    return new LeaseHolder(this.#entries);
  }
}

/** The leases of one snapshot. All are given back together, in reverse order of taking. */
export class LeaseHolder {
  readonly #entries: Map<string, Entry>;
  readonly #held = new Map<string, Entry>();

  constructor(entries: Map<string, Entry>) {
    this.#entries = entries;
  }

  /**
   * The resource under `key`, made when nobody holds it yet.
   * @param key what makes two resources the same thing, prefixed with its kind: `pool|https|host:443|…`
   * @param make builds the resource; whatever it throws passes through and nothing is leased
   * @param close releases it, once, after the last holder let go
   */
  lease<T>(key: string, make: () => T, close: (value: T) => void): T {
    const held = this.#held.get(key);
    if (held !== undefined) return held.value as T;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const value = make();
      entry = { value, close: () => close(value), holders: 0 };
      this.#entries.set(key, entry);
    }
    entry.holders++;
    this.#held.set(key, entry);
    return entry.value as T;
  }

  /** Registers what must end with the leases of this snapshot, in their order, and is shared with no other. */
  own(close: () => void): void {
    this.#held.set(`own|${this.#held.size}`, { value: null, close, holders: 1 });
  }

  /** Gives every lease back. A second call does nothing. */
  release(): void {
    atOnce(this.releasing());
  }

  /** The same, one lease a step. */
  *releasing(): Generator<void, void> {
    const held = [...this.#held].reverse();
    this.#held.clear();
    for (const [key, entry] of held) {
      yield;
      if (--entry.holders > 0) continue;
      this.#entries.delete(key);
      entry.close();
    }
  }
}
