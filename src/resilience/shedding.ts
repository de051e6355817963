// Sheds load when the event loop falls behind: least important requests first, and no more of them than it takes.
import type { Tier } from "../core/concurrency.ts";
import type { Filter } from "../core/filter.ts";
import type { Overload } from "../core/overload.ts";
import type { HeldRefusals } from "./held-refusals.ts";

/** How often the loop is looked at, ms. */
const TICK_MS = 20;
/** What is older than this counts for about a third of the average, ms. */
const DELAY_TAU_MS = 100;
/** Below this share of the bound there is room to let more in. */
const ROOM = 0.8;
/** How fast the level rises for each time the delay is as long as the bound, and how fast it falls, a second. */
const RISE = 2;
const FALL = 0.2;
const FASTEST = 5;
/** The delay at which even `high` is refused: so many times the bound, but no less than this, ms; and up to which level. */
const EXTREME = 10;
const EXTREME_LEAST_MS = 500;
const LAST_LEVEL = 2.5;
/** Level at which a tier begins to be refused; one higher, all of it is. */
const BEGINS: Readonly<Record<Tier, number>> = { low: 0, normal: 1, high: 2 };

/** The level of shedding, from 0 (nobody is refused) to 2 (only `high` passes) and a little above. Over with {@link close}. */
export class Shedder implements Overload {
  delayMs = 0;
  level = 0;
  readonly shed: Record<Tier, number> = { high: 0, normal: 0, low: 0 };
  readonly #maxDelayMs: number;
  readonly #extremeMs: number;
  /** Share of a request that is due to be refused, by tier: refusals are spread evenly instead of drawn by lot. */
  readonly #due: Record<Tier, number> = { high: 0, normal: 0, low: 0 };
  #timer: NodeJS.Timeout | undefined;
  #at = 0;

  constructor(maxDelayMs: number) {
    this.#maxDelayMs = maxDelayMs;
    this.#extremeMs = Math.max(EXTREME_LEAST_MS, maxDelayMs * EXTREME);
  }

  /** Begins to look. @param now monotonic, ms */
  start(now: () => number): void {
    this.#at = now();
    this.#timer = setInterval(() => this.look(now()), TICK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** One look at the clock, {@link TICK_MS} after the last if the loop is on time. @param now monotonic, ms */
  look(now: number): void {
    const passed = now - this.#at;
    this.#at = now;
    const late = Math.max(0, passed - TICK_MS);
    this.delayMs += (late - this.delayMs) * (1 - Math.exp(-passed / DELAY_TAU_MS));
    const pressure = this.delayMs / this.#maxDelayMs;
    const seconds = Math.min(passed, 1_000) / 1_000;
    const top = this.delayMs >= this.#extremeMs ? LAST_LEVEL : BEGINS.high;
    if (pressure > 1) this.level = Math.min(top, this.level + seconds * RISE * Math.min(pressure, FASTEST));
    else if (pressure < ROOM) this.level = Math.max(0, this.level - seconds * FALL);
  }

  /** Whether a request of this tier is to be refused now; counts it then. */
  refuses(tier: Tier): boolean {
    if (this.level <= BEGINS[tier]) return false;
    this.#due[tier] += Math.min(1, this.level - BEGINS[tier]);
    if (this.#due[tier] < 1) return false;
    this.#due[tier]--;
    this.shed[tier]++;
    return true;
  }
}

/** Refuses requests of a tier with 503 `overloaded`, late where there is room to hold them. */
export function sheds(shedder: Shedder, tier: Tier, held: HeldRefusals): Filter {
  return {
    name: "overload",
    phase: "edge",
    onRequest: () => (shedder.refuses(tier) ? held.refuse() : undefined),
  };
}
