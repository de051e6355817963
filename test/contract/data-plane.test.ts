// What every data plane promises whoever drives it: called directly, and with copies of plain data in between, as from another
// process.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import type { Config } from "../../src/config/config.ts";
import { askAll } from "../../src/control/merge/merge.ts";
import { pack, Unpacker } from "../../src/control/pack.ts";
import type { DataPlane } from "../../src/core/data-plane.ts";
import type { About, AnswerTo, Question, Questions } from "../../src/core/questions.ts";
import { LocalDataPlane } from "../../src/data/local-data-plane.ts";
import { ProcessLogs } from "../../src/data/process-logs.ts";
import { Meters } from "../../src/observe/meters.ts";
import { metricsText } from "../../src/observe/metrics-text.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { loadFine } from "../support/load.ts";
import { TEST_FACTS } from "../support/runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "gateway-plane-"));
let backend: Backend;
before(async () => {
  backend = await startBackend((_, response) => response.end("from behind"));
});
after(async () => {
  await backend.close();
  rmSync(folder, { recursive: true });
});

/** @param path the only one with a rule @param grpcPort null: no second port */
function configOf(path: string, grpcPort: number | null = null): Config {
  const grpc = grpcPort === null ? "" : `, grpc: { enabled: true, host: 127.0.0.1, port: ${grpcPort} }`;
  return loadFine(`gateway:
  frontend: { http: { host: 127.0.0.1, port: 0 }${grpc} }
  telemetry: { logging: { enabled: false, applicationOutput: ${folder}/app.log } }
  metrics: { enabled: true }
  circuitBreaker: { enabled: true }
  router: { rules: [ { id: only, path: ${path}, serviceName: web, rateLimit: { rate: 10, period: 1h } } ] }
  registry: { static: { services: [ { name: web, instances: [ { id: a, address: 127.0.0.1, port: ${backend.port} } ] } ] } }
`);
}

interface SetUp {
  readonly plane: DataPlane<Config>;
  readonly leases: () => number;
  readonly port: () => number;
}

async function setUp(t: TestContext, wrap: (plane: DataPlane<Config>) => DataPlane<Config>): Promise<SetUp> {
  const config = configOf("/first");
  const logs = new ProcessLogs(config, "error", false);
  const local = new LocalDataPlane(TEST_FACTS, logs, new Meters(), {});
  const plane = wrap(local);
  await plane.prepare(config);
  await plane.commit();
  t.after(async () => {
    await plane.drain({ delayMs: 0, timeoutMs: 1000 });
    await logs.flushed();
  });
  return { plane, leases: () => logs.leases.size, port: () => local.addresses[0]!.port };
}

/** Everything that passes is copied, and must arrive as what it was. */
function behindCopies(plane: DataPlane<Config>): DataPlane<Config> {
  const same = <T>(value: T): T => {
    const copy = structuredClone(value);
    assert.deepStrictEqual(copy, value);
    return copy;
  };
  return {
    prepare: (config) => {
      const unpacker = new Unpacker();
      for (const piece of pack(config)) unpacker.add(structuredClone(piece));
      return plane.prepare(unpacker.value as Config);
    },
    commit: () => plane.commit(),
    cancel: () => plane.cancel(),
    ask: async (question, about) => same(await plane.ask(question, same(about))),
    noteLoad: (ok) => plane.noteLoad(ok),
    follow: (services) => plane.follow(same(services)),
    certify: (certificates) => plane.certify(same(certificates)),
    noteOrders: (orders) => plane.noteOrders(same(orders)),
    drain: (times) => plane.drain(same(times)),
  };
}

