// What every balancer promises, run on each kind of the catalog.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BALANCERS } from "../../src/catalog.ts";
import { RequestContext } from "../../src/core/context.ts";
import { EndpointState } from "../../src/core/endpoint-state.ts";
import { Nobody } from "../../src/core/nobody.ts";
import type { Endpoint } from "../../src/core/service.ts";
import { ForwardedPeer } from "../../src/wire/forwarded.ts";

const ctx = new RequestContext(new Nobody(), new ForwardedPeer("127.0.0.1", "http"), "GET", "/", [], "1.1", false, 0);

function endpoint(id: string, weight = 1): Endpoint {
  const spec = {
    id,
    address: "127.0.0.1",
    port: 1,
    scheme: "http",
    grpc: false,
    http2: false,
    grpcPort: 1,
    weight,
    healthy: true,
    priority: 0,
    zone: "",
    tags: [],
    metadata: {},
  } as const;
  const connector = { send: () => assert.fail("a picker sends nothing") };
  return { spec, connector, state: new EndpointState(), breaker: null, meter: null };
}

function counts(endpoints: readonly Endpoint[], picks: number, pick: () => Endpoint | null): number[] {
  const seen = new Map<Endpoint | null, number>();
  for (let i = 0; i < picks; i++) {
    const chosen = pick();
    seen.set(chosen, (seen.get(chosen) ?? 0) + 1);
  }
  return endpoints.map((e) => seen.get(e) ?? 0);
}

for (const [name, make] of Object.entries(BALANCERS)) {
  describe(name, () => {
    test("picks nothing from nothing", () => {
      assert.equal(make().over([]).pick(ctx, []), null);
    });

    test("picks the only endpoint every time", () => {
      const [only] = [endpoint("a")];
      const picker = make().over([only!]);
      for (let i = 0; i < 5; i++) assert.equal(picker.pick(ctx, []), only);
    });

    test("gives equal endpoints equal shares", () => {
      const all = ["a", "b", "c"].map((id) => endpoint(id));
      const picker = make().over(all);
      assert.deepEqual(
        counts(all, 300, () => picker.pick(ctx, [])),
        [100, 100, 100],
      );
    });

    test("never picks an excluded endpoint, and nothing when all are excluded", () => {
      const all = ["a", "b", "c"].map((id) => endpoint(id));
      const picker = make().over(all);
      for (let i = 0; i < 50; i++) assert.equal(picker.pick(ctx, [all[0]!, all[2]!]), all[1]);
      assert.equal(picker.pick(ctx, all), null);
    });

    test("keeps its shares after exclusions", () => {
      const all = ["a", "b"].map((id) => endpoint(id));
      const picker = make().over(all);
      for (let i = 0; i < 7; i++) picker.pick(ctx, [all[0]!]);
      const after = counts(all, 100, () => picker.pick(ctx, []));
      assert.ok(Math.abs(after[0]! - after[1]!) <= 8, `${after}`);
    });
  });
}

test("weighted_round_robin gives shares by weight, spread out", () => {
  const all = [endpoint("a", 5), endpoint("b", 1), endpoint("c", 1)];
  const picker = BALANCERS.weighted_round_robin().over(all);
  const order = Array.from({ length: 7 }, () => picker.pick(ctx, [])!.spec.id).join("");
  assert.equal(order, "aabacaa");
});

test("round_robin goes in turn", () => {
  const all = ["a", "b", "c"].map((id) => endpoint(id));
  const picker = BALANCERS.round_robin().over(all);
  assert.equal(Array.from({ length: 6 }, () => picker.pick(ctx, [])!.spec.id).join(""), "abcabc");
});
