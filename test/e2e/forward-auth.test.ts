// Requests that a service decides about: what it is asked, what passes with its word, and what clients get that it does not let in.
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Answer, type Backend, type Mirrored, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { begin, type Call, call, type Reply } from "../support/client.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { ask as askStream, openSession } from "../support/http2-client.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { exchange } from "../support/raw.ts";
import { accessLine, type Block, configText, eventually } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const gateways = new GatewayPool();
let backend: Backend;
let service: Backend;
/** How the service answers, and what it was asked last. */
let decide: Answer;
let asked: IncomingMessage | null = null;

const pass: Answer = (_, response) => void response.writeHead(204).end();

before(async () => {
  backend = await startBackend(mirror);
  service = await startBackend((request, response) => {
    asked = request;
    decide(request, response);
  });
});
after(() => Promise.all([backend.close(), service.close()]));
beforeEach(() => {
  decide = pass;
  asked = null;
});

const RULES: readonly Block[] = [
  { id: "strip", path: "/api/*", serviceName: "up", stripPrefix: true },
  { id: "scoped", path: "/scoped/*", serviceName: "up", requiredScopes: ["write"] },
  { id: "open", path: "/open/*", serviceName: "up", authRequired: false },
  { id: "all", path: "/*", serviceName: "up" },
];

function textWith(forward: Block = {}, auth: Block = {}, more: Block = {}): string {
  const block = {
    url: `http://127.0.0.1:${service.port}/verify?by=gateway`,
    responseHeaders: ["X-User", "Authorization", "X-Auth-Request-Email"],
    clientHeaders: ["Set-Cookie", "X-Session"],
    ...forward,
  };
  return configText({
    rules: RULES,
    services: { up: backend.port },
    more: { auth: { required: true, forward: block, ...auth }, metrics: { enabled: true }, ...more },
  });
}

const mirrored = (reply: Reply) => JSON.parse(reply.text) as Mirrored;
const codeIn = ({ text }: Reply) => (JSON.parse(text) as { error: { code: string } }).error.code;
const told = (name: string) => valuesOf(asked!.rawHeaders, name);

