// Groups, zones, overflow, panic: which endpoints a balancer gets to choose from.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EndpointGroups, type SpreadRule } from "../../../src/balancing/endpoint-groups.ts";
import { randomIntOf } from "../../../src/balancing/random-int.ts";
import { BALANCERS, type BalancerName } from "../../../src/catalog.ts";
import type { Breaker } from "../../../src/core/breaker.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { counts, endpoint, requestFrom, settings } from "../../support/endpoints.ts";

const RULE: SpreadRule = { zone: "", panicShare: 0, overflow: true };
const PICKS = 10_000;

function spreadOf(rule: Partial<SpreadRule> = {}, kind: BalancerName = "round_robin"): EndpointGroups {
  return new EndpointGroups(() => BALANCERS[kind](settings()), { ...RULE, ...rule }, randomIntOf(7));
}

/** Part of many clients' requests that each endpoint gets. */
function parts(all: readonly Endpoint[], spread: EndpointGroups): number[] {
  const picker = spread.over(all);
  return counts(all, PICKS, (n) => picker.pick(requestFrom(`10.0.${n >> 8}.${n & 255}`), [])).map((c) => c / PICKS);
}

function near(got: readonly number[], expected: readonly number[], within = 0.02): void {
  for (const [i, part] of expected.entries()) assert.ok(Math.abs(got[i]! - part) < within, `${got} for ${expected}`);
}

function group(size: number, priority: number, zone = ""): Endpoint[] {
  return Array.from({ length: size }, (_, i) => endpoint(`${zone}${priority}-${i}`, 1, { priority, zone }));
}

function fail(all: readonly Endpoint[]): void {
  for (const { state } of all) state.block("failing");
}

describe("priorities", () => {
  test("the first takes everything while it has enough fit endpoints", () => {
    const all = [...group(4, 0), ...group(2, 1)];
    fail(all.slice(0, 1)); // three of four, times 1.4, is more than the whole
    near(parts(all, spreadOf()), [0, 1 / 3, 1 / 3, 1 / 3, 0, 0], 0.001);
  });
  test("what it cannot carry goes to the next, in proportion", () => {
    const all = [...group(4, 0), ...group(2, 1)];
    fail(all.slice(0, 2)); // half of them carry 70 %
    near(parts(all, spreadOf()), [0, 0, 0.35, 0.35, 0.15, 0.15]);
  });
  test("too few in all groups share everything", () => {
    const all = [...group(4, 0), ...group(4, 1)];
    fail([...all.slice(0, 3), ...all.slice(4, 7)]); // 35 % each
    near(parts(all, spreadOf()), [0, 0, 0, 0.5, 0, 0, 0, 0.5]);
  });
  test("a group that is gone altogether is passed over", () => {
    const all = [...group(2, 0), ...group(2, 5)];
    fail(all.slice(0, 2));
    near(parts(all, spreadOf()), [0, 0, 0.5, 0.5], 0.001);
  });
  test("without overflow the next group waits until none is left", () => {
    const all = [...group(4, 0), ...group(2, 1)];
    fail(all.slice(0, 3));
    near(parts(all, spreadOf({ overflow: false })), [0, 0, 0, 1, 0, 0], 0.001);
    fail(all.slice(3, 4));
    near(parts(all, spreadOf({ overflow: false })), [0, 0, 0, 0, 0.5, 0.5], 0.001);
  });
  test("a request that has tried all of the first group goes to the next", () => {
    const all = [...group(2, 0), ...group(2, 1)];
    const picker = spreadOf().over(all);
    assert.ok(all.slice(2).includes(picker.pick(requestFrom("10.0.0.1"), all.slice(0, 2))!));
    assert.equal(picker.pick(requestFrom("10.0.0.1"), all), null);
  });
});

describe("zones", () => {
  const zoned = () => [...group(2, 0, "east"), ...group(2, 0, "west"), ...group(2, 0)];
  test("the own zone comes first", () =>
    near(parts(zoned(), spreadOf({ zone: "west" })), [0, 0, 0.5, 0.5, 0, 0], 0.001));
  test("without a zone of its own a gateway prefers nobody", () =>
    near(parts(zoned(), spreadOf()), Array(6).fill(1 / 6)));
  test("a zone without endpoints changes nothing", () => {
    near(parts(zoned(), spreadOf({ zone: "north" })), Array(6).fill(1 / 6));
  });
  test("what the own zone cannot carry goes to the others", () => {
    const all = zoned();
    fail(all.slice(2, 3));
    near(parts(all, spreadOf({ zone: "west" })), [0.075, 0.075, 0, 0.7, 0.075, 0.075]);
  });
  test("another zone comes before the next priority", () => {
    const all = [...group(1, 0, "east"), ...group(1, 0, "west"), ...group(1, 1, "west")];
    fail(all.slice(1, 2));
    near(parts(all, spreadOf({ zone: "west" })), [1, 0, 0], 0.001);
  });
});

