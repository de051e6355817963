// Logs an event that repeats while some state lasts: one line for the first occurrence and one when it has stopped.
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** An episode is over when the event has not occurred for this long, ms. */
const QUIET_MS = 10_000;

/** Messages of the two log lines. */
interface EpisodeWords {
  readonly begins: string;
  readonly passed: string;
}

/** Episodes of one kind of event. */
export class Episode {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #words: EpisodeWords;
  /** Occurrences in the current episode; 0 if there is none. */
  #times = 0;
  #begunAt = 0;
  #lastAt = 0;

  constructor(log: Log, clock: Clock, words: EpisodeWords) {
    this.#log = log;
    this.#clock = clock;
    this.#words = words;
  }

  /** Whether there is a current episode. */
  get lasts(): boolean {
    return this.#times > 0;
  }

  /** Records an occurrence. @param facts logged if it is the first of an episode */
  note(facts: Readonly<Record<string, unknown>> = {}): void {
    this.#lastAt = this.#clock.now();
    if (this.#times++ > 0) return;
    this.#begunAt = this.#lastAt;
    this.#log.warn(this.#words.begins, facts);
    this.#clock.after(QUIET_MS, () => this.#endIfQuiet());
  }

  #endIfQuiet(): void {
    const left = this.#lastAt + QUIET_MS - this.#clock.now();
    if (left > 0) return void this.#clock.after(left, () => this.#endIfQuiet());
    const seconds = Math.round((this.#lastAt - this.#begunAt) / 1000);
    this.#log.info(this.#words.passed, { times: this.#times, seconds });
    this.#times = 0;
  }
}
