// Outlier detection from outside: who does badly sits out, comes back, and is remembered across reloads.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway as startWatching } from "../support/gateway.ts";
import { grpcGateway, InteropClient } from "../support/grpc.ts";
import { type Http2Backend, http2Backend, reply } from "../support/http2-backend.ts";
import { sample, scrape } from "../support/metrics.ts";
import { type Block, configText, eventually, nextLine, reload } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const ejections = async (gateway: GatewayProcess, reason: string) =>
  sample(await scrape(gateway.port), "gateway_outlier_ejections_total", { service: "up", reason });

/** Reloads only when it is told to: a test that writes the file must not be overtaken. */
const startGateway = (yaml: string) => startWatching(yaml, { args: ["-hot-reload=false"] });

let gateway: GatewayProcess;
let backends: (Backend | Http2Backend)[] = [];
afterEach(async () => {
  await gateway?.kill();
  for (const backend of backends.splice(0)) await backend.close();
});

/** Three backends; the statuses decide what each answers. */
async function three(statuses: number[]): Promise<readonly Block[]> {
  const made = await Promise.all(
    statuses.map((_, i) =>
      startBackend((_, response) => {
        response.writeHead(statuses[i]!).end(String(i));
      }),
    ),
  );
  backends = made;
  return made.map(({ port }, i) => ({ id: `up-${i}`, address: "127.0.0.1", port }));
}

const text = (up: readonly Block[], outlierDetection: Block, more: Block = {}) =>
  configText({
    rules: [{ id: "all", path: "/*", serviceName: "up" }],
    services: { up },
    more: { metrics: { enabled: true }, outlierDetection: { enabled: true, default: outlierDetection }, ...more },
  });
const ask = async (times: number) => {
  const seen: number[] = [0, 0, 0];
  for (let i = 0; i < times; i++) seen[Number((await call(gateway.port)).text)]!++;
  return seen;
};

describe("outlier detection", LIMIT, () => {
  test("ejects after failures in a row, and lets back in after its time", async () => {
    const statuses = [500, 200, 200];
    gateway = await startGateway(text(await three(statuses), { consecutiveFailures: 3, ejectionTime: "400ms" }));
    const back = nextLine(gateway, "the return", (l) => l.msg === "Ejected instance takes traffic again");
    assert.deepEqual(await ask(9), [3, 3, 3]);
    assert.equal(await ejections(gateway, "consecutive_failures"), 1);
    statuses[0] = 200;
    await back;
    assert.deepEqual(await ask(9), [3, 3, 3]);
  });

  test("never ejects more than the share, nor the last", async () => {
    gateway = await startGateway(text(await three([500, 500, 500]), { consecutiveFailures: 2, maxEjectedShare: 1 }));
    await ask(12);
    assert.equal(await ejections(gateway, "consecutive_failures"), 2);
    assert.equal((await ask(3)).filter((n) => n === 3).length, 1);
  });

  test("compares success rates at the interval", async () => {
    const options = { consecutiveFailures: 0, interval: "300ms", successRateMinRequests: 10 };
    gateway = await startGateway(text(await three([200, 200, 503]), options));
    const ejected = nextLine(gateway, "the ejection", (l) => l.msg === "Instance ejected");
    let over = false;
    void ejected.finally(() => {
      over = true;
    });
    while (!over) await ask(30);
    const { service, instance, reason } = await ejected;
    assert.deepEqual([service, instance, reason], ["up", "up-2", "success_rate"]);
    assert.equal((await ask(9))[2], 0);
  });

  test("remembers who is out across reloads, and lets everybody in when it is switched off", async () => {
    const up = await three([500, 200, 200]);
    gateway = await startGateway(text(up, { consecutiveFailures: 3, ejectionTime: "1m" }));
    await ask(9);
    assert.equal((await ask(6))[0], 0);
    await reload(gateway, text(up, { consecutiveFailures: 4, ejectionTime: "2m" }));
    assert.equal((await ask(6))[0], 0);
    assert.equal(await ejections(gateway, "consecutive_failures"), 1);
    await reload(gateway, text(up, {}, { outlierDetection: { enabled: false } }));
    assert.equal((await ask(6))[0], 2);
    assert.equal(await ejections(gateway, "consecutive_failures"), undefined);
  });

  test("judges gRPC by the status at the end", async () => {
    const made = await Promise.all(
      [14, 0].map((status) => http2Backend((stream) => reply(stream, status === 0 ? ["fine"] : [], status))),
    );
    backends = made;
    const up = made.map(({ port }, i) => ({ id: `up-${i}`, address: "127.0.0.1", port, protocol: "grpc" }));
    const more = {
      metrics: { enabled: true },
      outlierDetection: { enabled: true, default: { consecutiveFailures: 3 } },
    };
    const calls = await grpcGateway({ services: { up }, more });
    gateway = calls;
    const client = new InteropClient(calls.grpcPort);
    const failed = async (times: number) => {
      let count = 0;
      for (let i = 0; i < times; i++) await client.unary(Buffer.from("{}")).catch(() => count++);
      return count;
    };
    assert.equal(await failed(6), 3);
    await eventually("it is ejected", async () => (await ejections(gateway, "consecutive_failures")) === 1);
    assert.equal(await failed(6), 0);
    client.close();
  });
});