/** Every question, and something it may be about. */
const ABOUT: { readonly [Q in Question]: readonly Questions[Q]["about"][] } = {
  status: [null],
  statistics: [null],
  metrics: [null],
  filters: [null],
  services: [null, "web", "none"],
  changeInstance: [
    { service: "web", instance: "a", weight: 5, healthy: true, drain: false },
    { service: "web", instance: "none" },
  ],
  circuits: [null],
  resetCircuits: [null, "web", "none"],
  limits: [null],
  changeLimit: [
    { id: "only", rate: 5, burst: 7 },
    { id: "none", rate: 5, burst: 7 },
  ],
  models: [null],
  setLogLevel: ["error"],
};

for (const [name, wrap] of [
  ["a data plane", (plane: DataPlane<Config>) => plane],
  ["a data plane behind copies", behindCopies],
] as const) {
  describe(name, () => {
    test("serves what was committed last, and nothing of what was only prepared", async (t) => {
      const { plane, port, leases } = await setUp(t, wrap);
      const statuses = async () => [
        (await call(port(), { path: "/first" })).status,
        (await call(port(), { path: "/next" })).status,
      ];
      assert.deepEqual(await statuses(), [200, 404]);
      const held = leases();
      await plane.prepare(configOf("/next"));
      assert.deepEqual(await statuses(), [200, 404]);
      await plane.cancel();
      assert.equal(leases(), held);
      assert.deepEqual(await statuses(), [200, 404]);
      await plane.prepare(configOf("/next"));
      await plane.commit();
      assert.deepEqual(await statuses(), [404, 200]);
    });

    test("gives everything back when it cannot prepare, and serves on", async (t) => {
      const { plane, port, leases } = await setUp(t, wrap);
      const taken = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => taken.on("listening", resolve));
      t.after(() => taken.close());
      const held = leases();
      const { port: used } = taken.address() as { port: number };
      await assert.rejects(plane.prepare(configOf("/next", used)), /EADDRINUSE|in use/);
      assert.equal(leases(), held);
      assert.equal((await call(port(), { path: "/first" })).status, 200);
    });

    test("answers every question with plain data", async (t) => {
      const { plane, port } = await setUp(t, wrap);
      await call(port(), { path: "/first" });
      const ask = async <Q extends Question>(question: Q, about: About<Q>): Promise<AnswerTo<Q>> => {
        const answer = await plane.ask(question, about);
        assert.deepStrictEqual(structuredClone(answer), answer, question);
        return answer;
      };
      for (const [question, abouts] of Object.entries(ABOUT)) {
        for (const about of abouts) await ask(question as Question, about as About<Question>);
      }
      assert.deepEqual(await ask("status", null), { ready: true });
      assert.equal((await ask("statistics", null)).requests, 1);
      assert.deepEqual((await ask("filters", null))[0]!.includes("rate-limit"), true);
      const [web] = await ask("services", "web");
      const { spec, weight, attempts, healthy } = web!.instances[0]!;
      assert.deepEqual([spec.id, weight, attempts, healthy], ["a", 5, 1, true]);
      assert.deepEqual(await ask("services", "none"), []);
      assert.equal(await ask("changeInstance", { service: "web", instance: "none" }), null);
      assert.deepEqual(
        (await ask("circuits", null)).map((circuit) => [circuit.name, circuit.state]),
        [["web", "closed"]],
      );
      const [limit] = await ask("limits", null);
      assert.deepEqual([limit!.limit, limit!.burst, limit!.currentUsage], [5, 7, 1]);
    });

    test("serves from the endpoints it was told last, and compiles nothing for it", async (t) => {
      const { plane, port } = await setUp(t, wrap);
      const status = async () => (await call(port(), { path: "/first" })).status;
      const [web] = configOf("/first").services;
      plane.follow([]);
      assert.equal(await status(), 503);
      plane.follow([{ name: "web", endpoints: web!.endpoints }]);
      assert.equal(await status(), 200);
      const [service] = await plane.ask("services", "web");
      assert.deepEqual(
        service!.instances.map(({ spec }) => spec.id),
        ["a"],
      );
    });

    test("tells in its metrics how the last load went", async (t) => {
      const { plane } = await setUp(t, wrap);
      const success = async () => {
        const families = await plane.ask("metrics", null);
        return families.find((family) => family.name === "gateway_config_last_reload_success")!.values[0]!.value;
      };
      assert.equal(await success(), 1);
      plane.noteLoad(false);
      assert.equal(await success(), 0);
    });

    test("tells in its metrics how orders of certificates go, the worst of each name set", async (t) => {
      const { plane } = await setUp(t, wrap);
      const failures = async () => {
        const families = await plane.ask("metrics", null);
        return families
          .find((family) => family.name === "gateway_acme_order_failures")!
          .values.map(({ labels, value }) => ({ ...labels, value }));
      };
      assert.deepEqual(await failures(), []);
      plane.noteOrders([
        { names: ["a.test", "b.test"], failures: 3 },
        { names: ["c.test"], failures: 0 },
        { names: ["a.test", "b.test"], failures: 1 },
      ]);
      const expected = [
        { names: "a.test,b.test", value: 3 },
        { names: "c.test", value: 0 },
      ];
      assert.deepEqual(await failures(), expected);
    });

    test("takes nothing more once it was drained", async (t) => {
      const { plane, port } = await setUp(t, wrap);
      const before = port();
      await plane.drain({ delayMs: 0, timeoutMs: 1000 });
      assert.deepEqual(await plane.ask("status", null), { ready: false });
      await assert.rejects(call(before, { path: "/first" }), /ECONNREFUSED/);
    });
  });
}

