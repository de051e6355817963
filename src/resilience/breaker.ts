// A circuit breaker: its states and the timer between them are opossum's; its window is counted here, so that a request on a
// closed circuit pays for two counters and not for a promise and a dozen events.
import { EventEmitter } from "node:events";
import CircuitBreaker from "opossum";
import type { Breaker, BreakerFacts, BreakerState } from "../core/breaker.ts";
import { RollingCount } from "./rolling-count.ts";

/** Settings of one circuit. */
export interface BreakerOptions {
  /** Failures in the window that open it; 0 however many. */
  readonly maxFailures: number;
  /** Share of failures in the window that opens it, in (0, 1]; 0 whatever the share. */
  readonly failureRatio: number;
  /** Results in the window before the share counts. */
  readonly minRequests: number;
  /** The window, ms; 0: everything since it closed. */
  readonly windowMs: number;
  /** How long it stays open before it lets trials pass, ms. */
  readonly openMs: number;
  /** Concurrent trials, not counting those that take longer than {@link TRIAL_MS}. */
  readonly maxTrials: number;
  /** Trials that must succeed before it closes. */
  readonly successesToClose: number;
}

/** The clocks a circuit reads. Its timer is Node's. */
export interface BreakerClock {
  /** Monotonic, ms. */
  now(): number;
  /** ms since 1970. */
  date(): number;
}

/**
 * How long a trial in progress prevents others, ms. One that takes longer, such as a large download, an upload that
 * trickles, or a backend that hangs, would otherwise decide alone how long all other requests are refused.
 */
const TRIAL_MS = 5_000;

/** Retry-After while every trial is taken and it is not known how long they last, ms. */
const TRIALS_TAKEN_MS = 1_000;

/**
 * Tickets are the number of the period they were given in. Every change of state begins another one, so that whatever was
 * sent before it counts for nothing after it. Call {@link close} when done.
 */
export class CountingBreaker implements Breaker {
  readonly name: string;
  state: BreakerState = "closed";
  readonly #options: BreakerOptions;
  readonly #clock: BreakerClock;
  readonly #circuit: CircuitBreaker;
  readonly #successes: RollingCount;
  readonly #failures: RollingCount;
  readonly #listeners = new Set<() => void>();
  readonly #transitions: Record<BreakerState, number> = { closed: 0, open: 0, half_open: 0 };
  #period = 1;
  #trials = 0;
  #trialsWon = 0;
  /** When the last trial began. */
  #trialAt = 0;
  #openedAt = 0;
  #lastFailureAt = 0;
  #lastChangeAt = 0;

  constructor(name: string, options: BreakerOptions, clock: BreakerClock) {
    this.name = name;
    this.#options = options;
    this.#clock = clock;
    this.#successes = new RollingCount(options.windowMs);
    this.#failures = new RollingCount(options.windowMs);
    this.#circuit = new CircuitBreaker(() => Promise.resolve(), {
      resetTimeout: options.openMs,
      // Nothing is ever fired through it: its own counting has no use, and none of its timers is to run.
      timeout: false,
      enableSnapshots: false,
      rollingPercentilesEnabled: false,
      rollingCountBuckets: 1,
      rotateBucketController: new EventEmitter(),
    });
    this.#circuit.on("open", () => this.#enter("open"));
    this.#circuit.on("halfOpen", () => this.#enter("half_open"));
    this.#circuit.on("close", () => this.#enter("closed"));
  }

  get retryAfterMs(): number {
    if (this.state === "open") return Math.max(1, this.#openedAt + this.#options.openMs - this.#clock.now());
    return this.state === "half_open" && this.#trials >= this.#options.maxTrials ? TRIALS_TAKEN_MS : 0;
  }

  get facts(): BreakerFacts {
    this.#advance(this.#clock.now());
    return {
      failures: this.#failures.total,
      successes: this.#successes.total,
      lastFailureAt: this.#lastFailureAt,
      lastChangeAt: this.#lastChangeAt,
      transitions: this.#transitions,
    };
  }

  admit(): number {
    if (this.state === "closed") return this.#period;
    if (this.state === "open") return 0;
    const now = this.#clock.now();
    if (this.#trials >= this.#options.maxTrials) {
      if (now - this.#trialAt < TRIAL_MS) return 0;
      this.#trials = 0; // what becomes of them counts all the same
    }
    this.#trials++;
    this.#trialAt = now;
    return this.#period;
  }

  succeeded(ticket: number): void {
    if (ticket !== this.#period) return;
    this.#successes.add(this.#clock.now());
    if (this.state === "closed") return;
    this.#endTrial();
    if (++this.#trialsWon >= this.#options.successesToClose) this.#circuit.close();
  }

  failed(ticket: number): void {
    if (ticket !== this.#period) return;
    const now = this.#clock.now();
    this.#failures.add(now);
    this.#lastFailureAt = this.#clock.date();
    if (this.state === "half_open" || this.#tooMany(now)) this.#circuit.open();
  }

  dropped(ticket: number): void {
    if (ticket === this.#period && this.state === "half_open") this.#endTrial();
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  reset(): void {
    if (this.state === "closed") this.#clear();
    else this.#circuit.close();
  }

  /** Stops its timer; it changes no more. */
  close(): void {
    this.#circuit.shutdown();
    this.#listeners.clear();
  }

  #endTrial(): void {
    this.#trials = Math.max(0, this.#trials - 1);
  }

  #tooMany(now: number): boolean {
    const { maxFailures, failureRatio, minRequests } = this.#options;
    const failures = this.#failures.total;
    if (maxFailures > 0 && failures >= maxFailures) return true;
    this.#successes.advance(now);
    const seen = failures + this.#successes.total;
    return failureRatio > 0 && seen >= minRequests && failures >= failureRatio * seen;
  }

  #advance(now: number): void {
    this.#successes.advance(now);
    this.#failures.advance(now);
  }

  #clear(): void {
    this.#successes.clear();
    this.#failures.clear();
  }

  #enter(state: BreakerState): void {
    this.state = state;
    this.#period++;
    this.#trials = 0;
    this.#trialsWon = 0;
    this.#transitions[state]++;
    this.#lastChangeAt = this.#clock.date();
    if (state === "open") this.#openedAt = this.#clock.now();
    if (state === "closed") this.#clear();
    for (const listener of [...this.#listeners]) listener();
  }
}