describe("a service", LIMIT, () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = await gateways.take(textWith());
  });
  after(() => gateway.kill());
  const get = (path: string, headers: readonly string[] = [], more: Call = {}) =>
    call(gateway.port, { path, headers, ...more });

  test("gets a GET request without body that describes the request as routed", async () => {
    const headers = [
      ...["Content-Type", "text/plain", "Content-Language", "en", "Cookie", "a=b; c=d", "Authorization", "Bearer t"],
      ...["If-None-Match", '"1"', "Range", "bytes=0-1", "TE", "trailers", "Expect", "100-continue", "X-Tenant", "t"],
      ...["Connection", "close, X-Hop", "X-Hop", "1", "Keep-Alive", "timeout=1", "Proxy-Authorization", "Basic YTpi"],
      ...["X-Forwarded-For", "6.6.6.6", "X-Forwarded-Host", "evil", "X-Forwarded-Proto", "https", "Forwarded", "for=6"],
      ...["X-Forwarded-Uri", "/open", "X-Forwarded-Method", "GET", "X-Forwarded-Prefix", "/x", "X_Forwarded_Uri", "/o"],
      ...["X-Real-IP", "6.6.6.6", "X-User", "root", "x_user", "root", "X-Auth-Subject", "root", "X-Request-ID", "id-1"],
    ];
    const reply = await get("/api//a/%7eb/../c?d=e", headers, { method: "POST", body: "hello" });
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual([mirrored(reply).method, mirrored(reply).url, mirrored(reply).bytes], ["POST", "/a/c?d=e", 5]);
    assert.deepEqual([asked!.method, asked!.url], ["GET", "/verify?by=gateway"]);
    assert.deepEqual(told("Host"), [`127.0.0.1:${service.port}`]);
    const names = asked!.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    assert.deepEqual(names.sort(), [
      ...["authorization", "cookie", "host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-method"],
      ...["x-forwarded-prefix", "x-forwarded-proto", "x-forwarded-uri", "x-gateway", "x-real-ip", "x-request-id"],
      "x-tenant",
    ]);
    assert.deepEqual(
      ["For", "Proto", "Host", "Method", "Uri", "Prefix"].map((name) => told(`X-Forwarded-${name}`).join()),
      ["127.0.0.1", "http", `127.0.0.1:${gateway.port}`, "POST", "/api/a/c?d=e", "/api"],
    );
    assert.deepEqual(told("X-Request-ID"), ["id-1"]);
  });

  test("permits with 2xx, and its fields replace the client's, in any spelling and place", async () => {
    decide = (_, response) => {
      response.writeHead(200, ["X-User", "ann", "X-User", "ann2", "X-Auth-Request-Email", "a@b.c", "X-Other", "no"]);
      response.end("fine");
    };
    const head = [
      ...["POST /x HTTP/1.1", "Host: a", "Connection: close", "Transfer-Encoding: chunked", "Trailer: X-User"],
      ...["X-User: root", "x_user: root", "X.User: root", "Grpc-Metadata-X-User: root", "grpc_metadata_x.user: root"],
      ...["X-Auth-Request-Email: root@b.c", "Grpc-Metadata-X-Auth-Subject: root", "Authorization: Bearer root"],
    ];
    const body = "1\r\na\r\n0\r\nX-User: root\r\nX_USER: root\r\nX-Auth-Request-Email: root\r\nX-Kept: 1\r\n\r\n";
    const text = await exchange(gateway.port, `${head.join("\r\n")}\r\n\r\n${body}`);
    const seen = JSON.parse(text.slice(text.indexOf("\r\n\r\n{") + 4)) as Mirrored;
    assert.deepEqual(valuesOf(seen.headers, "X-User"), ["ann", "ann2"]);
    assert.deepEqual(valuesOf(seen.headers, "X-Auth-Request-Email"), ["a@b.c"]);
    assert.deepEqual([seen.bytes, seen.trailers], [1, ["X-Kept", "1"]]);
    assert.doesNotMatch(text, /root/);
    assert.doesNotMatch(text, /X-Other/);
  });

  test("may omit its fields, and the client's are dropped all the same, also on rules that do not use it", async () => {
    const headers = ["X-User", "root", "X-User", "root", "Authorization", "Bearer own", "Connection", "X-User"];
    const { headers: seen } = mirrored(await get("/x", headers));
    assert.deepEqual([valuesOf(seen, "X-User"), valuesOf(seen, "Authorization")], [[], []]);
    const open = mirrored(await get("/open/x", headers));
    assert.deepEqual([valuesOf(open.headers, "X-User"), valuesOf(open.headers, "Authorization")], [[], ["Bearer own"]]);
  });

  test("cannot permit anonymous requests to rules that require scopes", async () => {
    assert.equal(codeIn(await get("/scoped/x")), "insufficient_scope");
  });

  test("adds the configured fields of its answer to the reply, each cookie separately", async () => {
    decide = (_, response) => {
      const cookies = ["Set-Cookie", "a=1", "Set-Cookie", "b=2; Path=/", "Set-Cookie", "c=3"];
      response.writeHead(202, [...cookies, "X-Session", "s", "X-Secret", "no"]).end();
    };
    const reply = await get("/x");
    assert.deepEqual(valuesOf(reply.rawHeaders, "Set-Cookie"), ["a=1", "b=2; Path=/", "c=3"]);
    assert.deepEqual([reply.headers["x-session"], reply.headers["x-secret"]], ["s", undefined]);
  });

  test("is the source of the reply with any other status", async () => {
    decide = (_, response) => {
      const fields = [
        "WWW-Authenticate",
        'Bearer realm="s"',
        "WWW-Authenticate",
        "Basic realm=s",
        "X-Gateway",
        "theirs",
      ];
      response.writeHead(401, [...fields, "Content-Type", "text/html", "Set-Cookie", "a=1", "Set-Cookie", "b=2"]);
      response.end("<p>Who are you?");
    };
    const reached = backend.requests;
    const reply = await get("/x", ["X-Request-ID", "denied"]);
    assert.deepEqual([reply.status, reply.text], [401, "<p>Who are you?"]);
    assert.deepEqual(valuesOf(reply.rawHeaders, "WWW-Authenticate"), ['Bearer realm="s"', "Basic realm=s"]);
    assert.deepEqual(valuesOf(reply.rawHeaders, "Set-Cookie"), ["a=1", "b=2"]);
    assert.deepEqual(valuesOf(reply.rawHeaders, "X-Request-ID"), ["denied"]);
    assert.deepEqual([reply.headers["x-gateway"], reply.headers["content-length"]], [undefined, "15"]);
    assert.equal((await get("/x", [], { method: "HEAD" })).text, "");
    assert.equal(backend.requests, reached);
    assert.equal((await accessLine(gateway, "denied")).detail, "forward: the service answered 401");
    const metrics = await scrape(gateway.port);
    const labels = { method: "forward", reason: "invalid_credentials" };
    assert.ok(sumOf(metrics, "gateway_auth_failures_total", labels) >= 2);
  });

  test("may redirect clients, and the redirect is not followed", async () => {
    const location = `http://127.0.0.1:${service.port}/login?rd=%2Fx`;
    decide = (_, response) => void response.writeHead(302, { Location: location }).end();
    const questions = service.requests;
    const reply = await get("/api/x");
    assert.deepEqual([reply.status, reply.headers.location], [302, location]);
    assert.equal(service.requests, questions + 1);
  });

  test("may compress its answer, which is forwarded unchanged", async () => {
    const bytes = gzipSync("no entry");
    decide = (_, response) => void response.writeHead(403, { "Content-Encoding": "gzip" }).end(bytes);
    const reply = await get("/x", ["Accept-Encoding", "gzip"]);
    assert.deepEqual([reply.status, reply.headers["content-encoding"], reply.body], [403, "gzip", bytes]);
    assert.deepEqual(told("Accept-Encoding"), ["gzip"]);
  });

  test("decides about requests over HTTP/2, too", async () => {
    const session = await openSession(gateway.port);
    decide = (_, response) =>
      void response.writeHead(200, ["X-User", "ann", "Set-Cookie", "a=1", "Set-Cookie", "b=2"]).end();
    const headers = { ":path": "/x?y", cookie: ["a=b", "c=d"], "x-user": "root", te: "trailers" };
    const passed = await askStream(session, { ...headers, ":method": "POST" }, "body", {
      "x-user": "root",
      "x-kept": "1",
    });
    assert.deepEqual([passed.status, passed.headers["set-cookie"]], [200, ["a=1", "b=2"]]);
    const seen = JSON.parse(passed.text) as Mirrored;
    assert.deepEqual([valuesOf(seen.headers, "x-user"), seen.trailers], [["ann"], ["x-kept", "1"]]);
    assert.deepEqual([told("Cookie"), told("X-Forwarded-Uri"), told("TE")], [["a=b; c=d"], ["/x?y"], []]);
    decide = (_, response) => void response.writeHead(403, { "Content-Type": "text/plain" }).end("no");
    const denied = await askStream(session, { ":path": "/x" });
    assert.deepEqual([denied.status, denied.text], [403, "no"]);
    session.close();
  });

  test("gets one check per request, over reused connections", async () => {
    const [questions, connections] = [service.requests, service.accepted];
    for (let i = 0; i < 20; i++) assert.equal((await get("/x")).status, 200);
    assert.equal(service.requests, questions + 20);
    assert.ok(service.accepted <= connections + 1);
  });

  test("gets no further data when the client has disconnected", async () => {
    let left: Promise<void> | null = null;
    decide = (_: IncomingMessage, response: ServerResponse) => {
      left = new Promise((resolve) => response.on("close", resolve));
    };
    const request = begin(gateway.port, { path: "/x" }).on("error", () => undefined);
    await eventually("the question", () => left !== null);
    request.destroy();
    await left;
    await eventually("no question is left", () => service.active === 0);
  });
});

