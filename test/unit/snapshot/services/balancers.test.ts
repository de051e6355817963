// Balancing across compilations: rules with equal settings share, and what was learned outlives a reload.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LeaseTable } from "../../../../src/core/lease.ts";
import { BalancerBuilder } from "../../../../src/snapshot/services/balancers.ts";
import type { BareEndpoint } from "../../../../src/snapshot/services/endpoints.ts";
import { endpoint, requestFrom } from "../../../support/endpoints.ts";
import { loadFine, withRules } from "../../../support/load.ts";
import { buildOf } from "../../../support/runtime.ts";

/** Rules to `web` with these keys, and `loadBalancing` where given. */
function configOf(keys: readonly string[], loadBalancing = "{}") {
  const rules = keys.map((k, i) => `{ path: /${i}, serviceName: web, ${k} }`);
  return loadFine(`${withRules(...rules)}  loadBalancing: ${loadBalancing}\n`);
}

describe("services", () => {
  const same = (a: string, b: string) => {
    const config = configOf([a, b]);
    const builder = new BalancerBuilder(buildOf(config, new LeaseTable().holder()));
    const [first, second] = config.rules;
    return builder.keyOf(first!.loadBalance, first!) === builder.keyOf(second!.loadBalance, second!);
  };
  test("are shared by rules whose balancing is the same", () => {
    assert.ok(same("loadBalance: random", "loadBalance: random"));
    assert.ok(same("consistentHash: { key: ip }", "consistentHash: { key: ip }"));
    assert.ok(same("loadBalance: sticky_session, sessionAffinity: {}", "sessionAffinity: {}"));
  });
  test("are apart where it differs", () => {
    assert.ok(!same("loadBalance: random", "loadBalance: round_robin"));
    assert.ok(!same("consistentHash: { key: ip }", "consistentHash: { key: path }"));
    assert.ok(!same("sessionAffinity: { ttl: 1 }", "sessionAffinity: { ttl: 2 }"));
  });
});

test("a session outlives the configuration it began in", () => {
  const leases = new LeaseTable();
  const all = [endpoint("a"), endpoint("b"), endpoint("c")];
  const client = requestFrom("10.0.0.1", ["X-Session-Id", "ada"]);
  const compile = (loadBalancing: string) => {
    const config = configOf(["sessionAffinity: { source: header }"], loadBalancing);
    const holder = leases.holder();
    const rule = config.rules[0]!;
    return { holder, spread: new BalancerBuilder(buildOf(config, holder)).groups("k", "web", rule.loadBalance, rule) };
  };
  const before = compile("{}");
  before.spread.over(all).pick(requestFrom("10.0.0.2"), []);
  const chosen = before.spread.over(all).pick(client, []);
  // Another spread altogether, and yet the same sessions.
  const after = compile("{ zone: east }");
  before.holder.release();
  for (let i = 0; i < 3; i++) assert.equal(after.spread.over(all).pick(client, []), chosen);
  after.holder.release();
  assert.equal(leases.size, 0);
});

test("an endpoint that a reload adds warms up, those of the first configuration do not, and all is given back", () => {
  const leases = new LeaseTable();
  const [old, young] = [endpoint("old"), endpoint("young")];
  const compile = (...endpoints: BareEndpoint[]) => {
    const holder = leases.holder();
    const config = configOf(["id: x"], "{ services: { web: { slowStart: 30s } } }");
    const builder = new BalancerBuilder(buildOf(config, holder));
    for (const { spec, state } of endpoints) builder.warm("web", spec, state, holder);
    builder.begun("web");
    return holder;
  };
  const first = compile(old);
  assert.equal(old.state.share, 1);
  const second = compile(old, young);
  first.release();
  assert.deepEqual([old.state.share, young.state.share], [1, 0.1]);
  second.release();
  assert.equal(young.state.share, 1);
  assert.equal(leases.size, 0);
});

test("replies are looked at for sticky rules and no others", () => {
  const filterOf = (keys: string) => {
    const config = configOf([keys]);
    return new BalancerBuilder(buildOf(config, new LeaseTable().holder())).sessionFilter("web", config.rules[0]!);
  };
  assert.equal(filterOf("id: x"), null);
  assert.equal(filterOf("loadBalance: sticky_session, sessionAffinity: { enabled: false }"), null);
  assert.notEqual(filterOf("sessionAffinity: { source: header }"), null);
  assert.notEqual(filterOf("sessionAffinity: {}"), null);
});
