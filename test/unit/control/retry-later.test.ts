// Trying again what passes by itself: soon at first, then rarely, and never twice at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RetryLater } from "../../../src/control/retry-later.ts";
import { FakeClock } from "../../support/fake-clock.ts";

test("waits a second, then twice as long each time, at most a minute", () => {
  const clock = new FakeClock();
  const retry = new RetryLater(clock);
  const times: number[] = [];
  const run = () => {
    times.push(clock.now() / 1000);
    if (times.length < 9) retry.again(run);
  };
  retry.again(run);
  clock.advance(1_000_000);
  assert.deepEqual(times, [1, 3, 7, 15, 31, 63, 123, 183, 243]);
  assert.equal(clock.pending, 0);
});

test("what is settled is tried no more, and the next failure waits a second again", () => {
  const clock = new FakeClock();
  const retry = new RetryLater(clock);
  let runs = 0;
  retry.again(() => runs++);
  retry.again(() => runs++);
  assert.equal(clock.pending, 1);
  retry.settled();
  clock.advance(100_000);
  assert.equal(runs, 0);
  retry.again(() => runs++);
  clock.advance(1000);
  assert.equal(runs, 1);
});
