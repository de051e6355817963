// What the gateway refuses or gives up on: body and head sizes, deadlines, silence, dead backends; and how it says so.
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { type Backend, mirror, startBackend } from "../support/backend.ts";
import { begin, call, headOf, type Reply, read } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { RawClient } from "../support/raw-client.ts";
import { accessLine, configText, eventually, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const KB = 1024;

let backend: Backend;
let gateway: GatewayProcess;
let impatient: GatewayProcess;
/** Answers `/manual`. */
let manual: (request: IncomingMessage, response: ServerResponse) => void = mirror;

before(async () => {
  backend = await startBackend((request, response) =>
    request.url!.startsWith("/manual") ? manual(request, response) : mirror(request, response),
  );
  const closed = await startBackend(mirror);
  await closed.close();
  const rules = [
    { id: "all", path: "/all/*", serviceName: "up" },
    { id: "small", path: "/small/*", serviceName: "up", maxRequestSize: "100kb" },
    { id: "slim", path: "/slim", serviceName: "up", maxHeaderSize: "1kb", maxHeaders: 10 },
    { id: "unlimited", path: "/unlimited/*", serviceName: "up", maxRequestSize: 0 },
    { id: "manual", path: "/manual", serviceName: "up" },
    { id: "manual-short", path: "/manual/short", serviceName: "up", timeout: "150ms" },
    { id: "dead", path: "/dead", serviceName: "dead" },
    { id: "nobody", path: "/nobody", serviceName: "nobody" },
    { id: "only-post", path: "/only-post", methods: ["POST", "PUT"], serviceName: "up" },
  ];
  const services = {
    up: backend.port,
    dead: closed.port,
    nobody: [{ address: "127.0.0.1", port: backend.port, health: "unhealthy" }],
  };
  [gateway, impatient] = await Promise.all([
    startGateway(
      configText({ rules, services, front: { maxRequestSize: "1mb", maxHeaders: 50, maxHeaderSize: "8kb" } }),
    ),
    startGateway(
      configText({
        rules,
        services,
        front: { readTimeout: "300ms", idleTimeout: "300ms" },
        back: { responseHeaderTimeout: "200ms" },
      }),
    ),
  ]);
});

after(async () => {
  await Promise.all([gateway?.kill(), impatient?.kill()]);
  await backend?.close();
});

function codeOf(reply: { readonly text: string } | { readonly body: string }): string {
  const text = "text" in reply ? reply.text : reply.body;
  return (JSON.parse(text) as { error: { code: string } }).error.code;
}

async function withClient(port: number, work: (client: RawClient) => Promise<void>): Promise<void> {
  const client = await RawClient.to(port);
  try {
    await soon(work(client), "an exchange");
  } finally {
    client.close();
  }
}

describe("the body limit", LIMIT, () => {
  test("refuses by length before the backend hears of it", () =>
    withClient(gateway.port, async (client) => {
      const before = backend.requests;
      client.send(`POST /small/x HTTP/1.1\r\nHost: a\r\nContent-Length: ${100 * KB + 1}\r\n\r\n`);
      const reply = await client.reply();
      assert.equal(reply.status, 413);
      assert.equal(codeOf(reply), "body_too_large");
      assert.equal(reply.field("connection"), "close");
      assert.equal(backend.requests, before);
    }));

  test("refuses an expectation with 413 instead of 100", () =>
    withClient(gateway.port, async (client) => {
      client.send(
        `POST /small/x HTTP/1.1\r\nHost: a\r\nContent-Length: ${100 * KB + 1}\r\nExpect: 100-continue\r\n\r\n`,
      );
      assert.equal((await client.reply()).status, 413);
    }));

  test("admits a body of exactly its size, known or chunked", async () => {
    const body = Buffer.alloc(100 * KB);
    assert.equal((await call(gateway.port, { method: "POST", path: "/small/x", body })).status, 200);
    const chunked = Readable.from([body.subarray(0, 1000), body.subarray(1000)]);
    assert.equal((await call(gateway.port, { method: "POST", path: "/small/x", body: chunked })).status, 200);
  });

  test("refuses while a chunked body streams, and the backend's request is aborted", async () => {
    const body = Readable.from(Array.from({ length: 5 }, () => Buffer.alloc(50 * KB)));
    const reply = await call(gateway.port, { method: "POST", path: "/small/x", body });
    assert.equal(reply.status, 413);
    assert.equal(codeOf(reply), "body_too_large");
    await eventually("the backend's request ends", () => backend.active === 0);
  });

  test("is seen by a client that sends megabytes without looking", async () => {
    const body = Readable.from(Array.from({ length: 80 }, () => Buffer.alloc(64 * KB)));
    const reply = await call(gateway.port, { method: "POST", path: "/all/x", body });
    assert.equal(reply.status, 413);
  });

  test("is lifted by a rule that sets 0", async () => {
    const reply = await call(gateway.port, { method: "POST", path: "/unlimited/x", body: Buffer.alloc(3 * KB * KB) });
    assert.equal(JSON.parse(reply.text).bytes, 3 * KB * KB);
  });
});

describe("the head limits", LIMIT, () => {
  test("a head that is too large is 431", () =>
    withClient(gateway.port, async (client) => {
      client.send(`GET /all/x HTTP/1.1\r\nHost: a\r\nX-Long: ${"x".repeat(9 * KB)}\r\n\r\n`);
      const reply = await client.reply();
      assert.equal(reply.status, 431);
      assert.equal(codeOf(reply), "headers_too_large");
      await client.end();
    }));

  test("too many fields are 431", () =>
    withClient(gateway.port, async (client) => {
      client.send(`GET /all/x HTTP/1.1\r\nHost: a\r\n${"X-One: 1\r\n".repeat(50)}\r\n`);
      assert.equal((await client.reply()).status, 431);
    }));

  test("as many as allowed pass", () =>
    withClient(gateway.port, async (client) => {
      client.send(`GET /all/x HTTP/1.1\r\nHost: a\r\n${"X-One: 1\r\n".repeat(49)}\r\n`);
      assert.equal((await client.reply()).status, 200);
    }));
});

describe("deadlines", LIMIT, () => {
  test("a backend slower than the rule's timeout is 504 and its request is aborted", async () => {
    const aborted = new Promise<void>((resolve) => {
      manual = (_request, response) => void response.on("close", () => resolve());
    });
    const reply = await call(gateway.port, { path: "/manual/short" });
    assert.equal(reply.status, 504);
    assert.equal(codeOf(reply), "upstream_timeout");
    await soon(aborted, "the abort");
  });

  test("a response still under way at the rule's timeout is cut off", async () => {
    manual = (_request, response) => void response.write("begun");
    const response = await headOf(begin(gateway.port, { path: "/manual/short" }));
    assert.equal(response.statusCode, 200);
    await assert.rejects(read(response), { code: "ECONNRESET" });
  });

  test("an event stream outlives the rule's timeout", async () => {
    manual = (_request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
      setTimeout(() => response.end("data: late\n\n"), 400);
    };
    assert.equal((await call(gateway.port, { path: "/manual/short" })).text, "data: late\n\n");
  });

  test("a backend without a head within responseHeaderTimeout is 504", async () => {
    manual = () => undefined;
    const reply = await call(impatient.port, { path: "/manual" });
    assert.equal(reply.status, 504);
    assert.equal(codeOf(reply), "upstream_timeout");
  });

  test("responseHeaderTimeout begins when the request is sent, not before", async () => {
    async function* slowly(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 5; i++) {
        yield Buffer.from("piece");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    const body = Readable.from(slowly());
    assert.equal((await call(impatient.port, { method: "POST", path: "/all/x", body })).status, 200);
  });

  test("a response body may take longer than responseHeaderTimeout", async () => {
    manual = (_request, response) => {
      response.write("first,");
      setTimeout(() => response.end("last"), 400);
    };
    assert.equal((await call(impatient.port, { path: "/manual" })).text, "first,last");
  });

  test("a client too slow with its head gets 408 and the end", () =>
    withClient(impatient.port, async (client) => {
      client.send("GET /all/x HTTP/1.1\r\nHost:");
      const reply = await client.reply();
      assert.equal(reply.status, 408);
      assert.equal(codeOf(reply), "request_timeout");
      assert.equal(await client.end(), "");
    }));

  test("a client silent in the middle of its body gets 408 and the end, and the backend's request is aborted", () =>
    withClient(impatient.port, async (client) => {
      client.send("POST /all/x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
      const reply = await client.reply();
      assert.equal(reply.status, 408);
      assert.equal(codeOf(reply), "request_timeout");
      await eventually("the backend's request ends", () => backend.active === 0);
      assert.equal(await client.end(), "");
    }));

  test("a body that trickles is not silent", () =>
    withClient(impatient.port, async (client) => {
      client.send("POST /all/x HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
      for (const byte of "sloooo") {
        client.send(byte);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.equal(JSON.parse((await client.reply()).body).bytes, 6);
    }));

  test("an idle keep-alive connection is closed without a word", () =>
    withClient(impatient.port, async (client) => {
      client.send("GET /all/x HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.equal((await client.reply()).status, 200);
      assert.equal(await client.end(), "");
    }));
});

describe("errors of the gateway", LIMIT, () => {
  function assertShape(reply: Reply, status: number, type: string, code: string): void {
    assert.equal(reply.status, status);
    assert.equal(reply.headers["content-type"], "application/json; charset=utf-8");
    const { error, ...rest } = JSON.parse(reply.text) as { error: Record<string, string> };
    assert.deepEqual(rest, {});
    assert.deepEqual(Object.keys(error), ["type", "message", "code", "requestId"]);
    assert.equal(error.type, type);
    assert.equal(error.code, code);
    assert.equal(error.requestId, reply.headers["x-request-id"]);
    assert.match(error.message!, /^[A-Z].*\.$/);
  }

  test("404 no_route", async () => assertShape(await call(gateway.port, { path: "/x" }), 404, "not_found", "no_route"));

  test("405 method_not_allowed, with the methods that are", async () => {
    const reply = await call(gateway.port, { path: "/only-post" });
    assertShape(reply, 405, "method_not_allowed", "method_not_allowed");
    assert.deepEqual(reply.headers.allow?.split(", ").sort(), ["POST", "PUT"]);
  });

  test("400 invalid_path", async () =>
    assertShape(await call(gateway.port, { path: "/all/%zz" }), 400, "bad_request", "invalid_path"));

  test("503 no_endpoint", async () =>
    assertShape(await call(gateway.port, { path: "/nobody" }), 503, "unavailable", "no_endpoint"));

  test("502 connect_failed names no address, to the client; the log has the reason", async () => {
    const reply = await call(gateway.port, { path: "/dead", headers: ["X-Request-ID", "dead-1"] });
    assertShape(reply, 502, "bad_gateway", "connect_failed");
    assert.doesNotMatch(reply.text, /127\.0\.0\.1|ECONNREFUSED/);
    const line = await accessLine(gateway, "dead-1");
    assert.equal(line.error, "connect_failed");
    assert.equal(line.detail, "ECONNREFUSED");
  });

  test("502 upstream_reset for a backend that hangs up", async () => {
    manual = (request) => void request.socket.destroy();
    assertShape(await call(gateway.port, { path: "/manual" }), 502, "bad_gateway", "upstream_reset");
  });

  test("502 upstream_protocol for a backend that talks nonsense", async () => {
    manual = (request) => void request.socket.end("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n");
    assertShape(await call(gateway.port, { path: "/manual" }), 502, "bad_gateway", "upstream_protocol");
  });

  test("an error answer to HEAD has no body", () =>
    withClient(gateway.port, async (client) => {
      client.send("HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\nGET /all/x HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.equal((await client.reply(true)).status, 404);
      assert.equal((await client.reply()).status, 200);
    }));

  test("errors of a backend pass unchanged", async () => {
    manual = (_request, response) => void response.writeHead(503, "Gone Fishing", { "Retry-After": "7" }).end("tired");
    const reply = await call(gateway.port, { path: "/manual" });
    assert.deepEqual([reply.status, reply.headers["retry-after"], reply.text], [503, "7", "tired"]);
  });
});

describe("limits of a rule on the request head", LIMIT, () => {
  /** Status and error code over HTTP/1.1 and HTTP/2, and what the log says of the first. */
  async function both(path: string, fields: readonly string[]): Promise<readonly unknown[]> {
    const first = await call(gateway.port, { path, headers: fields });
    const session = await openSession(gateway.port);
    const headers: Record<string, string> = { ":path": path };
    for (let i = 0; i < fields.length; i += 2) headers[fields[i]!.toLowerCase()] = fields[i + 1]!;
    const second = await ask(session, headers);
    session.close();
    if (first.status === 200) return [200, second.status];
    const line = await accessLine(gateway, String(first.headers["x-request-id"]));
    const codes = [first.text, second.text].map((text) => JSON.parse(text).error.code);
    return [first.status, second.status, ...new Set([...codes, line.error]), line.route, line.detail];
  }
  const fields = (count: number) => Array.from({ length: count }, (_, i) => [`X-${i}`, "v"]).flat();

  test("hold for their number and their size, and for that rule alone", async () => {
    assert.deepEqual(await both("/slim", fields(7)), [200, 200]);
    const many = "13 header fields, at most 10 are allowed by the rule";
    assert.deepEqual(await both("/slim", fields(11)), [431, 431, "headers_too_large", "slim", many]);
    assert.deepEqual(await both("/slim", ["X-Long", "x".repeat(900)]), [200, 200]);
    const [, , code, , detail] = await both("/slim", ["X-Long", "x".repeat(1024)]);
    assert.equal(code, "headers_too_large");
    assert.match(String(detail), /^1\d\d\d bytes of header fields, at most 1024 are allowed by the rule$/);
    assert.deepEqual(await both("/all/x", [...fields(11), "X-Long", "x".repeat(2048)]), [200, 200]);
    const [status] = await both(`/slim?${"q".repeat(1024)}`, []);
    assert.equal(status, 431);
  });
});
