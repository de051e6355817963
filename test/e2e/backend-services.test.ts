// `backend.services`: each setting holds for the service that has it, and for no other beside it.
import assert from "node:assert/strict";
import { type EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, type TestContext, test } from "node:test";
import { type Backend, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { blackHole } from "../support/black-hole.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { begin, call, headOf, read } from "../support/client.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { http2Backend } from "../support/http2-backend.ts";
import { rawBackend } from "../support/raw.ts";
import { type Block, configText, eventually } from "../support/setup.ts";
import { tlsBackend } from "../support/tls-backend.ts";
import { opened, refusalOf, wsBackend, wsClient } from "../support/websocket.ts";

const LIMIT = { timeout: 60_000 };
const gateways = new GatewayPool();

/** Rules `/own/*` and `/other/*` to two services at the same address, of which `own` has settings of its own. */
async function gatewayTo(t: TestContext, port: number, own: Block, more: Block = {}): Promise<GatewayProcess> {
  const { instance = {}, rule = {} } = more as { instance?: Block; rule?: Block };
  const at = [{ address: "127.0.0.1", port, ...instance }];
  const gateway = await gateways.take(
    configText({
      rules: ["own", "other"].map((name) => ({ path: `/${name}/*`, serviceName: name, ...rule })),
      services: { own: at, other: at },
      more: { backend: { services: { own } } },
    }),
  );
  t.after(() => gateway.kill());
  return gateway;
}

async function backendFor(t: TestContext, answer = mirror): Promise<Backend> {
  const backend = await startBackend(answer);
  t.after(() => backend.close());
  return backend;
}

async function codeOf(gateway: GatewayProcess, path: string): Promise<unknown> {
  const { status, text } = await call(gateway.port, { path });
  return status < 400 ? status : [status, JSON.parse(text).error.code];
}

/** An HTTP/2 backend that says nothing to `/own` until it is told to; everything else is answered. */
const silent = (answer: (end: () => void) => void) =>
  http2Backend((stream, headers) => {
    const end = () => {
      if (stream.destroyed) return;
      stream.respond({ ":status": 200 });
      stream.end("late");
    };
    if (headers[":path"] === "/own/fast") end();
    else answer(end);
  });

describe("times of one service", LIMIT, () => {
  test("responseHeaderTimeout over HTTP/1.1", async (t) => {
    const waiting: (() => void)[] = [];
    const backend = await backendFor(t, (_, response) => void waiting.push(() => response.end("late")));
    const gateway = await gatewayTo(t, backend.port, { http: { responseHeaderTimeout: "100ms" } });
    const other = call(gateway.port, { path: "/other/" });
    assert.deepEqual(await codeOf(gateway, "/own/"), [504, "upstream_timeout"]);
    for (const answer of waiting) answer();
    assert.equal((await other).text, "late");
  });

  test("responseHeaderTimeout over HTTP/2, counted from the end of the request", async (t) => {
    const waiting: (() => void)[] = [];
    const backend = await silent((end) => void waiting.push(end));
    t.after(() => backend.close());
    const http = { responseHeaderTimeout: "100ms" };
    const gateway = await gatewayTo(t, backend.port, { http }, { instance: { scheme: "h2c" } });
    const other = call(gateway.port, { path: "/other/" });
    assert.deepEqual(await codeOf(gateway, "/own/"), [504, "upstream_timeout"]);
    const post = call(gateway.port, { path: "/own/", method: "POST", body: "abc" });
    assert.equal((await post).status, 504);
    await eventually("resets", () => backend.resets.length === 2);
    assert.equal(await codeOf(gateway, "/own/fast"), 200); // the connection is as good as before
    for (const answer of waiting) answer();
    assert.equal((await other).text, "late");
  });

  test("dialTimeout, and connectionTimeout of WebSockets", async (t) => {
    const hole = await blackHole();
    t.after(() => hole.close());
    const own = { http: { dialTimeout: "150ms" }, websocket: { connectionTimeout: "150ms" } };
    for (const version of ["1.1", "2"]) {
      const gateway = await gatewayTo(t, hole.port, { ...own, http: { ...own.http, version } });
      assert.deepEqual(await codeOf(gateway, "/own/"), [502, "connect_failed"]);
      if (version === "2") continue;
      const { status } = await refusalOf(wsClient(gateway.port, "/own/"));
      assert.equal(status, 502);
    }
  });

  test("tlsHandshakeTimeout", async (t) => {
    const backend = await rawBackend(() => undefined);
    t.after(() => backend.close());
    const own = { http: { tlsHandshakeTimeout: "100ms" } };
    const gateway = await gatewayTo(t, backend.port, own, { instance: { scheme: "https" } });
    assert.deepEqual(await codeOf(gateway, "/own/"), [502, "upstream_tls_failed"]);
  });

  for (const version of ["1.1", "2"] as const) {
    test(`idleConnTimeout over HTTP/${version}`, async (t) => {
      const closed: string[] = [];
      const last = new Map<EventEmitter, string>();
      const note = (connection: EventEmitter, url: string) => {
        if (!last.has(connection)) connection.once("close", () => closed.push(last.get(connection)!));
        last.set(connection, url);
      };
      let port: number;
      if (version === "1.1") {
        const backend = await backendFor(t, (request, response) => {
          note(request.socket, request.url!);
          response.end();
        });
        port = backend.port;
      } else {
        const backend = await http2Backend((stream, headers) => {
          note(stream.session!, headers[":path"]!);
          stream.respond({ ":status": 200 }, { endStream: true });
        });
        t.after(() => backend.close());
        port = backend.port;
      }
      const instance = version === "2" ? { scheme: "h2c" } : {};
      const gateway = await gatewayTo(t, port, { http: { idleConnTimeout: "300ms" } }, { instance });
      assert.equal(await codeOf(gateway, "/other/"), 200);
      assert.equal(await codeOf(gateway, "/own/"), 200);
      await eventually("an idle connection to be closed", () => closed.length > 0);
      assert.deepEqual(closed, ["/own/"]);
    });
  }
});

describe("bounds of one service", LIMIT, () => {
  test("maxConnsPerHost: its requests share connections", async (t) => {
    const waiting: (() => void)[] = [];
    const backend = await backendFor(t, (_, response) => void waiting.push(() => response.end()));
    const gateway = await gatewayTo(t, backend.port, { http: { maxConnsPerHost: 1 } });
    const calls = ["own", "own", "other", "other"].map((name) => call(gateway.port, { path: `/${name}/` }));
    await eventually("three requests", () => waiting.length === 3);
    assert.equal(backend.mostOpen, 3); // one of its own, and one for each request of the other
    for (const answer of waiting.splice(0)) answer();
    await eventually("the fourth request", () => waiting.length === 1);
    for (const answer of waiting) answer();
    assert.deepEqual(new Set((await Promise.all(calls)).map(({ status }) => status)), new Set([200]));
    assert.equal(backend.mostOpen, 3);
  });

  test("maxConcurrentStreams and maxPoolSize of HTTP/2", async (t) => {
    const waiting: (() => void)[] = [];
    const backend = await silent((end) => void waiting.push(end));
    t.after(() => backend.close());
    const own = { grpc: { maxConcurrentStreams: 1, maxPoolSize: 2 } };
    const gateway = await gatewayTo(t, backend.port, own, { instance: { scheme: "h2c" } });
    const calls = ["own", "own", "other", "other", "own"].map((name) => call(gateway.port, { path: `/${name}/` }));
    await eventually("four requests", () => waiting.length === 4);
    assert.equal(backend.accepted, 3); // two of its own, and one for both of the other
    for (const answer of waiting.splice(0)) answer();
    await eventually("the fifth request", () => waiting.length === 1);
    for (const answer of waiting) answer();
    await Promise.all(calls);
  });

  test("maxConnections of WebSockets", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const gateway = await gatewayTo(t, backend.port, { websocket: { maxConnections: 1 } });
    const clients = [await opened(gateway.port, "/own/")];
    t.after(() => {
      for (const client of clients) client.terminate();
    });
    assert.equal((await refusalOf(wsClient(gateway.port, "/own/"))).status, 503);
    clients.push(await opened(gateway.port, "/other/"), await opened(gateway.port, "/other/"));
  });

  test("websocket.enabled and sse.enabled: such requests find no route", async (t) => {
    const backend = await wsBackend();
    const events = await backendFor(t);
    t.after(() => backend.close());
    const sockets = await gatewayTo(t, backend.port, { websocket: { enabled: false } });
    assert.equal((await refusalOf(wsClient(sockets.port, "/own/"))).status, 404);
    (await opened(sockets.port, "/other/")).terminate();
    const streams = await gatewayTo(t, events.port, { sse: { enabled: false } });
    const ask = (path: string) => call(streams.port, { path, headers: ["Accept", "text/event-stream"] });
    assert.deepEqual([(await ask("/own/")).status, (await ask("/other/")).status], [404, 200]);
    assert.equal(await codeOf(streams, "/own/"), 200);
  });
});

