// Looks up values by host name: by exact name, then by wildcard, then the default.

/** Values by host name. The `*` in `*.example.org` matches exactly one label (RFC 6125 §6.4.3). */
export class NameTable<T> {
  readonly #exact = new Map<string, T>();
  /** By the part after `*`, which begins with a dot. */
  readonly #wild = new Map<string, T>();
  readonly default: T;

  /** @param entries lower-case names with their value; where two entries have a name, the first one counts */
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

  /** All values, each once. */
  values(): ReadonlySet<T> {
    return new Set([this.default, ...this.#exact.values(), ...this.#wild.values()]);
  }

  /** @param name lower-case, without a trailing dot; "" finds the default */
  find(name: string): T {
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    const dot = this.#wild.size === 0 ? -1 : name.indexOf(".");
    return (dot > 0 ? this.#wild.get(name.slice(dot)) : undefined) ?? this.default;
  }
}
