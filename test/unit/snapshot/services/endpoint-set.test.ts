// Endpoints that come and go: every way a service is used hears of it, what is under way ends in peace, and nothing is left.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Config } from "../../../../src/config/config.ts";
import type { Endpoint, EndpointSpec } from "../../../../src/core/endpoint.ts";
import type { EndpointState } from "../../../../src/core/endpoint-state.ts";
import type { ServiceList } from "../../../../src/core/registry.ts";
import type { Service } from "../../../../src/core/service.ts";
import { type CompiledSnapshot, compile } from "../../../../src/snapshot/compile.ts";
import { ServiceBuilder } from "../../../../src/snapshot/services/service-builder.ts";
import { requestFrom, specOf } from "../../../support/endpoints.ts";
import { load, loadFine } from "../../../support/load.ts";
import { addRegistry, ToldRegistry } from "../../../support/registry.ts";
import { buildOf, quietRuntime } from "../../../support/runtime.ts";
import { between, randomFrom } from "../../../support/schedule.ts";

addRegistry("told", { mayGrow: true, make: () => new ToldRegistry() });

/** Text of a configuration whose services the registry brings. @param more at the indentation of sections */
function text(more = "", rules = "{ path: /*, serviceName: web }") {
  return `gateway:
  telemetry: { logging: { enabled: false } }
  registry: { type: told }
  router: { rules: [ ${rules} ] }
${more}`;
}

/** The same, with the services that the registry lists. */
function configOf(list: ServiceList, more = "", rules?: string): Config {
  const at = { file: "told", line: 0, column: 0 };
  return { ...loadFine(text(more, rules)), services: list.map((entry) => ({ ...entry, at })) };
}

const A = specOf("a");
const B = specOf("b");
const C = specOf("c");

function ids(endpoints: readonly Endpoint[]): string[] {
  return endpoints.map((endpoint) => endpoint.spec.id);
}

/** Whom `picks` requests go to. */
function picked(service: Service, picks = 50): string[] {
  const seen = new Set<string>();
  for (let i = 0; i < picks; i++) seen.add(service.picker.pick(requestFrom(`10.0.0.${i}`), [])?.spec.id ?? "nobody");
  return [...seen].sort();
}

describe("a change of a service", () => {
  const RULES = `
    { path: /plain, serviceName: web },
    { path: /random, serviceName: web, loadBalance: random },
    { path: /sticky, serviceName: web, sessionAffinity: {} },
    { path: /hash, serviceName: web, consistentHash: { key: ip } },
    { path: /circuit, serviceName: web, circuitBreaker: { scope: endpoint } },
    { path: /retry, serviceName: web, retry: { maxAttempts: 2 } },
    { path: /grpc.Calls/*, serviceName: web, protocol: grpc }`;

  test("reaches every way of using it: own balancers, own circuits, own retries, own protocol", () => {
    const config = configOf([{ name: "web", endpoints: [A, B] }], "", RULES);
    const runtime = quietRuntime();
    const leases = runtime.leases.holder();
    const builder = new ServiceBuilder(buildOf(config, leases, runtime));
    const ways = config.rules.map((rule) => builder.service("web", rule.loadBalance, rule.protocol === "grpc", rule));
    assert.equal(new Set(ways).size, config.rules.length);
    for (const way of ways) assert.deepEqual(picked(way), ["a", "b"]);
    builder.sets.get("web")!.replace([B, C]);
    for (const [i, way] of ways.entries()) {
      assert.deepEqual(
        [ids(way.endpoints), picked(way)],
        [
          ["b", "c"],
          ["b", "c"],
        ],
        config.rules[i]!.id,
      );
    }
    const circuits = ways.flatMap((way) => way.endpoints).filter(({ breaker }) => breaker !== null);
    assert.deepEqual(ids(circuits), ["b", "c"]);
    assert.deepEqual(
      ways.map((way) => way.mayRefuse),
      ways.map((_, i) => config.rules[i]!.protocol === "grpc"),
    );
    leases.release();
    assert.equal(runtime.leases.size, 0);
  });

  test("leaves alone what stays: state, connector, the endpoint itself", async () => {
    const { service, put } = await running([A, B]);
    const [, before] = service.endpoints;
    put([C, B]);
    assert.equal(service.endpoints[1], before);
  });

  test("keeps what is known of an endpoint that is only described otherwise, and holds it once", async () => {
    const { service, put, runtime } = await running([]);
    const { size } = runtime.leases;
    put([A]);
    const [before] = service.endpoints;
    put([{ ...A, weight: 5, tags: ["canary"] }]);
    const [after] = service.endpoints;
    assert.deepEqual([after!.spec.weight, after!.state], [5, before!.state]);
    put([]);
    assert.equal(runtime.leases.size, size);
  });

  test("that lists what is listed already makes no new picker", async () => {
    const { service, put } = await running([A, B]);
    const { picker } = service;
    put([{ ...A }, { ...B }]);
    assert.equal(service.picker, picker);
  });

  test("may list an endpoint twice: it counts once", async () => {
    const { service, put } = await running([]);
    put([A, { ...A }]);
    assert.deepEqual(ids(service.endpoints), ["a"]);
  });
});

