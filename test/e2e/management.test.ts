// The management API asked and used as an operator would: every operation against a running gateway.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { type Backend, mirror, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ask, manage, managementPort, TOKEN } from "../support/management.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { type Block, configText, eventually, nextLine } from "../support/setup.ts";
import { closeOf, echo, opened, type WsBackend, wsBackend } from "../support/websocket.ts";

const LIMIT = { timeout: 60_000 };

interface Instance {
  readonly id: string;
  readonly healthy: boolean;
  readonly weight: number;
  readonly obstacles: readonly { readonly reason: string; readonly text: string }[];
  readonly [key: string]: unknown;
}

describe("the management API", LIMIT, () => {
  let backends: Backend[];
  let sockets: WsBackend;
  let gateway: GatewayProcess;
  let port: number;

  function text(more: Block = {}, rules: readonly Block[] = []): string {
    const instance = (i: number) => ({
      id: `up/${i}`,
      address: "127.0.0.1",
      port: backends[i]!.port,
      tags: ["blue"],
      metadata: { version: "1", apiKey: "hide-me", note: `${"$"}{file:/proc/sys/kernel/ostype}` },
    });
    return configText({
      rules: [
        { id: "all", path: "/*", serviceName: "up", timeout: "250ms" },
        { id: "ws", path: "/ws", serviceName: "ws" },
        ...rules,
      ],
      services: {
        up: [instance(0), instance(1)],
        ws: sockets.port,
        out2: [{ id: "o", address: "127.0.0.1", port: NOBODYS_PORT }],
        out: [{ id: "o", address: "127.0.0.1", port: 1, health: "unhealthy" }],
      },
      more: {
        management: { enabled: true, port: 0, auth: { token: TOKEN } },
        metrics: { enabled: true },
        ...more,
      },
    });
  }

  before(async () => {
    backends = [await startBackend(mirror), await startBackend(mirror)];
    sockets = await wsBackend(echo);
    gateway = await startGateway(text(), { args: ["-hot-reload=false"] });
    port = await managementPort(gateway);
  });
  after(async () => {
    await gateway.kill();
    await sockets.close();
    for (const backend of backends) await backend.close();
  });

  const instances = async () => (await ask<{ instances: Instance[] }>(port, "/services/up")).instances;
  /** Backends that answer `count` requests. */
  async function reached(count: number): Promise<number[]> {
    const from = backends.map((b) => b.requests);
    for (let i = 0; i < count; i++) assert.equal((await call(gateway.port, { path: "/x" })).status, 200);
    return backends.map((b, i) => b.requests - from[i]!);
  }

  test("says how the gateway is", async () => {
    const health = await ask<{ uptime: number; timestamp: string }>(port, "/health");
    assert.deepEqual(
      { ...health, uptime: 0, timestamp: "" },
      {
        status: "degraded",
        timestamp: "",
        uptime: 0,
        services: { up: "healthy", ws: "healthy", out2: "healthy", out: "unhealthy" },
      },
    );
    assert.ok(health.uptime > 0 && Math.abs(Date.parse(health.timestamp) - Date.now()) < 60_000);
    for (const path of ["/health/live", "/health/ready"]) {
      const reply = await call(port, { path: `/management${path}` });
      assert.deepEqual(
        [reply.status, reply.text, reply.headers["content-type"]],
        [200, "OK", "text/plain; charset=utf-8"],
      );
    }
  });

  test("says what runs", async () => {
    const info = await ask<Record<string, unknown> & { lastReload: unknown }>(port, "/info");
    assert.deepEqual(Object.keys(info), ["version", "startTime", "uptime", "runtime", "configHash", "lastReload"]);
    assert.equal(info.runtime, `node ${process.version}`);
    assert.match(String(info.configHash), /^[0-9a-f]{12}$/);
  });

  test("counts requests and connections", async () => {
    const before = await ask<{ requestCount: number }>(port, "/stats");
    await reached(3);
    const client = await opened(gateway.port, "/ws");
    const stats = await ask<{ requestCount: number; memory: { rss: number }; connections: Block }>(port, "/stats");
    assert.equal(stats.requestCount - before.requestCount, 4);
    assert.equal(stats.connections.websocket, 1);
    assert.ok((stats.connections.http as number) >= 1);
    assert.ok(stats.memory.rss > 1e6);
    assert.deepEqual([(stats as unknown as Block).serviceCount, (stats as unknown as Block).routeCount], [4, 2]);
    const closed = closeOf(client);
    client.close();
    await closed;
    await eventually("no WebSocket is counted", async () => {
      return (await ask<{ connections: Block }>(port, "/stats")).connections.websocket === 0;
    });
  });

  test("lists services and shows one with everything known of its instances", async () => {
    const { services } = await ask<{ services: Block[] }>(port, "/services");
    assert.deepEqual(services[0], { name: "up", instances: 2, healthy: 2, unhealthy: 0, loadBalancer: "round_robin" });
    assert.deepEqual(services[3], { name: "out", instances: 1, healthy: 0, unhealthy: 1, loadBalancer: "round_robin" });
    await reached(2);
    const shown = await ask<{ instances: Instance[]; configuration: Block }>(port, "/services/up");
    const [first] = shown.instances;
    assert.deepEqual(first!.metadata, { version: "1", apiKey: "***", note: "***" });
    assert.ok((first!.totalRequests as number) >= 1);
    assert.equal(first!.errorRate, 0);
    assert.ok((first!.avgResponseTime as number) >= 0 && (first!.avgResponseTime as number) < 5);
    assert.deepEqual(shown.configuration.routes, ["all"]);
    assert.match(String(shown.configuration.source), /gateway\.yaml:\d+$/);
    const out = await ask<{ instances: Instance[] }>(port, "/services/out");
    assert.deepEqual(out.instances[0]!.obstacles, [{ reason: "registry", text: "disabled in its registry" }]);
    assert.equal((await manage(port, "GET", "/services/nobody")).status, 404);
  });

  test("an instance is taken out, drained and weighted, keeps that over a reload, and comes back", async () => {
    const change = async (body: unknown) => {
      const reply = await manage(port, "PUT", "/services/up/instances/up%2F0", body);
      assert.equal(reply.status, 200, reply.text);
      return JSON.parse(reply.text) as Instance;
    };
    for (const [off, on, reason] of [
      [{ drain: true }, { drain: false }, "draining"],
      [{ healthy: false }, { healthy: true }, "down"],
      [{ weight: 0 }, { weight: null }, "weight"],
    ] as const) {
      const changed = await change(off);
      assert.deepEqual(
        changed.obstacles.map((o) => o.reason),
        [reason],
      );
      assert.deepEqual(await reached(4), [0, 4]);
      writeFileSync(gateway.file, text({ metrics: { enabled: true, path: `/metrics-${reason}` } }));
      assert.equal((await manage(port, "POST", "/config/reload")).status, 200);
      assert.deepEqual(
        (await instances())[0]!.obstacles.map((o) => o.reason),
        [reason],
      );
      assert.deepEqual(await reached(4), [0, 4]);
      assert.deepEqual((await change(on)).obstacles, []);
      assert.deepEqual(await reached(4), [2, 2]);
    }
    assert.equal((await instances())[0]!.weight, 1);
  });

  test("a change that is wrong changes nothing", async () => {
    for (const body of [{}, { weight: -1 }, { weight: 1.5 }, { drain: "yes" }, { drain: true, nope: 1 }, [], 7]) {
      const reply = await manage(port, "PUT", "/services/up/instances/up%2F0", body);
      assert.equal(reply.status, 400, JSON.stringify(body));
    }
    assert.deepEqual((await instances())[0]!.obstacles, []);
    assert.equal((await manage(port, "PUT", "/services/up/instances/zz", { drain: true })).status, 404);
    assert.equal((await manage(port, "PUT", "/services/zz/instances/up%2F0", { drain: true })).status, 404);
  });

  test("shows the rules in effect", async () => {
    const { routes } = await ask<{ routes: Block[] }>(port, "/routes");
    const { source, middleware, ...all } = routes[0]!;
    assert.deepEqual(all, {
      id: "all",
      path: "/*",
      hosts: [],
      methods: [],
      service: "up",
      loadBalance: "round_robin",
      timeout: 0.25,
      protocol: "http",
      metadata: {},
    });
    assert.match(String(source), /gateway\.yaml:\d+$/);
    assert.deepEqual(middleware, ["body-size"]);
  });

  test("a reload says what became of the routes; one that is refused says why, and changes nothing", async () => {
    const more = { id: "more", path: "/more", serviceName: "up" };
    writeFileSync(gateway.file, text({}, [more]));
    const first = await manage(port, "POST", "/routes/reload");
    const { configHash, ...counts } = JSON.parse(first.text) as Block;
    assert.deepEqual(counts, {
      status: "success",
      routesLoaded: 3,
      routesAdded: 1,
      routesUpdated: 0,
      routesRemoved: 0,
    });
    writeFileSync(
      gateway.file,
      text({}, [
        { ...more, serviceName: "nobody" },
        { path: 1, "no-such-key": 2 },
      ]),
    );
    const refused = await manage(port, "POST", "/config/reload");
    const { errors } = JSON.parse(refused.text) as { errors: string[] };
    assert.equal(refused.status, 400);
    assert.match(errors.join("\n"), /gateway\.yaml:\d+:\d+: .*unknown service "nobody"/);
    assert.match(errors.join("\n"), /unknown key "no-such-key"/);
    const info = await ask<{ configHash: string; lastReload: { ok: boolean; error: string } }>(port, "/info");
    assert.equal(info.configHash, configHash);
    assert.equal(info.lastReload.ok, false);
    assert.equal(info.lastReload.error, errors.join("\n"));
    writeFileSync(gateway.file, text());
    const last = JSON.parse((await manage(port, "POST", "/config/reload")).text) as Block;
    assert.equal(last.routesRemoved, 1);
    assert.deepEqual((await ask<{ lastReload: Block }>(port, "/info")).lastReload.ok, true);
  });

  test("shows the configuration with its defaults, and no secret", async () => {
    const reply = await manage(port, "GET", "/config");
    for (const secret of [TOKEN, "hide-me"]) assert.ok(!reply.text.includes(secret), secret);
    const {
      gateway: shown,
      warnings,
      dropped,
    } = JSON.parse(reply.text) as {
      gateway: Record<string, Block>;
      warnings: string[];
      dropped: unknown[];
    };
    assert.deepEqual([warnings, dropped], [[], []]);
    assert.equal((shown.management!.auth as Block).token, "***");
    assert.equal((shown.frontend!.http as Block).idleTimeout, "75s");
  });

  test("shows what was noticed about the configuration in effect", async () => {
    writeFileSync(gateway.file, text({ session: { a: 1 } }));
    await manage(port, "POST", "/config/reload");
    // What has no effect is not another configuration.
    assert.deepEqual((await ask<{ warnings: string[] }>(port, "/config")).warnings.length, 1);
    writeFileSync(gateway.file, text());
    await manage(port, "POST", "/config/reload");
    assert.deepEqual((await ask<{ warnings: string[] }>(port, "/config")).warnings, []);
  });

  test("serves the metrics", async () => {
    const reply = await manage(port, "GET", "/metrics");
    assert.match(reply.headers["content-type"]!, /^text\/plain; version=0\.0\.4/);
    assert.match(reply.text, /^gateway_http_requests_total\{/m);
  });

  test("the log level is changed while the gateway runs", async () => {
    let refused = 0;
    const noted = nextLine(
      gateway,
      "the line of the second refusal",
      (l) => l.call === "POST /debug/log-level" && ++refused === 2,
    );
    assert.equal((await manage(port, "POST", "/debug/log-level", { level: "loud" })).status, 400);
    assert.equal((await manage(port, "POST", "/debug/log-level")).status, 400);
    const { text: shown } = await manage(port, "POST", "/debug/log-level", { level: "error" });
    assert.deepEqual(JSON.parse(shown), { level: "error" });
    await noted;
    const known = gateway.lines.length;
    await manage(port, "POST", "/config/reload");
    assert.deepEqual(
      gateway.lines.slice(known).map((l) => l.msg),
      [],
    );
    await manage(port, "POST", "/debug/log-level", { level: "info" });
  });

  test("a circuit that opened is shown and closed again, by its name and with all others", async () => {
    const circuitBreaker = { enabled: true, default: { maxFailures: 2, scope: "endpoint" } };
    writeFileSync(gateway.file, text({ circuitBreaker }, [{ id: "out", path: "/out", serviceName: "out2" }]));
    assert.equal((await manage(port, "POST", "/config/reload")).status, 200);
    const out = async () => {
      const { breakers } = await ask<{ breakers: Block[] }>(port, "/circuit-breakers");
      return breakers.find((b) => b.name === "out2/o");
    };
    for (const path of ["/circuit-breakers/out2%2Fo/reset", "/circuit-breakers/reset"]) {
      assert.equal((await out())!.state, "closed");
      for (let i = 0; i < 2; i++) assert.equal((await call(gateway.port, { path: "/out" })).status, 502);
      const opened = (await out())!;
      assert.deepEqual([opened.state, opened.failures], ["open", 2]);
      assert.match(String(opened.lastFailure), /^\d{4}-.*Z$/);
      const { instances: shown } = await ask<{ instances: Instance[] }>(port, "/services/out2");
      assert.deepEqual(
        shown[0]!.obstacles.map((o) => o.reason),
        ["circuit_open"],
      );
      const reply = await manage(port, "POST", path);
      assert.equal(reply.status, 200);
      assert.match(reply.text, /"previousState":"open","currentState":"closed"/);
    }
    assert.equal((await manage(port, "POST", "/circuit-breakers/up%2Fnobody/reset")).status, 404);
  });

  test("every call that changes something leaves one line that says who and what, without its secrets", async () => {
    const line = nextLine(gateway, "the line of the call", (l) => String(l.call).startsWith("PUT /services"));
    const query = await call(port, {
      method: "PUT",
      path: `/management/services/up/instances/up%2F0?token=${TOKEN}`,
      headers: ["Content-Type", "application/json"],
      body: '{"weight":1}',
    });
    assert.equal(query.status, 200);
    const { call: what, by, user, body, status } = await line;
    assert.deepEqual(
      [what, by, user, body, status],
      ["PUT /services/up/instances/up%2F0", "127.0.0.1", "token", { weight: 1 }, 200],
    );
    const refused = nextLine(gateway, "the line of the refused call", (l) => l.status === 400);
    await manage(port, "PUT", "/services/up/instances/up%2F0", { password: "pw-77" });
    assert.equal((await refused).call, "PUT /services/up/instances/up%2F0");
    assert.ok(!JSON.stringify(gateway.lines).includes(TOKEN));
    assert.ok(!JSON.stringify(gateway.lines).includes("pw-77"));
    assert.ok(readFileSync(gateway.file, "utf8").includes(TOKEN));
  });

  test("an open call does not hold up the end of the process", async () => {
    const own = await startGateway(text(), { args: ["-hot-reload=false"] });
    assert.equal((await ask<{ status: string }>(await managementPort(own), "/health")).status, "degraded");
    assert.equal(await own.stop(), 0);
  });
});
