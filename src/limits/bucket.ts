// Token bucket and leaky bucket: a debt per key that grows with each request and drains with time. Whole numbers, so exact.
import type { Arithmetic, Decision, Limit } from "./limit.ts";

/**
 * State of a key, two numbers. The unit of debt is chosen so that no division happens on the way:
 *
 * - one request of cost 1 owes `periodMs · 1000` units (the period in µs);
 * - each µs pays off `rate` units.
 *
 * With whole rates, costs and periods all values are integers, and exact below 2^53: a burst of 100 000 within a day.
 * Above that, doubles round in their last place, in the same way wherever they are IEEE 754.
 *
 * At `nowUs` the debt is, in this order of operations:
 * `now = max(nowUs, atUs)`, `paid = (now - atUs) * rate`, `due = max(0, debt - paid)`.
 * A request of cost c is charged as `debt = due + c * unit`, `atUs = now`, where `unit = periodMs * 1000`.
 * It is given back as `debt = max(0, debt - c * unit)`, `atUs` unchanged.
 * A key that is not stored is `debt = 0, atUs = nowUs`; one whose debt is paid off may be forgotten.
 */
interface Bucket {
  debt: number;
  atUs: number;
}

/**
 * Token bucket: starts full with `burst` tokens and refills continuously, `rate` of them in a period. The tokens that are
 * missing are the debt.
 */
export const tokenBucket: Arithmetic<Bucket> = bucket(0, false);

/**
 * Leaky bucket: requests leave at a steady rate; up to `burst` wait for their turn, and more are refused. The debt is what is
 * still to leave before a request, which goes on when that is paid off: so the queue is a number, and its order the order of
 * arrival. One leaves at once and `burst` wait: capacity `burst + 1`. A request whose client leaves while it waits keeps its
 * place, because those behind it were told when to go.
 */
export const leakyBucket: Arithmetic<Bucket> = bucket(1, true);

/**
 * @param more capacity beyond `burst`
 * @param waits whether a request goes on only when what was due before it is paid off
 */
function bucket(more: number, waits: boolean): Arithmetic<Bucket> {
  return {
    fresh: (nowUs) => ({ debt: 0, atUs: nowUs }),
    take: (limit, state, nowUs, cost) => take(limit, state, nowUs, cost, limit.burst + more, waits),
    charge: (limit, state, nowUs, cost) => charge(limit, state, nowUs, cost, limit.burst + more),
    giveBack(limit, state, cost) {
      state.debt = Math.max(0, state.debt - cost * unitOf(limit));
    },
    // One request that is partly paid off counts as one.
    used: (limit, state, nowUs) => Math.ceil(dueAt(limit, state, nowUs) / unitOf(limit)),
    idle: (limit, state, nowUs) => dueAt(limit, state, nowUs) === 0,
  };
}

/** What a request of cost 1 owes. */
function unitOf(limit: Limit): number {
  return limit.periodMs * 1000;
}

/** What is owed at that time; the state stays. */
function dueAt(limit: Limit, state: Bucket, nowUs: number): number {
  if (nowUs <= state.atUs) return state.debt;
  return Math.max(0, state.debt - (nowUs - state.atUs) * limit.rate);
}

/**
 * Charges a request if its debt and what is due have room: `room = capacity * unit`, `after = due + cost * unit`, passes if
 * `after <= room`.
 *
 * Passed: remaining `floor((room - after) / unit)`, reset `ceil(after / rate)` µs, wait, if asked for, `ceil(due / rate)` µs.
 * Refused: remaining `floor((room - due) / unit)`, reset `ceil(due / rate)` µs, retry `ceil((after - room) / rate)` µs.
 * @param waits see {@link bucket}
 */
function take(limit: Limit, state: Bucket, nowUs: number, cost: number, capacity: number, waits: boolean): Decision {
  const unit = unitOf(limit);
  const room = capacity * unit;
  const due = dueAt(limit, state, nowUs);
  const after = due + cost * unit;
  const allowed = after <= room;
  const owed = allowed ? after : due;
  if (allowed) {
    state.debt = after;
    if (nowUs > state.atUs) state.atUs = nowUs;
  }
  return {
    allowed,
    remaining: Math.floor((room - owed) / unit),
    resetMs: paidOffMs(limit, owed),
    retryMs: allowed ? 0 : paidOffMs(limit, after - room),
    waitMs: allowed && waits ? paidOffMs(limit, due) : 0,
    degraded: null,
  };
}

/** Charges without asking: `after = min(due + cost * unit, room)`, unless a lowered limit left more due than it has room for. */
function charge(limit: Limit, state: Bucket, nowUs: number, cost: number, capacity: number): void {
  const unit = unitOf(limit);
  const room = capacity * unit;
  const due = dueAt(limit, state, nowUs);
  if (due > room) return;
  state.debt = Math.min(due + cost * unit, room);
  if (nowUs > state.atUs) state.atUs = nowUs;
}

/** ms until so many units are paid off, in whole µs rounded up. */
function paidOffMs(limit: Limit, units: number): number {
  return Math.ceil(units / limit.rate) / 1000;
}
