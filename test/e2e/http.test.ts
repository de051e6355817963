// HTTP/1 through the gateway as clients and backends see it: framing, interim responses, trailers, connections, bodies.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Backend, type Mirrored, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { begin, call, digestOf, headOf, keepAlive } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { type RawBackend, rawBackend } from "../support/raw.ts";
import { RawClient } from "../support/raw-client.ts";
import { configText, soon } from "../support/setup.ts";

const LIMIT = { timeout: 90_000 };
const BIG = 50 * 1024 * 1024;
const PIECE = randomBytes(64 * 1024);
const PACKED = gzipSync("the same bytes on both sides ".repeat(100));

/** 50 MB made of one random piece, without holding it. */
function* pieces(): Generator<Buffer> {
  for (let sent = 0; sent < BIG; sent += PIECE.length) yield PIECE;
}

function bigDigest(): string {
  const hash = createHash("sha256");
  for (const piece of pieces()) hash.update(piece);
  return hash.digest("hex");
}

let backend: Backend;
let silent: RawBackend;
let gateway: GatewayProcess;
/** What the next request to `/manual` is answered with. */
let manual: (request: IncomingMessage, response: ServerResponse) => void = mirror;

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url!.split("?")[0]!;
  switch (path) {
    case "/fixed":
      return void response.writeHead(200, { "Content-Length": 5 }).end("fixed");
    case "/empty":
      return void response.writeHead(204, { "X-Kept": "yes" }).end();
    case "/unchanged":
      return void response.writeHead(304, { ETag: '"one"' }).end();
    case "/chunked":
      response.write("one,");
      return void response.end("two");
    case "/hinted":
      response.writeEarlyHints({ link: "</a.css>; rel=preload; as=style" });
      return void response.end("hinted");
    case "/gzip":
      return void response.writeHead(200, { "Content-Encoding": "gzip", "Content-Length": PACKED.length }).end(PACKED);
    case "/trailers":
      response.writeHead(200, { Trailer: "X-Sum, Set-Cookie" });
      response.write("body");
      response.addTrailers({ "X-Sum": "42", "Set-Cookie": "stolen=1" });
      return void response.end();
    case "/down/length":
      response.writeHead(200, { "Content-Length": BIG });
      return void Readable.from(pieces()).pipe(response);
    case "/down/chunked":
      return void Readable.from(pieces()).pipe(response);
    case "/manual":
      return manual(request, response);
    default:
      return mirror(request, response);
  }
}

