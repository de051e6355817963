// Every algorithm by its name, for stores that compute in this process.
import type { Arithmetic } from "./arithmetic.ts";
import { leakyBucket } from "./leaky-bucket.ts";
import type { LimitAlgorithm } from "./limit.ts";
import { slidingWindow } from "./sliding-window.ts";
import { tokenBucket } from "./token-bucket.ts";

/** The state of a key belongs to the algorithm that made it. */
export const ARITHMETIC: Readonly<Record<LimitAlgorithm, Arithmetic<unknown>>> = {
  token_bucket: tokenBucket as Arithmetic<unknown>,
  leaky_bucket: leakyBucket as Arithmetic<unknown>,
  sliding_window: slidingWindow as Arithmetic<unknown>,
};