describe("what one service is sent", LIMIT, () => {
  test("disableCompression and preserveHost", async (t) => {
    const backend = await backendFor(t);
    const gateway = await gatewayTo(t, backend.port, { http: { disableCompression: true, preserveHost: true } });
    const seen = async (path: string) => {
      const headers = ["Host", "shop.example", "Accept-Encoding", "gzip"];
      const fields = JSON.parse((await call(gateway.port, { path, headers })).text).headers as string[];
      return [valuesOf(fields, "host"), valuesOf(fields, "accept-encoding")];
    };
    assert.deepEqual(await seen("/own/"), [["shop.example"], []]);
    assert.deepEqual(await seen("/other/"), [[`127.0.0.1:${backend.port}`], ["gzip"]]);
  });

  test("expectContinueTimeout: a body goes after its head though nobody said 100", async (t) => {
    const backend = await rawBackend((socket) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        if (text.endsWith("abc")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
    t.after(() => backend.close());
    const gateway = await gatewayTo(t, backend.port, { http: { expectContinueTimeout: "50ms" } });
    const request = begin(gateway.port, {
      method: "POST",
      path: "/own/",
      headers: ["Expect", "100-continue", "Content-Length", "3"],
      body: Readable.from(["abc"]),
    });
    assert.equal((await read(await headOf(request))).toString(), "ok");
  });
});

describe("http.version", LIMIT, () => {
  let folder: string;
  let authority: Certificate;
  let server: Certificate;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "backend-services-"));
    authority = makeAuthority(folder, "ca");
    server = makeCertificate(folder, "server", authority, ["IP:127.0.0.1"]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("2 is agreed by ALPN over TLS, with the TLS settings of http", async (t) => {
    const backend = await tlsBackend(t, server, "2");
    const own = { http: { version: 2, tls: { rootCAFile: authority.cert } } };
    const gateway = await gatewayTo(t, backend.port, own, { instance: { scheme: "https" } });
    assert.equal((await call(gateway.port, { path: "/own/" })).text, "over TLS");
    assert.equal((await call(gateway.port, { method: "POST", path: "/own/", body: "abc" })).text, "over TLS");
  });
  test("2 is refused where TLS agrees on no HTTP/2", async (t) => {
    const backend = await tlsBackend(t, server, "1.1");
    const own = { http: { version: "2", tls: { rootCAFile: authority.cert } } };
    const gateway = await gatewayTo(t, backend.port, own, { instance: { scheme: "https" } });
    assert.deepEqual(await codeOf(gateway, "/own/"), [502, "upstream_tls_failed"]);
    assert.equal(backend.requests, 0);
  });
  test("2 is prior knowledge without TLS, and another service keeps 1.1", async (t) => {
    const versions: string[] = [];
    const backend = createHttp2Server((request, response) => {
      versions.push(request.httpVersion);
      response.end("h2c");
    });
    backend.listen(0, "127.0.0.1");
    await once(backend, "listening");
    t.after(() => backend.close());
    const gateway = await gatewayTo(t, (backend.address() as AddressInfo).port, { http: { version: "2" } });
    assert.equal((await call(gateway.port, { path: "/own/" })).text, "h2c");
    assert.equal((await call(gateway.port, { path: "/other/" })).status, 502);
    assert.deepEqual(versions, ["2.0"]);
  });
});
