// An instance that cannot be reached, from outside: who is named, who is asked, and what the views of health show.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, type LogLine, startGateway } from "../support/gateway.ts";
import { sample, scrape } from "../support/metrics.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { accessLine, type Block, configText, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };

let gateway: GatewayProcess;
const backends: Backend[] = [];
afterEach(async () => {
  await gateway?.kill();
  for (const backend of backends.splice(0)) await backend.close();
});

interface Tries {
  readonly instance: string;
  readonly outcome: string;
  readonly status?: number;
  readonly detail?: string;
}

/** Instances of `up`: null is a port where nobody listens, a number answers with that status. */
async function start(instances: readonly (number | null)[], more: Block = {}): Promise<void> {
  const up: Block[] = [];
  for (const [i, status] of instances.entries()) {
    let port = NOBODYS_PORT;
    if (status !== null) {
      const backend = await startBackend((_, response) => response.writeHead(status).end(String(i)));
      backends.push(backend);
      port = backend.port;
    }
    up.push({ id: `up-${i}`, address: "127.0.0.1", port });
  }
  const rules = [{ id: "all", path: "/*", serviceName: "up" }];
  gateway = await startGateway(configText({ rules, services: { up }, more: { metrics: { enabled: true }, ...more } }));
}

const ask = (id: string) => call(gateway.port, { headers: ["X-Request-ID", id] });
const viewOf = (name: string) => call(gateway.port, { path: `/_gateway/health/services/${name}` });
const tried = (line: LogLine) =>
  (line.tries as Tries[]).map(({ instance, outcome, status, detail }) => [instance, outcome, status ?? detail]);

describe("one of two instances refuses connections", LIMIT, () => {
  test("the access line names who answered, and each try with what became of it", async () => {
    await start([null, 200]);
    assert.equal((await ask("first")).text, "1");
    const line = await accessLine(gateway, "first");
    assert.deepEqual([line.instance, line.attempts, line.status, line.detail], ["up-1", 2, 200, undefined]);
    assert.deepEqual(tried(line), [
      ["up-0", "connect_failed", "ECONNREFUSED"],
      ["up-1", "answered", 200],
    ]);
  });

  test("the second failure takes it out, the log says so once, and later requests try it no more", async () => {
    await start([null, 200]);
    for (let i = 0; i < 20; i++) assert.equal((await ask(`r${i}`)).status, 200);
    await accessLine(gateway, "r19");
    const counts = gateway.lines.filter((l) => l.msg === "request").map((l) => l.attempts);
    assert.deepEqual([counts.filter((n) => n === 2).length, counts.length], [2, 20]);
    const said = gateway.lines.filter((l) => l.instance === "up-0" && l.msg !== "request");
    assert.deepEqual(
      said.map(({ msg, level, service, reason, detail }) => [msg, level, service, reason, detail]),
      [
        ["Instance fails", "warn", "up", "connect_failed", "ECONNREFUSED"],
        ["Instance takes no traffic until it can be connected to", "warn", "up", undefined, undefined],
      ],
    );
    const metrics = await scrape(gateway.port);
    assert.equal(sample(metrics, "gateway_service_instances", { service: "up", health: "healthy" }), 1);
    assert.equal(sample(metrics, "gateway_outlier_ejections_total", { service: "up", reason: "connect_failures" }), 1);
    assert.match((await viewOf("up")).text, /"degraded","healthy":1,"total":2/);
  });

  test("one key turns that off", async () => {
    await start([null, 200], { outlierDetection: { default: { connectFailures: 0 } } });
    for (let i = 0; i < 10; i++) await ask(`r${i}`);
    await accessLine(gateway, "r9");
    assert.equal(gateway.lines.filter((l) => l.msg === "request" && l.attempts === 2).length, 10);
  });
});

test("one that does not finish its handshake in the time of the rule is taken out as well", LIMIT, async (t) => {
  const silent = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  const { port } = silent.address() as AddressInfo;
  const backend = await startBackend((_, response) => response.end("1"));
  backends.push(backend);
  const up = [
    { id: "up-0", address: "127.0.0.1", port, scheme: "https" },
    { id: "up-1", address: "127.0.0.1", port: backend.port },
  ];
  const rules = [{ id: "all", path: "/*", serviceName: "up", timeout: "300ms" }];
  gateway = await startGateway(configText({ rules, services: { up } }));
  const statuses: number[] = [];
  for (let i = 0; i < 6; i++) statuses.push((await ask(`r${i}`)).status);
  assert.deepEqual([statuses.filter((status) => status === 504).length, statuses.at(-1)], [2, 200]);
  assert.deepEqual(tried(await accessLine(gateway, "r0")), [["up-0", "connect_failed", "route timeout"]]);
});

describe("a service whose requests all fail", LIMIT, () => {
  for (const [what, instances] of [
    ["because nobody listens", [null, null]],
    ["because there is one instance, and nobody listens", [null]],
    ["with a status of its own", [500, 503]],
  ] as const) {
    test(`is nowhere shown as healthy: ${what}`, async () => {
      await start(instances, { health: { enabled: true } });
      for (let i = 0; i < 8; i++) assert.ok((await ask(`r${i}`)).status >= 500);
      const view = await viewOf("up");
      assert.deepEqual([view.status, /"unhealthy","healthy":0/.test(view.text)], [503, true]);
      assert.match((await call(gateway.port, { path: "/health" })).text, /"status":"(?!healthy")/);
      const healthy = sample(await scrape(gateway.port), "gateway_service_instances", {
        service: "up",
        health: "healthy",
      });
      assert.equal(healthy, 0);
      assert.equal((await call(gateway.port, { path: "/_gateway/ready" })).status, 200);
    });
  }

  test("is shown as healthy again with the first request that goes well", async () => {
    const statuses = [500];
    const backend = await startBackend((_, response) => response.writeHead(statuses[0]!).end());
    backends.push(backend);
    const services = { up: [{ id: "up-0", address: "127.0.0.1", port: backend.port }] };
    gateway = await startGateway(configText({ rules: [{ id: "all", path: "/*", serviceName: "up" }], services }));
    for (let i = 0; i < 3; i++) await ask(`r${i}`);
    const line = await soon(
      gateway.line((l) => l.msg === "Instance fails"),
      "the line",
    );
    assert.deepEqual([line.instance, line.reason, line.detail], ["up-0", "answered", "status 500"]);
    assert.equal((await viewOf("up")).status, 503);
    statuses[0] = 200;
    await ask("good");
    assert.equal((await viewOf("up")).status, 200);
  });
});

test("an ordinary line has no word of tries, and no value that stands for nothing", LIMIT, async () => {
  await start([200]);
  await ask("plain");
  const line = await accessLine(gateway, "plain");
  assert.deepEqual([line.attempts, "tries" in line, line.level], [1, false, "info"]);
  await call(gateway.port, { path: "/_gateway/ready", headers: ["X-Request-ID", "own"] });
  const own = await accessLine(gateway, "own");
  assert.deepEqual(["upstreamStatus" in own, "upstreamMs" in own], [false, false]);
});

test("a request that no instance answered has no status and no time of one", LIMIT, async () => {
  await start([null]);
  await ask("lost");
  const line = await accessLine(gateway, "lost");
  assert.deepEqual(["upstreamStatus" in line, "upstreamMs" in line, line.level], [false, false, "warn"]);
  assert.deepEqual(tried(line), [["up-0", "connect_failed", "ECONNREFUSED"]]);
});
