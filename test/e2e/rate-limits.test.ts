// Limits as clients meet them: in every protocol, told in headers, counted, and remembered across reloads.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { begin, call, headOf, read } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { sample, scrape } from "../support/metrics.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { PROTOCOLS, startTalkers, type Talkers } from "../support/protocols.ts";
import { configText, eventually, nextLine } from "../support/setup.ts";

const HOURLY = { rate: 2, period: "1h" };
const POOR = { on: "connect_failed", status: 200, body: "poor" };

describe("limits", { timeout: 60_000 }, () => {
  let backend: Backend;
  let gateway: GatewayProcess;
  before(async () => {
    backend = await startBackend((request, response) => {
      response.setHeader("X-RateLimit-Remaining", "777");
      if (request.url!.startsWith("/slow")) response.flushHeaders();
      else response.end("ok");
    });
    gateway = await startGateway(
      configText({
        rules: [
          { id: "api", path: "/api", serviceName: "up", rateLimit: { ...HOURLY, burst: 3 } },
          { id: "tenant", path: "/tenant", serviceName: "up", rateLimit: { ...HOURLY, key: "header:X-Tenant" } },
          {
            id: "both",
            path: "/both",
            serviceName: "up",
            rateLimits: [
              { id: "burst", ...HOURLY },
              { id: "day", rate: 5, period: "24h", algorithm: "sliding_window" },
            ],
          },
          {
            id: "queue",
            path: "/queue",
            serviceName: "up",
            rateLimit: { rate: 20, algorithm: "leaky_bucket", burst: 9 },
          },
          {
            id: "stuck",
            path: "/stuck",
            serviceName: "up",
            timeout: 0,
            rateLimit: { rate: 1, period: "1h", algorithm: "leaky_bucket", burst: 1, key: "route" },
          },
          { id: "slow", path: "/slow", serviceName: "up", concurrency: 1 },
          { id: "mine", path: "/slow/mine", serviceName: "up", concurrency: { max: 1, key: "header:X-Tenant" } },
          { id: "down", path: "/down", serviceName: "gone", rateLimit: HOURLY },
          { id: "poor", path: "/poor", serviceName: "gone", rateLimit: HOURLY, fallback: POOR },
          { id: "open", path: "/open", serviceName: "up", metadata: { skipRateLimit: true } },
        ],
        services: { up: backend.port, gone: NOBODYS_PORT },
        more: {
          frontend: { http: { host: "127.0.0.1", port: 0 } },
          metrics: { enabled: true },
          middleware: { ratelimit: { enabled: true, perIP: { rate: 1000, period: "1h" } } },
        },
      }),
    );
  });
  after(async () => {
    await gateway?.kill();
    await backend?.close();
  });

  test("are told in every reply, in place of what the backend says of its own", async () => {
    const { status, headers, rawHeaders } = await call(gateway.port, { path: "/api" });
    assert.equal(status, 200);
    assert.equal(headers["ratelimit-policy"], '"perIP";q=1000;w=3600, "api";q=3;w=5400');
    assert.match(String(headers.ratelimit), /^"perIP";r=\d+;t=\d+, "api";r=2;t=1800$/);
    assert.equal(headers["x-ratelimit-limit"], "3");
    assert.equal(headers["x-ratelimit-remaining"], "2");
    const seconds = Number(headers["x-ratelimit-reset"]) - Date.now() / 1000;
    assert.ok(seconds > 1700 && seconds < 1900, `${seconds}`);
    assert.equal(rawHeaders.filter((name) => name.toLowerCase() === "x-ratelimit-remaining").length, 1);
    assert.equal(headers["x-ratelimit-degraded"], undefined);
  });

  test("of all requests together (middleware.ratelimit.global) are charged whatever is asked for, and by whom", async (t) => {
    const own = await startGateway(
      configText({
        rules: [
          { path: "/a", serviceName: "up" },
          { path: "/b", serviceName: "up" },
        ],
        services: { up: backend.port },
        front: { trustedProxies: ["127.0.0.1"] },
        more: { middleware: { ratelimit: { enabled: true, global: { rate: 1, burst: 2, period: "1h" } } } },
      }),
    );
    t.after(() => own.kill());
    const ask = (path: string, client: string) => call(own.port, { path, headers: ["X-Forwarded-For", client] });
    const replies = [await ask("/a", "192.0.2.1"), await ask("/b", "192.0.2.2"), await ask("/a", "192.0.2.3")];
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 200, 429],
    );
    assert.equal(replies[0]!.headers["ratelimit-policy"], '"global";q=2;w=7200');
  });

  test("refuse with 429 and say when to come back, and no backend hears of it", async () => {
    while ((await call(gateway.port, { path: "/api" })).status === 200);
    const before = backend.requests;
    const { status, headers, text } = await call(gateway.port, { path: "/api" });
    assert.equal(status, 429);
    assert.equal(JSON.parse(text).error.code, "rate_limited");
    const retry = Number(headers["retry-after"]);
    assert.ok(retry > 1700 && retry <= 1800, `${retry}`);
    assert.equal(headers["x-ratelimit-remaining"], "0");
    assert.equal(backend.requests, before);
  });

  for (const [path, expected] of [
    ["/down", 502],
    ["/poor", 200],
  ] as const) {
    test(`are told where the gateway answers ${expected} in place of the service, which was charged all the same`, async () => {
      const { status, headers } = await call(gateway.port, { path });
      assert.equal(status, expected);
      assert.match(String(headers.ratelimit), /^"perIP";r=\d+;t=\d+, "\w+";r=1;t=1800$/);
      assert.equal(headers["x-ratelimit-remaining"], "1");
    });
  }

  test("by header count each value apart", async () => {
    const ask = async (name: string) =>
      (await call(gateway.port, { path: "/tenant", headers: ["X-Tenant", name] })).status;
    assert.deepEqual([await ask("a"), await ask("a"), await ask("a")], [200, 200, 429]);
    assert.deepEqual([await ask("b"), await ask("b"), await ask("b")], [200, 200, 429]);
  });

  test("of one rule must all be kept, and a refusal is charged to none", async () => {
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await call(gateway.port, { path: "/both" })).status);
    assert.deepEqual(statuses, [200, 200, 429, 429, 429, 429]);
    const { headers } = await call(gateway.port, { path: "/both" });
    assert.match(String(headers.ratelimit), /"both\.burst";r=0;t=\d+, "both\.day";r=3;t=\d+$/);
  });

  test("of a leaky bucket let requests wait for their turn", async () => {
    const replies = await Promise.all(Array.from({ length: 4 }, () => call(gateway.port, { path: "/queue" })));
    assert.deepEqual(
      replies.map((r) => r.status),
      [200, 200, 200, 200],
    );
  });

  test("of a leaky bucket refuse when the queue is full, and forget who left it", async () => {
    const count = async (name: string, labels: Record<string, string>) =>
      sample(await scrape(gateway.port), name, labels);
    const hits = () => count("gateway_rate_limit_hits_total", { route: "stuck", limit: "stuck", limit_type: "route" });
    const active = () => count("gateway_http_requests_active", { method: "GET", route: "stuck", path: "/stuck" });
    assert.equal((await call(gateway.port, { path: "/stuck" })).status, 200);
    const waiting = begin(gateway.port, { path: "/stuck" });
    waiting.on("error", () => undefined);
    waiting.end();
    await eventually("the second request waits", async () => (await hits()) === 2);
    assert.equal((await call(gateway.port, { path: "/stuck" })).status, 429);
    assert.equal(await active(), 1);
    waiting.destroy();
    await eventually("nobody waits", async () => (await active()) === 0);
  });

  test("are not asked where a rule skips them", async () => {
    const { headers } = await call(gateway.port, { path: "/open" });
    assert.equal(headers["ratelimit-policy"], undefined);
  });

  test("on requests under way refuse those beyond, and admit again when one is over", async () => {
    const first = begin(gateway.port, { path: "/slow" });
    first.end();
    await headOf(first);
    const second = await call(gateway.port, { path: "/slow" });
    assert.equal(second.status, 503);
    assert.equal(second.headers["retry-after"], "1");
    assert.equal(JSON.parse(second.text).error.code, "overloaded");
    first.destroy();
    await eventually("the place is free again", async () => {
      const next = begin(gateway.port, { path: "/slow" });
      next.end();
      const head = await headOf(next);
      if (head.statusCode !== 200) await read(head);
      next.destroy();
      return head.statusCode === 200;
    });
  });

  test("on requests under way of one client answer 429, and leave the others alone", async () => {
    const open = async (tenant: string) => {
      const request = begin(gateway.port, { path: "/slow/mine", headers: ["X-Tenant", tenant] });
      request.end();
      return { request, status: (await headOf(request)).statusCode };
    };
    const all = [await open("a"), await open("a"), await open("b")];
    assert.deepEqual(
      all.map((o) => o.status),
      [200, 429, 200],
    );
    for (const { request } of all) request.destroy();
  });

  test("are counted by rule, limit and kind", async () => {
    const series = await scrape(gateway.port);
    const of = (name: string, route: string, limit_type: string, limit = route) =>
      sample(series, `gateway_rate_limit_${name}`, { route, limit, limit_type });
    assert.equal(of("hits_total", "tenant", "header"), 6);
    assert.equal(of("rejected_total", "tenant", "header"), 2);
    assert.equal(of("rejected_total", "tenant", "perIP", "perIP"), 0);
    assert.equal(of("rejected_total", "slow", "concurrency")! >= 1, true);
    assert.equal(of("degraded", "tenant", "header"), 0);
  });

  test("of one rule that count by the same are counted apart", async () => {
    const series = await scrape(gateway.port);
    const rejected = (limit: string) =>
      sample(series, "gateway_rate_limit_rejected_total", { route: "both", limit, limit_type: "ip" });
    assert.equal(rejected("both.burst"), 5);
    assert.equal(rejected("both.day"), 0);
  });

  test("remember what was used when the configuration is loaded anew", async () => {
    const text = readFileSync(gateway.file, "utf8");
    const loaded = nextLine(gateway, "a reload", (line) =>
      /configuration.*(loaded|applied|in use)/i.test(String(line.msg)),
    );
    writeFileSync(gateway.file, text.replace("/open", "/opened"));
    await loaded;
    assert.equal((await call(gateway.port, { path: "/opened" })).status, 200);
    assert.equal((await call(gateway.port, { path: "/api" })).status, 429);
  });
});

