// Token bucket: starts full with `burst` tokens and refills continuously, `rate` of them in a period.
import type { Arithmetic } from "./arithmetic.ts";
import { charge, type Debt, forgive, isPaidOff, noDebt, unpaid } from "./bucket.ts";

/** Tokens that are missing are the {@link Debt}: an empty bucket owes `burst` of them. */
export const tokenBucket: Arithmetic<Debt> = {
  fresh: noDebt,
  take: (limit, state, nowUs, cost) => charge(limit, state, nowUs, cost, limit.burst, false),
  giveBack: forgive,
  used: unpaid,
  idle: isPaidOff,
};
