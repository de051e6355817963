// HTTP/2 clients of ordinary services: what HTTP/1.1 clients get, on the same port, by prior knowledge and by ALPN.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ClientHttp2Session, constants } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { type Backend, type Mirrored, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { call, digestOf } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { accessLine, configText, eventually, nextLine, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const MB = 1024 * 1024;

let backend: Backend;
let plain: GatewayProcess;
let secure: GatewayProcess;
let folder: string;
let ca: Buffer;
/** Answers `/manual`. */
let manual: (request: IncomingMessage, response: ServerResponse) => void = mirror;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "http2-test-"));
  const authority = makeAuthority(folder, "ca");
  const certificate = makeCertificate(folder, "server", authority, ["DNS:localhost", "IP:127.0.0.1"]);
  ca = readFileSync(authority.cert);
  backend = await startBackend((request, response) =>
    request.url!.startsWith("/manual") ? manual(request, response) : mirror(request, response),
  );
  const rules = [
    { path: "/*", serviceName: "up" },
    { path: "/small", serviceName: "up", maxRequestSize: "10kb" },
  ];
  const front = { maxRequestSize: "64mb", maxHeaderSize: "16kb", maxHeaders: 50, idleTimeout: "1s" };
  const tls = { enabled: true, certFile: certificate.cert, keyFile: certificate.key };
  const services = { up: backend.port };
  [plain, secure] = await Promise.all([
    startGateway(configText({ rules, services, front })),
    startGateway(configText({ rules, services, front: { ...front, tls } })),
  ]);
});

after(async () => {
  await Promise.all([plain?.kill(), secure?.kill()]);
  await backend?.close();
  rmSync(folder, { recursive: true, force: true });
});

const gatewayOf = (kind: "plain" | "secure") => (kind === "plain" ? plain : secure);

async function session(kind: "plain" | "secure"): Promise<ClientHttp2Session> {
  return kind === "plain" ? openSession(plain.port) : openSession(secure.port, ca);
}

function seen(text: string): Mirrored {
  return JSON.parse(text) as Mirrored;
}

