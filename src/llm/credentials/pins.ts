// Which key each conversation uses: prompt caches of providers belong to an account. Bounded.

/** Conversation → fingerprint of a key; of too many, the one used longest ago is dropped. */
export class Pins {
  readonly #pins = new Map<string, string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#pins.size;
  }

  /** The key of a conversation, which counts as a use; null: none yet. */
  get(conversation: string): string | null {
    const key = this.#pins.get(conversation);
    if (key === undefined) return null;
    this.#pins.delete(conversation);
    this.#pins.set(conversation, key);
    return key;
  }

  set(conversation: string, key: string): void {
    this.#pins.delete(conversation);
    if (this.#pins.size >= this.#max) this.#dropFirst();
    this.#pins.set(conversation, key);
  }

  #dropFirst(): void {
    for (const conversation of this.#pins.keys()) {
      this.#pins.delete(conversation);
      return;
    }
  }
}
