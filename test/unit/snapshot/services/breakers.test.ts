// Which rules and endpoints share a circuit, what it is called, and what of it outlives a reload.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Breaker } from "../../../../src/core/breaker.ts";
import { LeaseTable } from "../../../../src/core/lease.ts";
import { Breakers } from "../../../../src/snapshot/services/breakers.ts";
import { loadFine } from "../../../support/load.ts";
import { buildOf, quietRuntime } from "../../../support/runtime.ts";

function configOf(circuitBreaker: string) {
  return loadFine(`gateway:
  circuitBreaker: ${circuitBreaker}
  router:
    rules:
      - { id: a, path: /a, serviceName: users }
      - { id: b, path: /b, serviceName: users }
      - { id: own, path: /c, serviceName: users, circuitBreaker: { timeout: 3s } }
      - { id: users, path: /d, serviceName: users }
  registry:
    static:
      services:
        - { name: users, instances: [{ id: one, address: 127.0.0.1, port: 1 }, { id: two, address: 127.0.0.1, port: 2 }] }
        - { name: other, instances: [{ address: 127.0.0.1, port: 3 }] }
`);
}

function setUp(circuitBreaker: string, table = new LeaseTable(), live = new Set<Breaker>()) {
  const config = configOf(circuitBreaker);
  const leases = table.holder();
  const said: unknown[] = [];
  const say = (message: string, facts = {}) => void said.push({ message, ...facts });
  const log = { debug: say, info: say, warn: say, error: say };
  const breakers = new Breakers(buildOf(config, leases, { ...quietRuntime(), breakers: live, log }));
  const rule = (id: string) => config.rules.find((r) => r.id === id)!;
  const one = config.services[0]!.endpoints[0]!;
  const two = config.services[0]!.endpoints[1]!;
  return { breakers, rule, one, two, live, said, table, leases, release: () => leases.release() };
}

describe("circuits of a snapshot", () => {
  test("rules to one service share its circuit, and one with settings of its own has its own", () => {
    const { breakers, rule, release } = setUp("{ enabled: true, routes: { users: { timeout: 9s } } }");
    const [a, b, own, users] = ["a", "b", "own", "users"].map((id) => breakers.forService(rule(id), "users"));
    assert.equal(a!.service, b!.service);
    assert.equal(a!.service, breakers.forService(null, "users").service);
    assert.equal(a!.key, b!.key);
    assert.equal(new Set([a, own, users].map((s) => s!.service)).size, 3);
    assert.equal(new Set([a, own, users].map((s) => s!.key)).size, 3);
    const names = [a, own, users, breakers.forService(rule("own"), "other")].map((s) => s!.service!.name);
    assert.deepEqual(names, ["users", "own", "rule:users", "own/other"]);
    release();
  });

  test("the scope says whether the service has a circuit, or each endpoint, or both", () => {
    const names = (scope: string) => {
      const { breakers, one, two, leases } = setUp(`{ enabled: true, default: { scope: ${scope} } }`);
      const { service, endpoint } = breakers.forService(null, "users");
      const circuits = [service, endpoint(one, leases), endpoint(two, leases)];
      leases.release();
      return circuits.map((b) => b?.name ?? null);
    };
    assert.deepEqual(names("service"), ["users", null, null]);
    assert.deepEqual(names("endpoint"), [null, "users/one", "users/two"]);
    assert.deepEqual(names("both"), ["users", "users/one", "users/two"]);
  });

  test("off, there is none, except where a rule has its own block", () => {
    const { breakers, rule, live, release } = setUp("{ enabled: false }");
    assert.equal(breakers.forService(rule("a"), "users").service, null);
    assert.equal(breakers.forService(rule("own"), "users").service?.name, "own");
    assert.equal(live.size, 1);
    release();
    assert.equal(live.size, 0);
  });

  test("the log says when one opens, for how long, and when it is closed again", () => {
    const { breakers, said, release } = setUp("{ enabled: true, default: { maxFailures: 2, timeout: 9s } }");
    const circuit = breakers.forService(null, "users").service!;
    circuit.failed(circuit.admit());
    assert.deepEqual(said, []);
    circuit.failed(circuit.admit());
    circuit.reset();
    assert.deepEqual(said, [
      { message: "Circuit opened", circuit: "users", failures: 2, successes: 0, seconds: 9 },
      { message: "Circuit closed", circuit: "users" },
    ]);
    release();
  });

  test("statuses that count are those written, or every 5xx but 501", () => {
    const { breakers, rule, release } = setUp("{ enabled: true, routes: { b: { failureStatusCodes: [500, 429] } } }");
    const failures = (id: string) =>
      [200, 404, 429, 500, 501, 503].filter(breakers.forService(rule(id), "users").isFailure);
    assert.deepEqual(failures("a"), [500, 503]);
    assert.deepEqual(failures("b"), [429, 500]);
    release();
  });

  test("a reload keeps what was counted unless the settings changed", () => {
    const before = setUp("{ enabled: true, default: { maxFailures: 2 } }");
    const { live, table } = before;
    const first = before.breakers.forService(null, "users").service!;
    first.failed(first.admit());
    const same = setUp("{ enabled: true, default: { maxFailures: 2 }, routes: { a: { timeout: 1 } } }", table, live);
    assert.equal(same.breakers.forService(null, "users").service, first);
    const changed = setUp("{ enabled: true, default: { maxFailures: 3 } }", table, live);
    const other = changed.breakers.forService(null, "users").service!;
    assert.notEqual(other, first);
    assert.equal(other.facts.failures, 0);
    for (const { release } of [before, same, changed]) release();
    assert.equal(live.size, 0);
    assert.equal(table.size, 0);
  });
});
