// Clients that leave at every possible moment: what they had started is aborted, counted once, logged as 499, and gone.
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, describe, test } from "node:test";
import { type Backend, mirror, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { type RawBackend, rawBackend } from "../support/raw.ts";
import { RawClient } from "../support/raw-client.ts";
import { accessLine, configText, eventually, residentBytes, soon } from "../support/setup.ts";

const LIMIT = { timeout: 90_000 };
const PIECE = Buffer.alloc(64 * 1024, "x");
const MB = 1024 * 1024;

let backend: Backend;
/** Accepts connections and never says a word: a TLS handshake with it never ends. */
let mute: RawBackend;
let gateway: GatewayProcess;

before(async () => {
  backend = await startBackend((request, response) => {
    if (request.url!.startsWith("/down")) return pour(response);
    if (request.url!.startsWith("/wait")) return;
    mirror(request, response);
  });
  mute = await rawBackend((socket) => socket.resume());
  const rules = [
    { id: "all", path: "/*", serviceName: "up", maxRequestSize: 0 },
    { id: "dial", path: "/dial/*", serviceName: "mute" },
  ];
  const services = { up: backend.port, mute: [{ address: "127.0.0.1", port: mute.port, scheme: "https" }] };
  gateway = await startGateway(configText({ rules, services, more: { metrics: { enabled: true } } }));
});

after(async () => {
  await gateway?.kill();
  await backend?.close();
  await mute?.close();
});

/** Writes without end, as fast as it is read. */
function pour(response: ServerResponse): void {
  const more = () => {
    while (!response.destroyed && response.write(PIECE));
  };
  response.on("drain", more);
  more();
}

/** The same numbers in every run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function leave(client: RawClient, rudely: boolean): void {
  if (rudely) client.socket.resetAndDestroy();
  else client.socket.destroy();
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Nothing is under way any more, at the gateway or behind it. */
async function allQuiet(): Promise<void> {
  await eventually("the backend's requests end", () => backend.active === 0);
  await eventually("handshakes end", () => mute.sockets.size === 0);
  await eventually("the gauge is back at zero", async () => {
    // The scrape itself matches no route, so it does not count.
    return sumOf(await scrape(gateway.port), "gateway_http_requests_active") === 0;
  });
}

/** Every moment at which a client may leave; each resolves when it has left. */
const MOMENTS: Readonly<Record<string, (client: RawClient, random: () => number, rudely: boolean) => Promise<void>>> = {
  async "before the head is complete"(client, random, rudely) {
    const head = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nX-One: 1\r\n\r\n";
    client.send(head.slice(0, Math.floor(random() * (head.length - 4))));
    await pause(random() * 10);
    leave(client, rudely);
  },
  async "in the middle of an upload"(client, random, rudely) {
    client.send(`POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: ${MB}\r\n\r\n`);
    client.send(Buffer.alloc(Math.floor(random() * MB * 0.9)));
    await pause(random() * 10);
    leave(client, rudely);
  },
  async "in the middle of a chunk"(client, random, rudely) {
    client.send("POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n");
    client.send(Buffer.alloc(Math.floor(random() * 0xfff0)));
    await pause(random() * 10);
    leave(client, rudely);
  },
  async "in the middle of a download"(client, random, rudely) {
    client.send("GET /down HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until((received) => received.length > random() * MB);
    leave(client, rudely);
  },
  async "while a slow backend thinks"(client, random, rudely) {
    client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    await pause(random() * 20);
    leave(client, rudely);
  },
  async "while the gateway dials"(client, random, rudely) {
    client.send("GET /dial/x HTTP/1.1\r\nHost: a\r\n\r\n");
    await pause(random() * 20);
    leave(client, rudely);
  },
  async "with requests pipelined behind"(client, random, rudely) {
    client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5));
    await pause(random() * 20);
    leave(client, rudely);
  },
};

