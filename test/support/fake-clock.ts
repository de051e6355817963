// A clock that goes on only when a test says so.
import type { Clock } from "../../src/core/clock.ts";

/** Alarms ring in order of their time, in the middle of {@link advance}. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #alarms = new Set<{ readonly at: number; readonly run: () => void }>();

  /** Alarms that are set. */
  get pending(): number {
    return this.#alarms.size;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const alarm = { at: this.#now + ms, run };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#alarms].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }
}