/** A snapshot that is live, with what its service `web` has. */
async function running(specs: readonly EndpointSpec[], more = "") {
  const runtime = quietRuntime();
  const snapshot = compile(configOf([{ name: "web", endpoints: specs }], more), runtime);
  await snapshot.begin(null);
  const put = (endpoints: readonly EndpointSpec[]) => snapshot.follow([{ name: "web", endpoints }]);
  return { runtime, snapshot, service: snapshot.services.get("web")!, put };
}

describe("requests under way", () => {
  test("keep an endpoint that is gone until they are over, though nobody new gets it", async () => {
    const { runtime, service, put, snapshot } = await running([A, B]);
    const { state } = service.endpoints[0]!;
    const { size } = runtime.leases;
    state.active = 2;
    put([B]);
    assert.deepEqual(picked(service), ["b"]);
    state.left();
    await Promise.resolve();
    assert.equal(runtime.leases.size, size);
    state.left();
    await Promise.resolve();
    assert.ok(runtime.leases.size < size);
    await snapshot.retire();
    assert.equal(runtime.leases.size, 0);
  });

  test("keep what is known of it, should it come back meanwhile", async () => {
    const { service, put } = await running([A]);
    const { state } = service.endpoints[0]!;
    state.active = 1;
    put([]);
    put([A]);
    assert.equal(service.endpoints[0]!.state, state);
    state.left();
    await Promise.resolve();
    put([B]);
    put([B, A]);
    assert.notEqual(service.endpoints[1]!.state, state);
  });

  test("of another snapshot, begun in the turn the last one ends, keep it too", async () => {
    const { runtime, service, put } = await running([A]);
    const { state } = service.endpoints[0]!;
    state.active = 1;
    put([]);
    const { size } = runtime.leases;
    state.left();
    state.active++;
    await Promise.resolve();
    assert.equal(runtime.leases.size, size);
    state.left();
    await Promise.resolve();
    assert.ok(runtime.leases.size < size);
  });
});

describe("who watches a service", () => {
  const CHECKS = `  health: { checks: [ { type: tcp } ] }
  outlierDetection: { enabled: true }
  loadBalancing: { services: { web: { slowStart: 30s } } }
`;

  test("hears of endpoints that come and go: checks, outlier detection, reachability, slow start", async () => {
    const { runtime, snapshot, service, put } = await running([A, B], CHECKS);
    const checks = () => [...runtime.healthChecks.running].map(({ name }) => name).sort();
    const watched = ({ watcher, reach }: EndpointState) => [watcher !== null, reach !== null];
    const [a, b] = service.endpoints.map(({ state }) => state);
    assert.deepEqual(checks(), ["web/a", "web/b"]);
    put([B, C]);
    const c = service.endpoints[1]!.state;
    assert.deepEqual(checks(), ["web/b", "web/c"]);
    assert.deepEqual([a!, b!, c].map(watched), [
      [false, false],
      [true, true],
      [true, true],
    ]);
    assert.deepEqual([b!.share, c.share], [1, 0.1]);
    await snapshot.retire();
    assert.equal(runtime.leases.size, 0);
  });

  test("sees nobody new in the endpoints that a service begins with, also when it had none until then", async () => {
    const { service, put } = await running([], CHECKS);
    put([A]);
    put([A, B]);
    assert.deepEqual(
      service.endpoints.map(({ state }) => state.share),
      [1, 0.1],
    );
  });
});

