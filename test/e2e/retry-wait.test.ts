// The wait before another try, interrupted: by the client, by a reload, by the end of the process.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { begin, call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { sample, scrape, sumOf } from "../support/metrics.ts";
import { failing, instance, Planned } from "../support/planned.ts";
import { configText, eventually, nextLine } from "../support/setup.ts";
import { assertCalm } from "../support/websocket-gateway.ts";

interface Bench {
  readonly planned: Planned;
  readonly gateway: GatewayProcess;
}

function text({ a, b }: Planned, initialDelay: number, more: Record<string, unknown> = {}): string {
  return configText({
    rules: [{ id: "all", path: "/*", serviceName: "up", timeout: "20s" }],
    services: { up: [instance(a.port), instance(b.port)] },
    more: {
      retry: { enabled: true, default: { initialDelay, maxDelay: 20_000, jitter: false } },
      metrics: { enabled: true },
      ...more,
    },
  });
}

async function withBench(initialDelay: number, body: (bench: Bench) => Promise<void>): Promise<void> {
  const planned = await Planned.start();
  const gateway = await startGateway(text(planned, initialDelay));
  try {
    await body({ planned, gateway });
    assertCalm(gateway);
  } finally {
    await gateway.kill();
    await planned.close();
  }
}

/** Waits until `count` requests wait for their next try. */
function waiting({ gateway, planned }: Bench, path: string): Promise<void> {
  return eventually("the wait for the next try", async () => {
    if (planned.tries(path).length !== 1) return false;
    return (
      (sample(await scrape(gateway.port), "gateway_retry_attempts_total", { route: "all", reason: "503" }) ?? 0) > 0
    );
  });
}

test("a client that leaves during the wait is forgotten, and no backend hears of it again", () =>
  withBench(10_000, async (bench) => {
    const { planned, gateway } = bench;
    const path = planned.on("/leaves", failing(1));
    const request = begin(gateway.port, { path });
    request.on("error", () => undefined);
    await waiting(bench, path);
    request.destroy();
    await eventually("nothing is under way", async () => {
      return sumOf(await scrape(gateway.port), "gateway_http_requests_active", { route: "all" }) === 0;
    });
    assert.equal(planned.tries(path).length, 1);
    assert.equal(await gateway.stop(), 0, "nothing holds the process up");
  }));

test("a reload during the wait changes nothing for the request that waits", () =>
  withBench(600, async (bench) => {
    const { planned, gateway } = bench;
    const path = planned.on("/reload", failing(1));
    const reply = call(gateway.port, { path });
    await waiting(bench, path);
    const reloaded = nextLine(gateway, "a reload", (line) => /reload|configuration/.test(String(line.msg)));
    const spare = await Planned.start();
    writeFileSync(gateway.file, text(spare, 5));
    await reloaded;
    await eventually("the new configuration", async () => {
      await call(gateway.port, { path: "/new" });
      return spare.tries("/new").length > 0;
    });
    assert.equal((await reply).status, 200);
    assert.equal(planned.tries(path).length, 2, "both tries went to the instances it began with");
    await spare.close();
  }));

test("a process that is to end lets a request that waits have its answer", () =>
  withBench(600, async (bench) => {
    const { planned, gateway } = bench;
    const path = planned.on("/drain", failing(1));
    const reply = call(gateway.port, { path });
    await waiting(bench, path);
    gateway.signal("SIGTERM");
    assert.equal((await reply).status, 200);
    assert.equal(await gateway.exited, 0);
  }));