before(async () => {
  backend = await startBackend(answer);
  // Reads everything, never says 100, and answers when the body "late" is there.
  silent = await rawBackend((socket) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (!text.endsWith("\r\n\r\nlate")) return;
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  const setup = {
    rules: [
      { id: "silent", path: "/silent", serviceName: "silent" },
      { id: "big", path: "/big/*", serviceName: "up", maxRequestSize: 0 },
      ...["fixed", "empty", "unchanged", "chunked", "hinted", "gzip", "trailers", "manual", "mirror"].map((name) => ({
        id: name,
        path: `/${name}`,
        serviceName: "up",
      })),
      { id: "down", path: "/down/*", serviceName: "up" },
      { id: "only-get", path: "/only-get", methods: ["GET"], serviceName: "up" },
    ],
    services: { up: backend.port, silent: silent.port },
    back: { expectContinueTimeout: "50ms" },
  };
  gateway = await startGateway(configText(setup));
});

after(async () => {
  await gateway?.kill();
  await backend?.close();
  await silent?.close();
});

async function withClient(work: (client: RawClient) => Promise<void>): Promise<void> {
  const client = await RawClient.to(gateway.port);
  try {
    await soon(work(client), "an exchange");
  } finally {
    client.close();
  }
}

const get = (path: string, more = ""): string => `GET ${path} HTTP/1.1\r\nHost: a.example\r\n${more}\r\n`;

/** Proves that a connection is in step: the next request on it gets its own answer. */
async function stillInStep(client: RawClient): Promise<void> {
  assert.equal(client.received, "");
  client.send(get("/fixed"));
  const reply = await client.reply();
  assert.equal(reply.status, 200);
  assert.equal(reply.body, "fixed");
}

describe("responses without a body", LIMIT, () => {
  test("HEAD has the length of GET, no body, and leaves the connection usable", () =>
    withClient(async (client) => {
      client.send("HEAD /fixed HTTP/1.1\r\nHost: a.example\r\n\r\n");
      const reply = await client.reply(true);
      assert.equal(reply.status, 200);
      assert.equal(reply.field("content-length"), "5");
      await stillInStep(client);
    }));

  test("HEAD of a resource of unknown length leaves the connection usable", () =>
    withClient(async (client) => {
      client.send("HEAD /chunked HTTP/1.1\r\nHost: a.example\r\n\r\n");
      assert.equal((await client.reply(true)).status, 200);
      await stillInStep(client);
    }));

  test("204 has neither body nor framing and leaves the connection usable", () =>
    withClient(async (client) => {
      client.send(get("/empty"));
      const reply = await client.reply();
      assert.equal(reply.status, 204);
      assert.equal(reply.field("x-kept"), "yes");
      assert.equal(reply.field("transfer-encoding"), null);
      assert.equal(reply.field("content-length"), null);
      await stillInStep(client);
    }));

  test("304 has no body and leaves the connection usable", () =>
    withClient(async (client) => {
      client.send(get("/unchanged", 'If-None-Match: "one"\r\n'));
      const reply = await client.reply();
      assert.equal(reply.status, 304);
      assert.equal(reply.field("etag"), '"one"');
      await stillInStep(client);
    }));
});

describe("interim responses", LIMIT, () => {
  test("103 Early Hints comes before the final response", async () => {
    const reply = await call(gateway.port, { path: "/hinted" });
    assert.deepEqual(
      reply.interim.map((i) => [i.status, i.headers.link]),
      [[103, "</a.css>; rel=preload; as=style"]],
    );
    assert.equal(reply.text, "hinted");
  });

  test("103 is not sent to an HTTP/1.0 client", () =>
    withClient(async (client) => {
      client.send("GET /hinted HTTP/1.0\r\nHost: a.example\r\n\r\n");
      assert.match(await client.end(), /^HTTP\/1\.1 200 /);
    }));

  test("100 Continue of the backend reaches the client, which then sends its body", () =>
    withClient(async (client) => {
      const body = new Promise<string>((resolve) => {
        manual = (request, response) => {
          assert.equal(request.headers.expect, "100-continue");
          response.writeContinue();
          request.on("data", (chunk: Buffer) => resolve(chunk.toString()));
          request.on("end", () => response.end("taken"));
        };
      });
      client.send("POST /manual HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
      assert.equal((await client.reply()).status, 100);
      client.send("hello");
      assert.equal(await body, "hello");
      assert.equal((await client.reply()).body, "taken");
      await stillInStep(client);
    }));

  test("a silent backend gets the body after expectContinueTimeout, and the client its 100", () =>
    withClient(async (client) => {
      client.send("POST /silent HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
      assert.equal((await client.reply()).status, 100);
      client.send("late");
      assert.equal((await client.reply()).body, "ok");
      await stillInStep(client);
    }));

  for (const status of [417, 401]) {
    test(`a backend that refuses an expectation with ${status} is quoted without a 100, and the connection ends`, () =>
      withClient(async (client) => {
        manual = (_request, response) => void response.writeHead(status, { "Content-Length": 2 }).end("no");
        client.send("POST /manual HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        const reply = await client.reply();
        assert.equal(reply.status, status);
        assert.equal(reply.body, "no");
        // The body may or may not follow: the client must be told that nothing else may.
        assert.equal(reply.field("connection"), "close");
        assert.equal(await client.end(), "");
      }));
  }

  test("another expectation is refused with 417", () =>
    withClient(async (client) => {
      client.send("POST /mirror HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\nExpect: miracles\r\n\r\n");
      const reply = await client.reply();
      assert.equal(reply.status, 417);
      assert.equal(JSON.parse(reply.body).error.code, "expectation_failed");
    }));
});

describe("chunked bodies and trailers", LIMIT, () => {
  test("a chunked request stays chunked and whole", async () => {
    const body = Readable.from([Buffer.from("one,"), Buffer.from("two,"), Buffer.from("three")]);
    const reply = await call(gateway.port, { method: "POST", path: "/mirror", body });
    const seen = JSON.parse(reply.text) as Mirrored;
    assert.deepEqual(valuesOf(seen.headers, "transfer-encoding"), ["chunked"]);
    assert.deepEqual(valuesOf(seen.headers, "content-length"), []);
    assert.equal(seen.bytes, 13);
    assert.equal(seen.sha256, createHash("sha256").update("one,two,three").digest("hex"));
  });

  test("a chunked response stays chunked and the connection usable", () =>
    withClient(async (client) => {
      client.send(get("/chunked"));
      const reply = await client.reply();
      assert.equal(reply.field("transfer-encoding"), "chunked");
      assert.equal(reply.field("content-length"), null);
      assert.equal(reply.body, "one,two");
      await stillInStep(client);
    }));

  test("request trailers reach the backend, those that frame or authenticate do not", () =>
    withClient(async (client) => {
      client.send("POST /mirror HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n");
      client.send("4\r\nbody\r\n0\r\nX-Sum: 42\r\nAuthorization: Bearer x\r\nHost: b.example\r\n\r\n");
      const seen = JSON.parse((await client.reply()).body) as Mirrored;
      assert.deepEqual(seen.trailers, ["X-Sum", "42"]);
      await stillInStep(client);
    }));

  for (const [what, rest] of [
    ["a malformed chunk size", "zz\r\n"],
    ["a chunk longer than announced", "2\r\nbody\r\n"],
    ["Content-Length among the trailers", "0\r\nContent-Length: 3\r\n\r\n"],
  ]) {
    test(`${what} is 400 at once, ends the connection, and the backend's request is aborted`, () =>
      withClient(async (client) => {
        let arrived!: () => void;
        const underWay = new Promise<void>((resolve) => {
          arrived = resolve;
        });
        const aborted = new Promise<void>((resolve) => {
          manual = (request) => {
            arrived();
            request.on("close", () => resolve()).resume();
          };
        });
        client.send("POST /manual HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n");
        await underWay;
        client.send(rest!);
        const reply = await client.reply();
        assert.equal(reply.status, 400);
        assert.equal(reply.field("connection"), "close");
        assert.equal(await client.end(), "");
        await aborted;
      }));
  }

  test("response trailers reach the client, those that frame or authenticate do not", () =>
    withClient(async (client) => {
      client.send(get("/trailers", "TE: trailers\r\n"));
      const reply = await client.reply();
      assert.equal(reply.body, "body");
      assert.equal(reply.trailers, "X-Sum: 42");
      await stillInStep(client);
    }));
});

describe("client connections", LIMIT, () => {
  test("an HTTP/1.0 client gets an unchunked body ended by the connection", () =>
    withClient(async (client) => {
      client.send("GET /chunked HTTP/1.0\r\nHost: a.example\r\n\r\n");
      const text = await client.end();
      assert.doesNotMatch(text, /transfer-encoding/i);
      assert.ok(text.endsWith("\r\n\r\none,two"));
    }));

  test("an HTTP/1.0 client may keep its connection where the length is known", () =>
    withClient(async (client) => {
      const request = "GET /fixed HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n";
      client.send(request);
      assert.equal((await client.reply()).body, "fixed");
      client.send(request);
      assert.equal((await client.reply()).body, "fixed");
    }));

  test("Connection: close is answered with the same and obeyed", () =>
    withClient(async (client) => {
      client.send(get("/fixed", "Connection: close\r\n"));
      const reply = await client.reply();
      assert.equal(reply.body, "fixed");
      assert.equal(reply.field("connection"), "close");
      assert.equal(await client.end(), "");
    }));

  test("pipelined requests are sent one at a time and answered in order", () =>
    withClient(async (client) => {
      const order: string[] = [];
      let together = 0;
      let most = 0;
      manual = (request, response) => {
        order.push(request.url!);
        most = Math.max(most, ++together);
        // Long enough for the gateway to send the next one, if it were to.
        setTimeout(() => {
          together--;
          response.end(request.url);
        }, 40);
      };
      client.send(["1", "2", "3", "4"].map((n) => get(`/manual?${n}`)).join(""));
      const bodies: string[] = [];
      for (let i = 0; i < 4; i++) bodies.push((await client.reply()).body);
      const expected = ["/manual?1", "/manual?2", "/manual?3", "/manual?4"];
      assert.deepEqual(bodies, expected);
      assert.deepEqual(order, expected);
      assert.equal(most, 1);
    }));

  test("pipelined bodies are not confused with the requests after them", () =>
    withClient(async (client) => {
      const post = (body: string) =>
        `POST /mirror HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      client.send(post("GET /fixed HTTP/1.1\r\n\r\n") + get("/fixed") + post("b"));
      assert.equal((JSON.parse((await client.reply()).body) as Mirrored).bytes, 23);
      assert.equal((await client.reply()).body, "fixed");
      assert.equal((JSON.parse((await client.reply()).body) as Mirrored).bytes, 1);
    }));

  test("POST that matches no route is 404 and keeps the connection", () =>
    withClient(async (client) => {
      client.send("POST /nowhere HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello");
      const reply = await client.reply();
      assert.equal(reply.status, 404);
      assert.notEqual(reply.field("connection"), "close");
      await stillInStep(client);
    }));

  test("POST with a method the route does not admit is 405 with Allow and keeps the connection", () =>
    withClient(async (client) => {
      client.send("POST /only-get HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello");
      const reply = await client.reply();
      assert.equal(reply.status, 405);
      assert.deepEqual(reply.field("allow")?.split(", ").sort(), ["GET", "HEAD"]);
      await stillInStep(client);
    }));

  test("an answer to an upload that is still coming in says that the connection ends", () =>
    withClient(async (client) => {
      manual = (_request, response) => void response.writeHead(200, { "Content-Length": 5 }).end("early");
      client.send("POST /manual HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\nonly this");
      const reply = await client.reply();
      assert.equal(reply.body, "early");
      assert.equal(reply.field("connection"), "close");
      assert.equal(await client.end(), "");
    }));
});

describe("bodies", LIMIT, () => {
  test("an empty POST stays empty, with its length", async () => {
    const reply = await call(gateway.port, { method: "POST", path: "/mirror", headers: ["Content-Length", "0"] });
    const seen = JSON.parse(reply.text) as Mirrored;
    assert.deepEqual(valuesOf(seen.headers, "content-length"), ["0"]);
    assert.deepEqual(valuesOf(seen.headers, "transfer-encoding"), []);
    assert.equal(seen.bytes, 0);
  });

  test("a body on GET and DELETE keeps its framing on a reused backend connection", async () => {
    const agent = keepAlive();
    for (const method of ["GET", "DELETE", "GET"]) {
      const reply = await call(gateway.port, { method, path: "/mirror", body: "GET /x HTTP/1.1\r\n\r\n", agent });
      const seen = JSON.parse(reply.text) as Mirrored;
      assert.equal(seen.method, method);
      assert.equal(seen.bytes, 19);
    }
    agent.close();
  });

  for (const headers of [["Content-Length", String(BIG)], []]) {
    const how = headers.length > 0 ? "with Content-Length" : "chunked";
    test(`50 MB up ${how} arrive unchanged`, async () => {
      const body = Readable.from(pieces());
      const reply = await call(gateway.port, { method: "PUT", path: "/big/up", headers, body });
      const seen = JSON.parse(reply.text) as Mirrored;
      assert.equal(seen.bytes, BIG);
      assert.equal(seen.sha256, bigDigest());
      assert.deepEqual(valuesOf(seen.headers, "content-length"), headers.slice(1));
    });
  }

  for (const path of ["/down/length", "/down/chunked"]) {
    test(`50 MB of ${path} arrive unchanged`, async () => {
      const response = await headOf(begin(gateway.port, { path }));
      assert.equal(response.headers["content-length"], path === "/down/length" ? String(BIG) : undefined);
      assert.deepEqual(await digestOf(response), { bytes: BIG, sha256: bigDigest() });
    });
  }

  test("a compressed response passes untouched", async () => {
    const reply = await call(gateway.port, { path: "/gzip", headers: ["Accept-Encoding", "gzip"] });
    assert.equal(reply.headers["content-encoding"], "gzip");
    assert.equal(reply.headers["content-length"], String(PACKED.length));
    assert.deepEqual(reply.body, PACKED);
  });

  test("a response cut off by the backend is cut off for the client, never completed", async () => {
    manual = (_request, response) => {
      response.writeHead(200);
      response.write("half", () => response.destroy());
    };
    const response = await headOf(begin(gateway.port, { path: "/manual" }));
    await assert.rejects(digestOf(response), { code: "ECONNRESET" });
  });

  test("a response cut off by the backend is not a complete one for an HTTP/1.0 client either", () =>
    withClient(async (client) => {
      let cut: () => void = () => undefined;
      manual = (_request, response) => {
        response.writeHead(200).write("half");
        cut = () => void response.destroy();
      };
      let code = "none";
      client.socket.on("error", (error: NodeJS.ErrnoException) => {
        code = error.code!;
      });
      client.send("GET /manual HTTP/1.0\r\nHost: a.example\r\n\r\n");
      // Read first: a reset that arrives together with data looks like an ordinary end to some clients, this one included.
      await client.until((received) => received.endsWith("half"));
      cut();
      await client.closed;
      assert.equal(code, "ECONNRESET");
    }));
});

describe("event streams", LIMIT, () => {
  test("every event arrives before the next is sent, with the headers that keep it so", async () => {
    let stream: ServerResponse | null = null;
    manual = (_request, response) => {
      stream = response;
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.flushHeaders();
    };
    const response = await soon(headOf(begin(gateway.port, { path: "/manual" })), "the head of the stream");
    assert.equal(response.headers["content-type"], "text/event-stream");
    assert.equal(response.headers["x-accel-buffering"], "no");
    assert.equal(response.headers["cache-control"], "no-cache");
    const events = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (const n of [1, 2, 3]) {
      stream!.write(`data: ${n}\n\n`);
      const next = await soon(events.next(), `event ${n}`);
      assert.equal((next.value as Buffer).toString(), `data: ${n}\n\n`);
    }
    stream!.end();
    assert.equal((await events.next()).done, true);
  });

  test("stream headers the backend chose are left as they are", async () => {
    manual = (_request, response) => {
      const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" };
      response.writeHead(200, headers).end("data: 1\n\n");
    };
    const reply = await call(gateway.port, { path: "/manual" });
    assert.deepEqual(valuesOf(reply.rawHeaders, "cache-control"), ["no-store"]);
    assert.deepEqual(valuesOf(reply.rawHeaders, "x-accel-buffering"), ["no"]);
  });
});