describe("kinds that keep clients together", () => {
  for (const kind of ["consistent_hash", "ip_hash"] as const) {
    test(`${kind} uses the first group that has enough, undivided`, () => {
      const all = [...group(4, 0), ...group(4, 1)];
      fail(all.slice(0, 2));
      const got = parts(all, spreadOf({}, kind));
      assert.ok(got.slice(0, 4).every((part) => part === 0) && got.slice(4).every((part) => part > 0.1), `${got}`);
      fail(all.slice(4, 7));
      near(parts(all, spreadOf({}, kind)), [0, 0, 1 / 3, 1 / 3, 0, 0, 0, 1 / 3], 0.09);
    });
  }
  test("sticky_session keeps a client where it is although its group is no longer preferred", () => {
    const all = [...group(1, 0), ...group(1, 1)];
    const spread = spreadOf({}, "sticky_session");
    const client = requestFrom("10.0.0.1", ["X-Session-Id", "s"]);
    fail(all.slice(0, 1));
    assert.equal(spread.over(all).pick(client, []), all[1]);
    all[0]!.state.clear("failing");
    const picker = spread.over(all);
    assert.equal(picker.pick(client, []), all[1]);
    assert.equal(picker.pick(requestFrom("10.0.0.1", ["X-Session-Id", "new"]), []), all[0]);
  });
});

describe("panic", () => {
  test("with too few fit endpoints all are used but those that registry or operator took out", () => {
    const all = [...group(8, 0), endpoint("sick", 1, { healthy: false }), endpoint("idle", 0)];
    all[1]!.state.block("draining");
    all[2]!.state.block("down");
    all[3]!.state.block("ejected");
    all[4]!.state.block("unproven");
    fail(all.slice(5, 7));
    const spread = spreadOf({ panicShare: 0.5 });
    near(parts(all, spread), [1 / 6, 0, 0, ...Array(5).fill(1 / 6), 0, 0], 0.001);
  });
  test("begins below the threshold, not at it, and never without one", () => {
    const all = group(4, 0);
    fail(all.slice(0, 2));
    near(parts(all, spreadOf({ panicShare: 0.5 })), [0, 0, 0.5, 0.5], 0.001);
    fail(all.slice(2, 3));
    near(parts(all, spreadOf({ panicShare: 0.5 })), Array(4).fill(0.25), 0.001);
    near(parts(all, spreadOf()), [0, 0, 0, 1], 0.001);
  });
  test("serves although no endpoint is fit", () => {
    const all = group(2, 0);
    fail(all);
    near(parts(all, spreadOf({ panicShare: 0.1 })), [0.5, 0.5], 0.001);
    assert.equal(spreadOf().over(all).pick(requestFrom("10.0.0.1"), []), null);
  });
  test("does not use what has an open circuit", () => {
    const open = { state: "open" } as Breaker;
    const all = [...group(2, 0), { ...endpoint("broken"), breaker: open }];
    fail(all.slice(0, 1));
    near(parts(all, spreadOf({ panicShare: 0.9 })), [0.5, 0.5, 0], 0.001);
  });
});

test("results are told to the balancer of the group they belong to", () => {
  const told: string[] = [];
  const spread = new EndpointGroups(
    () => ({
      over: (some) => ({
        pick: () => some[0] ?? null,
        observe: (_ctx, of) => told.push(`${some[0]!.spec.id}:${of.spec.id}`),
      }),
    }),
    RULE,
    randomIntOf(1),
  );
  const all = [...group(1, 0), ...group(1, 1)];
  const picker = spread.over(all);
  picker.observe!(requestFrom(""), all[1]!, true, 1);
  picker.observe!(requestFrom(""), endpoint("stranger"), true, 1);
  assert.deepEqual(told, ["1-0:1-0"]);
});

test("five of seven are just enough", () => {
  const all = [...group(7, 0), ...group(1, 1)];
  fail(all.slice(0, 2));
  assert.equal(parts(all, spreadOf())[7], 0);
});
