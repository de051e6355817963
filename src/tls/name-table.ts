// Finds what belongs to a host name: its exact name, a wildcard over it, or the default.

/** What of several is meant by a host name. `*.example.org` stands for exactly one label (RFC 6125 §6.4.3). */
export class NameTable<T> {
  readonly #exact = new Map<string, T>();
  /** By what follows the star, with its dot. */
  readonly #wild = new Map<string, T>();
  readonly default: T;

  /** @param entries names, lower-case, with what they mean; the first that has a name keeps it */
  constructor(entries: Iterable<readonly [names: readonly string[], value: T]>, fallback: T) {
    this.default = fallback;
    for (const [names, value] of entries) {
      for (const name of names) {
        const wild = name.startsWith("*.");
        const map = wild ? this.#wild : this.#exact;
        const key = wild ? name.slice(1) : name;
        if (!map.has(key)) map.set(key, value);
      }
    }
  }

  /** Everything there is, each once. */
  values(): ReadonlySet<T> {
    return new Set([this.default, ...this.#exact.values(), ...this.#wild.values()]);
  }

  /** @param name lower-case, without a dot at its end; "" = none */
  find(name: string): T {
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    const dot = this.#wild.size === 0 ? -1 : name.indexOf(".");
    return (dot > 0 ? this.#wild.get(name.slice(dot)) : undefined) ?? this.default;
  }
}
