// Who is ejected, for how long, and how many at once.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EndpointState } from "../../../src/core/endpoint-state.ts";
import { findOutliers } from "../../../src/resilience/outlier-compare.ts";
import { OutlierDetector } from "../../../src/resilience/outlier-detector.ts";
import { ejectionMs, mayEject, type OutlierSettings } from "../../../src/resilience/outlier-settings.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const SETTINGS: OutlierSettings = {
  consecutiveFailures: 5,
  intervalMs: 10_000,
  ejectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedShare: 0.5,
  minRequests: 100,
  successRateFactor: 1.9,
  latencyFactor: 0,
};

function watched(count: number, more: Partial<OutlierSettings> = {}) {
  const clock = new FakeClock();
  const events: string[] = [];
  const log = {
    ejected: (id: string, reason: string, ms: number) => events.push(`${id} ${reason} ${ms}`),
    returned: (id: string) => events.push(`${id} returned`),
  };
  const detector = new OutlierDetector("web", clock, log);
  const states = Array.from({ length: count }, () => new EndpointState());
  const settings = { ...SETTINGS, ...more };
  const candidates = states.map((state, i) => ({ id: String(i), state, listed: true }));
  detector.follow(candidates, settings);
  const fail = (i: number, times = 5) => {
    for (let n = 0; n < times; n++) states[i]!.failed("upstream_reset", "closed");
  };
  const succeed = (i: number, times: number, ms = 10) => {
    for (let n = 0; n < times; n++) states[i]!.succeeded(ms);
  };
  const out = () => states.flatMap((state, i) => (state.obstacles.has("ejected") ? [i] : []));
  return { clock, detector, states, candidates, settings, events, fail, succeed, out };
}

