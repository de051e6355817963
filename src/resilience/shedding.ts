// Sheds load when the event loop falls behind: least important requests first, and no more of them than it takes. That begins
// with the loop's delay. Where some requests are more important than others, a tolerable delay is not enough: clients that wait
// for their answers share the gateway by their number, so important ones get all they ask for only while the loop is not full.

import type { Filter } from "../core/filter.ts";
import { TIERS, type Tier } from "../core/limiter.ts";
import type { Overload } from "../core/overload.ts";
import type { HeldRefusals } from "./held-refusals.ts";

/** Interval at which the delay of the loop is measured, ms. */
const TICK_MS = 20;
/** What is older than this counts for about a third of the averages, ms. */
const TAU_MS = 100;
/** How fast the level rises for each time the delay is as long as the bound, a second. */
const RISE = 4;
const FASTEST = 5;
/** Below this share of the bound there is room to let more in. */
const ROOM = 0.8;
/** The loop has no moment to spare when it is busy for a larger share of the time than the first; room below the second. */
const FULL = 0.97;
const ROOMY = 0.9;
/** How fast the level rises while it has none, and falls while there is room, faster the more there is, a second. */
const CLIMB = 2;
const FALL = 0.2;
const FALL_IDLE = 1;
/** Share of the bound at which a full loop is enough to begin with where important requests gain from it. */
const EARLY = 0.3;
/** Share of requests that must be more important than those being refused for the loop to be kept from being full. */
const WORTH = 0.05;
/** The delay at which even `high` is refused: so many times the bound, but no less than this, ms; and up to which level. */
const EXTREME = 10;
const EXTREME_LEAST_MS = 500;
const LAST_LEVEL = 2.5;
/** Level at which a tier begins to be refused; one higher, all of it is. */
const BEGINS: Readonly<Record<Tier, number>> = { low: 0, normal: 1, high: 2 };

/** The level of shedding, from 0 (none is refused) to 2 (only `high` passes) and a little above. Call {@link close} when done. */
export class Shedder implements Overload {
  delayMs = 0;
  level = 0;
  readonly shed: Record<Tier, number> = { high: 0, normal: 0, low: 0 };
  readonly #maxDelayMs: number;
  readonly #extremeMs: number;
  /** Share of a request that is due to be refused, by tier: refusals are spread evenly instead of drawn by lot. */
  readonly #due: Record<Tier, number> = { high: 0, normal: 0, low: 0 };
  /** Requests since the last look, and on average in as long, by tier. */
  readonly #came: Record<Tier, number> = { high: 0, normal: 0, low: 0 };
  readonly #usual: Record<Tier, number> = { high: 0, normal: 0, low: 0 };
  #timer: NodeJS.Timeout | undefined;
  #at = 0;
  #lateMs = 0;
  #busyMs = 0;
  /** Share of the time the loop is busy, on average. */
  #busy = 0;

  constructor(maxDelayMs: number) {
    this.#maxDelayMs = maxDelayMs;
    this.#extremeMs = Math.max(EXTREME_LEAST_MS, maxDelayMs * EXTREME);
  }

  /** Begins to look. @param now monotonic, ms @param busy how long the loop has been busy in all, ms */
  start(now: () => number, busy: () => number): void {
    this.#at = now();
    this.#busyMs = busy();
    this.#timer = setInterval(() => this.look(now(), busy()), TICK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /**
   * One look at the clocks, {@link TICK_MS} after the last if the loop is on time.
   * @param now monotonic, ms
   * @param busyMs how long the loop has been busy in all, ms
   */
  look(now: number, busyMs: number): void {
    const passed = now - this.#at;
    if (passed <= 0) return;
    const weight = 1 - Math.exp(-passed / TAU_MS);
    const late = Math.max(0, passed - TICK_MS);
    // One pause, as for a garbage collection, does not count as load; two in a row do.
    const lasts = Math.min(late, this.#lateMs) > this.#maxDelayMs / 2;
    this.#lateMs = late;
    this.delayMs += (late - this.delayMs) * weight;
    this.#busy += (Math.min(1, (busyMs - this.#busyMs) / passed) - this.#busy) * weight;
    for (const tier of TIERS) {
      this.#usual[tier] += (this.#came[tier] - this.#usual[tier]) * weight;
      this.#came[tier] = 0;
    }
    this.#at = now;
    this.#busyMs = busyMs;
    const top = this.delayMs >= this.#extremeMs ? LAST_LEVEL : BEGINS.high;
    // Whether the next tier is to be refused as well is another question than whether more of this one is.
    const next = lasts || this.level >= BEGINS.high ? top : Math.floor(this.level) + 1;
    const seconds = Math.min(passed, 1_000) / 1_000;
    this.level = Math.min(top, next, Math.max(0, this.level + seconds * this.#slope(lasts)));
  }

  /** How fast the level is to change, a second. @param lasts whether the loop was late twice in a row */
  #slope(lasts: boolean): number {
    const pressure = this.delayMs / this.#maxDelayMs;
    if (pressure > 1) return lasts ? RISE * Math.min(pressure, FASTEST) : 0;
    const gains = this.#gainsFromShedding();
    if (gains && this.#busy > FULL && (this.level > 0 || pressure > EARLY)) return CLIMB;
    if (this.#busy < ROOMY) return (this.#busy - ROOMY) * FALL_IDLE - FALL;
    return pressure < ROOM && !gains ? -FALL : 0;
  }

  /** Whether there are requests that gain from refusing others. */
  #gainsFromShedding(): boolean {
    const { high, normal, low } = this.#usual;
    const least = WORTH * (high + normal + low);
    return high > least || (this.level < BEGINS.normal && low > least && normal > least);
  }

  /** Whether a request of this tier is to be refused now; counts it then. */
  refuses(tier: Tier): boolean {
    this.#came[tier]++;
    if (this.level <= BEGINS[tier]) return false;
    this.#due[tier] += Math.min(1, this.level - BEGINS[tier]);
    if (this.#due[tier] < 1) return false;
    this.#due[tier]--;
    this.shed[tier]++;
    return true;
  }
}

/** Refuses requests by their tier with 503 `overloaded`, late where there is room to hold them. */
export function sheddingFilter(shedder: Shedder, held: HeldRefusals): Filter {
  return {
    name: "overload",
    phase: "edge",
    onRequest: (ctx) => (shedder.refuses(ctx.tier) ? held.refuse() : undefined),
  };
}
