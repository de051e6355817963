// Active checks from outside: instances die, hang, flap and come back; configurations come and go in between.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { after, afterEach, before, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway as startWatching } from "../support/gateway.ts";
import { type GrpcGateway, grpcGateway, InteropClient } from "../support/grpc.ts";
import { type Http2Backend, http2Backend, reply } from "../support/http2-backend.ts";
import { sample, scrape, sumOf } from "../support/metrics.ts";
import { freePort, NOBODYS_PORT } from "../support/ports.ts";
import { type Block, configText, eventually, nextLine, reload, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const FAST = { interval: "30ms", timeout: "300ms" };
const METRICS = { metrics: { enabled: true }, health: { enabled: true } };

const instance = (id: string, port: number, health: unknown = FAST): Block => ({
  id,
  address: "127.0.0.1",
  port,
  health,
});

/** A backend whose health and answers the test turns. */
interface Patient {
  readonly backend: Backend;
  /** Status of `/health`; 0 leaves it without an answer. */
  status: number;
  probes: number;
}

async function patient(name: string): Promise<Patient> {
  const state = { status: 200, probes: 0 };
  const backend = await startBackend((request, response) => {
    if (!request.url!.startsWith("/health")) return void response.end(name);
    state.probes++;
    if (state.status !== 0) response.writeHead(state.status).end();
  });
  return Object.assign(state, { backend });
}

/** Reloads only when it is told to: a test that writes the file must not be overtaken. */
const startGateway = (yaml: string) => startWatching(yaml, { args: ["-hot-reload=false"] });

let gateway: GatewayProcess;
afterEach(() => gateway?.kill());

const text = (services: Readonly<Record<string, readonly Block[]>>, more: Block = METRICS) => {
  const rules = Object.keys(services).map((name) => ({ id: name, path: `/${name}/*`, serviceName: name }));
  return configText({ rules, services, more });
};
/** Who answers now, each instance once. */
const answering = async (times = 6) => {
  const names = new Set<string>();
  for (let i = 0; i < times; i++) {
    const { status, text: body } = await call(gateway.port, { path: "/up/" });
    names.add(status === 200 ? body : String(status));
  }
  return [...names].sort().join(" ");
};
const becomes = (names: string) => eventually(`only ${names} answer`, async () => (await answering()) === names);
const healthOf = async (service: string) => {
  const { status, text: body } = await call(gateway.port, { path: `/_gateway/health/services/${service}` });
  const { status: state, healthy, total } = JSON.parse(body) as { status: string; healthy: number; total: number };
  return `${status} ${state} ${healthy}/${total}`;
};
const gauge = async (name: string) =>
  sample(await scrape(gateway.port), "gateway_health_check_status", { check_name: name });

describe("an instance that fails its check", LIMIT, () => {
  let a: Patient;
  let b: Patient;
  before(async () => {
    a = await patient("a");
    b = await patient("b");
  });
  after(async () => {
    await a?.backend.close();
    await b?.backend.close();
  });
  const both = (health: unknown = FAST) => [
    instance("a", a.backend.port, health),
    instance("b", b.backend.port, health),
  ];

  test("takes no traffic until it is well again, and everybody can see that", async () => {
    gateway = await startGateway(text({ up: both() }));
    await becomes("a b");
    assert.equal(await healthOf("up"), "200 healthy 2/2");
    const said = nextLine(gateway, "the warning", (l) => l.msg === "Health check fails");
    a.status = 500;
    assert.deepEqual([(await said).check, (await said).reason], ["up/a", "status 500"]);
    await becomes("b");
    assert.equal(await healthOf("up"), "200 degraded 1/2");
    assert.deepEqual([await gauge("up/a"), await gauge("up/b")], [0, 1]);
    const series = await scrape(gateway.port);
    assert.equal(sample(series, "gateway_service_instances", { service: "up", health: "unhealthy" }), 1);
    b.status = 503;
    await becomes("503");
    assert.equal(await healthOf("up"), "503 unhealthy 0/2");
    a.status = b.status = 200;
    await becomes("a b");
    assert.deepEqual([await gauge("up/a"), await gauge("up/b")], [1, 1]);
  });

  test("counts once it has failed so many times in a row, and a hang counts", async () => {
    gateway = await startGateway(text({ up: both({ ...FAST, timeout: "50ms" }) }));
    await becomes("a b");
    const said = nextLine(gateway, "the warning", (l) => l.msg === "Health check fails");
    a.status = 0;
    assert.equal((await said).reason, "timed out");
    await becomes("b");
    a.status = 200;
    await becomes("a b");
  });

  test("keeps its verdict through reloads, whatever changes of the check", async () => {
    gateway = await startGateway(text({ up: both() }));
    a.status = 500;
    await becomes("b");
    // From now on nothing new is heard of it: the next probe after the first waits for an hour.
    await reload(gateway, text({ up: both({ ...FAST, interval: "1h", unhealthyThreshold: 5 }) }));
    assert.equal(await answering(), "b");
    await reload(gateway, text({ up: both({ ...FAST, interval: "2h" }) }));
    assert.equal(await answering(), "b");
    a.status = 200;
    await reload(gateway, text({ up: both() }));
    await becomes("a b");
  });

  test("takes traffic at once when nobody checks it any more, and is asked no more", async () => {
    gateway = await startGateway(text({ up: both() }));
    a.status = 500;
    await becomes("b");
    await reload(gateway, text({ up: [instance("a", a.backend.port, "healthy"), instance("b", b.backend.port)] }));
    await becomes("a b");
    assert.deepEqual([await gauge("up/a"), await gauge("up/b")], [undefined, 1]);
    const asked = a.probes;
    const before = b.probes;
    await eventually("the other is asked on", () => b.probes > before + 3);
    assert.equal(a.probes, asked);
    a.status = 200;
  });

  test("that is removed leaves no probe and no series, even while a long request keeps the old configuration", async () => {
    const slow = await startBackend((request, response) => {
      response.write("begun");
      request.on("close", () => response.end());
    });
    gateway = await startGateway(text({ up: both(), slow: [instance("s", slow.port, "healthy")] }));
    await eventually("both are known", async () => (await gauge("up/a")) === 1 && (await gauge("up/b")) === 1);
    const held = new AbortController();
    const response = await fetch(`http://127.0.0.1:${gateway.port}/slow/`, { signal: held.signal });
    assert.equal(response.status, 200);
    await reload(gateway, text({ up: [instance("b", b.backend.port)] }));
    const { probes } = a;
    const series = await scrape(gateway.port);
    assert.equal(sumOf(series, "gateway_health_check_status", { check_name: "up/a" }), 0);
    assert.ok(![...series.keys()].some((key) => key.includes('check_name="up/a"')));
    const before = b.probes;
    await eventually("the other is asked on", () => b.probes > before + 3);
    assert.equal(a.probes, probes);
    held.abort();
    await slow.close();
  });

  test("is not new to the gate that a reload puts up; an instance that comes then is", async () => {
    gateway = await startGateway(text({ up: [instance("a", a.backend.port, "healthy")] }));
    b.status = 0;
    const gated = { ...FAST, gate: true };
    const failures: number[] = [];
    let over = false;
    const load = (async () => {
      while (!over) {
        const { status } = await call(gateway.port, { path: "/up/" });
        if (status !== 200) failures.push(status);
      }
    })();
    await reload(gateway, text({ up: both(gated) }));
    assert.equal(await answering(), "a");
    b.status = 200;
    await eventually("the new one has its verdict", async () => (await gauge("up/b")) === 1);
    over = true;
    await load;
    assert.deepEqual(failures, []);
    await becomes("a b");
  });

  test("waits behind the gate from the start", async () => {
    a.status = b.status = 0;
    gateway = await startGateway(text({ up: both() }, { ...METRICS, health: { gate: true } }));
    assert.equal(await answering(), "503");
    a.status = 200;
    await becomes("a");
    b.status = 200;
    await becomes("a b");
  });

  test("is found by a check of its service and by a list over all services", async () => {
    const checks = { up: { ...FAST, config: { type: "service", path: "/health?by=name" } } };
    gateway = await startGateway(text({ up: both("healthy") }, { ...METRICS, health: { checks } }));
    a.status = 500;
    await becomes("b");
    const list = [{ ...FAST, path: "/health?by=list", expectedStatus: 500 }];
    await reload(gateway, text({ up: both("healthy") }, { ...METRICS, health: { checks: list } }));
    await becomes("a");
    await reload(
      gateway,
      text(
        { up: [...both("healthy").slice(0, 1), instance("b", b.backend.port, { enabled: false })] },
        { ...METRICS, health: { checks: list } },
      ),
    );
    await becomes("a b");
    a.status = 200;
  });
});

describe("a process", LIMIT, () => {
  const source = `require("node:http").createServer((q, r) => r.end("child")).listen(Number(process.argv[1]), "127.0.0.1", () => console.log("up"))`;
  let child: ChildProcess;
  let port: number;
  const run = async () => {
    child = spawn(process.execPath, ["-e", source, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
    await soon(once(child.stdout!, "data"), "the child");
  };
  let other: Patient;
  before(async () => {
    port = await freePort();
    other = await patient("other");
  });
  after(async () => {
    child?.kill("SIGKILL");
    await other?.backend.close();
  });

  test("that is killed, started again, stopped and continued is out and in as it goes", async () => {
    await run();
    const health = { interval: "30ms", timeout: "100ms" };
    gateway = await startGateway(
      text({ up: [instance("child", port, health), instance("other", other.backend.port, health)] }),
    );
    await becomes("child other");
    child.kill("SIGKILL");
    await eventually("it is out", async () => (await healthOf("up")) === "200 degraded 1/2");
    assert.equal(await answering(), "other");
    await run();
    await becomes("child other");
    child.kill("SIGSTOP");
    await eventually("it is out", async () => (await healthOf("up")) === "200 degraded 1/2");
    assert.equal(await answering(), "other");
    child.kill("SIGCONT");
    await becomes("child other");
  });
});

describe("the gateway's own checks", LIMIT, () => {
  let page: Patient;
  before(async () => {
    page = await patient("page");
  });
  after(() => page?.backend.close());

  const health = async () => {
    const { status, text: body } = await call(gateway.port, { path: "/health" });
    const { status: overall, checks } = JSON.parse(body) as {
      status: string;
      checks: Record<string, { status: string; error?: string; duration: number }>;
    };
    return { status, overall, checks };
  };

  test("show on the health page and in the metrics, and take nothing out", async () => {
    const checks = {
      page: { ...FAST, config: { url: `http://127.0.0.1:${page.backend.port}/health` } },
      listens: { ...FAST, type: "tcp", config: { address: `127.0.0.1:${page.backend.port}` } },
      program: { ...FAST, type: "exec", config: { command: "/bin/true" } },
    };
    const more = { metrics: { enabled: true }, health: { enabled: true, checks, execAllow: ["/bin/true"] } };
    gateway = await startGateway(text({ up: [instance("page", page.backend.port, "healthy")] }, more));
    const all = ["page", "listens", "program"];
    await eventually("all have a verdict", async () => {
      const { checks: seen } = await health();
      return all.every((name) => seen[name]!.status === "healthy");
    });
    const fine = await health();
    assert.deepEqual([fine.status, fine.overall], [200, "healthy"]);
    assert.ok(fine.checks.page!.duration > 0 && Number.isInteger(fine.checks.page!.duration));
    assert.deepEqual(Object.keys(fine.checks), [...all, "gateway", "registry"]);
    page.status = 418;
    await eventually("the page is unhealthy", async () => (await health()).status === 503);
    const bad = await health();
    assert.equal(bad.overall, "unhealthy");
    assert.equal(bad.checks.page!.error, "status 418");
    assert.equal(bad.checks.listens!.status, "healthy");
    assert.equal(await gauge("page"), 0);
    assert.equal(await answering(), "page");
    page.status = 200;
    await eventually("all is well", async () => (await health()).status === 200);
  });

  test("without a verdict are unknown, which is no failure", async () => {
    const checks = { far: { interval: "1h", type: "tcp", config: { address: `127.0.0.1:${NOBODYS_PORT}` } } };
    gateway = await startGateway(
      text({ up: [instance("page", page.backend.port, "healthy")] }, { health: { checks } }),
    );
    await eventually("it was asked", async () => (await health()).checks.far!.error === "ECONNREFUSED");
    const { status, overall, checks: seen } = await health();
    assert.deepEqual([status, overall, seen.far!.status], [200, "healthy", "unknown"]);
  });
});

describe("an instance that speaks gRPC", LIMIT, () => {
  let backend: Http2Backend;
  let serving = 1;
  before(async () => {
    backend = await http2Backend((stream, headers) => {
      if (headers[":path"] === "/grpc.health.v1.Health/Check") return reply(stream, [Buffer.from([8, serving])]);
      reply(stream, ["fine"]);
    });
  });
  after(() => backend?.close());

  test("is asked by the gRPC health protocol", async () => {
    const up = [{ id: "up-1", address: "127.0.0.1", port: backend.port, protocol: "grpc", health: FAST }];
    const calls: GrpcGateway = await grpcGateway({ services: { up }, more: METRICS });
    gateway = calls;
    const client = new InteropClient(calls.grpcPort);
    await eventually("it is known", async () => (await gauge("up/up-1")) === 1);
    assert.equal(await healthOf("up"), "200 healthy 1/1");
    serving = 2;
    await eventually("it is out", async () => (await healthOf("up")) === "503 unhealthy 0/1");
    await assert.rejects(client.unary(Buffer.from("{}")), { code: 14 });
    serving = 1;
    await eventually("it is back", async () => (await healthOf("up")) === "200 healthy 1/1");
    client.close();
  });
});
