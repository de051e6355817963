// HTTP/2 clients that break rules, cut what they send, or flood: nobody else notices, and nothing half is taken for whole.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, type TestContext, test } from "node:test";
import { type Backend, mirror, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import * as h2 from "../support/http2-client.ts";
import { FLAG, FRAME, fieldBlock, frame, framesOf, PREFACE, requestFields } from "../support/http2-frames.ts";
import { rawBackend } from "../support/raw.ts";
import { RawClient } from "../support/raw-client.ts";
import { type Block, configText, eventually, residentBytes, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const MB = 1024 * 1024;

const gateways = new GatewayPool();

let backend: Backend;
let gateway: GatewayProcess;

const textOf = (port: number, front: Block, more: Block = {}) =>
  configText({ rules: [{ path: "/*", serviceName: "up" }], services: { up: port }, front, more });

async function gatewayFor(t: TestContext, port: number, front: Block, more: Block = {}): Promise<GatewayProcess> {
  const made = await gateways.take(textOf(port, front, more));
  t.after(() => made.kill());
  return made;
}

before(async () => {
  backend = await startBackend(mirror);
  gateway = await startGateway(textOf(backend.port, { maxHeaderSize: "8kb", maxHeaders: 50 }));
});

after(async () => {
  await gateway?.kill();
  await backend?.close();
});

/** The gateway lives, serves others, and holds no request. */
async function unharmed(): Promise<void> {
  assert.equal((await call(gateway.port)).status, 200);
  const session = await h2.openSession(gateway.port);
  assert.equal((await h2.ask(session, { ":path": "/" })).status, 200);
  session.destroy();
  await eventually("no request is left at the backend", () => backend.active === 0);
}

const get = (stream: number, path = "/", ...more: (readonly [string, string])[]): Buffer =>
  frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream, fieldBlock(requestFields(path, ...more)));

const has = (client: RawClient, type: number, stream: number) =>
  client.until((text) => framesOf(text).some((f) => f.type === type && f.stream === stream));

describe("first bytes", LIMIT, () => {
  const rest = " / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  for (const method of ["GET", "POST", "PUT", "PATCH", "PROPFIND", "PROPPATCH"]) {
    test(`${method} sent byte by byte is HTTP/1`, async () => {
      const client = await RawClient.to(gateway.port);
      client.socket.setNoDelay(true);
      for (const letter of method) {
        client.send(letter);
        await new Promise((resolve) => setTimeout(resolve, 5)); // a read of its own for each
      }
      client.send(rest);
      assert.equal((await soon(client.reply(), "a reply")).status, 200);
      client.close();
    });
  }

  test("the preface cut at every byte is HTTP/2", async () => {
    await Promise.all(
      Array.from({ length: PREFACE.length - 1 }, async (_, at) => {
        const client = await RawClient.to(gateway.port);
        client.socket.setNoDelay(true);
        client.send(PREFACE.subarray(0, at + 1));
        await new Promise((resolve) => setTimeout(resolve, 30)); // a read of its own
        client.send(PREFACE.subarray(at + 1));
        client.send(frame(FRAME.settings, 0, 0));
        client.send(get(1));
        await soon(has(client, FRAME.data, 1), `a reply to a preface cut behind ${at + 1}`);
        client.close();
      }),
    );
  });

  test("the preface and a request byte by byte are HTTP/2", async () => {
    const client = await RawClient.to(gateway.port);
    client.socket.setNoDelay(true);
    for (const byte of Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), get(1)])) {
      client.send(Buffer.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 1)); // a read of its own for most
    }
    await soon(has(client, FRAME.data, 1), "a reply");
    client.close();
  });

  test("PRI as a method of HTTP/1 gets no answer that could be taken for one", async () => {
    const client = await RawClient.to(gateway.port);
    client.send("PRI / HTTP/1.1\r\nHost: x\r\n\r\n");
    await soon(client.end(), "the end");
    assert.doesNotMatch(client.received, /^HTTP\/1\.1 200/);
  });

  test("that never come are answered 408 after readTimeout, also when they stop at P or PR", async (t) => {
    const own = await gatewayFor(t, backend.port, { readTimeout: "300ms" });
    for (const first of ["", "P", "PR"]) {
      const client = await RawClient.to(own.port);
      client.send(first);
      assert.equal((await soon(client.reply(), "a reply")).status, 408, JSON.stringify(first));
      await soon(client.closed, "the end");
    }
  });

  test("of HTTP/2 are no HTTP where it is off", async (t) => {
    const own = await gatewayFor(t, backend.port, { enableHTTP2: false });
    const client = await RawClient.to(own.port);
    client.send(PREFACE);
    assert.equal((await soon(client.reply(), "a reply")).status, 400);
    client.close();
    assert.equal((await call(own.port)).status, 200);
  });
});

