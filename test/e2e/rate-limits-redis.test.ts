// Several gateways, one Redis: they count as one, also while it is killed and comes back, and leave nothing behind.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import { startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { rawBackend } from "../support/raw.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type Block, configText, eventually, nextLine } from "../support/setup.ts";

const SECRET = "correct-horse";

describe("gateways that share a Redis", () => {
  let redis: RedisServer;
  let backend: Awaited<ReturnType<typeof startBackend>>;
  let gateways: GatewayProcess[] = [];
  before(async () => {
    backend = await startBackend((_, res) => res.end("ok"));
    redis = await startRedis({ options: ["--requirepass", SECRET], cli: ["-a", SECRET] });
  });
  afterEach(async () => {
    await Promise.all(gateways.map((gateway) => gateway.kill()));
    gateways = [];
    await redis.start();
    await redis.cli("FLUSHALL");
  });
  after(async () => {
    await redis.close();
    await backend.close();
  });

  function config(rateLimit: Block, more: Block = {}, password = SECRET): string {
    return configText({
      rules: [{ id: "all", path: "/*", serviceName: "up", rateLimit }],
      services: { up: backend.port },
      more: { redis: { port: redis.port, password, budget: "2s" }, metrics: { enabled: true }, ...more },
    });
  }

  async function start(count: number, yaml: string): Promise<GatewayProcess[]> {
    gateways = await Promise.all(Array.from({ length: count }, () => startGateway(yaml)));
    return gateways;
  }

  async function passed(gateway: GatewayProcess, asks: number): Promise<number> {
    const replies = await Promise.all(Array.from({ length: asks }, () => call(gateway.port, {})));
    return replies.filter(({ status }) => status === 200).length;
  }

  test("open redis.maxActive connections each", async () => {
    const count = async () => (await redis.cli("CLIENT", "LIST")).split("\n").filter((l) => l.includes("addr=")).length;
    const before = await count();
    await start(1, config({ rate: 20, period: "1h" }, { redis: { port: redis.port, password: SECRET, maxActive: 3 } }));
    await eventually("three connections", async () => (await count()) === before + 3);
  });

  for (const silence of ["readTimeout", "writeTimeout"]) {
    test(`open a connection anew on which no reply comes for redis.${silence}`, async (t) => {
      let [connections, deaf] = [0, false];
      const proxy = await rawBackend((socket) => {
        connections++;
        const server = connect(redis.port, "127.0.0.1").on("error", () => socket.destroy());
        socket.on("data", (chunk) => deaf || server.write(chunk));
        socket.on("close", () => server.destroy());
        server.pipe(socket);
      });
      t.after(() => proxy.close());
      const own = { port: proxy.port, password: SECRET, budget: "20ms", [silence]: "200ms" };
      const [gateway] = await start(1, config({ rate: 20, period: "1h" }, { redis: own }));
      await eventually("a connection", () => connections > 0);
      [connections, deaf] = [0, true];
      const begun = performance.now();
      await eventually("another one", async () => {
        await call(gateway!.port);
        return connections > 0;
      });
      assert.ok(performance.now() - begun < 3000, "the default is 5 s");
    });
  }

  test("hold the limit together from the first request on", async () => {
    const all = await start(3, config({ rate: 20, period: "1h" }));
    const counts = await Promise.all(all.map((gateway) => passed(gateway, 15)));
    assert.equal(
      counts.reduce((sum, n) => sum + n),
      20,
    );
    const refused = await call(all[0]!.port, {});
    assert.equal(refused.status, 429);
    assert.match(String(refused.headers["ratelimit-policy"]), /^"all";q=20;w=3600$/);
    assert.equal(refused.headers["x-ratelimit-degraded"], undefined);
    assert.match(await redis.cli("KEYS", "ratelimit:all:*"), /^ratelimit:all:127\.0\.0\.1$/);
    assert.ok(Number(await redis.cli("PTTL", "ratelimit:all:127.0.0.1")) > 3_000_000);
  });

  test("let through one request each when Redis is killed, and say that they count alone", async () => {
    const all = await start(2, config({ rate: 6, period: "1h" }));
    assert.equal(await passed(all[0]!, 4), 4);
    const fallen = all.map((gateway) =>
      nextLine(gateway, "the fall", (l) => l.store === "redis" && l.reason !== undefined),
    );
    await redis.kill();
    await Promise.all(fallen);
    for (const gateway of all) {
      const first = await call(gateway.port, {});
      assert.equal(first.status, 200);
      assert.equal(first.headers["x-ratelimit-degraded"], "local");
      assert.equal(await passed(gateway, 5), 0);
      assert.equal(sumOf(await scrape(gateway.port), "gateway_rate_limit_degraded"), 1);
    }
    const back = all.map((gateway) => nextLine(gateway, "the return", (l) => l.msg === "Redis decides on rate limits"));
    await redis.start();
    await Promise.all(back);
    assert.deepEqual(
      await Promise.all(all.map((gateway) => passed(gateway, 5))),
      [0, 0],
      "it came back without its data",
    );
  });

  test("keep count and connection when they reload, and leave when they stop", async () => {
    const [gateway] = await start(1, config({ rate: 6, period: "1h" }));
    assert.equal(await passed(gateway!, 4), 4);
    const connections = async () =>
      (await redis.cli("CLIENT", "LIST", "TYPE", "normal")).match(/^id=\d+(?=.* name=gateway)/gm);
    const before = await connections();
    assert.equal(before?.length, 1);
    const reloaded = nextLine(gateway!, "the reload", (l) => l.msg === "Configuration reloaded successfully");
    writeFileSync(gateway!.file, config({ rate: 8, period: "1h" }));
    await reloaded;
    assert.equal(await passed(gateway!, 9), 4);
    assert.deepEqual(await connections(), before);
    assert.equal(await gateway!.stop(), 0);
    gateways = [];
    assert.equal(await redis.cli("ZCARD", "{ratelimit}:gateways"), "0");
    await eventually("no connection is left", async () => (await connections()) === null);
  });

  test("start with a wrong password, and tell nobody what it was", async () => {
    const [gateway] = await start(1, config({ rate: 6, period: "1h" }, {}, "wrong-horse"));
    await gateway!.line((line) => line.reason === "WRONGPASS");
    assert.equal(await passed(gateway!, 9), 6);
    assert.ok(!JSON.stringify(gateway!.lines).includes("horse"));
  });

  test("answer 503 while Redis is away, where a store says deny", async () => {
    const store = { type: "redis", onFailure: "deny" };
    const [gateway] = await start(
      1,
      config({ rate: 6 }, { rateLimitStorage: { default: "strict", stores: { strict: store } } }),
    );
    assert.equal(await passed(gateway!, 2), 2);
    const fallen = nextLine(gateway!, "the fall", (l) => l.store === "strict" && l.onFailure === "deny");
    await redis.kill();
    await fallen;
    const reply = await call(gateway!.port, {});
    assert.equal(reply.status, 503);
    assert.match(reply.text, /"code":"limits_unavailable"/);
    assert.equal(await gateway!.stop(), 0, "nothing keeps it");
    gateways = [];
  });
});
