// Something that happens again and again while a state lasts: logged when it begins and when it has passed, not each time.
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** It has passed when it has not happened for this long, ms. */
const QUIET_MS = 10_000;

/** What is logged. */
export interface EpisodeWords {
  readonly begins: string;
  readonly passed: string;
}

/** One kind of event. */
export class Episode {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #words: EpisodeWords;
  /** Since it began; 0: it is not under way. */
  #times = 0;
  #begunAt = 0;
  #lastAt = 0;

  constructor(log: Log, clock: Clock, words: EpisodeWords) {
    this.#log = log;
    this.#clock = clock;
    this.#words = words;
  }

  /** Whether it has happened lately. */
  get lasts(): boolean {
    return this.#times > 0;
  }

  /** It has happened. @param facts for the log, if this is the first time */
  note(facts: Readonly<Record<string, unknown>> = {}): void {
    this.#lastAt = this.#clock.now();
    if (this.#times++ > 0) return;
    this.#begunAt = this.#lastAt;
    this.#log.warn(this.#words.begins, facts);
    this.#clock.after(QUIET_MS, () => this.#look());
  }

  #look(): void {
    const left = this.#lastAt + QUIET_MS - this.#clock.now();
    if (left > 0) return void this.#clock.after(left, () => this.#look());
    const seconds = Math.round((this.#lastAt - this.#begunAt) / 1000);
    this.#log.info(this.#words.passed, { times: this.#times, seconds });
    this.#times = 0;
  }
}
