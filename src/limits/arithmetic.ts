// Every algorithm by its name, for stores that compute in this process, and what follows from the numbers of a limit.
import { leakyBucket, tokenBucket } from "./bucket.ts";
import type { Arithmetic, Limit, LimitAlgorithm } from "./limit.ts";
import { slidingWindow } from "./sliding-window.ts";

/** The state of a key belongs to the algorithm that made it. */
export const ARITHMETIC: Readonly<Record<LimitAlgorithm, Arithmetic<unknown>>> = {
  token_bucket: tokenBucket as Arithmetic<unknown>,
  leaky_bucket: leakyBucket as Arithmetic<unknown>,
  sliding_window: slidingWindow as Arithmetic<unknown>,
};

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
