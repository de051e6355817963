// Who gets how much: every way of choosing against the distribution it promises, with seeded chance.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Lessons } from "../../../src/balancing/adaptive.ts";
import { CHANCES, randomIntOf } from "../../../src/balancing/random-int.ts";
import { WeightTable } from "../../../src/balancing/weight-table.ts";
import { BALANCERS } from "../../../src/catalog.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { chiSquare, counts, endpoint, endpoints, requestFrom, settings } from "../../support/endpoints.ts";

const ctx = requestFrom("127.0.0.1");
/** 0.999 quantiles of the chi-square distribution by degrees of freedom. */
const LIMITS = { 2: 13.8, 9: 27.9 };

test("round_robin goes in turn, and on from there when an endpoint is gone", () => {
  const all = ["a", "b", "c"].map((id) => endpoint(id));
  const balancer = BALANCERS.round_robin();
  const order = (some: readonly Endpoint[]) => {
    const picker = balancer.over(some);
    return Array.from({ length: 4 }, () => picker.pick(ctx, [])!.spec.id).join("");
  };
  assert.equal(order(all), "abca");
  assert.equal(order(all.slice(0, 2)), "baba");
});

test("round_robin gives one that warms up its share of turns", () => {
  const all = endpoints(10);
  all[3]!.state.share = 0.5;
  const picker = BALANCERS.round_robin().over(all);
  const got = counts(all, 19_000, () => picker.pick(ctx, []));
  assert.ok(Math.abs(got[3]! - 1000) < 100, `${got}`);
});

test("round_robin gives exact shares by weight, spread out", () => {
  const all = [endpoint("a", 5), endpoint("b", 1), endpoint("c", 1)];
  const picker = BALANCERS.round_robin().over(all);
  assert.equal(Array.from({ length: 7 }, () => picker.pick(ctx, [])!.spec.id).join(""), "aabacaa");
});

test("round_robin takes fifty light endpoints between the requests of a heavy one, never all in a row", () => {
  const all = [endpoint("heavy", 500), ...endpoints(50)];
  const picker = BALANCERS.round_robin().over(all);
  let row = 0;
  let longest = 0;
  const got = counts(all, 5500, () => {
    const chosen = picker.pick(ctx, []);
    row = chosen === all[0] ? 0 : row + 1;
    longest = Math.max(longest, row);
    return chosen;
  });
  assert.deepEqual(got, [5000, ...Array.from({ length: 50 }, () => 10)]);
  assert.ok(longest <= 2, `${longest} in a row`);
});

test("round_robin keeps the proportions of those that are left when the heaviest is excluded", () => {
  const all = [endpoint("a", 100), endpoint("b", 4), endpoint("c", 1)];
  const picker = BALANCERS.round_robin().over(all);
  const [, b, c] = counts(all, 1000, () => picker.pick(ctx, [all[0]!]));
  assert.ok(b! + c! === 1000 && Math.abs(c! - 200) < 40, `${b} and ${c}`);
});

test("round_robin keeps exact shares while its picker is replaced all the time", () => {
  const all = [endpoint("a", 5), endpoint("b", 1), endpoint("c", 1)];
  const balancer = BALANCERS.round_robin();
  assert.deepEqual(
    counts(all, 700, () => balancer.over(all).pick(ctx, [])),
    [500, 100, 100],
  );
});

test("random is uniform", () => {
  const all = endpoints(10);
  const picker = BALANCERS.random(settings()).over(all);
  assert.ok(
    chiSquare(
      counts(all, 10_000, () => picker.pick(ctx, [])),
      all.map(() => 1),
    ) < LIMITS[9],
  );
});

describe("weighted_random", () => {
  const weights = [5, 1, 3, 1, 7, 2, 2, 9, 4, 6];
  const all = weights.map((weight, i) => endpoint(`w${i}`, weight));
  const picker = BALANCERS.weighted_random(settings()).over(all);
  test("goes by weight", () => {
    assert.ok(
      chiSquare(
        counts(all, 40_000, () => picker.pick(ctx, [])),
        weights,
      ) < LIMITS[9],
    );
  });
  test("keeps the proportions of those that are left", () => {
    const some = all.slice(0, 3);
    assert.ok(
      chiSquare(
        counts(some, 9000, () => picker.pick(ctx, all.slice(3))),
        weights.slice(0, 3),
      ) < LIMITS[2],
    );
  });
});

test("a weight table draws each index in its own part of [0, 1)", () => {
  const table = new WeightTable([1, 2, 1]);
  assert.deepEqual(
    [0, 0.24, 0.25, 0.74, 0.75, 0.999].map((at) => table.draw(at * CHANCES)),
    [0, 0, 1, 1, 2, 2],
  );
});

/** Requests that begin one after the other and end in order, `concurrency` at a time. */
function underLoad(all: readonly Endpoint[], concurrency: number, picks: number, pick: () => Endpoint): number[] {
  const open: Endpoint[] = [];
  return counts(all, picks, () => {
    if (open.length === concurrency) open.shift()!.state.active--;
    const chosen = pick();
    chosen.state.active++;
    open.push(chosen);
    return chosen;
  });
}

