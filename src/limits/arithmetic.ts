// What an algorithm of limits is: a few numbers per key, and what a request does to them. Every store computes the same.
import type { Decision, Limit } from "./limit.ts";

/**
 * One algorithm over its state `S`. Pure but for the state it is given, so that a twin in another language can agree with
 * it in every bit: times are whole µs, and each file says which operations follow which.
 *
 * A clock that steps back never makes a limit looser: time stands still until it has caught up.
 */
export interface Arithmetic<S> {
  /** The state of a key that was never seen; any key that is {@link idle} may be forgotten for it. */
  fresh(nowUs: number): S;
  /**
   * Charges `cost` if it passes, changing the state; a refusal changes nothing.
   * @param cost above 0, at most {@link capacityOf}; more can never pass
   */
  take(limit: Limit, state: S, nowUs: number, cost: number): Decision;
  /** Undoes a charge of the same moment, because another limit refused the request. */
  giveBack(limit: Limit, state: S, cost: number): void;
  /** Requests the key is charged with at that time. */
  used(limit: Limit, state: S, nowUs: number): number;
  /** Whether the state says no more than a fresh one. */
  idle(limit: Limit, state: S, nowUs: number): boolean;
}

/** The most one request may cost to ever pass. */
export function capacityOf(limit: Limit): number {
  if (limit.algorithm === "sliding_window") return limit.rate;
  return limit.algorithm === "token_bucket" ? limit.burst : limit.burst + 1;
}

/** ms after which a key without requests is as fresh, whatever it was charged. */
export function longestMs(limit: Limit): number {
  return limit.algorithm === "sliding_window"
    ? limit.periodMs
    : Math.ceil((capacityOf(limit) * limit.periodMs) / limit.rate);
}
