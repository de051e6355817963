// Logs the first failure of a series and the recovery from it, but not the failures in between.
import type { Log } from "../../core/log.ts";

/** Messages of the log lines. */
interface OutageWords {
  readonly failed: string;
  readonly recovered: string;
  /** For a success without a failure before, at level debug. */
  readonly fine: string;
}

/** The log of one resource. */
export class OutageLog {
  readonly #log: Log;
  readonly #words: OutageWords;
  readonly #facts: Readonly<Record<string, unknown>>;
  #down = false;

  /** @param facts fields of each line */
  constructor(log: Log, words: OutageWords, facts: Readonly<Record<string, unknown>>) {
    this.#log = log;
    this.#words = words;
    this.#facts = facts;
  }

  failed(error: Error): void {
    if (!this.#down) this.#log.warn(this.#words.failed, { ...this.#facts, error: error.message });
    this.#down = true;
  }

  recovered(more: Readonly<Record<string, unknown>> = {}): void {
    const facts = { ...this.#facts, ...more };
    if (this.#down) this.#log.info(this.#words.recovered, facts);
    else this.#log.debug?.(this.#words.fine, facts);
    this.#down = false;
  }
}
