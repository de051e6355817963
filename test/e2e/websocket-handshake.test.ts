// WebSocket handshakes: what reaches the backend, what is refused before it, and what is no handshake at all.
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { valuesOf } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { rawBackend } from "../support/raw.ts";
import { RawClient } from "../support/raw-client.ts";
import { type Block, eventually, soon } from "../support/setup.ts";
import {
  closeOf,
  echo,
  frame,
  handshake,
  KEY,
  messageOf,
  OPCODES,
  opened,
  RawWebSocket,
  rawWsBackend,
  refusalOf,
  type WsBackend,
  wsBackend,
  wsClient,
} from "../support/websocket.ts";
import { assertCalm, idle, wsGateway, wsText } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 60_000 };

/** Sends `text` on a connection of its own; the first answer, and whether the connection ended behind it. */
async function answerTo(port: number, text: string) {
  const client = await RawClient.to(port);
  client.send(text);
  const reply = await soon(client.reply(), "an answer");
  return { client, reply, code: /"code":"([a-z_]+)"/.exec(reply.body)?.[1] };
}

describe("a handshake", LIMIT, () => {
  let backend: WsBackend;
  let gateway: GatewayProcess;
  before(async () => {
    backend = await wsBackend(echo, { handleProtocols: (offered) => [...offered].at(-1)! });
    gateway = await startGateway(wsText(backend.port));
  });
  after(async () => {
    await gateway.kill();
    await backend.close();
    assertCalm(gateway);
  });

  test("brings path, query, cookies, Origin, credentials and subprotocols to the backend", async () => {
    const headers = { Cookie: "a=1; b=2", Authorization: "Bearer x", "X-Own": "mine" };
    const client = wsClient(gateway.port, "/a%20b/c?x=1&y=%2F", { headers, origin: "https://page.test" }, [
      "one",
      "two",
    ]);
    await soon(new Promise((resolve) => client.on("open", resolve)), "open");
    assert.equal(client.protocol, "two");
    const { url, headers: seen } = backend.requests.at(-1)!;
    assert.equal(url, "/a%20b/c?x=1&y=%2F");
    assert.equal(seen.cookie, "a=1; b=2");
    assert.equal(seen.authorization, "Bearer x");
    assert.equal(seen["x-own"], "mine");
    assert.equal(seen.origin, "https://page.test");
    assert.equal(seen["sec-websocket-protocol"], "one,two");
    client.close();
    await closeOf(client);
  });

  test("carries forwarded fields and a request id, nothing nominated by Connection, and one Connection: Upgrade", async () => {
    const more = ["X-Secret: 1", "Keep-Alive: 5", "Proxy-Authorization: x", "TE: trailers", "X-Real-IP: 6.6.6.6"];
    const text = handshake("/f", more).replace("Connection: Upgrade", "Connection: keep-alive, Upgrade, X-Secret");
    const { client, reply } = await answerTo(gateway.port, text);
    assert.equal(reply.status, 101);
    const raw = backend.requests.at(-1)!.rawHeaders;
    const values = (name: string) => valuesOf(raw, name);
    assert.deepEqual(values("connection"), ["Upgrade"]);
    assert.deepEqual(values("upgrade"), ["websocket"]);
    for (const gone of ["x-secret", "keep-alive", "proxy-authorization", "te"]) assert.deepEqual(values(gone), []);
    assert.deepEqual(values("x-forwarded-for"), ["127.0.0.1"]);
    assert.deepEqual(values("x-forwarded-proto"), ["http"]);
    assert.deepEqual(values("x-real-ip"), ["127.0.0.1"]);
    assert.deepEqual(values("sec-websocket-key"), [KEY]);
    assert.equal(values("x-request-id").length, 1);
    assert.equal(reply.field("x-request-id"), values("x-request-id")[0]);
    assert.equal(reply.field("upgrade"), "websocket");
    assert.match(reply.field("connection")!, /^upgrade$/i);
    assert.equal(reply.field("content-length"), null);
    assert.equal(reply.field("transfer-encoding"), null);
    client.close();
  });

  const refused: readonly [string, string, number, string][] = [
    ["without a key", handshake().replace(/Sec-WebSocket-Key.*\r\n/, ""), 400, "bad_request"],
    ["with a key that is no base64 of 16 bytes", handshake("/", [], "short"), 400, "bad_request"],
    ["with two keys", handshake("/", [`Sec-WebSocket-Key: ${KEY}`]), 400, "bad_request"],
    ["by POST", handshake().replace("GET", "POST"), 400, "bad_request"],
    ["of HTTP/1.0", handshake().replace("HTTP/1.1", "HTTP/1.0"), 400, "bad_request"],
    ["with a Content-Length", `${handshake("/", ["Content-Length: 3"])}abc`, 400, "bad_request"],
    ["with a chunked body", `${handshake("/", ["Transfer-Encoding: chunked"])}0\r\n\r\n`, 400, "bad_request"],
    ["of version 8", handshake().replace("Version: 13", "Version: 8"), 426, "websocket_version"],
    ["without a version", handshake().replace(/Sec-WebSocket-Version.*\r\n/, ""), 426, "websocket_version"],
    ["to a path that is none", handshake("/../x"), 400, "invalid_path"],
  ];
  for (const [what, text, status, code] of refused) {
    test(`${what} is answered ${status} ${code}, and the connection is closed`, async () => {
      const seen = backend.requests.length;
      const answer = await answerTo(gateway.port, text);
      assert.deepEqual([answer.reply.status, answer.code], [status, code]);
      if (code === "websocket_version") assert.equal(answer.reply.field("sec-websocket-version"), "13");
      await soon(answer.client.end(), "the end of the connection");
      assert.equal(backend.requests.length, seen);
    });
  }

  test("behind a request that is not answered yet is refused with 400 behind its answer", async () => {
    const plain = "GET /_gateway/live HTTP/1.1\r\nHost: a\r\n\r\n";
    const client = await RawClient.to(gateway.port);
    client.send(plain + handshake());
    assert.equal((await soon(client.reply(), "the first answer")).status, 200);
    const second = await soon(client.reply(), "the second answer");
    // The first may have been answered by the time the second is looked at.
    assert.ok([400, 101].includes(second.status), String(second.status));
    client.close();
  });

  test("on a connection that has served a request before is granted", async () => {
    const client = await RawClient.to(gateway.port);
    client.send("GET /_gateway/live HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await client.reply()).status, 200);
    client.send(handshake());
    assert.equal((await soon(client.reply(), "101")).status, 101);
    client.close();
  });

  test("names websocket in any case", async () => {
    const { client, reply } = await answerTo(
      gateway.port,
      handshake()
        .replace("Upgrade: websocket", "Upgrade: WebSocket")
        .replace("Connection: Upgrade", "connection: UPGRADE"),
    );
    assert.equal(reply.status, 101);
    client.close();
  });

  for (const offer of ["websocket, foo", "foo/1,  WebSocket", "foo\r\nUpgrade: websocket"]) {
    test(`may offer other protocols beside websocket: ${JSON.stringify(offer)}`, async () => {
      const { client, reply } = await answerTo(gateway.port, handshake().replace("websocket", offer));
      assert.equal(reply.status, 101);
      assert.equal(reply.field("upgrade"), "websocket");
      assert.deepEqual(valuesOf(backend.requests.at(-1)!.rawHeaders, "upgrade"), ["websocket"]);
      client.close();
    });
  }

  test("may be followed by frames at once: none is lost", async () => {
    const behind = Buffer.concat([frame(OPCODES.text, "first"), frame(OPCODES.text, "second")]);
    const client = await RawWebSocket.open(gateway.port, "/", [], behind);
    assert.equal(String((await client.frame()).payload), "first");
    assert.equal(String((await client.frame()).payload), "second");
    client.socket.destroy();
  });

  test("to a service that is reached over HTTP leaves nothing behind once the client has gone", async () => {
    const client = await opened(gateway.port);
    client.terminate();
    await idle(gateway);
  });
});

test("frames a backend sends together with its 101 reach the client", LIMIT, async (t) => {
  const behind = Buffer.concat([1, 2, 3].map((n) => frame(OPCODES.text, `hello ${n}`, { mask: null })));
  const backend = await rawWsBackend(() => undefined, [], behind);
  t.after(() => backend.close());
  for (const mode of ["tunnel", "messages"] as const) {
    const gateway = await wsGateway(t, backend.port, { mode });
    const client = await RawWebSocket.open(gateway.port);
    for (const n of [1, 2, 3]) assert.equal(String((await client.frame()).payload), `hello ${n}`);
    client.socket.destroy();
  }
});

test("a restricted list of subprotocols passes on only what is on it, in the client's order", LIMIT, async (t) => {
  const backend = await wsBackend(echo, { handleProtocols: (offered) => [...offered][0] ?? false });
  t.after(() => backend.close());
  const gateway = await wsGateway(t, backend.port, { front: { subprotocols: ["v2", "v1"] } });
  const offers: readonly [string[], string | undefined, string][] = [
    [["evil", "v1", "v2"], "v1, v2", "v1"],
    [["v2"], "v2", "v2"],
  ];
  for (const [offered, seen, chosen] of offers) {
    const client = wsClient(gateway.port, "/", {}, offered);
    await soon(new Promise((resolve) => client.on("open", resolve)), "open");
    assert.equal(backend.requests.at(-1)!.headers["sec-websocket-protocol"], seen);
    assert.equal(client.protocol, chosen);
    client.terminate();
  }
  const raw = await RawWebSocket.open(gateway.port, "/", ["Sec-WebSocket-Protocol: evil"]);
  assert.match(raw.head, /^HTTP\/1\.1 101 /);
  assert.equal(backend.requests.at(-1)!.headers["sec-websocket-protocol"], undefined);
  raw.socket.destroy();
});

describe("rules for WebSockets only", LIMIT, () => {
  for (const rule of [{ protocol: "websocket" }, { methods: ["WEBSOCKET"] }]) {
    test(`${JSON.stringify(rule)}: plain requests are told to upgrade, handshakes pass`, async (t) => {
      const backend = await wsBackend();
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port, { rule });
      const reply = await call(gateway.port, { path: "/x" });
      assert.equal(reply.status, 426);
      assert.equal(reply.headers.upgrade, "websocket");
      assert.match(String(reply.headers.connection), /upgrade/i);
      assert.match(reply.text, /"code":"upgrade_required"/);
      const client = await opened(gateway.port);
      client.send("x");
      assert.equal(String((await messageOf(client)).data), "x");
      client.terminate();
    });
  }

  test("grpc and sse rules know no handshakes", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { rule: { protocol: "sse" } });
    assert.equal((await refusalOf(wsClient(gateway.port))).status, 404);
  });
});

