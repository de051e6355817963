// One of three backends in every kind of trouble while clients of every protocol go on: nothing is lost that could be saved,
// and what saves it stays within its budget.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ChaosBackend, crowd, type Toll } from "../support/chaos.ts";
import { call, keepAlive } from "../support/client.ts";
import { openEvents } from "../support/events.ts";
import { type GrpcGateway, grpcGateway, InteropClient } from "../support/grpc.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { type Block, eventually, residentBytes } from "../support/setup.ts";
import { closeOf, messageOf, opened } from "../support/websocket.ts";
import { assertCalm } from "../support/websocket-gateway.ts";

const CLIENTS = 6;
const TROUBLE_MS = 500;
const MIB = 1024 * 1024;

let backends: ChaosBackend[];
let victim: ChaosBackend;
let gateway: GrpcGateway;
let grpc: InteropClient;
const agent = keepAlive(CLIENTS);

before(async () => {
  backends = await Promise.all([ChaosBackend.start(), ChaosBackend.start(), ChaosBackend.start()]);
  victim = backends[1]!;
  const instances = (which: 0 | 1): Block[] =>
    backends.map(({ ports }, i) => ({ id: `${which}-${i}`, address: "127.0.0.1", port: ports[which] }));
  gateway = await grpcGateway({
    rules: [
      { id: "grpc", path: "/test.v1.Interop/*", serviceName: "calls", protocol: "grpc" },
      { id: "events", path: "/events", serviceName: "up", protocol: "sse" },
      { id: "bounded", path: "/bounded/*", serviceName: "up", retry: { budgetRatio: 0.2, minRetryTokens: 10 } },
      { id: "all", path: "/*", serviceName: "up" },
    ],
    services: { up: instances(0), calls: instances(1) },
    more: {
      retry: {
        enabled: true,
        default: {
          maxAttempts: 5,
          initialDelay: 5,
          maxDelay: 50,
          perTryTimeout: "250ms",
          budgetEnabled: false,
          retryableGrpcStatuses: ["UNAVAILABLE"],
        },
        routes: { bounded: { budgetEnabled: true } },
      },
      metrics: { enabled: true },
    },
  });
  grpc = new InteropClient(gateway.grpcPort);
});
after(async () => {
  agent.destroy();
  grpc.close();
  await gateway.kill();
  await Promise.all(backends.map((backend) => backend.kill()));
  assertCalm(gateway);
});

async function get(): Promise<void> {
  const reply = await call(gateway.port, { path: "/x", agent });
  if (reply.status !== 200 || reply.text !== "fine") throw new Error(`${reply.status} ${reply.text}`);
}

async function post(): Promise<void> {
  const reply = await call(gateway.port, { method: "POST", path: "/x", body: "pay", agent });
  if (reply.status !== 200 || reply.text !== "fine") throw new Error(`${reply.status} ${reply.text}`);
}

async function listen(): Promise<void> {
  const stream = await openEvents(gateway.port, { path: "/events" });
  const ending = await stream.over();
  if (ending !== "ended" || stream.text !== "data: fine\n\n") throw new Error(`${ending} ${stream.text}`);
}

async function talk(): Promise<void> {
  const socket = await opened(gateway.port, "/ws");
  socket.send("fine");
  const { data } = await messageOf(socket);
  const closed = closeOf(socket);
  socket.close(1000);
  if (String(data) !== "fine" || (await closed).code !== 1000) throw new Error(`${data}`);
}

