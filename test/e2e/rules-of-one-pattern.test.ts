// Two rules with one pattern on different hosts are two rules: what they count is theirs alone.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { sample, scrape, sumOf } from "../support/metrics.ts";
import { configText } from "../support/setup.ts";

describe("two rules with one pattern on different hosts", { timeout: 60_000 }, () => {
  let backend: Backend;
  let gateway: GatewayProcess;
  before(async () => {
    backend = await startBackend((_request, response) => {
      response.end("ok");
    });
    const limits = { rateLimit: { rate: 2, period: "1h" } };
    gateway = await startGateway(
      configText({
        rules: [
          { id: "shop", path: "/*", hosts: "shop.example", serviceName: "up", ...limits },
          { id: "blog", path: "/*", hosts: "blog.example", serviceName: "up", ...limits },
        ],
        services: { up: backend.port },
        more: { metrics: { enabled: true } },
      }),
    );
  });
  after(async () => {
    await gateway?.kill();
    await backend?.close();
  });

  test("have limits that count apart, and series of their own", async () => {
    const ask = async (host: string) => (await call(gateway.port, { path: "/x", headers: ["Host", host] })).status;
    const statuses = async (host: string) => [await ask(host), await ask(host), await ask(host)];
    assert.deepEqual(await statuses("shop.example"), [200, 200, 429]);
    assert.deepEqual(await statuses("blog.example"), [200, 200, 429]);
    assert.equal(await ask("shop.example"), 429);

    const series = await scrape(gateway.port);
    const requests = (route: string, status: string) =>
      sample(series, "gateway_http_requests_total", { method: "GET", route, path: "/*", status });
    assert.deepEqual([requests("shop", "200"), requests("shop", "429")], [2, 2]);
    assert.deepEqual([requests("blog", "200"), requests("blog", "429")], [2, 1]);
    const limited = (route: string, name: string) =>
      sample(series, `gateway_rate_limit_${name}_total`, { route, limit: route, limit_type: "ip" });
    assert.deepEqual([limited("shop", "hits"), limited("shop", "rejected")], [4, 2]);
    assert.deepEqual([limited("blog", "hits"), limited("blog", "rejected")], [3, 1]);
    assert.equal(sumOf(series, "gateway_http_response_size_bytes_count", { route: "blog", path: "/*" }), 3);
    assert.equal(sumOf(series, "gateway_http_requests_active", { route: "blog", path: "/*" }), 0);
  });
});
