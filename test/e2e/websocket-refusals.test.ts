// Handshakes that are not granted: by the backend, by limits, by origin and path, or because nobody is there.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { call } from "../support/client.ts";
import { freePort, NOBODYS_PORT } from "../support/ports.ts";
import { fixedBackend, rawBackend } from "../support/raw.ts";
import { RawClient } from "../support/raw-client.ts";
import { eventually, nextLine, soon } from "../support/setup.ts";
import { closeOf, handshake, opened, RawWebSocket, refusalOf, wsBackend, wsClient } from "../support/websocket.ts";
import { active, idle, wsGateway } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 60_000 };
/** Far below any timeout a connection could be waiting for. */
const AT_ONCE_MS = 1500;

async function took(what: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await what();
  return performance.now() - from;
}

describe("a backend that refuses the handshake", LIMIT, () => {
  for (const status of [401, 403, 429, 503]) {
    test(`with ${status}: status, fields and body reach the client, and nothing stays behind`, async (t) => {
      const body = `{"no":${status}}`;
      const backend = await fixedBackend(
        `HTTP/1.1 ${status} No\r\nContent-Type: application/json\r\nX-Why: because\r\nWWW-Authenticate: Bearer\r\n` +
          `Retry-After: 7\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port);
      const line = nextLine(gateway, "the access line", (l) => l.msg === "request");
      const refusal = await refusalOf(wsClient(gateway.port));
      assert.deepEqual([refusal.status, refusal.body], [status, body]);
      assert.equal(refusal.head.headers["x-why"], "because");
      assert.equal(refusal.head.headers["retry-after"], "7");
      assert.equal(refusal.head.headers.connection, "close");
      const ms = await took(() => line);
      assert.ok(ms < AT_ONCE_MS, `counted as under way for ${ms} ms after the client had left`);
      assert.equal((await line).status, status);
      await idle(gateway);
      assert.equal(backend.sockets.size, 0);
    });
  }

  test("with a chunked body and with 200: it is an ordinary answer", async (t) => {
    const backend = await fixedBackend(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port);
    const refusal = await refusalOf(wsClient(gateway.port));
    assert.deepEqual([refusal.status, refusal.body], [200, "abcde"]);
  });

  test("with a body of 8 MiB: every byte of it arrives", async (t) => {
    const body = "x".repeat(8 << 20);
    const backend = await fixedBackend(`HTTP/1.1 403 No\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port);
    const refusal = await refusalOf(wsClient(gateway.port));
    assert.equal(refusal.body.length, body.length);
  });
});

describe("a backend whose 101 is none", LIMIT, () => {
  const accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
  const heads: Readonly<Record<string, string>> = {
    "a wrong accept":
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n",
    "no accept": "Connection: Upgrade\r\nUpgrade: websocket\r\n",
    "another protocol": `Connection: Upgrade\r\nUpgrade: h2c\r\n${accept}\r\n`,
    "no Connection: Upgrade": `Upgrade: websocket\r\n${accept}\r\n`,
    "a subprotocol nobody offered": `Connection: Upgrade\r\nUpgrade: websocket\r\n${accept}\r\nSec-WebSocket-Protocol: x\r\n`,
  };
  for (const [what, head] of Object.entries(heads)) {
    test(`${what}: the client is answered 502`, async (t) => {
      const backend = await fixedBackend(`HTTP/1.1 101 Switching Protocols\r\n${head}\r\n`);
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port);
      const client = await RawClient.to(gateway.port);
      client.send(handshake());
      const reply = await soon(client.reply(), "an answer");
      assert.equal(reply.status, 502);
      assert.match(reply.body, /"code":"upstream_protocol"/);
      await client.end();
      await eventually("the backend's connection is closed", () => backend.sockets.size === 0);
    });
  }

  test("101 to a plain request is 502", async (t) => {
    const backend = await fixedBackend(
      `HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${accept}\r\n\r\n`,
    );
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port);
    assert.equal((await call(gateway.port)).status, 502);
  });
});

