// Token bucket: starts full with `burst` tokens and refills continuously, `rate` of them in a period.
import type { Arithmetic } from "./arithmetic.ts";
import { type Bucket, charge, emptyBucket, forgive, isPaidOff, unpaid } from "./bucket.ts";

/** Tokens that are missing are the {@link Bucket}: an empty bucket owes `burst` of them. */
export const tokenBucket: Arithmetic<Bucket> = {
  fresh: emptyBucket,
  take: (limit, state, nowUs, cost) => charge(limit, state, nowUs, cost, limit.burst, false),
  giveBack: forgive,
  used: unpaid,
  idle: isPaidOff,
};
