// The prompt caches of a mock provider: beginnings of prompts that an account has sent before.
import { digest } from "./signature.ts";
import { tokensIn } from "./tokens.ts";

const MOST_ENTRIES = 500;
/** Shorter beginnings are not cached. */
const LEAST_TOKENS = 1024;

/** Remembers beginnings of prompts, the oldest of 500 forgotten first. */
export class PromptCache {
  readonly #known = new Set<string>();

  /**
   * Looks up a prompt piece by piece, and remembers it.
   * @param account of the key: caches are not shared
   * @param pieces in order, such as tools, system text and turns
   * @param marked how many pieces are to be cached; all of them where caching is automatic
   * @returns tokens of the longest known beginning, and of what was added to it
   */
  use(
    account: string,
    pieces: readonly unknown[],
    marked: number,
  ): { readonly read: number; readonly written: number } {
    let key = account;
    let sum = 0;
    let read = 0;
    for (const piece of pieces.slice(0, marked)) {
      key = digest(key + JSON.stringify(piece));
      sum += tokensIn(piece);
      if (this.#known.has(key)) read = sum;
      this.#remember(key);
    }
    return sum < LEAST_TOKENS ? { read: 0, written: 0 } : { read, written: sum - read };
  }

  #remember(key: string): void {
    this.#known.delete(key);
    this.#known.add(key);
    if (this.#known.size > MOST_ENTRIES) this.#known.delete(this.#known.values().next().value!);
  }
}
