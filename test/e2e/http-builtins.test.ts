// The gateway's own answers (health, readiness, echo, metrics) and what it writes down about requests.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Backend, mirror, startBackend } from "../support/backend.ts";
import { begin, call, headOf, read } from "../support/client.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { sample, scrape, sumOf } from "../support/metrics.ts";
import { freePort } from "../support/ports.ts";
import { accessLine, configText, eventually } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const gateways = new GatewayPool();

let backend: Backend;
let gateway: GatewayProcess;

before(async () => {
  backend = await startBackend((request, response) => {
    if (request.url === "/item/slow") return void setTimeout(() => response.end("slow"), 300);
    if (request.url === "/item/missing") return void response.writeHead(404).end("no");
    if (request.url === "/secret/health") return void response.end("the backend's own");
    mirror(request, response);
  });
  const rules = [
    { id: "items", path: "/item/{id}", serviceName: "up" },
    { id: "quiet", path: "/quiet", serviceName: "up", accessLog: false },
    { id: "dead", path: "/dead", serviceName: "dead" },
    { id: "inside", path: "/live", serviceName: "_internal" },
  ];
  const at = { address: "127.0.0.1", port: backend.port };
  const closed = await startBackend(mirror);
  await closed.close();
  const services = {
    up: backend.port,
    dead: closed.port,
    half: [
      { ...at, id: "a" },
      { ...at, id: "b", health: "unhealthy" },
    ],
    none: [{ ...at, id: "c", health: "unhealthy" }],
    "with space": backend.port,
  };
  gateway = await startGateway(
    configText({ rules, services, front: { echo: true }, more: { metrics: { enabled: true } } }),
  );
});

after(async () => {
  await gateway?.kill();
  await backend?.close();
});

const get = (path: string, port = gateway.port) => call(port, { path });

describe("health paths", LIMIT, () => {
  test("/_gateway/health, /ready and /live answer in their own form", async () => {
    const health = JSON.parse((await get("/_gateway/health")).text);
    assert.deepEqual([health.status, health.service], ["healthy", "gateway"]);
    assert.ok(!Number.isNaN(Date.parse(health.timestamp)));
    const ready = await get("/_gateway/ready");
    assert.equal(ready.status, 200);
    assert.equal(JSON.parse(ready.text).ready, true);
    assert.equal(JSON.parse((await get("/_gateway/live")).text).status, "ok");
  });

  test("they answer HEAD and refuse other methods with Allow", async () => {
    assert.equal((await call(gateway.port, { method: "HEAD", path: "/_gateway/health" })).status, 200);
    const post = await call(gateway.port, { method: "POST", path: "/_gateway/health", body: "x" });
    assert.equal(post.status, 405);
    assert.equal(post.headers.allow, "GET, HEAD");
  });

  test("a service says how many of its instances are healthy, and where none of them is", async () => {
    const at = async (name: string) => {
      const reply = await get(`/_gateway/health/services/${name}`);
      return [reply.status, JSON.parse(reply.text)];
    };
    assert.deepEqual(await at("up"), [200, { name: "up", status: "healthy", healthy: 1, total: 1 }]);
    assert.deepEqual(await at("half"), [200, { name: "half", status: "degraded", healthy: 1, total: 2 }]);
    assert.deepEqual(await at("none"), [503, { name: "none", status: "unhealthy", healthy: 0, total: 1 }]);
    assert.equal((await at("with%20space"))[0], 200);
    assert.equal((await get("/_gateway/health/services/unknown")).status, 404);
  });

  test("nothing below /_gateway reaches a backend, under any spelling", async () => {
    const before = backend.requests;
    for (const path of ["/_gateway/x", "/_gateway", "/x/../_gateway/y", "/%5fgateway/z", "//_gateway/health/nope"])
      assert.equal((await get(path)).status, 404, path);
    assert.equal(backend.requests, before);
  });

  test("the overall state names its checks", async () => {
    const state = JSON.parse((await get("/health")).text);
    assert.deepEqual(Object.keys(state), ["status", "timestamp", "checks", "version", "service_id"]);
    assert.equal(state.status, "degraded");
    assert.equal(state.checks.gateway.status, "healthy");
    assert.equal(state.checks.registry.status, "degraded");
  });

  test("a rule for _internal answers what is built in at its path", async () => {
    assert.equal(JSON.parse((await get("/live")).text).status, "ok");
    assert.equal((await accessLine(gateway, String((await get("/live")).headers["x-request-id"]))).route, "inside");
  });

  test("healthPath, readyPath and livePath move them", async (t) => {
    const health = { healthPath: "/a/state", readyPath: "/a/can-serve", livePath: "/a/alive" };
    const rules = [{ path: "/x", serviceName: "up" }];
    const moved = await gateways.take(configText({ rules, services: { up: backend.port }, more: { health } }));
    t.after(() => moved.kill());
    assert.equal(JSON.parse((await get("/a/state", moved.port)).text).status, "healthy");
    assert.equal(JSON.parse((await get("/a/can-serve", moved.port)).text).ready, true);
    assert.equal(JSON.parse((await get("/a/alive", moved.port)).text).status, "ok");
    for (const path of ["/health", "/ready", "/live"]) assert.equal((await get(path, moved.port)).status, 404, path);
  });

  const everything = [{ id: "all", path: "/*", serviceName: "up" }];
  for (const [enabled, behaviour] of [
    [undefined, "absent: a route wins over them"],
    [true, "true: they win over routes"],
    [false, "false: they are never served"],
  ] as const) {
    test(`health.enabled ${behaviour}`, async (t) => {
      const more = enabled === undefined ? {} : { health: { enabled } };
      const services = { up: backend.port };
      const [catchAll, narrow] = await Promise.all([
        gateways.take(configText({ rules: everything, services, more })),
        gateways.take(configText({ rules: [{ path: "/x", serviceName: "up" }], services, more })),
      ]);
      t.after(() => Promise.all([catchAll.kill(), narrow.kill()]));
      for (const path of ["/health", "/ready", "/live"]) {
        const routed = (await get(path, catchAll.port)).text.includes('"method":"GET"');
        assert.equal(routed, enabled !== true, path);
        assert.equal((await get(path, narrow.port)).status, enabled === false ? 404 : 200, path);
      }
      assert.equal((await get("/_gateway/ready", catchAll.port)).status, 200);
    });
  }
});