describe("failures in a row", () => {
  test("eject at once, and a success between begins the count anew", () => {
    const { fail, succeed, out } = watched(4);
    fail(0, 4);
    succeed(0, 1);
    fail(0, 4);
    assert.deepEqual(out(), []);
    fail(0, 1);
    assert.deepEqual(out(), [0]);
  });

  test("keep it out longer each time, up to the longest, and less again once it behaves", () => {
    const { clock, fail, out, events } = watched(2, { intervalMs: 2 ** 30 });
    const times: number[] = [];
    for (let i = 0; i < 6; i++) {
      fail(0);
      const ms = Number(events.at(-1)!.split(" ")[2]);
      times.push(ms);
      clock.advance(ms - 1);
      assert.deepEqual(out(), [0]);
      clock.advance(1);
      assert.deepEqual(out(), []);
    }
    assert.deepEqual(times, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  test("count for less after each whole interval without an ejection", () => {
    const { clock, fail, events } = watched(2);
    for (let i = 0; i < 3; i++) {
      fail(0);
      clock.advance(Number(events.at(-1)!.split(" ")[2]));
    }
    clock.advance(31_000);
    fail(0);
    assert.equal(events.at(-1), "0 consecutive_failures 30000");
  });

  test("are not counted where the limit is 0", () => {
    const { fail, out } = watched(2, { consecutiveFailures: 0 });
    fail(0, 1000);
    assert.deepEqual(out(), []);
  });
});

describe("never too many at once", () => {
  for (const [total, share, most] of [
    [1, 1, 0],
    [2, 0.5, 1],
    [2, 0.1, 1],
    [2, 0, 0],
    [2, 1, 1],
    [4, 0.5, 2],
    [5, 0.5, 2],
    [10, 0.1, 1],
    [10, 0.35, 3],
    [10, 1, 9],
  ] as const) {
    test(`of ${total} at a share of ${share}: ${most}`, () => {
      const { fail, out } = watched(total, { maxEjectedShare: share });
      for (let i = 0; i < total; i++) fail(i);
      assert.equal(out().length, most);
    });
  }

  test("not the last one that takes traffic, whatever keeps the others from it", () => {
    const { states, fail, out } = watched(4, { maxEjectedShare: 1 });
    states[1]!.block("failing");
    states[2]!.block("draining");
    states[3]!.block("down");
    fail(0);
    assert.deepEqual(out(), []);
  });

  test("and those that are out come back when the last one left fails its check", () => {
    const { states, fail, out } = watched(2);
    fail(0);
    states[1]!.block("failing");
    assert.deepEqual(out(), []);
    assert.equal(states[0]!.fit, true);
  });
});

describe("against its peers", () => {
  test("the success rate that is too far below is ejected at the next comparison", () => {
    const { clock, succeed, fail, out, events } = watched(3, { consecutiveFailures: 0 });
    succeed(0, 200);
    succeed(1, 200);
    succeed(2, 150);
    fail(2, 50);
    clock.advance(9_999);
    assert.deepEqual(out(), []);
    clock.advance(1);
    assert.deepEqual(out(), [2]);
    assert.match(events[0]!, /^2 success_rate/);
  });

  test("nobody is compared who had too few requests", () => {
    const { clock, succeed, fail, out } = watched(3, { consecutiveFailures: 0 });
    succeed(0, 200);
    succeed(1, 200);
    fail(2, 99);
    clock.advance(10_000);
    assert.deepEqual(out(), []);
  });

  test("what was counted in an interval does not count in the next", () => {
    const { clock, succeed, fail, out } = watched(2, { consecutiveFailures: 0 });
    succeed(0, 100);
    fail(1, 60);
    clock.advance(10_000);
    succeed(0, 100);
    fail(1, 60);
    clock.advance(10_000);
    assert.deepEqual(out(), []);
  });

  const tally = (ok: number, bad: number, ms = ok * 10) => ({ ok, bad, ms });
  const reasons = (all: { ok: number; bad: number; ms: number }[], more: Partial<OutlierSettings> = {}) =>
    findOutliers(all, { ...SETTINGS, ...more }).map(({ who, reason }) => `${all.indexOf(who)} ${reason}`);

  test("all alike, nobody", () => assert.deepEqual(reasons([tally(90, 10), tally(90, 10), tally(90, 10)]), []));
  test("all equally bad, nobody", () => assert.deepEqual(reasons([tally(0, 100), tally(0, 100)]), []));
  test("a small difference, nobody", () => assert.deepEqual(reasons([tally(100, 0), tally(100, 0), tally(95, 5)]), []));
  test("wide spread among peers excuses", () =>
    assert.deepEqual(reasons([tally(100, 0), tally(60, 40), tally(55, 45)]), []));
  test("alone, nobody", () => assert.deepEqual(reasons([tally(0, 100)]), []));
  test("the worst comes first", () =>
    assert.deepEqual(reasons([tally(100, 0), tally(50, 50), tally(100, 0), tally(0, 100), tally(100, 0)]).slice(0, 1), [
      "3 success_rate",
    ]));
  test("a factor of 0 compares no success rates", () =>
    assert.deepEqual(reasons([tally(100, 0), tally(0, 100)], { successRateFactor: 0 }), []));
  test("latency counts when it is asked for", () => {
    const slow = [tally(100, 0, 1000), tally(100, 0, 1000), tally(100, 0, 5000)];
    assert.deepEqual(reasons(slow), []);
    assert.deepEqual(reasons(slow, { latencyFactor: 3 }), ["2 latency"]);
    assert.deepEqual(reasons(slow, { latencyFactor: 6 }), []);
  });
  test("below a few milliseconds latency says nothing", () =>
    assert.deepEqual(reasons([tally(100, 0, 10), tally(100, 0, 10), tally(100, 0, 200)], { latencyFactor: 2 }), []));
});

describe("across reloads", () => {
  test("who is out stays out, and the count goes on, by the state of the endpoint", () => {
    const { detector, states, fail, out, clock, settings, events } = watched(3);
    fail(0);
    fail(1, 4);
    const again = states.map((state, i) => ({ id: String(i), state, listed: true }));
    detector.follow(again, { ...settings, maxEjectedShare: 0.9 });
    assert.deepEqual(out(), [0]);
    fail(1, 1);
    assert.deepEqual(out(), [0, 1]);
    clock.advance(30_000);
    assert.deepEqual(out(), []);
    assert.equal(events.filter((e) => e.endsWith("returned")).length, 2);
  });

  test("an endpoint that is gone is watched no more", () => {
    const { detector, states, candidates, settings, fail } = watched(3);
    fail(0);
    detector.follow(candidates.slice(1), settings);
    assert.equal(states[0]!.watcher, null);
    assert.equal(states[0]!.fit, true);
  });

  test("after the end nobody is out and no alarm is set", () => {
    const { detector, clock, states, fail, out } = watched(3);
    fail(0);
    detector.close();
    assert.deepEqual(out(), []);
    assert.equal(clock.pending, 0);
    assert.ok(states.every(({ watcher }) => watcher === null));
  });

  test("one alarm serves a service, however many are out", () => {
    const { clock, fail } = watched(10);
    for (let i = 0; i < 5; i++) fail(i);
    assert.equal(clock.pending, 1);
  });

  test("ejections are counted by reason", () => {
    const { detector, fail } = watched(4);
    fail(0);
    fail(1);
    assert.deepEqual([...detector.ejections], [["consecutive_failures", 2]]);
  });
});

test("the arithmetic of shares and times has no surprises at its ends", () => {
  assert.equal(ejectionMs(SETTINGS, 1), 30_000);
  assert.equal(ejectionMs(SETTINGS, 2000), 300_000);
  assert.equal(mayEject(SETTINGS, 0, 0), false);
  assert.equal(mayEject({ ...SETTINGS, maxEjectedShare: 1 }, 3, 2), true);
});