/** A call that may be made twice, as its metadata says. */
async function invoke(): Promise<void> {
  const { value } = await grpc.unary(Buffer.from("x"), { metadata: [["idempotency-key", "k"]] });
  if (String(value) !== "fine") throw new Error(`${value}`);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What happens to the victim while clients ask; leaves it well. */
const TROUBLES: Readonly<Record<string, () => Promise<void>>> = {
  "is killed and comes back": async () => {
    await pause(100);
    await victim.kill();
    await pause(TROUBLE_MS / 2);
    await victim.restart();
    await pause(100);
  },
  "stands still": async () => {
    await pause(50);
    victim.freeze();
    await pause(TROUBLE_MS);
    victim.thaw();
  },
  ...Object.fromEntries(
    (
      [
        ["takes too long", "slow"],
        ["refuses everything", "storm"],
        ["refuses now and then", "flap"],
        ["resets every connection", "reset"],
        ["resets inside the head", "half"],
      ] as const
    ).map(([name, mood]) => [
      name,
      async () => {
        await pause(30);
        await victim.feel(mood);
        await pause(TROUBLE_MS);
        await victim.feel("fine");
      },
    ]),
  ),
};

const PROTOCOLS: Readonly<Record<string, { readonly ask: () => Promise<void>; readonly troubles: readonly string[] }>> =
  {
    "GET requests": { ask: get, troubles: Object.keys(TROUBLES) },
    "event streams": { ask: listen, troubles: ["stands still", "refuses now and then", "resets every connection"] },
    WebSockets: { ask: talk, troubles: ["stands still", "refuses everything", "resets every connection"] },
    "gRPC calls": {
      ask: invoke,
      troubles: ["is killed and comes back", "stands still", "refuses now and then", "resets every connection"],
    },
  };

/** A backend that is killed cuts answers that have begun, which cannot be asked for again; others can. */
const CUT = /lost before its answer was complete/;

/** @param killed whether a backend was killed */
function assertNothingLost({ asked, lost }: Toll, killed = false): void {
  const others = killed ? lost.filter((why) => !CUT.test(why)) : lost;
  assert.deepEqual(others, [], `${others.length} of ${asked} were lost`);
  assert.ok(lost.length - others.length < CLIENTS, `${lost.length} answers were cut`);
  assert.ok(asked > CLIENTS, `${asked} asked`);
}

for (const [protocol, { ask, troubles }] of Object.entries(PROTOCOLS)) {
  describe(`${protocol} all succeed while one of three backends`, () => {
    for (const trouble of troubles) {
      test(trouble, async () => {
        assertNothingLost(await crowd(CLIENTS, ask, TROUBLES[trouble]!()), trouble.startsWith("is killed"));
      });
    }
  });
}

test("requests that must not be done twice all succeed while one of three backends is gone", async () => {
  await victim.kill();
  for (let i = 0; i < 12; i++) await get(); // until the gateway has seen its connections go
  try {
    assertNothingLost(await crowd(CLIENTS, post, pause(200)));
  } finally {
    await victim.restart();
  }
});

test("WebSockets open on the others while one of three backends is gone", async () => {
  await victim.kill();
  try {
    assertNothingLost(await crowd(CLIENTS, talk, pause(200)));
  } finally {
    await victim.restart();
  }
});

test("a storm at all backends is not made worse than the budget allows", async () => {
  const counts = () => Promise.all(backends.map((backend) => backend.requests()));
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  await Promise.all(backends.map((backend) => backend.feel("storm")));
  const before = sum(await counts());
  const refused = async () => {
    const reply = await call(gateway.port, { path: "/bounded/x", agent });
    assert.deepEqual([reply.status, reply.text], [503, "storm"]);
  };
  const { asked, lost } = await crowd(CLIENTS, refused, pause(400));
  const extra = sum(await counts()) - before - asked;
  await Promise.all(backends.map((backend) => backend.feel("fine")));
  assert.deepEqual(lost, [], "every client had an answer of a backend");
  assert.ok(extra >= 10 && extra <= Math.max(10, Math.ceil(0.2 * asked)), `${extra} retries of ${asked} requests`);
});

test("everything is as before when the trouble is over", async () => {
  await eventually("nothing is under way", async () => {
    const series = await scrape(gateway.port);
    return sumOf(series, "gateway_http_requests_active") === 0;
  });
  assert.ok(residentBytes(gateway.pid) < 250 * MIB, `${residentBytes(gateway.pid) / MIB} MiB`);
  for (const ask of [get, post, listen, talk, invoke]) await ask();
});