describe("a service that is not there", () => {
  test("may be named everywhere, where the registry may bring it", () => {
    const everywhere = `  circuitBreaker: { services: { later: {} } }
  retry: { services: { later: {} } }
  adaptiveConcurrency: { services: { later: {} } }
  outlierDetection: { services: { later: {} } }
  loadBalancing: { services: { later: {} } }
  health: { checks: [ { type: tcp, services: [ later ] } ] }
  protocols: { grpc: { services: [ { name: a.B, backend: later } ] } }
`;
    const rules = "{ path: /*, serviceName: later, fallback: { serviceName: never } }";
    assert.deepEqual(load(text(everywhere, rules)).errors, []);
    const { errors } = load(text(everywhere, rules).replace("type: told", "type: static"));
    assert.equal(errors.filter((line) => line.includes('unknown service "later"')).length, 8);
    assert.equal(errors.filter((line) => line.includes('unknown service "never"')).length, 1);
  });

  test("has no endpoint until it appears, and none again when it is dropped", () => {
    const snapshot = compile(configOf([]), quietRuntime());
    const service = snapshot.services.get("web")!;
    assert.deepEqual(picked(service), ["nobody"]);
    snapshot.follow([{ name: "web", endpoints: [A] }]);
    assert.deepEqual(picked(service), ["a"]);
    snapshot.follow([]);
    assert.deepEqual(picked(service), ["nobody"]);
  });
});

test("a snapshot that is retired follows no more, though requests are still on it", async () => {
  const { runtime, snapshot, service, put } = await running([A]);
  snapshot.enter();
  await snapshot.retire();
  put([B]);
  assert.deepEqual(ids(service.endpoints), ["a"]);
  snapshot.done(requestFrom("10.0.0.1"), 0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(runtime.leases.size, 0);
});

const SEED = Number(process.env.GATEWAY_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`nothing is left whatever comes, goes, reloads and ends in any order (GATEWAY_TEST_SEED=${SEED})`, async () => {
  for (let course = 0; course < 30; course++) {
    const random = randomFrom(SEED + course);
    try {
      await run(random);
    } catch (error) {
      throw new Error(`course with the seed ${SEED + course}: ${(error as Error).message}`, { cause: error });
    }
  }
});

/** Requests begin and end, endpoints come, go and change, and the configuration is replaced, by chance. */
async function run(random: () => number): Promise<void> {
  let list: ServiceList = [];
  const runtime = quietRuntime();
  const more = `  health: { checks: [ { type: tcp, interval: 1h } ] }
  circuitBreaker: { enabled: true, default: { scope: both } }
  loadBalancing: { services: { web: { slowStart: 30s } } }
`;
  const rules =
    "{ path: /*, serviceName: web }, { path: /own, serviceName: web, loadBalance: random, circuitBreaker: {} }";
  const next = async (before: CompiledSnapshot | null) => {
    const snapshot = compile(configOf(list, more, rules), runtime);
    if (random() < 0.5) change();
    await snapshot.begin(before);
    snapshot.follow(list);
    return snapshot;
  };
  const pool = Array.from({ length: 6 }, (_, i) => specOf(`web-${i}`));
  const change = () => {
    const some = pool.filter(() => random() < 0.5);
    const endpoints = random() < 0.3 ? some.map((s) => ({ ...s, weight: between(random, 1, 3) })) : some;
    list = random() < 0.1 ? [] : [{ name: "web", endpoints }];
  };
  const open: { readonly snapshot: CompiledSnapshot; readonly state: EndpointState }[] = [];
  const states = new Set<EndpointState>();
  const end = () => {
    const [request] = open.splice(between(random, 0, open.length - 1), 1);
    request?.state.left();
    request?.snapshot.done(requestFrom("10.0.0.1"), 0);
  };
  let live = await next(null);
  for (let step = 0; step < 60; step++) {
    const what = random();
    const service = live.services.get("web")!;
    if (what < 0.35) {
      const endpoint = service.picker.pick(requestFrom("10.0.0.1"), []);
      const listed = list[0]?.endpoints ?? [];
      assert.equal(endpoint === null, listed.length === 0);
      if (endpoint === null) continue;
      assert.ok(
        listed.some(({ id }) => id === endpoint.spec.id),
        `${endpoint.spec.id} is gone`,
      );
      endpoint.state.active++;
      states.add(endpoint.state);
      live.enter();
      open.push({ snapshot: live, state: endpoint.state });
    } else if (what < 0.65) end();
    else if (what < 0.9) {
      change();
      live.follow(list);
    } else {
      const old = live;
      live = await next(old);
      await old.retire();
    }
    if (random() < 0.3) await Promise.resolve();
  }
  while (open.length > 0) end();
  await live.retire();
  await new Promise((resolve) => setImmediate(resolve));
  for (const state of states) assert.deepEqual([state.active, state.watcher, state.reach], [0, null, null]);
  assert.deepEqual([runtime.leases.size, runtime.breakers.size, runtime.pools.open], [0, 0, 0]);
  assert.equal(runtime.healthChecks.running.size, 0);
}
