// Leaky bucket: requests leave at a steady rate; up to `burst` wait for their turn, and more are refused.
import type { Arithmetic } from "./arithmetic.ts";
import { type Bucket, charge, emptyBucket, forgive, isPaidOff, unpaid } from "./bucket.ts";

/**
 * What is still to leave before a request is the {@link Bucket}: it goes on when that is paid off, so the queue is a number and
 * its order the order of arrival. One leaves at once and `burst` wait: capacity `burst + 1`. Whoever stops waiting keeps its
 * place: those behind it were told when to go.
 */
export const leakyBucket: Arithmetic<Bucket> = {
  fresh: emptyBucket,
  take: (limit, state, nowUs, cost) => charge(limit, state, nowUs, cost, limit.burst + 1, true),
  giveBack: forgive,
  used: unpaid,
  idle: isPaidOff,
};
