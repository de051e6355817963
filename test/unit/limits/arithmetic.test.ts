// The arithmetic of limits against slow references: whole logs of requests, fractions of big integers, random schedules.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { leakyBucket, tokenBucket } from "../../../src/limits/bucket.ts";
import type { Arithmetic, Decision, Limit, LimitAlgorithm } from "../../../src/limits/limit.ts";
import { slidingWindow } from "../../../src/limits/sliding-window.ts";
import { between, randomFrom } from "../../support/schedule.ts";

const SCHEDULES = 300;
const REQUESTS = 120;
/** About now, in µs: where doubles still count each one. */
const START = 1_800_000_000_000_000;

interface Asked {
  readonly at: number;
  readonly cost: number;
}

function limitOf(algorithm: LimitAlgorithm, random: () => number): Limit {
  const rate = between(random, 1, random() < 0.5 ? 7 : 500);
  const periodMs = [1, 70, 1000, 60_000, 86_400_000][between(random, 0, 4)]!;
  return { id: "a", algorithm, rate, periodMs, burst: between(random, 1, 2 * rate), keepMs: 0 };
}

/** Requests in bursts and gaps of about what the limit admits. */
function schedule(limit: Limit, random: () => number): Asked[] {
  let at = START;
  const gap = (limit.periodMs * 1000) / limit.rate;
  return Array.from({ length: REQUESTS }, () => {
    if (random() < 0.6) at += Math.floor(random() * gap * 3);
    else if (random() < 0.1) at += Math.floor(limit.periodMs * 1000 * random() * 2);
    return { at, cost: random() < 0.8 ? 1 : between(random, 1, Math.min(3, limit.rate, limit.burst)) };
  });
}

function runAll<S>(
  algorithm: LimitAlgorithm,
  arithmetic: Arithmetic<S>,
  check: (limit: Limit, asked: readonly Asked[], take: (a: Asked) => Decision, seed: number) => void,
): void {
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const random = randomFrom(seed);
    const limit = limitOf(algorithm, random);
    const state = arithmetic.fresh(START);
    check(limit, schedule(limit, random), (a) => arithmetic.take(limit, state, a.at, a.cost), seed);
  }
}

/** Tokens that are missing, as numerator over the period in µs, from the whole history. */
function missing(limit: Limit, passed: readonly Asked[], now: number): bigint {
  const unit = BigInt(limit.periodMs) * 1000n;
  let debt = 0n;
  let at = BigInt(START);
  for (const p of [...passed, { at: now, cost: 0 }]) {
    debt -= (BigInt(p.at) - at) * BigInt(limit.rate);
    if (debt < 0n) debt = 0n;
    at = BigInt(p.at);
    debt += BigInt(p.cost) * unit;
  }
  return debt;
}

describe("token bucket", () => {
  test("decides as fractions of big integers over the whole history do", () => {
    let refused = 0;
    runAll("token_bucket", tokenBucket, (limit, asked, take, seed) => {
      const unit = BigInt(limit.periodMs) * 1000n;
      const room = BigInt(limit.burst) * unit;
      const passed: Asked[] = [];
      for (const a of asked) {
        const before = missing(limit, passed, a.at);
        const fits = before + BigInt(a.cost) * unit <= room;
        const decision = take(a);
        assert.equal(decision.allowed, fits, `seed ${seed} at ${a.at}`);
        if (fits) passed.push(a);
        else refused++;
        const owed = missing(limit, passed, a.at);
        assert.equal(BigInt(decision.remaining), (room - owed) / unit);
        assert.equal(Math.round(decision.resetMs * 1000), ceilDiv(owed, limit.rate));
        assert.equal(
          Math.round(decision.retryMs * 1000),
          fits ? 0 : ceilDiv(before + BigInt(a.cost) * unit - room, limit.rate),
        );
      }
    });
    assert.ok(refused > 1000, `only ${refused} refused`);
  });

  test("at rate 5 and burst 10, ten pass at once, the eleventh is refused, and one more passes 200 ms later", () => {
    const limit: Limit = { id: "a", algorithm: "token_bucket", rate: 5, periodMs: 1000, burst: 10, keepMs: 0 };
    const state = tokenBucket.fresh(START);
    const at = (ms: number) => tokenBucket.take(limit, state, START + ms * 1000, 1);
    for (let i = 9; i >= 0; i--) assert.equal(at(0).remaining, i);
    assert.deepEqual(at(0), {
      allowed: false,
      remaining: 0,
      resetMs: 2000,
      retryMs: 200,
      waitMs: 0,
      degraded: null,
    });
    assert.equal(at(199.999).allowed, false);
    assert.equal(at(200).allowed, true);
    assert.equal(at(200).allowed, false);
  });
});

