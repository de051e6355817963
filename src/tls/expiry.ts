// Warns, while the gateway runs, of certificates and revocation lists that expire soon or have expired.
import type { Clock } from "../core/clock.ts";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** A certificate or revocation list that expires. */
export interface Ending {
  /** The name the operator knows it by, such as its file. */
  readonly name: string;
  /** When it expires, ms since 1970. */
  readonly ends: number;
  /** The warning that applies at `now`, ms since 1970; null if there is none. */
  problem(now: number): string | null;
}

/**
 * Checks every hour. It repeats the warning of an item once a day, and reports its expiry at the first check after it.
 * Warnings that apply when the watch is created are not repeated before a day has passed, because loading the
 * configuration has reported them. Create one watch for each configuration that takes effect.
 */
export class ExpiryWatch {
  readonly #clock: Clock;
  readonly #wallClock: () => number;
  readonly #warn: (name: string, problem: string) => void;
  readonly #endings: readonly Ending[];
  /** When each warning may be repeated, ms since 1970. Expiry is a warning of its own. */
  readonly #quietUntil = new Map<string, number>();
  #cancel: () => void;

  /** @param endings may repeat an item that several listeners share @param wallClock ms since 1970 */
  constructor(
    endings: readonly Ending[],
    warn: (name: string, problem: string) => void,
    clock: Clock,
    wallClock: () => number = Date.now,
  ) {
    this.#endings = endings;
    this.#warn = warn;
    this.#clock = clock;
    this.#wallClock = wallClock;
    this.#check(() => undefined);
    this.#cancel = this.#schedule();
  }

  close(): void {
    this.#cancel();
  }

  #schedule(): () => void {
    return this.#clock.after(HOUR_MS, () => {
      this.#check(this.#warn);
      this.#cancel = this.#schedule();
    });
  }

  #check(warn: (name: string, problem: string) => void): void {
    const now = this.#wallClock();
    for (const { name, ends, problem } of this.#endings) {
      const text = problem(now);
      if (text === null) continue;
      const key = JSON.stringify([name, ends, now >= ends]);
      if (now < (this.#quietUntil.get(key) ?? 0)) continue;
      warn(name, text);
      this.#quietUntil.set(key, now + DAY_MS - HOUR_MS / 2);
    }
  }
}