test("metrics that passed as plain data are scraped as those that did not", async (t) => {
  const { plane, port } = await setUp(t, behindCopies);
  await call(port(), { path: "/first" });
  const { text, contentType } = await metricsText(await plane.ask("metrics", null));
  const direct = await call(port(), { path: "/metrics" });
  assert.equal(direct.headers["content-type"], contentType);
  // The process goes on meanwhile, and so does the second request.
  const steady = (page: string) => page.split("\n").filter((line) => !/process_|nodejs_|^gateway_http_/.test(line));
  assert.deepEqual(steady(text), steady(direct.text));
  assert.ok(steady(text).length > 50, text);
});

test("two data planes answer as one", async (t) => {
  const [one, two] = [await setUp(t, behindCopies), await setUp(t, behindCopies)];
  const ask = askAll([one.plane, two.plane]);
  for (const { port } of [one, two, two]) await call(port(), { path: "/first" });
  const changed = await ask("changeInstance", { service: "web", instance: "a", drain: true });
  assert.deepEqual([changed!.attempts, changed!.obstacles, changed!.healthy], [3, ["draining"], false]);
  const { requests, services } = await ask("statistics", null);
  assert.deepEqual([requests, services], [3, 1]);
  const [circuit, ...otherCircuits] = await ask("circuits", null);
  assert.deepEqual([circuit!.name, circuit!.successes, otherCircuits], ["web", 3, []]);
  const [limit, ...otherLimits] = await ask("limits", null);
  assert.deepEqual([limit!.currentUsage, otherLimits], [3, []]);
  two.plane.noteLoad(false);
  const families = await ask("metrics", null);
  const valuesOf = (metric: string) => families.find(({ name }) => name === metric)!.values.map(({ value }) => value);
  // What counts adds up. What both see is one, and what either is by itself shows where it is worst.
  assert.deepEqual(valuesOf("gateway_http_requests_total"), [3]);
  assert.deepEqual(valuesOf("gateway_service_instances"), [0, 1]);
  assert.deepEqual(valuesOf("gateway_config_hash"), [1]);
  assert.deepEqual(valuesOf("gateway_config_last_reload_success"), [0]);
  const { text } = await metricsText(families);
  assert.match(text, /^gateway_http_request_duration_seconds_count\{.*\} 3$/m);
  assert.doesNotMatch(text, /process_start_time_seconds/);
  await two.plane.drain({ delayMs: 0, timeoutMs: 1000 });
  assert.deepEqual(await ask("status", null), { ready: false });
});