for (const kind of ["plain", "secure"] as const) {
  describe(`HTTP/2 on a ${kind} port`, LIMIT, () => {
    let client: ClientHttp2Session;
    beforeEach(async () => {
      client = await session(kind);
    });
    afterEach(() => client.destroy());

    test("GET, HEAD and POST reach the backend as HTTP/1.1", async () => {
      for (const [method, body] of [
        ["GET", undefined],
        ["HEAD", undefined],
        ["POST", "hello"],
        ["PUT", ""],
        ["DELETE", undefined],
        ["PROPFIND", undefined],
      ] as const) {
        const reply = await ask(client, { ":method": method, ":path": "/a%20b/c?q=1&r=%2F" }, body);
        assert.equal(reply.status, 200);
        if (method === "HEAD") {
          assert.equal(reply.text, "");
          continue;
        }
        const { method: got, url, bytes } = seen(reply.text);
        assert.deepEqual([got, url, bytes], [method, "/a%20b/c?q=1&r=%2F", body?.length ?? 0]);
      }
    });

    test("the request carries what the gateway vouches for", async () => {
      const scheme = kind === "plain" ? "http" : "https";
      const reply = await ask(client, {
        ":path": "/",
        ":authority": "api.example:99",
        "x-forwarded-for": "6.6.6.6",
        "x-request-id": "from-client",
        te: "trailers",
      });
      const { headers } = seen(reply.text);
      assert.deepEqual(valuesOf(headers, "x-forwarded-for"), ["127.0.0.1"]);
      assert.deepEqual(valuesOf(headers, "x-forwarded-proto"), [scheme]);
      assert.deepEqual(valuesOf(headers, "x-forwarded-host"), ["api.example:99"]);
      assert.deepEqual(valuesOf(headers, "host"), [`127.0.0.1:${backend.port}`]);
      assert.deepEqual(valuesOf(headers, "via"), []);
      assert.equal(headers.filter((name, i) => i % 2 === 0 && name.startsWith(":")).length, 0);
      assert.equal(valuesOf(headers, "x-request-id")[0], reply.headers["x-request-id"]);
      const line = await accessLine(gatewayOf(kind), String(reply.headers["x-request-id"]));
      assert.deepEqual([line.status, line.host], [200, "api.example"]);
      assert.equal(reply.headers.via, undefined);
      for (const name of ["connection", "keep-alive", "transfer-encoding"])
        assert.equal(reply.headers[name], undefined);
    });

    test("pieces of a cookie are joined, several Set-Cookie stay several", async () => {
      manual = (request, response) => {
        response.setHeader("Set-Cookie", ["a=1; Path=/", "b=2, 3"]);
        mirror(request, response);
      };
      const reply = await ask(client, { ":path": "/manual", cookie: ["a=1", "b=2", "c=3"] });
      assert.deepEqual(valuesOf(seen(reply.text).headers, "cookie"), ["a=1; b=2; c=3"]);
      assert.deepEqual(reply.headers["set-cookie"], ["a=1; Path=/", "b=2, 3"]);
    });

    test("large bodies pass whole, both ways at once, with many streams side by side", async () => {
      manual = (request, response) => {
        response.writeHead(200);
        request.pipe(response);
      };
      const body = Buffer.alloc(8 * MB, "0123456789abcdef!");
      const expected = createHash("sha256").update(body).digest("hex");
      const sums = await Promise.all(
        Array.from({ length: 6 }, async () => {
          const stream = client.request({ ":method": "POST", ":path": "/manual" });
          stream.end(body);
          return soon(digestOf(stream), "the echo");
        }),
      );
      for (const { bytes, sha256 } of sums) assert.deepEqual([bytes, sha256], [body.length, expected]);
    });

    test("a client that reads slowly gets everything, and the process says nothing about leaks", async () => {
      manual = (_request, response) => {
        response.end(Buffer.alloc(24 * MB, "x"));
      };
      const stream = client.request({ ":path": "/manual" });
      let bytes = 0;
      let pauses = 0;
      stream.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes < (pauses + 1) * 256 * 1024) return;
        pauses++;
        stream.pause();
        setTimeout(() => stream.resume(), 2);
      });
      await soon(once(stream, "end"), "the end");
      assert.equal(bytes, 24 * MB);
      const warnings = gatewayOf(kind).lines.filter((line) => /MaxListeners|Warning/.test(line.msg ?? ""));
      assert.deepEqual(warnings, []);
    });

    test("trailers pass both ways, 103 comes first", async () => {
      manual = (request, response) => {
        response.writeEarlyHints({ link: "</a.css>; rel=preload" });
        request.resume().on("end", () => {
          response.writeHead(200, { Trailer: "X-Sum" });
          response.write(JSON.stringify(request.trailers));
          response.addTrailers({ "X-Sum": "9" });
          response.end();
        });
      };
      const reply = await ask(client, { ":method": "POST", ":path": "/manual" }, "body", { "x-check": "7" });
      assert.deepEqual(JSON.parse(reply.text), { "x-check": "7" });
      assert.equal(reply.trailers["x-sum"], "9");
      assert.deepEqual(
        reply.interim.map((i) => [i[":status"], i.link]),
        [[103, "</a.css>; rel=preload"]],
      );
    });

    test("an event stream flows event by event", async () => {
      let response: ServerResponse | undefined;
      manual = (_request, answer) => {
        response = answer;
        answer.writeHead(200, { "Content-Type": "text/event-stream" });
        answer.flushHeaders();
      };
      const stream = client.request({ ":path": "/manual", accept: "text/event-stream" });
      stream.setEncoding("utf8");
      const [head] = (await soon(once(stream, "response"), "the head")) as [Record<string, unknown>];
      assert.equal(head["cache-control"], "no-cache");
      for (let n = 0; n < 20; n++) {
        const event = soon(once(stream, "data"), `event ${n}`);
        response!.write(`data: ${n}\n\n`);
        assert.deepEqual(await event, [`data: ${n}\n\n`]);
      }
      const last = once(stream, "data");
      response!.socket!.resetAndDestroy();
      assert.deepEqual(await soon(last, "last words"), ["event: error\ndata: upstream_reset\n\n"]);
      await soon(once(stream, "close"), "the end");
      assert.equal(stream.rstCode, 0);
    });

    test("a body over the limit is answered 413, announced or not, and the connection lives on", async () => {
      const body = Buffer.alloc(20 * 1024);
      const announced = { ":method": "POST", ":path": "/small", "content-length": body.length };
      assert.equal((await ask(client, announced, body)).status, 413);
      assert.equal((await ask(client, { ":method": "POST", ":path": "/small" }, body)).status, 413);
      assert.equal((await ask(client, { ":method": "POST", ":path": "/small" }, "little")).status, 200);
    });

    test("paths are made canonical or refused; Host must not contradict :authority", async () => {
      const reply = await ask(client, { ":path": "/a/../b/./%63" });
      assert.equal(seen(reply.text).url, "/b/c");
      for (const path of ["/../../etc/passwd", "/a%2fb", "/a%00b", "/a/%2e%2e/b", "http://evil/x", "*", "x"]) {
        // What nghttp2 finds malformed is reset by it.
        const { status, text } = await ask(client, { ":path": path }).catch(() => ({ status: 400, text: "" }));
        if (status === 200)
          assert.ok(!/\.\.|%00|evil|passwd%/.test(seen(text).url), `${path} became ${seen(text).url}`);
        else assert.ok([400, 404].includes(status), `${path}: ${status}`);
      }
      const same = await ask(client, { ":path": "/", ":authority": "a.example", host: "a.example" });
      assert.equal(same.status, 200);
      const other = await ask(client, { ":path": "/", ":authority": "a.example", host: "b.example" });
      assert.equal(other.status, 400);
      const odd = await ask(client, { ":path": "/", ":authority": "a@b" }).catch(() => ({ status: 400 }));
      assert.equal(odd.status, 400);
    });

    test("a backend that is cut in mid-reply becomes a reset stream, not a short reply", async () => {
      manual = (_request, response) => {
        response.writeHead(200);
        response.write("half");
        setImmediate(() => response.socket!.resetAndDestroy());
      };
      await assert.rejects(ask(client, { ":path": "/manual" }), /INTERNAL_ERROR|closed with code 2/);
      assert.equal((await ask(client, { ":path": "/" })).status, 200);
    });

    test("a client that resets its download frees the backend", async () => {
      let closed: Promise<unknown> = Promise.resolve();
      manual = (_request, response) => {
        closed = once(response, "close");
        response.write(Buffer.alloc(MB));
      };
      const stream = client.request({ ":path": "/manual/reset" });
      stream.on("error", () => undefined);
      await soon(once(stream, "data"), "a beginning");
      const line = nextLine(gatewayOf(kind), "the access line", (l) => l.path === "/manual/reset");
      stream.close(constants.NGHTTP2_CANCEL);
      await soon(closed, "the end at the backend");
      assert.equal((await line).detail, "client closed the connection");
    });

    test("a connection whose stream was silent for longer than idleTimeout is still closed when idle", async () => {
      manual = (_request, response) => {
        setTimeout(() => response.end("late"), 1500);
      };
      const own = await session(kind);
      assert.equal((await ask(own, { ":path": "/manual" })).text, "late");
      await soon(once(own, "close"), "the end of the idle connection");
    });
  });
}

