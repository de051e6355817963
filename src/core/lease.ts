// Resources shared by snapshots under a key, so that state such as connections and counters survives a reload. A resource
// is closed when the last snapshot that holds its key is.
import { atOnce } from "./slices.ts";

interface Entry {
  readonly value: unknown;
  readonly close: () => void;
  holders: number;
}

/** The shared resources of the process by key. */
export class LeaseTable {
  readonly #entries = new Map<string, Entry>();

  /** Number of open resources. */
  get size(): number {
    return this.#entries.size;
  }

  /** Makes a holder for one snapshot. Call {@link LeaseHolder.release} when done. */
  holder(): LeaseHolder {
    return new LeaseHolder(this.#entries);
  }
}

/** The leases of one snapshot, or of a part of it. All are given back together, in reverse order of taking. */
export class LeaseHolder {
  readonly #entries: Map<string, Entry>;
  readonly #held = new Map<string, Entry>();
  readonly #released: () => void;
  /** Tells apart what has no key. */
  #owned = 0;

  /** @param released called when it is released */
  constructor(entries: Map<string, Entry>, released: () => void = () => undefined) {
    this.#entries = entries;
    this.#released = released;
  }

  /**
   * The resource under `key`, made if no holder has one.
   * @param key what makes two resources the same thing, prefixed with its kind: `pool|https|host:443|…`
   * @param make builds the resource; an error it throws is passed on, and nothing is leased
   * @param close called once, when the last holder is released
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

  /**
   * Has `close` called when this holder is released, in the reverse order with its leases; for what no other snapshot
   * shares.
   */
  own(close: () => void): void {
    this.#own(close);
  }

  /** A holder for a part of the snapshot, which may be released before the rest of it and is released with it at the latest. */
  child(): LeaseHolder {
    const child: LeaseHolder = new LeaseHolder(this.#entries, () => this.#held.delete(key));
    const key = this.#own(() => child.release());
    return child;
  }

  /** Gives every lease back. A second call does nothing. */
  release(): void {
    atOnce(this.releasing());
  }

  /** As {@link release}, one lease a step, for {@link inSlices}. */
  *releasing(): Generator<void, void> {
    const held = [...this.#held].reverse();
    this.#held.clear();
    this.#released();
    for (const [key, entry] of held) {
      yield;
      if (--entry.holders > 0) continue;
      this.#entries.delete(key);
      entry.close();
    }
  }

  #own(close: () => void): string {
    const key = `own|${this.#owned++}`;
    this.#held.set(key, { value: null, close, holders: 1 });
    return key;
  }
}