describe("least_connections", () => {
  test("takes the one with the fewest under way, equal ones in turn", () => {
    const all = endpoints(3);
    all[1]!.state.active = 4;
    const picker = BALANCERS.least_connections(settings()).over(all);
    assert.deepEqual(
      counts(all, 100, () => picker.pick(ctx, [])),
      [50, 0, 50],
    );
  });
  for (const copies of [1, 5]) {
    test(`gives ${3 * copies} busy endpoints shares by weight`, () => {
      const weights = Array.from({ length: copies }, () => [1, 2, 3]).flat();
      const all = weights.map((weight, i) => endpoint(`l${i}`, weight));
      const picker = BALANCERS.least_connections(settings()).over(all);
      const got = underLoad(all, 600 * copies, 6000 * copies, () => picker.pick(ctx, [])!);
      for (const [i, count] of got.entries()) {
        const fair = 1000 * weights[i]!;
        assert.ok(Math.abs(count - fair) < 0.1 * fair, `${got}`);
      }
    });
  }
  test("of two drawn takes the less busy: a busy one among many is left alone", () => {
    const all = endpoints(100);
    all[0]!.state.active = 1000;
    const picker = BALANCERS.least_connections(settings()).over(all);
    assert.equal(counts(all, 5000, () => picker.pick(ctx, []))[0], 0);
  });
});

describe("response_time", () => {
  test("asks those first that have never been asked, once each", () => {
    const all = endpoints(4);
    all[0]!.state.observe(1, 0);
    const picker = BALANCERS.response_time(settings()).over(all);
    const first = underLoad(all, 4, 3, () => picker.pick(ctx, [])!);
    assert.deepEqual(first, [0, 1, 1, 1]);
    assert.equal(picker.pick(ctx, []), all[0]);
  });
  test("prefers the quick one until it is busier than it is quicker", () => {
    const all = endpoints(2);
    all[0]!.state.observe(10, 0);
    all[1]!.state.observe(40, 0);
    const picker = BALANCERS.response_time(settings()).over(all);
    const [quick, slow] = underLoad(all, 20, 2000, () => picker.pick(ctx, [])!);
    assert.ok(quick! > 3 * slow! && slow! > 300, `${quick} against ${slow}`);
  });
  test("asks a slow one again now and then, so that it can show that it is quick now", () => {
    const all = endpoints(2);
    all[0]!.state.observe(1, 0);
    all[1]!.state.observe(100_000, 0);
    const picker = BALANCERS.response_time(settings()).over(all);
    assert.deepEqual(
      counts(all, 1280, () => picker.pick(ctx, [])),
      [1270, 10],
    );
  });
});

describe("adaptive", () => {
  test("begins with a third for each way", () => {
    const lessons = new Lessons(3);
    const chance = randomIntOf(1);
    const got = [0, 0, 0];
    for (let i = 0; i < 9000; i++) got[lessons.choose(chance())]!++;
    assert.ok(chiSquare(got, [1, 1, 1]) < LIMITS[2], `${got}`);
  });
  test("takes the way more often that succeeds more often, and gives up none", () => {
    const lessons = new Lessons(3);
    for (let i = 0; i < 100; i++) lessons.note(i % 3, i % 3 !== 0 || i % 2 === 0, 10);
    assert.ok(lessons.parts[0]! < 0.2 && lessons.parts[0]! >= 0.04, `${lessons.parts}`);
    assert.ok(Math.abs(lessons.parts[1]! - lessons.parts[2]!) < 1e-9);
  });
  test("takes the way more often whose endpoints answer sooner", () => {
    const lessons = new Lessons(3);
    for (let i = 0; i < 100; i++) lessons.note(i % 3, true, i % 3 === 2 ? 5 : 50);
    assert.ok(lessons.parts[2]! > 1.5 * lessons.parts[0]!, `${lessons.parts}`);
  });
  test("learns only after a hundred results, and adds up to one", () => {
    const lessons = new Lessons(3);
    for (let i = 0; i < 99; i++) lessons.note(0, false, 1);
    assert.equal(lessons.parts[0], 1 / 3);
    lessons.note(0, false, 1);
    assert.ok(lessons.parts[0]! < 0.06 && Math.abs(lessons.parts.reduce((a, b) => a + b) - 1) < 1e-9);
  });
  test("a result counts for the way that picked, also when the picker has been replaced", () => {
    const all = endpoints(2);
    const at = { next: 0.34 * CHANCES };
    const balancer = BALANCERS.adaptive(settings({ randomInt: () => at.next }));
    const before = balancer.over(all);
    for (let i = 0; i < 100; i++) {
      const request = requestFrom("127.0.0.1");
      const chosen = before.pick(request, [])!;
      assert.equal(request.pickedBy, 2);
      balancer.over(all).observe!(request, chosen, false, 1);
    }
    // The second way has failed: its part, the middle third, now belongs to the first.
    const request = requestFrom("127.0.0.1");
    balancer.over(all).pick(request, []);
    assert.equal(request.pickedBy, 1);
  });
});
