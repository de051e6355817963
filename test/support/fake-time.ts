// A clock that stands still until it is moved, in place of the monotonic one and of all timers.
interface Timer {
  at: number;
  ms: number;
  readonly ring: () => void;
  unref(): Timer;
  refresh(): Timer;
}

/** Replaces `performance.now`, `setTimeout` and `clearTimeout` until {@link restore}. */
export class FakeTime {
  now = 1000;
  readonly #timers = new Set<Timer>();
  readonly #real = { now: performance.now, setTimeout, clearTimeout };

  constructor() {
    const set = (ring: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): Timer => {
      const timer: Timer = {
        at: this.now + Math.max(1, ms),
        ms,
        ring: () => ring(...args),
        unref: () => timer,
        refresh: () => {
          timer.at = this.now + Math.max(1, timer.ms);
          this.#timers.add(timer);
          return timer;
        },
      };
      this.#timers.add(timer);
      return timer;
    };
    performance.now = () => this.now;
    globalThis.setTimeout = set as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((timer: Timer) => void this.#timers.delete(timer)) as unknown as typeof clearTimeout;
  }

  /** Timers that would still ring. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass; a timer rings up to `early` ms before its time, as those of Node do. */
  pass(ms: number, early = 0): void {
    const end = this.now + ms;
    for (;;) {
      let next: Timer | null = null;
      for (const timer of this.#timers) if (next === null || timer.at < next.at) next = timer;
      if (next === null || next.at > end) break;
      this.#timers.delete(next);
      this.now = Math.max(this.now, next.at - early);
      next.ring();
    }
    this.now = end;
  }

  restore(): void {
    performance.now = this.#real.now;
    globalThis.setTimeout = this.#real.setTimeout;
    globalThis.clearTimeout = this.#real.clearTimeout;
  }
}