describe("which HTTP a client speaks", LIMIT, () => {
  test("HTTP/1.1 works on the same port", async () => {
    assert.equal((await call(plain.port, { method: "POST", body: "x" })).status, 200);
  });

  test("is agreed by ALPN; without it HTTP/1.1 is spoken", async () => {
    for (const [offered, agreed] of [
      [["h2", "http/1.1"], "h2"],
      [["http/1.1"], "http/1.1"],
      [[], false],
    ] as const) {
      const options = { host: "127.0.0.1", port: secure.port, servername: "localhost", ca };
      const socket = connectTls(offered.length > 0 ? { ...options, ALPNProtocols: [...offered] } : options);
      await soon(once(socket, "secureConnect"), "the handshake");
      assert.equal(socket.alpnProtocol, agreed);
      if (agreed !== "h2") {
        socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        const [first] = (await soon(once(socket, "data"), "a reply")) as [Buffer];
        assert.match(first.toString(), /^HTTP\/1\.1 200 /);
      }
      socket.destroy();
    }
  });

  test("after a hundred connections of both kinds none is left open", async () => {
    const line = plain.lines.length;
    for (let n = 0; n < 50; n++) {
      const one = await openSession(plain.port);
      assert.equal((await ask(one, { ":path": "/" })).status, 200);
      one.destroy();
      assert.equal((await call(plain.port)).status, 200);
    }
    await eventually("access lines", () => plain.lines.length >= line + 100);
  });
});
