// A system file that is read again when it changes.
import { readFileSync, statSync } from "node:fs";

/** The content of one file, as `parse` understands it. A missing file counts as an empty one. */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  #state: string | null = null;
  #value: T;

  constructor(path: string, parse: (text: string) => T) {
    this.#path = path;
    this.#parse = parse;
    this.#value = parse("");
  }

  /** Its content now; as long as it cannot be read, the content it had before. */
  get value(): T {
    try {
      const status = statSync(this.#path, { throwIfNoEntry: false });
      const state = status === undefined ? "" : `${status.ino} ${status.size} ${status.mtimeMs}`;
      if (state === this.#state) return this.#value;
      this.#value = this.#parse(status === undefined ? "" : readFileSync(this.#path, "utf8"));
      this.#state = state;
    } catch {
      // No permission, or no descriptor left: it is tried again with the next question.
    }
    return this.#value;
  }
}
