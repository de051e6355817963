// What clients have made at a mock provider: files, batches, stored responses.
import type { Objects } from "./api.ts";

const MOST_OBJECTS = 500;

/** Keeps 500 objects; the oldest goes first. */
export class ObjectStore implements Objects {
  readonly #objects = new Map<string, unknown>();

  put(account: string, id: string, object: unknown): void {
    this.#objects.set(`${account} ${id}`, object);
    if (this.#objects.size > MOST_OBJECTS) this.#objects.delete(this.#objects.keys().next().value!);
  }

  get(account: string, id: string): unknown {
    return this.#objects.get(`${account} ${id}`);
  }

  remove(account: string, id: string): boolean {
    return this.#objects.delete(`${account} ${id}`);
  }

  list(account: string, prefix: string): readonly unknown[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${account} ${prefix}`)).map(([, object]) => object);
  }
}
