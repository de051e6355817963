// The current descriptors of one route: those from files, and those fetched at run time.
import type { NamedSet } from "./descriptor-set.ts";
import type { PolledSource } from "./polled-source.ts";
import { createPool, type DescriptorPool } from "./pool.ts";

/** The last pool that could be built for a route; outlives the configuration it came from. */
export interface LastGood {
  pool: DescriptorPool | null;
}

/** Builds a pool when something has changed, and keeps the one before when the new one cannot be used. */
export class DescriptorHub {
  readonly #sets: readonly NamedSet[];
  readonly #sources: readonly PolledSource[];
  readonly #lastGood: LastGood;
  readonly #failed: (error: Error) => void;
  #seen = -1;
  #pool: DescriptorPool | null = null;

  /** @param failed told when descriptors cannot be used; the last good ones stay in use */
  constructor(
    sets: readonly NamedSet[],
    sources: readonly PolledSource[],
    lastGood: LastGood,
    failed: (error: Error) => void,
  ) {
    this.#sets = sets;
    this.#sources = sources;
    this.#lastGood = lastGood;
    this.#failed = failed;
  }

  /** null while nothing is known yet. */
  pool(): DescriptorPool | null {
    let version = 0;
    for (const source of this.#sources) version += source.version;
    if (version === this.#seen) return this.#pool;
    this.#seen = version;
    this.#pool = this.#build();
    return this.#pool;
  }

  #build(): DescriptorPool | null {
    const fetched = this.#sources.flatMap(({ name, bytes }) => (bytes === null ? [] : [{ name, bytes }]));
    const sets = [...this.#sets, ...fetched];
    if (sets.length === 0) return this.#lastGood.pool;
    try {
      this.#lastGood.pool = createPool(sets);
    } catch (error) {
      this.#failed(error as Error);
    }
    return this.#lastGood.pool;
  }
}
