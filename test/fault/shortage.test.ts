// A gateway that has few descriptors: it refuses what it cannot serve, blames nobody else, and is well when it has them again.
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, type TestContext, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { call, keepAlive } from "../support/client.ts";
import { type GatewayProcess, type LogLine, startGateway } from "../support/gateway.ts";
import { framed, type Http2Backend, http2Backend, reply } from "../support/http2-backend.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { sample, scrape, sumOf } from "../support/metrics.ts";
import { RawClient } from "../support/raw-client.ts";
import { configText, eventually, soon } from "../support/setup.ts";
import { echo, messageOf, opened, wsBackend } from "../support/websocket.ts";
import { assertCalm } from "../support/websocket-gateway.ts";

/** A quarter is kept, the rest is for pairs of a client and a backend. */
const OPEN_FILES = 128;
const MAX_CLIENTS = 48;
const STREAMS = 150;

let backend: Backend;
let calls: Http2Backend;
/** Answers that wait for the end of the trouble; null: it is over. */
let held: ServerResponse[] | null = [];
before(async () => {
  backend = await startBackend((request, response) => {
    if (request.url === "/held" && held !== null) held.push(response);
    else response.end("fine");
  });
  calls = await http2Backend((stream) => reply(stream, ["fine"]));
});
after(async () => {
  await backend?.close();
  await calls?.close();
});

function start(t: TestContext, services: Readonly<Record<string, number>>): Promise<GatewayProcess> {
  const yaml = configText({
    rules: [
      { id: "calls", path: "/test.Calls/*", serviceName: "calls", protocol: "grpc" },
      { id: "all", path: "/*", serviceName: "up", retry: { maxAttempts: 3 } },
    ],
    services,
    more: {
      frontend: { http: { host: "127.0.0.1", port: 0 }, grpc: { maxConcurrentStreams: 2 * STREAMS } },
      circuitBreaker: { enabled: true },
      outlierDetection: { enabled: true, default: { consecutiveFailures: 1 } },
      metrics: { enabled: true },
    },
  });
  return begin(t, yaml);
}

async function begin(t: TestContext, yaml: string): Promise<GatewayProcess> {
  const gateway = await startGateway(yaml, { openFiles: OPEN_FILES });
  t.after(() => gateway.kill());
  return gateway;
}

test("requests that find no descriptor are refused, and no backend is blamed for it", {
  timeout: 60_000,
}, async (t) => {
  const gateway = await start(t, { up: backend.port, calls: calls.port });
  const session = await openSession(gateway.port);
  const requests = Array.from({ length: STREAMS }, () => ask(session, { ":path": "/held" }));
  const grpc = { ":method": "POST", ":path": "/test.Calls/Any", "content-type": "application/grpc", te: "trailers" };
  const refusedCall = ask(session, grpc, framed("x"));
  const short = await soon(
    gateway.line(({ msg }) => msg === "The gateway is short of resources"),
    "the shortage",
  );
  assert.deepEqual([short.level, short.cause], ["warn", "EMFILE"]);
  const refused = await Promise.race(requests);
  assert.deepEqual([refused.status, refused.headers["retry-after"]], [503, "1"]);
  assert.equal(JSON.parse(refused.text).error.code, "overloaded");
  const unavailable = await refusedCall;
  assert.deepEqual(
    ["grpc-status", "retry-after"].map((name) => unavailable.headers[name]),
    ["14", "1"],
  );

  for (const response of held!) response.end("late");
  held = null;
  const replies = await Promise.all(requests);
  const by = (status: number) => replies.filter((r) => r.status === status).length;
  assert.ok(by(200) > 0 && by(503) > 0);
  assert.equal(by(200) + by(503), STREAMS);

  assert.equal((await ask(session, { ":path": "/" })).text, "fine");
  assert.equal((await ask(session, grpc, framed("x"))).trailers["grpc-status"], "0");
  const metrics = await scrape(gateway.port);
  assert.equal(sumOf(metrics, "gateway_circuit_breaker_transitions_total"), 0);
  assert.equal(sumOf(metrics, "gateway_outlier_ejections_total"), 0);
  assert.equal(sumOf(metrics, "gateway_backend_errors_total"), 0);
  assert.equal(sumOf(metrics, "gateway_retry_attempts_total"), 0);
  assert.ok(sumOf(metrics, "gateway_resource_shortages_total", { cause: "EMFILE" }) >= by(503));
  const told = gateway.lines.filter(({ msg }) => /short of resources|Circuit|ejected/.test(msg ?? ""));
  assert.equal(told.length, 1);
  session.destroy();
  assertCalm(gateway);
});

test("clients cannot take the descriptors of backends", { timeout: 60_000 }, async (t) => {
  const gateway = await start(t, { up: backend.port, calls: calls.port });
  const clients = await Promise.all(Array.from({ length: 200 }, () => RawClient.to(gateway.port)));
  const staying = () => clients.filter((client) => !client.ended);
  await eventually("the others are refused", () => staying().length === MAX_CLIENTS);
  assert.ok(clients.some((client) => client.received.startsWith("HTTP/1.1 503 ")));
  for (const client of staying()) client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await eventually("an answer for each", () => staying().every(({ received }) => received.endsWith("fine")));
  const told = ({ msg }: LogLine) => msg?.startsWith("Client connections are refused") === true;
  await soon(gateway.line(told), "a line about it");
  assert.equal(gateway.lines.filter(told).length, 1);
  for (const { socket } of clients) socket.destroy();
  const agent = keepAlive();
  await eventually(
    "there is room again",
    async () => (await call(gateway.port, { agent }).catch(() => null))?.status === 200,
  );
  agent.destroy();
  const metrics = await scrape(gateway.port);
  assert.equal(sample(metrics, "gateway_client_connections_limit"), MAX_CLIENTS);
  assert.ok(sample(metrics, "gateway_client_connections_refused_total")! >= clients.length - MAX_CLIENTS);
  assert.equal(sumOf(metrics, "gateway_resource_shortages_total"), 0);
  assertCalm(gateway);
});

test("as many WebSockets as there may be clients all reach a backend", { timeout: 60_000 }, async (t) => {
  const peer = await wsBackend(echo);
  const gateway = await start(t, { up: peer.port, calls: calls.port });
  const sockets = await Promise.all(Array.from({ length: MAX_CLIENTS }, () => opened(gateway.port)));
  const [first] = sockets;
  const heard = messageOf(first!);
  first!.send("hello");
  assert.equal((await heard).data.toString(), "hello");
  for (const socket of sockets) socket.terminate();
  await peer.close();
});

test("a limit that is configured beyond the open files is warned of", async (t) => {
  const yaml = configText({
    rules: [{ id: "all", path: "/*", serviceName: "up" }],
    services: { up: 1 },
    front: { maxConnections: 500 },
  });
  const gateway = await begin(t, yaml);
  const warning = await soon(
    gateway.line(({ level, msg }) => level === "warn" && msg?.includes("open files") === true),
    "the warning",
  );
  assert.match(warning.msg!, /^frontend\.http\.maxConnections: 500 .* 128 open files/);
});
