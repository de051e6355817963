// Shedding from outside: what is refused while the event loop is late, in whose words, and what is left alone.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { mirror, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { sample, scrape } from "../support/metrics.ts";
import { startTalkers, type Talkers } from "../support/protocols.ts";
import { configText, eventually, soon } from "../support/setup.ts";

describe("a gateway that falls behind", { timeout: 60_000 }, () => {
  let talkers: Talkers;
  let gateway: GatewayProcess;
  before(async () => {
    talkers = await startTalkers();
    // Any work at all makes an event loop that late.
    gateway = await startGateway(
      configText({
        rules: [
          { id: "low", path: "/low/*", serviceName: "up", tier: "low" },
          { id: "high", path: "/http/*", serviceName: "up", tier: "high" },
          { id: "sockets", path: "/sockets/*", serviceName: "up", tier: "low" },
        ],
        services: { up: talkers.http },
        more: {
          metrics: { enabled: true },
          overload: { enabled: true, maxLoopDelay: "1ms", holdTime: "50ms" },
        },
      }),
    );
  });
  after(async () => {
    await gateway?.kill();
    await talkers?.close();
  });

  test("refuses low requests and handshakes with 503 and a time to come back, and counts them", async () => {
    // Work that makes the loop late: many requests at once, again and again, until the level has risen.
    let refused = await call(gateway.port, { path: "/low/refuse" });
    await eventually("a low request is refused", async () => {
      await Promise.all(Array.from({ length: 100 }, () => call(gateway.port, { path: "/http/refuse" })));
      refused = await call(gateway.port, { path: "/low/refuse" });
      return refused.status === 503;
    });
    assert.match(refused.text, /"code":"overloaded"/);
    const wait = Number(refused.headers["retry-after"]);
    assert.ok(wait >= 1 && wait <= 5);
    let status = 0;
    await eventually("a handshake is refused", async () => {
      await Promise.all(Array.from({ length: 100 }, () => call(gateway.port, { path: "/http/refuse" })));
      const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/sockets/refuse`);
      status = await new Promise<number>((resolve) => {
        socket.on("unexpected-response", (_, response) => {
          response.resume();
          resolve(response.statusCode!);
        });
        socket.on("error", () => undefined);
      });
      return status === 503;
    });
    const series = await scrape(gateway.port);
    assert.ok(sample(series, "gateway_overload_shed_total", { tier: "low" })! >= 2);
    assert.equal(sample(series, "gateway_overload_shed_total", { tier: "high" }), 0);
    assert.ok(sample(series, "gateway_event_loop_delay_seconds")! >= 0);
  });
});

test("maxHeld: 0 holds no refusal back, however long holdTime is", { timeout: 60_000 }, async (t) => {
  const backend = await startBackend(mirror);
  const gateway = await startGateway(
    configText({
      rules: [{ path: "/*", serviceName: "up", tier: "low" }],
      services: { up: backend.port },
      more: { overload: { enabled: true, maxLoopDelay: "1ms", holdTime: "30s", maxHeld: 0 } },
    }),
  );
  t.after(() => Promise.all([gateway.kill(), backend.close()]));
  // A refusal that was held would keep its round from ending within the patience of the test.
  const round = () => Promise.all(Array.from({ length: 100 }, () => call(gateway.port)));
  await eventually("a refusal", async () => (await soon(round(), "a round")).some(({ status }) => status === 503));
});