describe("a client that leaves", LIMIT, () => {
  test("while it waits: the backend's request is aborted and the log says 499", async () => {
    const client = await RawClient.to(gateway.port);
    const requests = backend.requests;
    client.send("GET /wait HTTP/1.1\r\nHost: a\r\nX-Request-ID: waiting\r\n\r\n");
    await eventually("the request is there", () => backend.requests === requests + 1);
    client.close();
    await eventually("the backend's request ends", () => backend.active === 0);
    const line = await accessLine(gateway, "waiting");
    assert.deepEqual([line.status, line.upstreamStatus, line.error], [499, undefined, undefined]);
    assert.match(String(line.detail), /client/);
  });

  test("in the middle of an upload: the backend sees it cut, not completed", async () => {
    const client = await RawClient.to(gateway.port);
    const requests = backend.requests;
    client.send("POST /up HTTP/1.1\r\nHost: a\r\nX-Request-ID: uploading\r\nContent-Length: 1000\r\n\r\nhalf");
    await eventually("the request is there", () => backend.requests === requests + 1);
    client.close();
    await eventually("the backend's request ends", () => backend.active === 0);
    assert.equal((await accessLine(gateway, "uploading")).status, 499);
  });

  test("in the middle of a download: the backend stops writing, and the line says so", async () => {
    const client = await RawClient.to(gateway.port);
    client.send("GET /down HTTP/1.1\r\nHost: a\r\nX-Request-ID: downloading\r\n\r\n");
    await client.until((received) => received.length > 100_000);
    client.close();
    await eventually("the backend's request ends", () => backend.active === 0);
    const line = await accessLine(gateway, "downloading");
    assert.match(String(line.detail), /client/);
    assert.ok(Number(line.bytesOut) > 0);
  });

  test("while the gateway dials: the half-made connection is closed", async () => {
    const client = await RawClient.to(gateway.port);
    client.send("GET /dial/x HTTP/1.1\r\nHost: a\r\nX-Request-ID: dialling\r\n\r\n");
    await eventually("the gateway dials", () => mute.sockets.size === 1);
    client.close();
    await eventually("the connection is closed", () => mute.sockets.size === 0);
    assert.equal((await accessLine(gateway, "dialling")).status, 499);
  });

  for (const [moment, act] of Object.entries(MOMENTS)) {
    test(`${moment}, 150 of them: nothing stays behind`, async () => {
      const random = dice(moment.length);
      for (let round = 0; round < 5; round++) {
        const storm = Array.from({ length: 30 }, async () => {
          const client = await RawClient.to(gateway.port);
          await act(client, random, random() < 0.5);
          await client.closed;
        });
        await soon(Promise.all(storm), "the storm");
      }
      await allQuiet();
      assert.equal((await call(gateway.port, { method: "POST", path: "/x", body: "alive" })).status, 200);
    });
  }

  test("all at once, 600 of them: no memory is kept, no connection, and nothing was thrown", async () => {
    const random = dice(7);
    const acts = Object.values(MOMENTS);
    const wave = async (count: number) => {
      const storm = Array.from({ length: count }, async () => {
        const client = await RawClient.to(gateway.port);
        await acts[Math.floor(random() * acts.length)]!(client, random, random() < 0.5);
        await client.closed;
      });
      await soon(Promise.all(storm), "the storm");
    };
    await wave(100);
    await allQuiet();
    const before = residentBytes(gateway.pid);
    for (let i = 0; i < 5; i++) await wave(100);
    await allQuiet();
    const grown = residentBytes(gateway.pid) - before;
    assert.ok(grown < 60 * MB, `grew by ${Math.round(grown / MB)} MB`);
    await eventually("only idle connections are kept", () => backend.open.size <= 10);
    const surprises = gateway.lines.filter((line) => line.level === "error");
    assert.deepEqual(surprises, []);
  });
});

test("clients that leave the queue for a connection free their place in it", LIMIT, async (t) => {
  const held: ServerResponse[] = [];
  let open = false;
  const single = await startBackend((_request, response) => {
    if (open) response.end("served");
    else held.push(response);
  });
  t.after(() => single.close());
  const narrow = await startGateway(
    configText({
      rules: [{ path: "/*", serviceName: "up" }],
      services: { up: single.port },
      back: { maxConnsPerHost: 1 },
      more: { metrics: { enabled: true } },
    }),
  );
  t.after(() => narrow.kill());
  const first = call(narrow.port);
  await eventually("the first is there", () => held.length === 1);
  const active = async () => sumOf(await scrape(narrow.port), "gateway_http_requests_active");
  const waiting = await Promise.all(Array.from({ length: 50 }, () => RawClient.to(narrow.port)));
  for (const client of waiting) client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await eventually("all wait", async () => (await active()) === 51);
  for (const [i, client] of waiting.entries()) leave(client, i % 2 === 0);
  await eventually("only the first is left", async () => (await active()) === 1);
  open = true;
  held[0]!.end("served");
  assert.equal((await first).text, "served");
  assert.equal((await call(narrow.port)).text, "served");
  assert.equal(single.requests, 2);
  assert.equal(single.accepted, 1);
});

test("backends that hang up at every possible moment leave the gateway up", LIMIT, async (t) => {
  const random = dice(11);
  const answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";
  const rude = await rawBackend((socket) => {
    socket.on("data", () => {
      socket.write(answer.slice(0, Math.floor(random() * answer.length)), () => {
        const how = random();
        if (how < 0.3) socket.end();
        else if (how < 0.6) socket.destroy();
        else socket.resetAndDestroy();
      });
    });
  });
  t.after(() => rude.close());
  const rules = [{ path: "/*", serviceName: "up" }];
  const more = { metrics: { enabled: true } };
  const patient = await startGateway(configText({ rules, services: { up: rude.port }, more }));
  t.after(() => patient.kill());
  for (let round = 0; round < 10; round++) {
    const outcomes = Array.from({ length: 30 }, (_, i) =>
      call(patient.port, { method: i % 2 === 0 ? "GET" : "POST", ...(i % 2 === 0 ? {} : { body: "x" }) }).then(
        (reply) => reply.status,
        (error: NodeJS.ErrnoException) => error.code ?? "",
      ),
    );
    // A response cut short is never passed on as a whole one.
    for (const outcome of await Promise.all(outcomes))
      assert.ok(outcome === 502 || outcome === "ECONNRESET", String(outcome));
  }
  await eventually("connections are gone", () => rude.sockets.size === 0);
  assert.equal(sumOf(await scrape(patient.port), "gateway_http_requests_active"), 0);
  assert.deepEqual(
    patient.lines.filter((line) => line.level === "error"),
    [],
  );
});