describe("a service that cannot be reached", LIMIT, () => {
  test("connection refused is 502", async (t) => {
    const gateway = await wsGateway(t, NOBODYS_PORT);
    const refusal = await refusalOf(wsClient(gateway.port));
    assert.equal(refusal.status, 502);
    assert.match(refusal.body, /connect_failed/);
  });

  test("silence after the handshake is 504 after backend.websocket.handshakeTimeout", async (t) => {
    const backend = await rawBackend((socket) => void socket.resume());
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { back: { handshakeTimeout: "200ms" } });
    const refusal = await refusalOf(wsClient(gateway.port));
    assert.equal(refusal.status, 504);
    await eventually("the backend's connection is closed", () => backend.sockets.size === 0);
  });

  test("silence after the handshake is 504 after frontend.websocket.handshakeTimeout", async (t) => {
    const backend = await rawBackend((socket) => void socket.resume());
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { front: { handshakeTimeout: "200ms" } });
    assert.equal((await refusalOf(wsClient(gateway.port))).status, 504);
  });

  test("an end of the connection instead of an answer is 502", async (t) => {
    const backend = await rawBackend((socket) => socket.once("data", () => socket.end()));
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port);
    assert.equal((await refusalOf(wsClient(gateway.port))).status, 502);
  });
});

for (const how of ["end", "destroy", "resetAndDestroy"] as const) {
  test(
    `a client that leaves (${how}) while the backend thinks about the handshake is noticed at once`,
    LIMIT,
    async (t) => {
      const backend = await rawBackend((socket) => void socket.resume());
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port);
      const socket = connect(gateway.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(handshake());
      await eventually("the handshake is at the backend", () => backend.sockets.size === 1);
      assert.equal(await active(gateway), 1);
      socket[how]();
      const ms = await took(() => idle(gateway));
      assert.ok(ms < AT_ONCE_MS, `noticed after ${ms} ms`);
      await eventually("the backend's connection is closed", () => backend.sockets.size === 0);
    },
  );
}

