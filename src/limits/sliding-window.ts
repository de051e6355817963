// Sliding window: at most `rate` in any window of `period`, counted in few groups however large the rate is.
import type { Arithmetic, Decision, Limit } from "./limit.ts";

/**
 * State of a key: groups of requests, oldest first, as one flat list `first, last, count, first, last, count, …` (µs, µs,
 * cost). An empty list is a fresh key; one whose last group has left the window may be forgotten.
 *
 * Two counters and an estimate between them let up to twice the rate through; a log of every request grows with the rate.
 * Groups promise "at most" without either: a request joins the newest group if that began less than `width =
 * ceil(periodUs / 64)` ago, and a group leaves the window as a whole, when its last request does. Requests that came at one
 * moment, or further apart than `width`, are counted exactly; others up to 1/64 of the period too long, never too short.
 * There are at most 66 groups, and never more than requests.
 *
 * In this order, with `periodUs = periodMs * 1000`:
 * 1. `now = max(nowUs, last of the newest group)`;
 * 2. groups with `last <= now - periodUs` are dropped from the front (also when the request is refused);
 * 3. `count` = sum of the counts; passes if `count + cost <= rate`;
 * 4. passed: the newest group with `now - first < width` gets `last = now`, `count += cost`, else `now, now, cost` is added.
 *    remaining `floor(rate - count - cost)`, reset `periodUs` µs;
 * 5. refused: remaining `floor(rate - count)`, reset `last of the newest + periodUs - now`, retry `last of that group +
 *    periodUs - now` for the first group, from the front, with which `count + cost - rate` have left.
 * A charge after the fact is one of `min(cost, rate - count)`, if that is above 0.
 * A charge is given back from the newest group, then those before it; a group whose count is 0 is removed.
 */
type Groups = number[];

/** Groups a window is divided into. */
const GROUPS = 64;

/** See {@link Groups}. */
export const slidingWindow: Arithmetic<Groups> = {
  fresh: () => [],
  take(limit: Limit, groups: Groups, nowUs: number, cost: number): Decision {
    const periodUs = limit.periodMs * 1000;
    const now = timeOf(groups, nowUs);
    dropUntil(groups, now - periodUs);
    const count = countOf(groups);
    const allowed = count + cost <= limit.rate;
    if (allowed) add(groups, now, cost, Math.ceil(periodUs / GROUPS));
    const last = groups.length === 0 ? now - periodUs : groups[groups.length - 2]!;
    return {
      allowed,
      remaining: Math.floor(limit.rate - (allowed ? count + cost : count)),
      resetMs: (last + periodUs - now) / 1000,
      retryMs: allowed ? 0 : (leftWith(groups, count + cost - limit.rate) + periodUs - now) / 1000,
      waitMs: 0,
      degraded: null,
    };
  },
  charge(limit: Limit, groups: Groups, nowUs: number, cost: number): void {
    const periodUs = limit.periodMs * 1000;
    const now = timeOf(groups, nowUs);
    dropUntil(groups, now - periodUs);
    const fits = Math.min(cost, limit.rate - countOf(groups));
    if (fits > 0) add(groups, now, fits, Math.ceil(periodUs / GROUPS));
  },
  giveBack(_limit: Limit, groups: Groups, cost: number): void {
    for (let back = cost; back > 0 && groups.length > 0; ) {
      const count = groups[groups.length - 1]!;
      if (count > back) {
        groups[groups.length - 1] = count - back;
        return;
      }
      back -= count;
      groups.length -= 3;
    }
  },
  used(limit: Limit, groups: Groups, nowUs: number): number {
    const edge = nowUs - limit.periodMs * 1000;
    let count = 0;
    for (let i = 0; i < groups.length; i += 3) if (groups[i + 1]! > edge) count += groups[i + 2]!;
    return count;
  },
  idle: (limit, groups, nowUs) => groups.length === 0 || groups[groups.length - 2]! <= nowUs - limit.periodMs * 1000,
};

/** Time does not advance while the clock is behind the newest group. */
function timeOf(groups: Groups, nowUs: number): number {
  return groups.length === 0 ? nowUs : Math.max(nowUs, groups[groups.length - 2]!);
}

function countOf(groups: Groups): number {
  let count = 0;
  for (let i = 2; i < groups.length; i += 3) count += groups[i]!;
  return count;
}

/** Drops what has left the window. */
function dropUntil(groups: Groups, edgeUs: number): void {
  let gone = 0;
  while (gone < groups.length && groups[gone + 1]! <= edgeUs) gone += 3;
  if (gone > 0) groups.splice(0, gone);
}

function add(groups: Groups, now: number, cost: number, width: number): void {
  const newest = groups.length - 3;
  if (newest < 0 || now - groups[newest]! >= width) {
    groups.push(now, now, cost);
    return;
  }
  groups[newest + 1] = now;
  groups[newest + 2]! += cost;
}

/** The last request of the group with which so much has left. */
function leftWith(groups: Groups, enough: number): number {
  let left = 0;
  for (let i = 0; i < groups.length; i += 3) {
    left += groups[i + 2]!;
    if (left >= enough) return groups[i + 1]!;
  }
  return groups[groups.length - 2]!; // the request costs more than the rate
}