describe("half an upload", LIMIT, () => {
  const ways: Readonly<Record<string, (client: RawClient) => void>> = {
    "reset with NO_ERROR": (c) => c.send(frame(FRAME.reset, 0, 1, Buffer.of(0, 0, 0, 0))),
    "reset with CANCEL": (c) => c.send(frame(FRAME.reset, 0, 1, Buffer.of(0, 0, 0, 8))),
    "reset with INTERNAL_ERROR": (c) => c.send(frame(FRAME.reset, 0, 1, Buffer.of(0, 0, 0, 2))),
    "left behind by FIN": (c) => c.socket.end(),
    "left behind by RST": (c) => c.socket.resetAndDestroy(),
    "ended by GOAWAY and FIN": (c) => {
      c.send(frame(FRAME.goaway, 0, 0, Buffer.alloc(8)));
      c.socket.end();
    },
    "longer than announced": (c) => c.send(frame(FRAME.data, FLAG.endStream, 1, Buffer.alloc(100))),
    "shorter than announced": (c) => c.send(frame(FRAME.data, FLAG.endStream, 1)),
  };
  for (const [way, leave] of Object.entries(ways)) {
    test(`that is ${way} never looks complete to the backend`, async (t) => {
      let received = "";
      let closed: () => void = () => undefined;
      const gone = new Promise<void>((resolve) => {
        closed = resolve;
      });
      const raw = await rawBackend((socket) => {
        socket.on("data", (chunk) => {
          received += chunk.toString("latin1");
        });
        socket.on("close", closed);
      });
      t.after(() => raw.close());
      const own = await gatewayFor(t, raw.port, {});
      const client = await h2.openRaw(own.port);
      const announced: (readonly [string, string])[] = way.endsWith("announced") ? [["content-length", "50"]] : [];
      const fields = requestFields("/", ...announced).map(([n, v]) => [n, n === ":method" ? "POST" : v] as const);
      client.send(frame(FRAME.headers, FLAG.endHeaders, 1, fieldBlock(fields)));
      client.send(frame(FRAME.data, 0, 1, Buffer.from("first half")));
      await eventually("the first half", () => received.includes("first half"));
      leave(client);
      await soon(gone, "the end at the backend");
      assert.match(received, /first half(\r\n)?$/);
      client.close();
    });
  }
});

describe("a client that says GOAWAY", LIMIT, () => {
  test("is answered what it asks in the same read, and the process lives", async () => {
    const goaway = frame(FRAME.goaway, 0, 0, Buffer.alloc(8));
    for (let i = 0; i < 20; i++) {
      const client = await h2.openRaw(gateway.port);
      client.send(Buffer.concat([get(1), goaway, get(3), get(5)]));
      for (const stream of [1, 3, 5]) await has(client, FRAME.headers, stream);
      client.close();
    }
    await unharmed();
  });
});

