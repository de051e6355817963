// Long work in slices: everything is done, in order, and others have their turns in between.
import assert from "node:assert/strict";
import { test } from "node:test";
import { atOnce, inSlices } from "../../../src/core/slices.ts";

/** Steps of a work, each using up some time. */
function* work(steps: number, ms: number): Generator<void, number> {
  for (let i = 0; i < steps; i++) {
    for (const end = performance.now() + ms; performance.now() < end; );
    yield;
  }
  return steps;
}

test("gives the event loop a turn whenever a slice is used up", async () => {
  let turns = 0;
  let running = true;
  const count = () => {
    turns++;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  assert.equal(await inSlices(work(10, 6)), 10);
  running = false;
  assert.ok(turns >= 9, `${turns} turns`);
});

test("an error of a step is an error of the whole", async () => {
  function* failing(): Generator<void, void> {
    yield;
    throw new Error("broken");
  }
  await assert.rejects(inSlices(failing()), /broken/);
  assert.throws(() => atOnce(failing()), /broken/);
});

test("at once means without any turn", () => assert.equal(atOnce(work(3, 0)), 3));