test("a request whose client pipelines a handshake behind it and leaves is over at once", LIMIT, async (t) => {
  const backend = await rawBackend((socket) => void socket.resume());
  t.after(() => backend.close());
  const gateway = await wsGateway(t, backend.port);
  const socket = connect(gateway.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${handshake()}`);
  await eventually("the request is at the backend", () => backend.sockets.size === 1);
  socket.destroy();
  const ms = await took(() => idle(gateway));
  assert.ok(ms < AT_ONCE_MS, `noticed after ${ms} ms`);
});

test("a large answer with a handshake pipelined behind it arrives whole, then 400", LIMIT, async (t) => {
  const body = "x".repeat(8 << 20);
  const backend = await fixedBackend(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  t.after(() => backend.close());
  const gateway = await wsGateway(t, backend.port);
  const client = await RawClient.to(gateway.port);
  client.send(`GET /large HTTP/1.1\r\nHost: a\r\n\r\n${handshake()}`);
  assert.equal((await soon(client.reply(), "the large answer")).body.length, body.length);
  assert.equal((await soon(client.reply(), "the refusal")).status, 400);
  await idle(gateway);
});

describe("limits", LIMIT, () => {
  test("maxConnections: one more is 503 with Retry-After; a place is free again when one has left", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { front: { maxConnections: 2 } });
    for (let round = 0; round < 3; round++) {
      const clients = [await opened(gateway.port), await opened(gateway.port)];
      const refusal = await refusalOf(wsClient(gateway.port));
      assert.equal(refusal.status, 503);
      assert.match(refusal.body, /"code":"overloaded"/);
      assert.match(String(refusal.head.headers["retry-after"]), /^\d+$/);
      const closed = clients.map(closeOf);
      clients[0]!.close();
      clients[1]!.terminate();
      await Promise.all(closed);
      await idle(gateway);
    }
  });

  test("backend.websocket.maxConnections: the next connection goes to the other instance, then 503", async (t) => {
    const backends = [await wsBackend(), await wsBackend()];
    t.after(() => Promise.all(backends.map((b) => b.close())));
    const instances = backends.map((b, i) => ({ id: `i${i}`, address: "127.0.0.1", port: b.port }));
    const gateway = await wsGateway(t, 0, { instances, back: { maxConnections: 2 } });
    const clients = [];
    for (let i = 0; i < 4; i++) clients.push(await opened(gateway.port));
    assert.deepEqual(
      backends.map((b) => b.sockets.length),
      [2, 2],
    );
    assert.equal((await refusalOf(wsClient(gateway.port))).status, 503);
    clients[0]!.terminate();
    await eventually("a place is free", async () => (await active(gateway)) === 3);
    (await opened(gateway.port)).terminate();
    for (const client of clients) client.terminate();
    await idle(gateway);
  });

  test("an instance that could not be reached keeps no place for a connection that went elsewhere", async (t) => {
    const dead = await freePort();
    const backend = await wsBackend();
    t.after(() => backend.close());
    const instances = [dead, backend.port].map((port, i) => ({ id: `i${i}`, address: "127.0.0.1", port }));
    const gateway = await wsGateway(t, 0, { instances, back: { maxConnections: 2 } });
    const clients = [await opened(gateway.port), await opened(gateway.port)];
    const late = await wsBackend(undefined, { port: dead });
    t.after(() => late.close());
    for (let i = 0; i < 2; i++) clients.push(await opened(gateway.port));
    assert.equal(late.sockets.length, 2);
    for (const client of clients) client.terminate();
  });

  test("the limit holds across reloads", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const { wsText } = await import("../support/websocket-gateway.ts");
    const { writeFileSync } = await import("node:fs");
    const setup = { front: { maxConnections: 1 }, back: { maxConnections: 1 }, args: ["-hot-reload=false"] };
    const gateway = await wsGateway(t, backend.port, setup);
    const client = await opened(gateway.port);
    for (const front of [{ maxConnections: 1 }, { maxConnections: 9 }]) {
      const reloaded = nextLine(gateway, "a reload", (l) => /^Configuration /.test(l.msg ?? ""));
      writeFileSync(
        gateway.file,
        wsText(backend.port, { ...setup, front, rule: { timeout: `${front.maxConnections}s` } }),
      );
      gateway.signal("SIGHUP");
      assert.match((await reloaded).msg!, /successfully/);
      assert.equal((await refusalOf(wsClient(gateway.port))).status, 503, JSON.stringify(front));
    }
    client.terminate();
  });
});

describe("admission", LIMIT, () => {
  test("enabled: false on either side: handshakes find no route, plain requests do", async (t) => {
    const backend = await fixedBackend("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    t.after(() => backend.close());
    for (const setup of [{ front: { enabled: false } }, { back: { enabled: false } }]) {
      const gateway = await wsGateway(t, backend.port, setup);
      assert.equal((await refusalOf(wsClient(gateway.port))).status, 404);
      assert.equal((await call(gateway.port)).status, 200);
    }
  });

  test("path: only at it or below it", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { front: { path: "/ws" } });
    for (const path of ["/ws", "/ws/x", "/ws?q=/other"]) (await opened(gateway.port, path)).terminate();
    for (const path of ["/", "/wsx", "/other?/ws"]) {
      assert.equal((await refusalOf(wsClient(gateway.port, path))).status, 404, path);
    }
    const raw = await RawClient.to(gateway.port);
    raw.send(handshake("/ws/../other"));
    assert.ok([400, 404].includes((await raw.reply()).status));
    raw.close();
  });

  test("checkOrigin: own, listed and missing origins pass, all else is 403", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, {
      front: { checkOrigin: true, allowedOrigins: ["https://ok.test"] },
    });
    const own = `http://127.0.0.1:${gateway.port}`;
    for (const origin of [own, "https://ok.test", undefined]) {
      (await opened(gateway.port, "/", origin === undefined ? {} : { origin })).terminate();
    }
    for (const origin of ["https://evil.test", "http://ok.test", "null", `http://127.0.0.1:${gateway.port + 1}`]) {
      const refusal = await refusalOf(wsClient(gateway.port, "/", { origin }));
      assert.equal(refusal.status, 403, origin);
      assert.match(refusal.body, /origin_not_allowed/);
    }
  });

  test("a dedicated port serves handshakes and nothing else", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const port = await freePort();
    const gateway = await wsGateway(t, backend.port, { front: { enabled: true, port }, fresh: true });
    for (const at of [port, gateway.port]) (await opened(at)).terminate();
    const reply = await call(port, { path: "/_gateway/live" });
    assert.equal(reply.status, 426);
    assert.equal(reply.headers.upgrade, "websocket");
  });
});

test("a client that ends its side right behind the handshake is dealt with", LIMIT, async (t) => {
  const backend = await wsBackend();
  t.after(() => backend.close());
  const gateway = await wsGateway(t, backend.port);
  const socket = connect(gateway.port, "127.0.0.1");
  const peer = new RawWebSocket(socket);
  socket.end(handshake());
  await soon(peer.ended, "the end");
  await idle(gateway);
  assert.equal(socket.destroyed || (await once(socket, "close").then(() => true)), true);
});