describe("a service that fails", LIMIT, () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = await gateways.take(textWith({ timeout: "500ms" }));
  });
  after(() => gateway.kill());

  const outcome = async () => {
    const reply = await call(gateway.port, { path: "/x", headers: ["X-Request-ID", "failing"] });
    return reply.status === 503 ? codeIn(reply) : reply.status;
  };

  test("permits nothing, and its answer is not shown", async () => {
    const rude: Readonly<Record<string, Answer>> = {
      "5xx": (_, response) => void response.writeHead(500).end("secret stack"),
      "304": (_, response) => void response.writeHead(304).end(),
      "no answer": () => undefined,
      "end before the head": (request) => void request.socket.end(),
      reset: (request) => void request.socket.resetAndDestroy(),
      "half a head": (request) => void request.socket.end("HTTP/1.1 200 O"),
      "half a body": (request) => void request.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
      "half a chunk": (request) =>
        void request.socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"),
      "no HTTP": (request) => void request.socket.end("220 mail.example.org ESMTP\r\n"),
      "two lengths": (request) =>
        void request.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
      "a body that is announced too large": (_, response) => {
        response.writeHead(200, { "Content-Length": "70000" });
        response.end(Buffer.alloc(70_000));
      },
      "a body that becomes too large": (_, response) => {
        response.writeHead(403);
        response.write(Buffer.alloc(40_000));
        response.end(Buffer.alloc(30_000));
      },
      "a body that never ends": (_, response) => {
        response.writeHead(200);
        response.write("a");
      },
      "a head too large": (_, response) => void response.writeHead(200, { "X-User": "a".repeat(70_000) }).end(),
      "a switch of protocols": (request) =>
        void request.socket.write("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    };
    const reached = backend.requests;
    for (const [what, answer] of Object.entries(rude)) {
      decide = answer;
      assert.equal(await outcome(), "auth_unavailable", what);
    }
    assert.equal(backend.requests, reached);
    decide = pass;
    assert.equal(await outcome(), 200);
    assert.doesNotMatch(JSON.stringify(gateway.lines), /secret stack|ESMTP/);
    await eventually("no question is left", () => service.active === 0);
  });

  test("to accept connections permits nothing", async () => {
    const away = await startBackend(pass);
    await away.close();
    const other = await gateways.take(textWith({ url: `http://127.0.0.1:${away.port}/` }));
    const reply = await call(other.port, { path: "/x" });
    assert.deepEqual([reply.status, codeIn(reply), reply.headers["retry-after"]], [503, "auth_unavailable", "1"]);
    await other.kill();
  });

  test("on a reused connection is retried if it was closed before the check was read", async () => {
    await outcome();
    let lost = 0;
    decide = (request, response) => {
      if (lost++ === 0) request.socket.destroy();
      else pass(request, response);
    };
    assert.deepEqual([await outcome(), lost], [200, 2]);
  });
});
