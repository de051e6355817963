// A crowd of clients while their authorization service dies and comes back: each gets an answer, and nothing is left over.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Backend, mirror, startBackend } from "../support/backend.ts";
import { begin, call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { configText, eventually, residentBytes, soon } from "../support/setup.ts";

const LIMIT = { timeout: 120_000 };
const CLIENTS = 1000;
const MIB = 1024 * 1024;
let backend: Backend;
let service: Backend;
let gateway: GatewayProcess;
/** Ends checks that wait, in the order they came. */
const held: (() => void)[] = [];

const hold = (port = 0) =>
  startBackend((_, response) => void held.push(() => response.writeHead(200, ["X-User", "ann"]).end()), { port });

before(async () => {
  [backend, service] = await Promise.all([startBackend(mirror), hold()]);
  const forward = { url: `http://127.0.0.1:${service.port}/`, responseHeaders: ["X-User"], timeout: "30s" };
  gateway = await startGateway(
    configText({
      rules: [{ id: "all", path: "/*", serviceName: "up" }],
      services: { up: backend.port },
      more: { auth: { required: true, failures: { max: 0 }, forward }, metrics: { enabled: true } },
    }),
  );
});
after(async () => {
  await gateway.kill();
  await Promise.all([backend.close(), service.close()]);
});

/** Statuses, and how often each was given. */
async function crowd(): Promise<{ readonly statuses: Promise<Map<number, number>> }> {
  const replies = Array.from({ length: CLIENTS }, () => call(gateway.port, { path: "/x" }));
  await eventually("all requests are there", async () => (await active()) === CLIENTS);
  const statuses = Promise.all(replies).then((all) => {
    const counts = new Map<number, number>();
    for (const { status } of all) counts.set(status, (counts.get(status) ?? 0) + 1);
    return counts;
  });
  return { statuses };
}

async function active(): Promise<number> {
  return sumOf(await scrape(gateway.port), "gateway_http_requests_active", { path: "/*" });
}

/** Answers checks as they come. @returns what ends it */
function serve(): () => void {
  const timer = setInterval(() => {
    for (const end of held.splice(0)) end();
  }, 1);
  return () => clearInterval(timer);
}

test("a thousand requests at once are checked over a bounded number of connections", LIMIT, async () => {
  const { statuses } = await crowd();
  assert.ok(service.mostOpen <= 100);
  const stop = serve();
  assert.deepEqual(await soon(statuses, "all replies"), new Map([[200, CLIENTS]]));
  stop();
  assert.equal(service.requests, CLIENTS);
});

test("those whose service dies get 503, and reach no backend", LIMIT, async () => {
  const reached = backend.requests;
  const { port } = service;
  const { statuses } = await crowd();
  await eventually("as many checks as there may be", () => held.length === 100);
  for (let i = 0; i < 30; i++) held.shift()!();
  await eventually("some have passed", () => backend.requests === reached + 30);
  held.length = 0;
  await service.close();
  assert.deepEqual(
    await soon(statuses, "all replies"),
    new Map([
      [200, 30],
      [503, CLIENTS - 30],
    ]),
  );
  assert.equal(backend.requests, reached + 30);
  service = await hold(port);
});

test("those who leave take their checks with them", LIMIT, async () => {
  const clients = Array.from({ length: CLIENTS }, () =>
    begin(gateway.port, { path: "/x" }).on("error", () => undefined),
  );
  await eventually("all requests are there", async () => (await active()) === CLIENTS);
  for (const client of clients) client.destroy();
  await eventually("no check is left", () => service.active === 0);
  held.length = 0;
});

test("more than may wait are refused, and nothing is left of any of them", LIMIT, async () => {
  await eventually("nothing is under way", async () => (await active()) === 0);
  const memory = residentBytes(gateway.pid);
  for (let round = 0; round < 3; round++) {
    let refused = 0;
    const replies = Array.from({ length: 1300 }, () =>
      call(gateway.port, { path: "/x" }).then((reply) => {
        if (reply.status === 503) refused++;
        return reply;
      }),
    );
    // 100 are checked and 1 024 wait; no check ends before the last request is refused.
    await eventually("the others are refused", () => refused === 1300 - 1124);
    const stop = serve();
    const statuses = (await soon(Promise.all(replies), "all replies")).map(({ status }) => status);
    stop();
    assert.equal(statuses.filter((status) => status === 200).length, 1124);
  }
  await eventually("nothing is under way", async () => (await active()) === 0);
  assert.equal(service.active, 0);
  assert.ok(residentBytes(gateway.pid) < memory + 128 * MIB);
  const line = await gateway.line(({ msg }) => msg === "Checks by an authorization service fail");
  assert.equal(line.service, "forward");
});
