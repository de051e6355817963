// How hard pressed the gateway itself is, as metrics show it.
import type { Tier } from "./limiter.ts";

/** Shedding of load, where it is on. */
export interface Overload {
  /** How late the event loop is, on average over about a tenth of a second, ms. */
  readonly delayMs: number;
  /** Requests refused for it, by tier. */
  readonly shed: Readonly<Record<Tier, number>>;
}
