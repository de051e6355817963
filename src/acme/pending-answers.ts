// Lookups of challenge responses in the store. Any client can cause them, so concurrent requests share one lookup.
import { setTimeout as wait } from "node:timers/promises";

/** From the beginning of one look to that of the next, ms: an authority does not notice. */
const LOOK_MS = 50;

/** Looks at most twenty times a second, however many ask. */
export class PendingAnswers {
  readonly #look: () => Promise<ReadonlySet<string>>;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<ReadonlySet<string>> | null = null;
  #beganAt = Number.NEGATIVE_INFINITY;

  /** @param look must not reject */
  constructor(look: () => Promise<ReadonlySet<string>>) {
    this.#look = look;
  }

  /** Names of answers, by a look that begins after the call: what was written before is among them. */
  names(): Promise<ReadonlySet<string>> {
    this.#next ??= this.#soon();
    return this.#next;
  }

  async #soon(): Promise<ReadonlySet<string>> {
    await this.#running;
    const left = this.#beganAt + LOOK_MS - performance.now();
    if (left > 0) await wait(left);
    this.#next = null;
    this.#beganAt = performance.now();
    const look = this.#look();
    this.#running = look;
    return look;
  }
}
