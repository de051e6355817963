// Warns while the gateway runs of certificates and revocation lists that will soon end, or have.
import type { Clock } from "../core/clock.ts";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** Something that ends. */
export interface Ending {
  /** What the operator knows it by, such as its file. */
  readonly name: string;
  /** When it ends, ms since 1970. */
  readonly ends: number;
  /** What is wrong with it at that time, ms since 1970; null: nothing. */
  problem(now: number): string | null;
}

/**
 * Looks every hour, and says of each once a day what is wrong with it; what comes new, such as its end, at once.
 * What is wrong when it begins was said by who loaded the configuration; make a new one for each that takes effect.
 */
export class ExpiryWatch {
  readonly #clock: Clock;
  readonly #wallClock: () => number;
  readonly #warn: (name: string, problem: string) => void;
  readonly #endings: () => readonly Ending[];
  /** What was said, and when it may be said again, ms since 1970. */
  #said = new Map<string, number>();
  #cancel: () => void;

  /**
   * @param endings asked at every look, because certificates may be renewed without a reload
   * @param wallClock ms since 1970
   */
  constructor(
    endings: () => readonly Ending[],
    warn: (name: string, problem: string) => void,
    clock: Clock,
    wallClock: () => number = Date.now,
  ) {
    this.#endings = endings;
    this.#warn = warn;
    this.#clock = clock;
    this.#wallClock = wallClock;
    this.#look(() => undefined);
    this.#cancel = this.#nextLook();
  }

  close(): void {
    this.#cancel();
  }

  #nextLook(): () => void {
    return this.#clock.after(HOUR_MS, () => {
      this.#look(this.#warn);
      this.#cancel = this.#nextLook();
    });
  }

  #look(warn: (name: string, problem: string) => void): void {
    const now = this.#wallClock();
    const said = new Map<string, number>();
    for (const ending of this.#endings()) {
      const problem = ending.problem(now);
      if (problem === null) continue;
      const key = JSON.stringify([ending.name, ending.ends, now >= ending.ends]);
      const again = this.#said.get(key) ?? 0;
      if (now >= again) warn(ending.name, problem);
      said.set(key, now >= again ? now + DAY_MS - HOUR_MS / 2 : again);
    }
    this.#said = said;
  }
}
