// When certificates are renewed and looked at, and how long gateways wait after failures.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACME_TIMES, lookEveryMs, renewAt, waitMs } from "../../../src/acme/renewal.ts";

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const from = Date.UTC(2026, 0, 1);
const lasting = (ms: number) => ({ from, to: from + ms });

describe("renewal", () => {
  for (const [life, ms] of [
    ["120 s", 120 * SECOND],
    ["6 days", 6 * DAY],
    ["90 days", 90 * DAY],
  ] as const) {
    test(`begins when one third of ${life} is left, and a sixtieth later at most`, () => {
      assert.equal(renewAt(lasting(ms), 0) - from, (2 * ms) / 3);
      const latest = renewAt(lasting(ms), 0.999) - from;
      assert.ok(latest > (2 * ms) / 3 && latest < (2 * ms) / 3 + ms / 60);
    });
  }
});

test("the store is looked at a hundred times in a lifetime, every second at most and every hour at least", () => {
  assert.equal(lookEveryMs(null), 10 * SECOND);
  assert.equal(lookEveryMs(lasting(10 * SECOND)), SECOND);
  assert.equal(lookEveryMs(lasting(120 * SECOND)), 1200);
  assert.equal(lookEveryMs(lasting(90 * DAY)), 3600 * SECOND);
});

describe("the wait after failures", () => {
  const failed = { count: 1, passes: false, another: false, retryAfterMs: 0 };
  const wait = (more: Partial<typeof failed>, life: number | null = null, random = 0.5) =>
    waitMs({ ...failed, ...more }, life === null ? null : lasting(life), ACME_TIMES, random);

  test("doubles from a minute to an hour when the authority says no", () => {
    const waits = [1, 2, 3, 6, 7, 50].map((count) => wait({ count }) / SECOND);
    assert.deepEqual(waits, [60, 120, 240, 1920, 3600, 3600]);
  });
  test("doubles from two seconds when there was no answer", () => {
    assert.deepEqual(
      [1, 2, 3].map((count) => wait({ count, passes: true }) / SECOND),
      [2, 4, 8],
    );
  });
  test("is short when another kind of challenge is left to try", () => {
    assert.equal(wait({ count: 7, another: true }), 2 * SECOND);
  });
  test("is that which the authority asks for, a week at most", () => {
    assert.equal(wait({ retryAfterMs: 7200 * SECOND }), 7200 * SECOND);
    assert.equal(wait({ retryAfterMs: 1 }), 60 * SECOND);
    assert.equal(wait({ retryAfterMs: 365 * DAY }), 7 * DAY);
  });
  test("of a certificate that lives for two minutes is a twentieth of them", () => {
    assert.equal(wait({ count: 9 }, 120 * SECOND), 6 * SECOND);
  });
  test("differs between gateways by a fifth", () => {
    assert.deepEqual([wait({}, null, 0), wait({}, null, 1)], [48 * SECOND, 72 * SECOND]);
  });
});
