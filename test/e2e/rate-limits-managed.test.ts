// Rate limits as an operator sees and changes them while the gateway runs, in memory and in Redis.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { begin, call, headOf } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ask, manage, managementPort, TOKEN } from "../support/management.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type Block, configText, eventually, nextLine } from "../support/setup.ts";

interface Shown {
  readonly id: string;
  readonly [key: string]: unknown;
}

describe("limits in the management API", { timeout: 60_000 }, () => {
  let redis: RedisServer;
  let backend: Backend;
  let gateway: GatewayProcess;
  let port: number;
  const hourly = { rate: 3, period: "1h" };
  const text = (more: readonly Block[] = []) =>
    configText({
      rules: [
        { id: "api", path: "/api/*", serviceName: "up", rateLimit: { ...hourly, burst: 5 } },
        { id: "far", path: "/far", serviceName: "up", rateLimit: { ...hourly, storage: "shared" } },
        ...more,
      ],
      services: { up: backend.port },
      more: {
        management: { enabled: true, port: 0, auth: { token: TOKEN } },
        middleware: { ratelimit: { enabled: true, perIP: { rate: 1000, period: "1h" } } },
        rateLimitStorage: { default: "memory", stores: { shared: { redis: { port: redis.port, budget: "2s" } } } },
      },
    });
  const window = { ...hourly, key: "route", algorithm: "sliding_window" };
  const all = [{ id: "slow", path: "/slow", serviceName: "up", rateLimits: [{ id: "w", ...window }] }];

  before(async () => {
    redis = await startRedis();
    backend = await startBackend((request, response) => {
      if (request.url === "/slow") response.flushHeaders();
      else response.end("ok");
    });
    gateway = await startGateway(text(all), { args: ["-hot-reload=false"] });
    port = await managementPort(gateway);
  });
  after(async () => {
    await gateway?.kill();
    await redis?.close();
    await backend?.close();
  });

  const shown = async () => (await ask<{ limits: Shown[] }>(port, "/rate-limits")).limits;
  const one = async (id: string) => (await shown()).find((limit) => limit.id === id);
  const statuses = async (path: string, count: number) => {
    const found = [];
    for (let i = 0; i < count; i++) found.push((await call(gateway.port, { path })).status);
    return found;
  };

  test("are listed once each, with what the fullest key has used", async () => {
    await statuses("/api/a", 2);
    const { degraded, ...rest } = { degraded: false, window: 3600 };
    assert.deepEqual(await shown(), [
      {
        id: "perIP",
        path: "",
        limit: 1000,
        burst: 1000,
        ...rest,
        type: "token_bucket",
        store: "memory",
        degraded,
        currentUsage: 2,
      },
      {
        id: "api",
        path: "/api/*",
        limit: 3,
        burst: 5,
        ...rest,
        type: "token_bucket",
        store: "memory",
        degraded,
        currentUsage: 2,
      },
      {
        id: "far",
        path: "/far",
        limit: 3,
        burst: 3,
        ...rest,
        type: "token_bucket",
        store: "shared",
        degraded,
        currentUsage: null,
      },
      {
        id: "slow.w",
        path: "/slow",
        limit: 3,
        burst: null,
        ...rest,
        type: "sliding_window",
        store: "memory",
        degraded,
        currentUsage: 0,
      },
    ]);
  });

  for (const [path, id] of [
    ["/api/b", "api"],
    ["/far", "far"],
  ] as const) {
    test(`are changed for the next request on: ${id}`, async () => {
      while ((await statuses(path, 1))[0] === 200);
      const reply = await manage(port, "PUT", `/rate-limits/${id}`, { rate: 10, burst: 7 });
      assert.equal(reply.status, 200);
      assert.deepEqual([JSON.parse(reply.text).limit, JSON.parse(reply.text).burst], [10, 7]);
      const { status, headers } = await call(gateway.port, { path });
      assert.equal(status, 200);
      assert.match(String(headers["ratelimit-policy"]), new RegExp(`"${id}";q=7;w=2520$`));
      assert.equal((await manage(port, "PUT", `/rate-limits/${id}`, { rate: 1 })).status, 200);
      assert.deepEqual(await statuses(path, 1), [429]);
    });
  }

  test("say when Redis does not decide on them", async () => {
    const fallen = nextLine(gateway, "the fall", (l) => l.store === "shared" && l.reason !== undefined);
    await redis.kill();
    await fallen;
    assert.equal((await one("far"))!.degraded, true);
    assert.equal((await one("api"))!.degraded, false);
    await redis.start();
    await eventually("Redis decides again", async () => (await one("far"))!.degraded === false);
  });

  test("are as configured again after a reload, and those that are gone are gone, whoever is still on the old one", async () => {
    const slow = begin(gateway.port, { path: "/slow" });
    slow.on("error", () => undefined);
    slow.end();
    await headOf(slow);
    assert.equal((await one("slow.w"))!.currentUsage, 1);
    writeFileSync(gateway.file, text());
    assert.equal((await manage(port, "POST", "/config/reload")).status, 200);
    assert.deepEqual(
      (await shown()).map(({ id, limit, burst }) => [id, limit, burst]),
      [
        ["perIP", 1000, 1000],
        ["api", 3, 5],
        ["far", 3, 3],
      ],
    );
    assert.equal((await manage(port, "PUT", "/rate-limits/slow.w", { rate: 9 })).status, 404);
    slow.destroy();
  });
});
