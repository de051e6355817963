// When probes are asked: interval, jitter, timeout, places, and that nothing outlives its end.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProbeDone } from "../../../src/resilience/probe.ts";
import { ProbeLoop } from "../../../src/resilience/probe-loop.ts";
import { ProbeSlots } from "../../../src/resilience/probe-slots.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function loop(options: { places?: number; random?: number; slots?: ProbeSlots; clock?: FakeClock } = {}) {
  const clock = options.clock ?? new FakeClock();
  const slots = options.slots ?? new ProbeSlots(options.places ?? 1);
  const asked: { at: number; done: ProbeDone; stopped: boolean }[] = [];
  const reports: (string | null)[] = [];
  const probe = (done: ProbeDone) => {
    const one = { at: clock.now(), done, stopped: false };
    asked.push(one);
    return () => {
      one.stopped = true;
    };
  };
  const around = { clock, slots, random: () => options.random ?? 0.5 };
  const running = new ProbeLoop(probe, { intervalMs: 1000, timeoutMs: 200 }, around, 0, (failure) =>
    reports.push(failure),
  );
  return { clock, asked, reports, running, slots };
}

test("a probe is asked at once and again at the interval, counted from its beginning", () => {
  const { clock, asked, reports } = loop();
  clock.advance(0);
  clock.advance(100);
  asked[0]!.done(null);
  clock.advance(899);
  assert.equal(asked.length, 1);
  clock.advance(1);
  assert.deepEqual(
    asked.map(({ at }) => at),
    [0, 1000],
  );
  assert.deepEqual(reports, [null]);
});

for (const [random, at] of [
  [0, 900],
  [0.999_999, 1100],
] as const) {
  test(`with ${random} drawn the next one comes after ${at} ms`, () => {
    const { clock, asked } = loop({ random });
    clock.advance(0);
    asked[0]!.done(null);
    clock.advance(at - 1);
    assert.equal(asked.length, 1);
    clock.advance(1);
    assert.equal(asked.length, 2);
  });
}

test("one that does not answer in time has failed and is ended; what it says later counts for nothing", () => {
  const { clock, asked, reports } = loop();
  clock.advance(0);
  clock.advance(199);
  assert.deepEqual(reports, []);
  clock.advance(1);
  assert.deepEqual(reports, ["timed out"]);
  assert.equal(asked[0]!.stopped, true);
  asked[0]!.done(null);
  assert.deepEqual(reports, ["timed out"]);
  clock.advance(800);
  assert.equal(asked.length, 2);
});

test("a probe that throws has failed, and the loop goes on", () => {
  const clock = new FakeClock();
  const reports: (string | null)[] = [];
  const around = { clock, slots: new ProbeSlots(1), random: () => 0.5 };
  const broken = () => {
    throw new Error("no");
  };
  new ProbeLoop(broken, { intervalMs: 1000, timeoutMs: 200 }, around, 0, (failure) => reports.push(failure));
  clock.advance(1000);
  assert.deepEqual(reports, ["cannot be asked", "cannot be asked"]);
});

test("probes beyond the places wait in turn", () => {
  const slots = new ProbeSlots(1);
  const clock = new FakeClock();
  const [one, two, three] = [loop({ slots, clock }), loop({ slots, clock }), loop({ slots, clock })];
  clock.advance(0);
  assert.deepEqual([one.asked.length, two.asked.length, three.asked.length], [1, 0, 0]);
  two.running.close();
  one.asked[0]!.done(null);
  assert.deepEqual([two.asked.length, three.asked.length], [0, 1]);
});

test("after the end no alarm is left, the probe under way is ended, and its place is free", () => {
  const { clock, asked, reports, running, slots } = loop();
  clock.advance(0);
  running.close();
  running.close();
  assert.equal(asked[0]!.stopped, true);
  assert.equal(clock.pending, 0);
  asked[0]!.done(null);
  assert.deepEqual(reports, []);
  let taken = 0;
  for (let i = 0; i < 2; i++) slots.take(() => taken++);
  assert.equal(taken, 1);
});

test("a probe the gateway lacked the means for is not reported, and asked again at the interval", () => {
  const { clock, asked, reports } = loop();
  clock.advance(0);
  asked[0]!.done(undefined);
  clock.advance(1000);
  asked[1]!.done(null);
  assert.deepEqual(reports, [null]);
});
