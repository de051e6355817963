// One deadline for all tries: told to the backends, shortened by trusted gateways in front, and kept whatever the retries.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { valuesOf } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { failing, hanging, instance, Planned } from "../support/planned.ts";
import { configText } from "../support/setup.ts";
import { assertCalm } from "../support/websocket-gateway.ts";

let planned: Planned;
let gateway: GatewayProcess;
let stranger: GatewayProcess;

const text = (planned: Planned, front: Record<string, unknown>) =>
  configText({
    front,
    rules: [
      { id: "timed", path: "/timed/*", serviceName: "pair", timeout: "20s" },
      { id: "short", path: "/short/*", serviceName: "pair", timeout: "300ms" },
      { id: "per-try", path: "/per-try/*", serviceName: "pair", timeout: "600ms", retry: { perTryTimeout: "200ms" } },
      { id: "waits", path: "/waits/*", serviceName: "pair", timeout: "2s", retry: { initialDelay: 5000 } },
      { id: "free", path: "/free/*", serviceName: "pair", timeout: 0 },
    ],
    services: { pair: [instance(planned.a.port), instance(planned.b.port)] },
    more: {
      retry: { enabled: true, default: { initialDelay: 30, jitter: false, maxAttempts: 20, minRetryTokens: 1000 } },
    },
  });

before(async () => {
  planned = await Planned.start();
  gateway = await startGateway(text(planned, { trustedProxies: ["127.0.0.1"] }));
  stranger = await startGateway(text(planned, {}));
});
after(async () => {
  await Promise.all([gateway.kill(), stranger.kill()]);
  await planned.close();
  assertCalm(gateway);
});

/** Deadlines the tries of a path were told, seconds since 1970. */
const told = (path: string): number[] =>
  planned.tries(path).flatMap((one) => valuesOf(one.request.rawHeaders, "x-request-deadline").map(Number));

describe("the deadline of a rule", () => {
  test("is told to every try as the same moment", async () => {
    const path = planned.on("/timed/tries", failing(2));
    const begun = Date.now() / 1000;
    assert.equal((await call(gateway.port, { path })).status, 200);
    const over = Date.now() / 1000;
    const moments = told(path);
    assert.equal(moments.length, 3);
    for (const moment of moments) assert.ok(moment >= begun + 19.9 && moment <= over + 20.1, `${moment}`);
    assert.ok(Math.max(...moments) - Math.min(...moments) < 0.05, `${moments}`);
  });

  test("ends all tries together", async () => {
    const path = planned.on("/per-try/hangs", hanging(99));
    assert.equal((await call(gateway.port, { path })).status, 504);
    // Two of 200 ms and what is left of 600 ms, which on a busy machine is nothing.
    const { length } = planned.tries(path);
    assert.ok(length === 2 || length === 3, `${length} tries`);
    await Promise.all(planned.tries(path).map((one) => one.closed));
  });

  test("lets the last answer pass where a wait would go beyond it", async () => {
    const path = planned.on("/waits/refused", failing(9));
    const begun = performance.now();
    assert.equal((await call(gateway.port, { path })).text, "no 1");
    assert.ok(performance.now() - begun < 1900, "the client does not wait for what cannot come");
  });

  test("is not made up where there is none, and clocks of strangers are not passed on", async () => {
    const headers = ["X-Request-Deadline", "1", "X-Retry-Attempt", "7"];
    assert.equal((await call(stranger.port, { path: "/free/none", headers })).status, 200);
    const [one] = planned.tries("/free/none");
    assert.deepEqual(valuesOf(one!.request.rawHeaders, "x-request-deadline"), []);
    assert.deepEqual(valuesOf(one!.request.rawHeaders, "x-retry-attempt"), []);
  });
});

describe("the deadline of a gateway in front", () => {
  const inMs = (ms: number) => ["X-Request-Deadline", ((Date.now() + ms) / 1000).toFixed(3)];

  test("holds where it is sooner", async () => {
    const path = planned.on("/timed/asked", hanging(1));
    const headers = inMs(200);
    assert.equal((await call(gateway.port, { path, headers })).status, 504);
    const [moment] = told(path);
    assert.ok(Math.abs(moment! - Number(headers[1])) < 0.1, `${moment} for ${headers[1]}`);
  });

  test("does not lengthen that of the rule", async () => {
    const path = planned.on("/short/asked", hanging(1));
    assert.equal((await call(gateway.port, { path, headers: inMs(20_000) })).status, 504);
  });

  test("holds where the rule has none", async () => {
    const path = planned.on("/free/asked", hanging(1));
    assert.equal((await call(gateway.port, { path, headers: inMs(200) })).status, 504);
  });

  test("means nothing when it comes from a stranger, or is no moment", async () => {
    const path = planned.on("/timed/stranger", ({ response }) => void setTimeout(() => response.end("ok"), 60));
    assert.equal((await call(stranger.port, { path, headers: ["X-Request-Deadline", "1"] })).status, 200);
    assert.equal((await call(gateway.port, { path, headers: ["X-Request-Deadline", "soon"] })).status, 200);
  });
});
