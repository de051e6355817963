// Circuit breakers from outside: in every protocol, over their whole life, across reloads, and what answers meanwhile.
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { afterEach, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { begin, call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { sample, scrape } from "../support/metrics.ts";
import { PROTOCOLS } from "../support/protocols.ts";
import { type Block, configText, eventually, nextLine, reload } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };

let gateway: GatewayProcess;
const backends: Backend[] = [];
afterEach(async () => {
  await gateway?.kill();
  for (const backend of backends.splice(0)) await backend.close();
});

/** A backend that answers with the status it is told, by the path or by `state`. */
async function backend(state: { status: number }): Promise<number> {
  const made = await startBackend((request, response) => {
    const asked = /^\/status\/(\d+)/.exec(request.url!);
    if (request.url === "/never") return;
    response.writeHead(asked === null ? state.status : Number(asked[1])).end("backend");
  });
  backends.push(made);
  return made.port;
}

const start = async (up: number | readonly Block[], breaker: Block, rule: Block = {}, more: Block = {}) => {
  const services = { up, other: [{ address: "127.0.0.1", port: backends[0]?.port ?? 1 }] };
  return startGateway(textOf(services, breaker, rule, more));
};
const textOf = (
  services: Record<string, number | readonly Block[]>,
  breaker: Block,
  rule: Block = {},
  more: Block = {},
) =>
  configText({
    rules: [{ id: "all", path: "/*", serviceName: "up", ...rule }],
    services,
    more: { metrics: { enabled: true }, circuitBreaker: { enabled: true, default: breaker }, ...more },
  });
const state = async (name = "up") => sample(await scrape(gateway.port), "gateway_circuit_breaker_state", { name });

test("an open circuit refuses in every protocol, without asking the backend", LIMIT, async () => {
  const instance = (port: number) => [{ address: "127.0.0.1", port }];
  gateway = await startGateway(
    configText({
      rules: [
        { id: "http", path: "/http/*", serviceName: "plain" },
        { id: "sse", path: "/sse/*", serviceName: "plain", protocol: "sse" },
        { id: "tunnel", path: "/tunnel/*", serviceName: "plain" },
        { id: "messages", path: "/messages/*", serviceName: "plain", websocket: { mode: "messages" } },
        { id: "grpc", path: "/demo.v1.Greeter/*", serviceName: "greeter", protocol: "grpc" },
        {
          id: "json",
          path: "/v1/*",
          serviceName: "greeter",
          grpc: { enableTranscoding: true, protoFiles: ["protos/demo/greeter.proto"] },
        },
      ],
      services: { plain: instance(1), greeter: instance(1) },
      more: {
        circuitBreaker: {
          enabled: true,
          default: { maxFailures: 1 },
          routes: { http: {}, sse: {}, tunnel: {}, messages: {}, grpc: {}, json: {} },
        },
      },
    }),
  );
  for (const [name, listen] of Object.entries(PROTOCOLS)) {
    const errors: unknown[] = [];
    for (const refusal of ["502", "503"]) {
      const line = nextLine(gateway, `the access line of ${name}`, (l) => l.error !== undefined);
      const said = await listen(gateway.port, "talk").then(
        () => "answered",
        (error: Error) => error.message,
      );
      assert.equal(said, name === "grpc" ? "UNAVAILABLE" : refusal, name);
      errors.push((await line).error);
    }
    assert.deepEqual(errors, ["connect_failed", "circuit_open"], name);
  }
});

describe("a circuit", LIMIT, () => {
  test("opens at failures, says when to come back, tries, and closes again", async () => {
    const answers = { status: 500 };
    gateway = await start(await backend(answers), { maxFailures: 3, timeout: "400ms" });
    for (let i = 0; i < 3; i++) assert.equal((await call(gateway.port)).status, 500);
    assert.equal(await state(), 1);
    const refused = await call(gateway.port);
    assert.equal(refused.status, 503);
    assert.match(refused.text, /"code":"circuit_open"/);
    assert.equal(refused.headers["retry-after"], "1");
    await eventually("half open", async () => (await state()) === 2);
    answers.status = 200;
    assert.equal((await call(gateway.port)).status, 200);
    assert.equal(await state(), 0);
    const series = await scrape(gateway.port);
    const transitions = (to: string) => sample(series, "gateway_circuit_breaker_transitions_total", { name: "up", to });
    assert.deepEqual(["open", "half_open", "closed"].map(transitions), [1, 1, 1]);
  });

  test("half-open lets maxRequests through at a time, and closes after successThreshold successes", async () => {
    let failing = true;
    const held: ServerResponse[] = [];
    const made = await startBackend((_, response) => {
      if (failing) response.writeHead(500).end();
      else held.push(response);
    });
    backends.push(made);
    const breaker = { maxFailures: 1, timeout: "300ms", maxRequests: 2, successThreshold: 2 };
    gateway = await start(made.port, breaker);
    assert.equal((await call(gateway.port)).status, 500);
    failing = false;
    const statuses: number[] = [];
    const ask = async () => void statuses.push((await call(gateway.port)).status);
    // One that came a moment too early was refused; as long as there is room, the next is let through.
    await eventually("two that are let through", async () => {
      await Promise.race([Promise.all([ask(), ask()]), eventually("both at the backend", () => held.length === 2)]);
      return held.length === 2;
    });
    await Promise.all([ask(), ask()]);
    assert.equal(held.length, 2);
    assert.deepEqual(new Set(statuses), new Set([503]));
    held[0]!.end();
    await eventually("its answer", () => statuses.includes(200));
    assert.equal(await state(), 2);
    held[1]!.end();
    await eventually("the circuit is closed", async () => (await state()) === 0);
  });

  test("takes no notice of 4xx, of 501 and of clients that leave", async () => {
    gateway = await start(await backend({ status: 200 }), { maxFailures: 1 });
    for (const status of [400, 404, 429, 501]) await call(gateway.port, { path: `/status/${status}` });
    const leaving = begin(gateway.port, { path: "/never" });
    leaving.on("error", () => undefined);
    await eventually("the backend is asked", () => backends[0]!.active === 1);
    const left = nextLine(gateway, "its access line", (l) => l.status === 499);
    leaving.destroy();
    await left;
    assert.equal(await state(), 0);
    await call(gateway.port, { path: "/status/503" });
    assert.equal(await state(), 1);
  });

  test("opens for a backend that does not answer in time", async () => {
    gateway = await start(await backend({ status: 200 }), { maxFailures: 1 }, { timeout: "200ms" });
    assert.equal((await call(gateway.port, { path: "/never" })).status, 504);
    assert.equal((await call(gateway.port)).status, 503);
  });

  test("of an instance leaves the others their work", async () => {
    const [bad, good] = [await backend({ status: 500 }), await backend({ status: 200 })];
    const instance = (id: string, port: number) => ({ id, address: "127.0.0.1", port });
    gateway = await start([instance("bad", bad), instance("good", good)], { scope: "endpoint", maxFailures: 2 });
    await eventually("the bad one is broken off", async () => {
      await call(gateway.port);
      return (await state("up/bad")) === 1;
    });
    for (let i = 0; i < 6; i++) assert.equal((await call(gateway.port)).status, 200);
    assert.equal(await state("up/good"), 0);
  });

  test("stays open over a reload that leaves its settings alone", async () => {
    const up = await backend({ status: 500 });
    gateway = await start(up, { maxFailures: 1 });
    await call(gateway.port);
    await reload(gateway, textOf({ up, other: up }, { maxFailures: 1 }, { accessLog: false }));
    assert.equal((await call(gateway.port)).status, 503);
    assert.equal(await state(), 1);
  });

  test("of a rule is its own", async () => {
    const up = await backend({ status: 200 });
    const rules = [
      { id: "one", path: "/status/*", serviceName: "up", circuitBreaker: { maxFailures: 1 } },
      { id: "two", path: "/*", serviceName: "up" },
    ];
    gateway = await startGateway(configText({ rules, services: { up }, more: { metrics: { enabled: true } } }));
    await call(gateway.port, { path: "/status/500" });
    assert.equal((await call(gateway.port, { path: "/status/200" })).status, 503);
    assert.equal((await call(gateway.port)).status, 200);
    assert.equal(await state("one"), 1);
    assert.equal(await state("up"), undefined);
  });
});

describe("while a circuit is open", LIMIT, () => {
  test("a fixed answer stands in for the service", async () => {
    const fallback = { status: 200, headers: { "X-From": "fallback" }, body: "[]" };
    gateway = await start(await backend({ status: 500 }), { maxFailures: 1 }, { fallback });
    assert.equal((await call(gateway.port)).status, 500);
    const reply = await call(gateway.port);
    assert.deepEqual([reply.status, reply.headers["x-from"], reply.text], [200, "fallback", "[]"]);
  });

  test("another service stands in for it", async () => {
    await backend({ status: 200 }); // the other one
    const up = await backend({ status: 500 });
    gateway = await start(up, { maxFailures: 1 }, { fallback: { serviceName: "other" } });
    assert.equal((await call(gateway.port)).status, 500);
    assert.equal((await call(gateway.port)).status, 200);
  });
});

test("a fallback has its own time, not what was left of a try", LIMIT, async () => {
  const slow = await startBackend((_, response) => void setTimeout(() => response.end("in the end"), 150));
  backends.push(slow);
  gateway = await startGateway(
    configText({
      rules: [{ id: "all", path: "/*", serviceName: "up", fallback: { on: "connect_failed", serviceName: "other" } }],
      services: { up: 1, other: slow.port },
      more: {
        retry: {
          enabled: true,
          default: { maxAttempts: 1, perTryTimeout: "50ms", hedgeAfter: "20ms" },
          services: { other: { enabled: false } },
        },
      },
    }),
  );
  assert.equal((await call(gateway.port)).text, "in the end");
  assert.deepEqual(
    gateway.lines.filter(({ level }) => level === "error"),
    [],
  );
});

test("a limit that adapts is kept from outside, and shown", LIMIT, async () => {
  const up = await backend({ status: 200 });
  const limits = { enabled: true, default: { minLimit: 1, maxLimit: 2, initialLimit: 2 } };
  gateway = await start(up, {}, { tier: "high" }, { adaptiveConcurrency: limits });
  const held = [1, 2].map(() => begin(gateway.port, { path: "/never" }));
  for (const request of held) request.on("error", () => undefined);
  await eventually("both are under way", () => backends[0]!.active === 2);
  const refused = await call(gateway.port);
  assert.equal(refused.status, 503);
  assert.match(refused.text, /"code":"overloaded"/);
  assert.ok(Number(refused.headers["retry-after"]) >= 1);
  assert.equal(sample(await scrape(gateway.port), "gateway_concurrency_in_flight", { service: "up" }), 2);
  for (const request of held) request.destroy();
  await eventually("they have left", async () => (await call(gateway.port)).status === 200);
});