describe("/_gateway/echo", LIMIT, () => {
  test("shows the request of any method, credentials masked", async () => {
    const headers = [
      "Authorization",
      "Bearer s3cret",
      "Cookie",
      "a=s3cret",
      "X-One",
      "1",
      "X-One",
      "2",
      ...["X-API-Key", "x-goog-api-key", "x-openai-api-key", "openai-api-key", "x-llm-key-openai"].flatMap((name) => [
        name,
        "s3cret",
      ]),
    ];
    const path = "/_gateway/echo?a=1&a=2&access_token=s3cret&key=s3cret";
    const reply = await call(gateway.port, { method: "PATCH", path, headers, body: "hello" });
    const seen = JSON.parse(reply.text);
    assert.equal(seen.method, "PATCH");
    assert.equal(seen.path, "/_gateway/echo");
    assert.equal(seen.body, "hello");
    assert.equal(seen.remote, "127.0.0.1");
    assert.deepEqual(seen.query.a, ["1", "2"]);
    assert.deepEqual(seen.headers["X-One"], ["1", "2"]);
    assert.doesNotMatch(reply.text, /s3cret/);
    assert.match(reply.text, /^\{\n {2}"/);
  });

  test("shows at most 64 KiB of a body", async () => {
    const reply = await call(gateway.port, { method: "POST", path: "/_gateway/echo", body: "x".repeat(100_000) });
    assert.equal(JSON.parse(reply.text).body.length, 64 * 1024);
  });

  test("is off unless asked for", async (t) => {
    const closed = await gateways.take(configText({ rules: [{ path: "/x", serviceName: "up" }], services: { up: 1 } }));
    t.after(() => closed.kill());
    assert.equal((await get("/_gateway/echo", closed.port)).status, 404);
  });
});

describe("metrics", LIMIT, () => {
  test("count requests by pattern, method and status, at the route and at the backend", async () => {
    const labels = { method: "GET", route: "items", path: "/item/{id}", status: "200" };
    const up = { service: "up", instance: "up-1", method: "GET", status: "200" };
    const before = await scrape(gateway.port);
    for (const id of ["1", "2", "3"]) await get(`/item/${id}`);
    await get("/item/missing");
    await call(gateway.port, { method: "POST", path: "/item/1", body: "x".repeat(500) });
    const after = await scrape(gateway.port);
    const grew = (name: string, l: Readonly<Record<string, string>>) =>
      (sample(after, name, l) ?? 0) - (sample(before, name, l) ?? 0);
    assert.equal(grew("gateway_http_requests_total", labels), 3);
    assert.equal(grew("gateway_http_requests_total", { ...labels, status: "404" }), 1);
    assert.equal(grew("gateway_http_requests_total", { ...labels, method: "POST" }), 1);
    assert.equal(grew("gateway_http_request_duration_seconds_count", labels), 3);
    assert.equal(grew("gateway_http_request_duration_seconds_bucket", { ...labels, le: "+Inf" }), 3);
    assert.equal(grew("gateway_backend_requests_total", up), 3);
    assert.equal(grew("gateway_backend_request_duration_seconds_count", up), 3);
    const posted = { method: "POST", route: "items", path: "/item/{id}" };
    assert.equal(grew("gateway_http_request_size_bytes_sum", posted), 500);
    assert.equal(grew("gateway_http_request_size_bytes_bucket", { ...posted, le: "100" }), 0);
    assert.equal(grew("gateway_http_request_size_bytes_bucket", { ...posted, le: "1000" }), 1);
    assert.equal(grew("gateway_http_response_size_bytes_count", posted), 1);
  });

  test("the gauge shows requests under way and goes back to zero", async () => {
    const series = { method: "GET", route: "items", path: "/item/{id}" };
    const active = async () => sample(await scrape(gateway.port), "gateway_http_requests_active", series);
    const slow = headOf(begin(gateway.port, { path: "/item/slow" }));
    await eventually("the request is under way", async () => (await active()) === 1);
    await read(await slow);
    await eventually("the gauge is back at zero", async () => (await active()) === 0);
  });

  test("failures of a backend are counted by their code", async () => {
    const labels = { service: "dead", instance: "dead-1", error_type: "connect_failed" };
    const before = sample(await scrape(gateway.port), "gateway_backend_errors_total", labels) ?? 0;
    assert.equal((await get("/dead")).status, 502);
    assert.equal(sample(await scrape(gateway.port), "gateway_backend_errors_total", labels), before + 1);
  });

  test("instances and the configuration are there", async () => {
    const series = await scrape(gateway.port);
    assert.equal(sample(series, "gateway_service_instances", { service: "half", health: "healthy" }), 1);
    assert.equal(sample(series, "gateway_service_instances", { service: "half", health: "unhealthy" }), 1);
    assert.equal(sample(series, "gateway_config_last_reload_success"), 1);
    assert.ok(sample(series, "gateway_config_last_reload_timestamp_seconds")! > 1.7e9);
    assert.ok(sample(series, "process_resident_memory_bytes")! > 0);
  });

  test("nothing a client sends makes a series", async () => {
    const probe = async (n: number) => {
      await call(gateway.port, { method: "PROPFIND", path: `/item/${n}`, headers: ["Host", `h${n}.example`] });
      await call(gateway.port, { method: n % 2 === 0 ? "PURGE" : "MKCOL", path: `/no/${n}?q=${n}` });
      await call(gateway.port, { path: `/_gateway/health/services/s${n}`, headers: [`X-${n}`, "1"] });
      await call(gateway.port, { path: `/no/%zz${n}` });
    };
    for (let n = 0; n < 4; n++) await probe(n);
    const before = await scrape(gateway.port);
    for (let n = 100; n < 140; n++) await probe(n);
    const after = await scrape(gateway.port);
    const added = [...after.keys()].filter((key) => !before.has(key) && key.startsWith("gateway_"));
    assert.deepEqual(added, []);
    const text = [...after.keys()].join("\n");
    assert.doesNotMatch(text, /PROPFIND|PURGE|MKCOL|\/no\/|example/);
    assert.ok(sumOf(after, "gateway_http_requests_total", { method: "OTHER", path: "unmatched" }) >= 40);
  });

  const request = 'method="GET",path="/x",route="r",status="200"';
  for (const [more, left] of [
    [{}, request],
    [{ includePathLabel: false }, 'method="GET",status="200"'],
    [{ includeMethodLabel: false }, 'path="/x",route="r",status="200"'],
    [{ includeStatusLabel: false }, 'method="GET",path="/x",route="r"'],
  ] as const) {
    test(`requests are told apart by the labels that are kept: ${JSON.stringify(more)}`, async (t) => {
      const rules = [{ id: "r", path: "/x", serviceName: "up" }];
      const metrics = { enabled: true, buckets: [0.5, 60], ...more };
      const own = await startGateway(configText({ rules, services: { up: backend.port }, more: { metrics } }));
      t.after(() => own.kill());
      await get("/x", own.port);
      const series = await scrape(own.port);
      const of = (name: string) => [...series.keys()].filter((key) => key.startsWith(`${name}{`));
      assert.ok(of("gateway_http_requests_total").includes(`gateway_http_requests_total{${left}}`));
      const buckets = of("gateway_http_request_duration_seconds_bucket").filter((key) => key.endsWith(`,${left}}`));
      assert.deepEqual(
        buckets.map((key) => /le="([^"]+)"/.exec(key)![1]),
        ["0.5", "60", "+Inf"],
      );
    });
  }

  test("on a port of their own, they are there and nothing else is", async (t) => {
    const port = await freePort();
    const rules = [{ path: "/*", serviceName: "up" }];
    const more = { metrics: { enabled: true, port, path: "/m" } };
    const apart = await startGateway(configText({ rules, services: { up: backend.port }, more }));
    t.after(() => apart.kill());
    assert.equal(sample(await scrape(port, "/m"), "gateway_config_last_reload_success"), 1);
    assert.equal((await get("/x", port)).status, 404);
    assert.equal((await call(port, { method: "POST", path: "/m", body: "x" })).status, 405);
    assert.match((await get("/m", apart.port)).text, /"url":"\/m"/);
  });
});

describe("the access log", LIMIT, () => {
  test("has one line per request with all that is asked about it later", async () => {
    const headers = ["X-Request-ID", "log-1", "Host", "Shop.Example:8080"];
    const path = "/item/7?access_token=s3cret";
    await call(gateway.port, {
      method: "POST",
      path,
      headers: [...headers, "Authorization", "Bearer s3cret"],
      body: "12345",
    });
    const line = await accessLine(gateway, "log-1");
    const { time, durationMs, upstreamMs, bytesOut, ...rest } = line;
    assert.ok(!Number.isNaN(Date.parse(String(time))));
    for (const n of [durationMs, upstreamMs, bytesOut]) assert.ok(typeof n === "number" && n > 0);
    assert.deepEqual(rest, {
      level: "info",
      msg: "request",
      requestId: "log-1",
      method: "POST",
      scheme: "http",
      protocol: "HTTP/1.1",
      host: "shop.example",
      path: "/item/7",
      route: "items",
      service: "up",
      instance: "up-1",
      attempts: 1,
      upstreamStatus: 200,
      status: 200,
      bytesIn: 5,
      client: "127.0.0.1",
    });
    assert.doesNotMatch(JSON.stringify(gateway.lines), /s3cret/);
  });

  test("counts the bytes of chunked bodies and says why a request was refused", async () => {
    await call(gateway.port, { path: "/nowhere?password=s3cret", headers: ["X-Request-ID", "log-2"] });
    const line = await accessLine(gateway, "log-2");
    assert.deepEqual([line.status, line.error, line.path, line.route], [404, "no_route", "/nowhere", undefined]);
    assert.doesNotMatch(JSON.stringify(gateway.lines), /s3cret/);
  });

  test("keeps a line one line, whatever a client puts into it", async () => {
    await call(gateway.port, { path: "/item/%0A%22x%22", headers: ["X-Request-ID", "log-3"] });
    assert.equal((await accessLine(gateway, "log-3")).path, "/item/%0A%22x%22");
  });

  test("leaves out routes that ask for it", async () => {
    await call(gateway.port, { path: "/quiet", headers: ["X-Request-ID", "quiet-1"] });
    await call(gateway.port, { path: "/item/1", headers: ["X-Request-ID", "log-4"] });
    await accessLine(gateway, "log-4");
    assert.ok(!gateway.lines.some((line) => line.requestId === "quiet-1"));
  });
});