describe("leaky bucket", () => {
  test("lets requests leave one interval apart, in order of arrival, and never more than burst wait", () => {
    let refused = 0;
    runAll("leaky_bucket", leakyBucket, (limit, asked, take, seed) => {
      const interval = (limit.periodMs * 1000) / limit.rate;
      const leaving: { at: number; cost: number }[] = [];
      for (const a of asked) {
        const decision = take(a);
        const waiting = leaving.filter((l) => l.at > a.at).length;
        if (!decision.allowed) {
          refused++;
          assert.equal(decision.waitMs, 0);
          continue;
        }
        const leaves = a.at + decision.waitMs * 1000;
        const previous = leaving.at(-1);
        const earliest = previous === undefined ? a.at : Math.max(a.at, previous.at + previous.cost * interval);
        // Each wait is rounded up to a whole µs by itself.
        assert.ok(Math.abs(leaves - earliest) <= 2, `seed ${seed}: leaves at ${leaves}, not ${earliest}`);
        if (decision.waitMs > 0) assert.ok(waiting + 1 <= limit.burst, `seed ${seed}: ${waiting} wait before`);
        leaving.push({ at: leaves, cost: a.cost });
      }
    });
    assert.ok(refused > 1000, `only ${refused} refused`);
  });

  test("one leaves at once, burst wait their turn, and the next is told when there is room", () => {
    const limit: Limit = { id: "a", algorithm: "leaky_bucket", rate: 10, periodMs: 1000, burst: 2, keepMs: 0 };
    const state = leakyBucket.fresh(START);
    const take = (ms: number) => leakyBucket.take(limit, state, START + ms * 1000, 1);
    assert.deepEqual(
      [take(0), take(0), take(0)].map((d) => d.waitMs),
      [0, 100, 200],
    );
    const refused = take(50);
    assert.equal(refused.allowed, false);
    assert.equal(refused.retryMs, 50);
    assert.equal(take(100).waitMs, 200);
  });

  test("without a burst nobody waits", () => {
    const limit: Limit = { id: "a", algorithm: "leaky_bucket", rate: 1, periodMs: 1000, burst: 0, keepMs: 0 };
    const state = leakyBucket.fresh(START);
    assert.equal(leakyBucket.take(limit, state, START, 1).allowed, true);
    assert.equal(leakyBucket.take(limit, state, START + 999_999, 1).allowed, false);
    assert.equal(leakyBucket.take(limit, state, START + 1_000_000, 1).waitMs, 0);
  });
});

