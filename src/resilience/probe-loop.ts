// Runs one probe at an interval with jitter, without overlap and with a timeout.
import type { Clock } from "../core/clock.ts";
import type { Probe } from "./probe.ts";
import type { ProbeSlots } from "./probe-slots.ts";

/** How often, and how long at most. */
export interface ProbeTiming {
  /** From one beginning to the next, ms, ± a tenth. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** Share of the interval by which a probe may begin early or late, so that many probes do not run at the same moment. */
const JITTER = 0.1;

/** What loops share. */
export interface ProbeContext {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly slots: ProbeSlots;
}

/** Runs until {@link close}. */
export class ProbeLoop {
  readonly #probe: Probe;
  readonly #pace: ProbeTiming;
  readonly #around: ProbeContext;
  readonly #report: (failure: string | null, ms: number) => void;
  /** Cancels what is pending: the timer, the wait for a slot, or the running probe. */
  #stop: () => void = () => undefined;
  #asking = false;
  #closed = false;
  #startedAt = 0;

  /**
   * @param firstMs wait before the first time
   * @param report what came of it, and how long it took
   */
  constructor(
    probe: Probe,
    pace: ProbeTiming,
    around: ProbeContext,
    firstMs: number,
    report: (failure: string | null, ms: number) => void,
  ) {
    this.#probe = probe;
    this.#pace = pace;
    this.#around = around;
    this.#report = report;
    this.#wait(firstMs);
  }

  /** Stops: no probe is begun or reported any more. */
  close(): void {
    this.#closed = true;
    this.#stop();
    if (this.#asking) this.#around.slots.give();
    this.#asking = false;
  }

  #wait(ms: number): void {
    this.#stop = this.#around.clock.after(ms, () => {
      this.#stop = this.#around.slots.take(() => this.#ask()) ?? this.#stop;
    });
  }

  #ask(): void {
    const { clock } = this.#around;
    this.#asking = true;
    this.#startedAt = clock.now();
    let over = false;
    let stopProbe: (() => void) | null = null;
    const stop = () => {
      over = true;
      stopAlarm();
      stopProbe?.();
    };
    const end = (failure: string | null | undefined) => {
      if (over) return;
      stop();
      this.#ended(failure);
    };
    const stopAlarm = clock.after(this.#pace.timeoutMs, () => end("timed out"));
    this.#stop = stop;
    try {
      stopProbe = this.#probe(end);
    } catch {
      end("cannot be asked");
    }
    if (over) stopProbe?.(); // it answered before it returned
  }

  #ended(failure: string | null | undefined): void {
    const { clock, random, slots } = this.#around;
    this.#asking = false;
    slots.give();
    const ms = clock.now() - this.#startedAt;
    if (failure !== undefined) this.#report(failure, ms);
    const interval = this.#pace.intervalMs * (1 - JITTER + 2 * JITTER * random());
    if (!this.#closed) this.#wait(Math.max(0, interval - ms));
  }
}
