// The one timer of a request: what it is set to, and what it forgets.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import type { RetryRule } from "../../../src/core/retry.ts";
import { type ClockHandler, RequestClock } from "../../../src/gateway/request-clock.ts";

/** Delays of the timers set since the test began. */
const set: number[] = [];
/** Timers set and not cleared. */
const open = new Set<object>();
const owner: ClockHandler = {
  late: () => {},
  attemptIsLate: () => {},
  firstIsSlow: () => {},
  pauseIsOver: () => {},
};

beforeEach(() => {
  set.length = 0;
  open.clear();
  mock.method(globalThis, "setTimeout", (_: unknown, ms: number) => {
    const timer = {};
    set.push(ms);
    open.add(timer);
    return timer;
  });
  mock.method(globalThis, "clearTimeout", (timer: object) => open.delete(timer));
});
afterEach(() => mock.restoreAll());

test("a deadline of centuries, as any client may name it, is no timer that rings at once", () => {
  new RequestClock(owner).endAt(performance.now() + 99_999_999 * 3_600_000);
  assert.deepEqual(set, [2 ** 31 - 1]);
});

test("a try without times of its own is not bound by those of the try before it", () => {
  const clock = new RequestClock(owner);
  clock.begin({ perTryMs: 1000, hedgeAfterMs: 500 } as RetryRule);
  assert.equal(open.size, 1);
  clock.begin(null);
  assert.equal(open.size, 0);
});
