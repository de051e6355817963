// Adaptive concurrency: determines how many concurrent requests a service can process before they queue.
import type { ConcurrencyLimiter, Tier } from "../core/limiter.ts";

/** Settings of one limiter. */
export interface GradientOptions {
  readonly minLimit: number;
  readonly maxLimit: number;
  readonly initialLimit: number;
  /** How much slower than unloaded the service may get before the limit falls, at least 1. */
  readonly tolerance: number;
}

/** Share of the limit a tier may fill: what is left above it is for more important requests. */
const SHARES: Readonly<Record<Tier, number>> = { high: 1, normal: 0.9, low: 0.7 };

/** A window is judged when it is this old, ms, and saw so many answers. */
const WINDOW_MS = 100;
const WINDOW_SAMPLES = 10;
/** When this process is busy for a larger share of the time, answers wait for it, and their times do not measure the service. */
const FULL = 0.95;
/** Meanwhile the limit may rise, since that wait is not the service's, up to so many times the limit that was measured last. */
const FULL_ROOM = 4;
/** How far one window may lower the limit, and how much of that is done at once. */
const DEEPEST = 0.5;
const DOWNWARD = 0.5;
/** Time in use between two probes, ms: at first the least; doubled after each probe that confirms the unloaded time. */
const PROBE_LEAST_MS = 1_000;
const PROBE_MOST_MS = 16_000;
/** Longest wait for a window of a probe that causes refusals: this, ms, or so many times what an answer took before. */
const PROBE_PATIENCE_MS = 250;
const PROBE_PATIENCE_ANSWERS = 10;
/** A probe that changes the unloaded time by a smaller share than this has confirmed it. */
const CONFIRMED = 0.2;

/**
 * The idea of Netflix's gradient limiter: limit × (unloaded time ÷ time now) + room for a short queue. What "unloaded" is
 * does not drift with the load: it follows the times seen while the limit is not in use, and under lasting load it is
 * measured by halving the limit for a moment, until that makes no difference.
 */
export class GradientLimiter implements ConcurrencyLimiter {
  active = 0;
  readonly #options: GradientOptions;
  readonly #now: () => number;
  readonly #busy: () => number;
  #exact: number;
  /** The limit as of the last window whose times counted. */
  #proven: number;
  /** Maximum requests in progress, of all tiers together, at which each tier is admitted. */
  #bounds: Record<Tier, number> = { high: 0, normal: 0, low: 0 };
  /** Time to the head when nothing waits, ms; -1 not known yet. */
  #unloadedMs = -1;
  #windowAt: number;
  #busyMs: number;
  #samples = 0;
  #totalMs = 0;
  #failures = 0;
  #peak = 0;
  /** Since when the limit has been in use without a probe; -1 it is not in use. */
  #usedSince = -1;
  #probeAfterMs = PROBE_LEAST_MS;
  /** The limit to return to after a probe; 0 none is made. */
  #resumeAt = 0;
  /** Time seen before the last halving, ms. */
  #probedMs = 0;

  /** @param now monotonic, ms @param busy how long this process has been busy in all, ms */
  constructor(options: GradientOptions, now: () => number, busy: () => number) {
    this.#options = options;
    this.#now = now;
    this.#busy = busy;
    this.#busyMs = busy();
    this.#exact = options.initialLimit;
    this.#proven = options.initialLimit;
    this.#windowAt = now();
    this.#set(options.initialLimit);
  }

  get limit(): number {
    return this.#bounds.high;
  }

