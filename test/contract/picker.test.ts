// What every balancer promises, run on each kind of the catalog.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isKeyed } from "../../src/balancing/settings.ts";
import { BALANCERS } from "../../src/catalog.ts";
import type { Endpoint } from "../../src/core/endpoint.ts";
import { counts, endpoint, endpoints, requestFrom, settings } from "../support/endpoints.ts";

const ctx = requestFrom("127.0.0.1");
/** The n-th of many clients. */
const client = (n: number) => requestFrom(`10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`);

/** Those that give new clients an endpoint in turn. */
const IN_TURN: ReadonlySet<string> = new Set(["round_robin", "weighted_round_robin", "sticky_session"]);

/** Endpoints that have answered before, all as quickly. */
function answering(count: number) {
  const all = endpoints(count);
  for (const { state } of all) state.observe(5, 0);
  return all;
}

for (const [name, make] of Object.entries(BALANCERS)) {
  const balancer = () => make(settings());
  describe(name, () => {
    test("picks nothing from nothing", () => {
      assert.equal(balancer().over([]).pick(ctx, []), null);
      assert.equal(
        balancer()
          .over([])
          .pick(ctx, [endpoint("gone")]),
        null,
      );
    });

    test("picks the only endpoint every time", () => {
      const only = endpoint("a");
      const picker = balancer().over([only]);
      for (let i = 0; i < 200; i++) assert.equal(picker.pick(ctx, []), only);
      assert.equal(picker.pick(ctx, [only]), null);
    });

    for (const count of [3, 12]) {
      test(`gives ${count} equal endpoints about equal shares of many clients`, () => {
        const all = endpoints(count);
        const picker = balancer().over(all);
        const share = 12_000 / count;
        for (const got of counts(all, 12_000, (n) => picker.pick(client(n), []))) {
          assert.ok(Math.abs(got - share) < 0.25 * share, `${got} of ${share}`);
        }
      });

      test(`never picks an excluded one of ${count}, and nothing when all are excluded`, () => {
        const all = endpoints(count);
        const picker = balancer().over(all);
        for (let n = 0; n < 200; n++) {
          assert.equal(picker.pick(client(n), [...all.slice(0, 1), ...all.slice(2)]), all[1]);
          assert.notEqual(picker.pick(client(n), [all[1]!]), all[1]);
          assert.equal(picker.pick(client(n), all), null);
        }
      });
    }

    test("keeps its shares after exclusions", () => {
      const all = endpoints(2);
      const picker = balancer().over(all);
      for (let n = 0; n < 7; n++) picker.pick(client(n), [all[0]!]);
      const after = counts(all, 1000, (n) => picker.pick(client(n), []));
      assert.ok(Math.abs(after[0]! - after[1]!) <= 200, `${after}`);
    });

    test("serves on when endpoints come and go between two picks", () => {
      const all = endpoints(12);
      const same = balancer();
      for (let n = 0; n < 100; n++) {
        const some = all.slice(n % 12);
        const picked = same.over(some).pick(client(n), []);
        assert.ok(picked !== null && some.includes(picked));
      }
    });

    test("gives one that warms up less than one that is warm", () => {
      const all = answering(2);
      all[0]!.state.share = 0.1;
      const picker = balancer().over(all);
      const [cold, warm] = counts(all, 2000, (n) => picker.pick(client(n), []));
      assert.ok(cold! < warm! / 2, `${cold} against ${warm}`);
    });

    test("heeds the weight an operator set", () => {
      const all = answering(2);
      all[0]!.state.weight = 9;
      const picker = balancer().over(all);
      const [heavy, light] = counts(all, 4000, (n) => picker.pick(client(n), []));
      assert.ok(heavy! > 4 * light!, `${heavy} against ${light}`);
    });

    if (IN_TURN.has(name)) {
      test("gives weights of 19 to 1 their shares, however often its picker is replaced", () => {
        const all = [endpoint("stable", 19), endpoint("canary", 1)];
        const same = balancer();
        const [, canary] = counts(all, 10_000, (n) => same.over(all).pick(client(n), []));
        assert.ok(Math.abs(canary! - 500) <= 20, `${canary} of 10000`);
      });

      for (const [weight, share] of [
        [1, 1],
        [7, 1],
        [0.3, 1],
        [1, 0.1],
      ] as const) {
        test(`takes equal endpoints strictly in turn, whether they weigh ${weight} or warm up at ${share}`, () => {
          const all = ["a", "b", "c"].map((id) => endpoint(id, weight));
          for (const { state } of all) state.share = share;
          const picker = balancer().over(all);
          const order = (exclude: readonly Endpoint[]) => picker.pick(client(1), exclude)!.spec.id;
          assert.equal(Array.from({ length: 6 }, () => order([])).join(""), "abcabc");
          assert.equal(order([all[0]!]) + order([]) + order([]) + order([all[1]!, all[2]!]), "bcaa");
        });
      }
    }

    const sample = balancer();
    if (!isKeyed(sample)) return;
    test("takes the same client to the same endpoint", () => {
      const all = endpoints(12);
      const picker = sample.over(all);
      for (let n = 0; n < 50; n++) {
        const known = requestFrom(`10.1.1.${n}`, ["X-Session-Id", `s${n}`]);
        const first = picker.pick(known, []);
        for (let i = 0; i < 3; i++) assert.equal(picker.pick(known, []), first);
      }
    });

    test("takes new clients to preferred endpoints, and to others when those are excluded", () => {
      const all = endpoints(6);
      const preferred = all.slice(0, 2);
      const picker = sample.prefer(all, preferred);
      for (let n = 0; n < 50; n++) {
        assert.ok(preferred.includes(picker.pick(client(n), [])!));
        assert.ok(all.slice(2).includes(picker.pick(client(n), preferred)!));
      }
    });
  });
}