describe("a limit", { timeout: 60_000 }, () => {
  let talkers: Talkers;
  let gateway: GatewayProcess;
  before(async () => {
    talkers = await startTalkers();
    const limit = { rateLimit: { rate: 1, period: "1h" } };
    gateway = await startGateway(
      configText({
        rules: [
          { path: "/http/*", serviceName: "plain", timeout: 0, ...limit },
          { path: "/sse/*", serviceName: "plain", ...limit },
          { path: "/tunnel/*", serviceName: "plain", ...limit },
          { path: "/messages/*", serviceName: "plain", websocket: { mode: "messages" }, ...limit },
          { path: "/demo.v1.Greeter/*", serviceName: "greeter", protocol: "grpc", ...limit },
          {
            path: "/v1/*",
            serviceName: "greeter",
            grpc: { enableTranscoding: true, protoFiles: ["protos/demo/greeter.proto"] },
            ...limit,
          },
        ],
        services: { plain: talkers.http, greeter: talkers.grpc },
        more: { frontend: { http: { host: "127.0.0.1", port: 0 } } },
      }),
    );
  });
  after(async () => {
    await gateway?.kill();
    await talkers?.close();
  });

  for (const [name, listen] of Object.entries(PROTOCOLS)) {
    test(`counts a conversation by ${name} once, when it begins, and refuses the next in its own words`, async () => {
      const begun = listen(gateway.port, "talk");
      const line = await talkers.opened();
      line.say(1);
      const client = await begun;
      for (let n = 1; n <= 3; n++) {
        if (n > 1) line.say(n);
        assert.equal(await client.next(), n);
      }
      await assert.rejects(listen(gateway.port, "talk"), { message: name === "grpc" ? "RESOURCE_EXHAUSTED" : "429" });
      client.abort();
      await talkers.quiet();
    });
  }
});