  admit(tier: Tier): boolean {
    if (this.active >= this.#bounds[tier]) {
      this.#peak = Math.max(this.#peak, this.#bounds.high); // the limit is in use, whatever the tier
      if (this.#resumeAt === 0 || !this.#givesUp() || this.active >= this.#bounds[tier]) return false;
    }
    if (++this.active > this.#peak) this.#peak = this.active;
    return true;
  }

  release(ms: number, failed: boolean): void {
    this.active--;
    if (failed) this.#failures++;
    else if (ms >= 0) {
      this.#samples++;
      this.#totalMs += ms;
    }
    if (this.#samples + this.#failures < WINDOW_SAMPLES) return;
    const now = this.#now();
    if (now - this.#windowAt < WINDOW_MS) return;
    this.#judge(now);
  }

  #judge(now: number): void {
    const failedShare = this.#failures / (this.#samples + this.#failures);
    const full = this.#busy() - this.#busyMs > FULL * (now - this.#windowAt);
    const ms = full || this.#samples === 0 ? -1 : this.#totalMs / this.#samples;
    const peak = this.#peak;
    const used = peak >= this.#exact / 2;
    this.#begin(now);
    if (this.#resumeAt > 0) return this.#look(ms, peak, now);
    if (ms >= 0) this.#learn(ms, used);
    const slowdown = ms < 0 ? 1 : (this.#options.tolerance * this.#unloadedMs) / Math.max(ms, 0.001);
    const gradient = Math.max(DEEPEST, Math.min(1, slowdown)) * (1 - failedShare / 2);
    if (gradient < 1 || used) this.#move(gradient, failedShare < 0.5, full);
    if (ms >= 0) this.#probe(ms, used, now);
  }

  /** @param room whether a short queue may be tried @param full whether this process is */
  #move(gradient: number, room: boolean, full: boolean): void {
    const next = this.#exact * gradient + (room ? Math.sqrt(this.#exact) : 0);
    const most = full ? Math.max(this.#exact, this.#proven * FULL_ROOM) : next;
    this.#set(next > this.#exact ? Math.min(next, most) : this.#exact + (next - this.#exact) * DOWNWARD);
    if (!full) this.#proven = this.#exact;
  }

  #begin(now: number): void {
    this.#windowAt = now;
    this.#busyMs = this.#busy();
    this.#samples = 0;
    this.#totalMs = 0;
    this.#failures = 0;
    this.#peak = this.active;
  }

  /** A shorter time counts at once, a longer one only while no request waits because of the limit. */
  #learn(ms: number, used: boolean): void {
    if (this.#unloadedMs < 0) this.#unloadedMs = ms;
    else if (ms < this.#unloadedMs) this.#unloadedMs += (ms - this.#unloadedMs) / 2;
    else if (!used) this.#unloadedMs += (ms - this.#unloadedMs) / 10;
  }

  /** Begins a probe once the limit was in use for long: the times seen may include a queue, which only less load can show. */
  #probe(ms: number, used: boolean, now: number): void {
    if (!used) this.#usedSince = -1;
    else if (this.#usedSince === -1) this.#usedSince = now;
    else if (now - this.#usedSince >= this.#probeAfterMs) {
      this.#resumeAt = this.#exact;
      this.#probedMs = ms;
      this.#set(this.#exact / 2);
    }
  }

  /** One window of a probe. One that began with more in flight is ignored; as long as half is much faster, it is halved again. */
  #look(ms: number, peak: number, now: number): void {
    if (peak > this.#bounds.high) return;
    if (ms >= 0 && ms < this.#probedMs * (1 - CONFIRMED) && this.#exact > this.#options.minLimit) {
      this.#probedMs = ms;
      return this.#set(this.#exact / 2);
    }
    const known = this.#unloadedMs;
    if (ms >= 0) this.#unloadedMs = ms;
    this.#resume(Math.abs(this.#unloadedMs - known) < CONFIRMED * known, now);
  }

  /**
   * Ends a probe that gets no answers. Requests that last, such as large downloads, may fill half of the limit by themselves:
   * as long as they do, no other request is admitted, and there is no answer to measure.
   */
  #givesUp(): boolean {
    const now = this.#now();
    if (now - this.#windowAt < Math.max(PROBE_PATIENCE_MS, PROBE_PATIENCE_ANSWERS * this.#probedMs)) return false;
    this.#resume(true, now);
    return true;
  }

  /** The end of a probe. @param later whether there is nothing to hurry for with the next one */
  #resume(later: boolean, now: number): void {
    this.#probeAfterMs = later ? Math.min(PROBE_MOST_MS, this.#probeAfterMs * 2) : PROBE_LEAST_MS;
    this.#set(this.#resumeAt);
    this.#resumeAt = 0;
    this.#usedSince = now;
  }

  #set(limit: number): void {
    const { minLimit, maxLimit } = this.#options;
    this.#exact = Math.min(maxLimit, Math.max(minLimit, limit));
    const share = (tier: Tier) => Math.max(1, Math.floor(this.#exact * SHARES[tier]));
    this.#bounds = { high: share("high"), normal: share("normal"), low: share("low") };
  }
}
