// A bounded map that drops the least recently used entry.

/** Values by name; for a new one too many, the one set or used longest ago is dropped. */
export class Recent<T> {
  /** The one used longest ago first. */
  readonly #values = new Map<string, T>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#values.size;
  }

  /** Looks without using. */
  peek(name: string): T | undefined {
    return this.#values.get(name);
  }

  use(name: string): T | undefined {
    const value = this.#values.get(name);
    if (value !== undefined) this.set(name, value);
    return value;
  }

  set(name: string, value: T): void {
    if (!this.#values.delete(name) && this.#values.size >= this.#max) this.#dropFirst();
    this.#values.set(name, value);
  }

  delete(name: string): void {
    this.#values.delete(name);
  }

  entries(): IterableIterator<[string, T]> {
    return this.#values.entries();
  }

  #dropFirst(): void {
    for (const name of this.#values.keys()) {
      this.#values.delete(name);
      return;
    }
  }
}