describe("sliding window", () => {
  test("no window holds more than the rate, and nobody is refused who would fit 1/64 of a period later", () => {
    let refused = 0;
    runAll("sliding_window", slidingWindow, (limit, asked, take, seed) => {
      const period = limit.periodMs * 1000;
      const width = Math.ceil(period / 64);
      const passed: Asked[] = [];
      const within = (now: number, span: number) =>
        passed.filter((p) => p.at > now - span).reduce((sum, p) => sum + p.cost, 0);
      for (const a of asked) {
        const decision = take(a);
        if (decision.allowed) passed.push(a);
        else {
          refused++;
          assert.ok(within(a.at, period + width) + a.cost > limit.rate, `seed ${seed} at ${a.at}: refused in vain`);
        }
        assert.ok(within(a.at, period) <= limit.rate, `seed ${seed} at ${a.at}: too many`);
      }
    });
    assert.ok(refused > 1000, `only ${refused} refused`);
  });

  test("requests of one moment, and lone ones, leave the window exactly a period later", () => {
    const limit: Limit = { id: "a", algorithm: "sliding_window", rate: 3, periodMs: 1000, burst: 99, keepMs: 0 };
    const groups = slidingWindow.fresh(START);
    const take = (ms: number) => slidingWindow.take(limit, groups, START + ms * 1000, 1).allowed;
    assert.deepEqual([take(0), take(0), take(400), take(400)], [true, true, true, false]);
    assert.deepEqual([take(999.999), take(1000), take(1000), take(1000)], [false, true, true, false]);
    assert.deepEqual([take(1399.999), take(1400)], [false, true]);
  });

  test("a thousand requests per key take no more than 66 groups", () => {
    const limit: Limit = { id: "a", algorithm: "sliding_window", rate: 1_000_000, periodMs: 1000, burst: 1, keepMs: 0 };
    const groups = slidingWindow.fresh(START);
    let most = 0;
    for (let i = 0; i < 20_000; i++) {
      slidingWindow.take(limit, groups, START + i * 137, 1);
      most = Math.max(most, groups.length / 3);
    }
    assert.ok(most >= 60 && most <= 66, `${most} groups`);
  });
});

for (const [algorithm, arithmetic] of [
  ["token_bucket", tokenBucket],
  ["leaky_bucket", leakyBucket],
  ["sliding_window", slidingWindow],
] as const) {
  const erased = arithmetic as Arithmetic<unknown>;
  describe(algorithm, () => {
    test("whoever is told to retry passes then, and not a µs earlier", () => {
      runAll(algorithm, erased, (limit, asked, take) => {
        for (const a of asked) {
          const decision = take(a);
          if (decision.allowed) continue;
          const retryUs = Math.round(decision.retryMs * 1000);
          assert.ok(retryUs > 0);
          const early = take({ at: a.at + retryUs - 1, cost: a.cost });
          assert.equal(early.allowed, false);
          assert.equal(take({ at: a.at + retryUs, cost: a.cost }).allowed, true, JSON.stringify(limit));
          return;
        }
      });
    });

    test("after the reset the state is as good as fresh", () => {
      for (let seed = 1; seed <= SCHEDULES; seed++) {
        const random = randomFrom(seed);
        const limit = limitOf(algorithm, random);
        const state = erased.fresh(START);
        for (const { at, cost } of schedule(limit, random)) {
          const resetUs = Math.round(erased.take(limit, state, at, cost).resetMs * 1000);
          assert.equal(erased.idle(limit, state, at + resetUs), true);
          if (resetUs > 0) assert.equal(erased.idle(limit, state, at + resetUs - 1), false);
        }
      }
    });

    test("what is given back at once can be taken again", () => {
      const limit: Limit = { id: "a", algorithm, rate: 3, periodMs: 1000, burst: 3, keepMs: 0 };
      const state = erased.fresh(START);
      for (let i = 0; i < 50; i++) {
        assert.equal(erased.take(limit, state, START + i, 2).allowed, true, `round ${i}`);
        erased.giveBack(limit, state, 2);
      }
    });

    test("a clock that steps back makes nothing looser", () => {
      const limit: Limit = { id: "a", algorithm, rate: 2, periodMs: 1000, burst: 2, keepMs: 0 };
      const state = erased.fresh(START);
      while (erased.take(limit, state, START, 1).allowed);
      assert.equal(erased.take(limit, state, START - 60_000_000, 1).allowed, false);
      assert.equal(erased.take(limit, state, START + 499_999, 1).allowed, false);
    });
  });
}

function ceilDiv(a: bigint, b: number): number {
  const d = BigInt(b);
  return Number((a + d - 1n) / d);
}