describe("what HTTP/2 forbids", LIMIT, () => {
  const cases: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
    "a Connection field": [["connection", "close"]],
    "Transfer-Encoding": [["transfer-encoding", "chunked"]],
    "a name in capitals": [["X-Big", "1"]],
    "TE that is not trailers": [["te", "gzip"]],
    "a pseudo field behind the others": [
      ["a", "b"],
      [":path", "/x"],
    ],
    "a second path": [[":path", "/x"]],
    "an unknown pseudo field": [[":odd", "1"]],
    "two lengths": [
      ["content-length", "0"],
      ["content-length", "1"],
    ],
  };
  for (const [name, more] of Object.entries(cases)) {
    test(`${name} is refused and never reaches the backend`, async () => {
      const before = backend.requests;
      const client = await h2.openRaw(gateway.port);
      client.send(get(1, "/forbidden", ...more));
      await Promise.race([soon(client.end(), "the end"), soon(refused(client), "a refusal")]);
      assert.equal(backend.requests, before);
      client.close();
    });
  }

  /** RST_STREAM or GOAWAY, or a response of 4xx: HPACK indexes 8 to 14 are statuses, 400 is number 12. */
  function refused(client: RawClient): Promise<string> {
    return client.until((text) =>
      framesOf(text).some(
        (f) => f.type === FRAME.reset || f.type === FRAME.goaway || (f.type === FRAME.headers && f.payload[0] === 0x8c),
      ),
    );
  }

  for (const [name, fields] of [
    ["fields larger than maxHeaderSize", { "x-large": "x".repeat(12 * 1024) }],
    ["more fields than maxHeaders", Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-${i}`, "1"]))],
  ] as const) {
    test(`${name} cost the stream, not the connection`, async () => {
      const session = await h2.openSession(gateway.port);
      const answer = await h2.ask(session, { ":path": "/", ...fields }).then(
        (reply) => reply.status,
        (error: Error) => error.message,
      );
      if (name.startsWith("fields")) assert.equal(answer, 431);
      assert.ok(answer === 431 || /ENHANCE_YOUR_CALM|closed with code/.test(String(answer)), String(answer));
      assert.equal((await h2.ask(session, { ":path": "/" })).status, 200);
      session.destroy();
    });
  }

  test("a line end in a value makes no second field", async () => {
    const client = await h2.openRaw(gateway.port);
    client.send(get(1, "/", ["x-a", "1\r\nx-b: 2"]));
    const received = await soon(
      client.until((text) => framesOf(text).some((f) => f.type === FRAME.reset || f.type === FRAME.data)),
      "an answer",
    );
    assert.doesNotMatch(received, /x-b/);
    client.close();
  });

  test("more streams than maxConcurrentStreams are refused, and the allowed ones served", async (t) => {
    const held: (() => void)[] = [];
    const slow = await startBackend((_request, response) => void held.push(() => response.end("ok")));
    t.after(() => slow.close());
    const more = { frontend: { http: { host: "127.0.0.1", port: 0 }, grpc: { maxConcurrentStreams: 3 } } };
    const own = await gatewayFor(t, slow.port, {}, more);
    const client = await h2.openRaw(own.port);
    // Settings that the client has not acknowledged may not be held against its connection.
    client.send(Buffer.concat([1, 3, 5, 7, 9].map((id) => get(id))));
    await soon(has(client, FRAME.reset, 9), "the refusal of the fifth");
    await eventually("three at the backend", () => held.length === 3);
    assert.equal(slow.requests, 3);
    for (const answer of held) answer();
    for (const id of [1, 3, 5]) await soon(has(client, FRAME.data, id), `the answer on stream ${id}`);
    client.close();
  });
});

describe("floods", LIMIT, () => {
  /** Sends until all is sent or the gateway has ended the connection. */
  async function flood(pieces: Iterable<Buffer>, first = frame(FRAME.settings, 0, 0)): Promise<void> {
    const client = await RawClient.to(gateway.port);
    client.send(Buffer.concat([PREFACE, first]));
    for (const piece of pieces) {
      if (client.ended) break;
      if (!client.socket.write(piece)) {
        await soon(Promise.race([once(client.socket, "drain").catch(() => undefined), client.closed]), "progress");
      }
    }
    await unharmed();
    client.close();
    await unharmed();
  }

  function* times(count: number, make: (n: number) => Buffer): Generator<Buffer> {
    for (let n = 0; n < count; n++) yield make(n);
  }

  const cancel = Buffer.of(0, 0, 0, 8);
  test("of requests that are reset at once", () =>
    flood(times(10_000, (n) => Buffer.concat([get(2 * n + 1), frame(FRAME.reset, 0, 2 * n + 1, cancel)]))));
  test("of CONTINUATION", () =>
    flood(
      (function* () {
        yield frame(FRAME.headers, FLAG.endStream, 1, fieldBlock(requestFields("/")));
        yield* times(20_000, (n) => frame(FRAME.continuation, 0, 1, fieldBlock([[`x-${n}`, "y".repeat(100)]])));
      })(),
    ));
  test("of pings", () => flood(times(50_000, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))));
  test("of settings", () => flood(times(50_000, () => frame(FRAME.settings, 0, 0))));
  test("of empty DATA", () =>
    flood(
      (function* () {
        const fields = requestFields("/").map(([n, v]) => [n, n === ":method" ? "POST" : v] as const);
        yield frame(FRAME.headers, FLAG.endHeaders, 1, fieldBlock(fields));
        yield* times(50_000, () => frame(FRAME.data, 0, 1));
      })(),
    ));
  test("of window updates", () => flood(times(50_000, () => frame(FRAME.window, 0, 0, Buffer.of(0, 0, 0, 1)))));
  test("of malformed requests", () => flood(times(5000, (n) => get(2 * n + 1, "/", ["connection", "close"]))));

  test("random frames behind the preface", async () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return seed % below;
    };
    for (let round = 0; round < 100; round++) {
      const client = await h2.openRaw(gateway.port);
      for (let n = 0; n < 20; n++) {
        const payload = Buffer.from(Array.from({ length: random(40) }, () => random(256)));
        client.send(frame(random(12), random(256), random(6), payload));
      }
      client.socket.end();
    }
    await unharmed();
  });
});

test(
  "a hundred downloads of one client that reads nothing cost bounded memory, and all arrive in the end",
  LIMIT,
  async (t) => {
    const bulk = await startBackend((_request, response) => void response.end(Buffer.alloc(MB, "x")));
    t.after(() => bulk.close());
    const own = await startGateway(textOf(bulk.port, { writeTimeout: "30s" }));
    t.after(() => own.kill());
    const before = residentBytes(own.pid);
    const session = await h2.openSession(own.port);
    const streams = Array.from({ length: 100 }, () => session.request({ ":path": "/" }));
    const ends = streams.map(async (stream) => {
      stream.on("error", () => undefined);
      let bytes = 0;
      await once(stream, "response");
      stream.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      stream.pause();
      return async () => {
        stream.resume();
        if (!stream.closed) await once(stream, "close");
        return [bytes, stream.rstCode];
      };
    });
    const go = await soon(Promise.all(ends), "all heads");
    assert.ok(residentBytes(own.pid) - before < 100 * MB);
    const got = await soon(Promise.all(go.map((one) => one())), "all bodies");
    for (const one of got) assert.deepEqual(one, [MB, 0]);
    session.destroy();
  },
);
