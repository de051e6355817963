// The load of the gateway itself, for metrics.
import type { Tier } from "./limiter.ts";

/** State of load shedding (`overload` in the configuration). */
export interface Overload {
  /** How late the event loop is, on average over about a tenth of a second, ms. */
  readonly delayMs: number;
  /** Requests refused because of it, by tier. */
  readonly shed: Readonly<Record<Tier, number>>;
}