describe("an upgrade to another protocol is ignored", LIMIT, () => {
  for (const name of ["h2c", "TLS/1.0", "websocket2"]) {
    test(`${name}: the request is served as plain HTTP, its body too`, async (t) => {
      const backend = await wsBackend();
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port, { http: { echo: true } });
      const text = `GET /_gateway/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${name}\r\n\r\n`;
      assert.equal((await answerTo(gateway.port, text)).reply.status, 200);
      const post = `POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${name}\r\nContent-Length: 2\r\n\r\nhi`;
      assert.equal((await answerTo(gateway.port, post)).reply.status, 426); // ws answers plain requests so
      assert.equal(backend.requests.length, 0);
    });
  }

  test("websocket without Connection: Upgrade is plain", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { rule: { protocol: "websocket" } });
    const text = handshake().replace("Connection: Upgrade\r\n", "");
    assert.equal((await answerTo(gateway.port, text)).reply.status, 426);
  });
});

describe("on a listener of its own (frontend.websocket.port)", LIMIT, () => {
  /** A gateway to `port` whose listener for WebSockets alone has these settings, and the port of that listener. */
  async function apart(t: TestContext, port: number, front: Block): Promise<number> {
    const gateway = await wsGateway(t, port, { front: { enabled: true, port: 0, ...front }, fresh: true });
    return Number((await gateway.line((l) => l.listener === "websocket")).port);
  }

  test("a handshake that does not come to its end within readTimeout is answered 408", async (t) => {
    const port = await apart(t, NOBODYS_PORT, { readTimeout: "300ms" });
    const { reply } = await answerTo(port, handshake().slice(0, -2));
    assert.equal(reply.status, 408);
  });

  test("a client that does not read a refusal is cut off after writeTimeout", async (t) => {
    let closed: Promise<unknown> | undefined;
    const backend = await rawBackend((socket) => {
      closed = new Promise((resolve) => socket.on("close", resolve));
      socket.once("data", () => {
        socket.write(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${64 << 20}\r\n\r\n`);
        socket.write(Buffer.alloc(64 << 20));
      });
    });
    t.after(() => backend.close());
    const port = await apart(t, backend.port, { writeTimeout: "500ms" });
    const client = await RawClient.to(port);
    client.socket.pause();
    client.send(handshake());
    await eventually("the handshake at the backend", () => closed !== undefined);
    await soon(closed!, "the end at the backend");
    client.socket.destroy();
  });
});
