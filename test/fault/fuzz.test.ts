// A hundred thousand generated inputs on each side of the gateway: it stays up, answers, and holds on to nothing.
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { ProtocolError } from "../../src/wire/response-head.ts";
import { ResponseParser } from "../../src/wire/response-parser.ts";
import { configFor, startGateway } from "../support/gateway.ts";
import { ask, mutated, Random, rawRequests, within } from "../support/hostile.ts";

const INPUTS = 100_000;
/** Connections open at a time. */
const LANES = 16;

const random = Random.fresh();
console.log(`fuzz seed ${random.seed}; repeat with GATEWAY_TEST_SEED=${random.seed}`);

const TARGETS = [
  "/",
  "/a/b?c=d",
  "/a/%2e%2e/b",
  "/a//b",
  "/%zz",
  "/x/../y",
  "/q?%00",
  "/%c3%a9",
  "/_gateway/nothing",
  "*",
  "http://h/x",
];
const METHODS = ["GET", "GET", "GET", "HEAD", "OPTIONS", "DELETE", "POST", "PUT", "PATCH"];
const FIELDS = [
  "Accept: */*",
  "X-Forwarded-For: 1.2.3.4",
  "X_Auth_Subject: root",
  "Connection: keep-alive",
  "Connection: x-a, te",
  "X-A: \x80\xff\t y",
  "TE: trailers",
  "Via: 1.1 other",
  "Upgrade: h2c",
  "Cookie: a=b; c=d",
  "Proxy: evil",
  "Content-Type: text/plain",
  "X-Request-ID: abc",
  "Forwarded: for=_x",
  "X-Real-IP:",
  "If-None-Match: *",
];

/** A request that is valid HTTP and leaves the connection open. */
function valid(): string {
  const method = random.pick(METHODS);
  let text = `${method} ${random.pick(TARGETS)} HTTP/1.1\r\nHost: h${random.int(10)}.example\r\n`;
  for (let n = random.int(4); n > 0; n--) text += `${random.pick(FIELDS)}\r\n`;
  if (method !== "POST" && method !== "PUT" && method !== "PATCH") return `${text}\r\n`;
  const body = "b".repeat(random.int(40));
  if (random.once(2)) return `${text}Content-Length: ${body.length}\r\n\r\n${body}`;
  let chunks = "";
  for (let at = 0; at < body.length; ) {
    const size = 1 + random.int(16);
    const part = body.slice(at, at + size);
    chunks += `${part.length.toString(16)}${random.once(4) ? ";e=v" : ""}\r\n${part}\r\n`;
    at += size;
  }
  return `${text}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n${random.once(4) ? "X-Sum: 1\r\n" : ""}\r\n`;
}

/**
 * Sends a few valid requests and one that is mutated in one write (at times in two, at times with the end of the
 * connection at once), waits until the valid ones are answered, and leaves: half-closed, or with a reset.
 */
function converse(port: number, many: number): Promise<void> {
  let text = "";
  for (let i = 0; i < many - 1; i++) text += valid();
  text += mutated(valid(), random);
  const split = random.once(5) ? random.int(text.length) : text.length;
  const rude = random.once(6);
  return new Promise((resolve) => {
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let answers = 0;
    let tail = "";
    socket.on("connect", () => {
      socket.write(text.slice(0, split), "latin1");
      if (split < text.length) socket.write(text.slice(split), "latin1");
      if (rude) setImmediate(() => socket.resetAndDestroy());
    });
    socket.on("data", (chunk: Buffer) => {
      const seen = tail + chunk.toString("latin1");
      answers += seen.split("HTTP/1.1 ").length - 1;
      tail = seen.slice(-8);
      if (answers >= many - 1) socket.end();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
  });
}

test(`${INPUTS} generated requests leave the gateway as it was`, { timeout: 120_000 }, async (t) => {
  const backend = await rawRequests();
  const gateway = await startGateway(
    configFor(backend.port, "  metrics: { enabled: true }\n  telemetry: { logging: { enabled: false } }\n").replace(
      "port: 0,",
      "port: 0, readTimeout: 2s,",
    ),
  );
  t.after(async () => {
    await gateway.kill();
    await backend.close();
  });
  let sent = 0;
  const lane = async () => {
    while (sent < INPUTS) {
      const many = 2 + random.int(10);
      sent += many;
      await converse(gateway.port, many);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const answer = await ask(gateway.port, "GET /after HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.deepEqual([answer.status, answer.body], [200, "ok"]);
  await within(untilIdle(gateway.port), () => "requests stayed active");
  const bad = gateway.lines.filter(
    (l) => l.level === "error" || /uncaught|unhandled|inside the gateway/.test(String(l.msg)),
  );
  assert.deepEqual(bad.slice(0, 5), [], `seed ${random.seed}`);
  assert.equal(await gateway.stop(), 0);
  assert.equal(
    gateway.lines.some((l) => /cut off/.test(String(l.msg))),
    false,
    "nothing was left to cut off",
  );
});

/** Asks for the metrics until no request is under way. */
async function untilIdle(port: number): Promise<void> {
  for (;;) {
    const page = (await ask(port, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")).body;
    const gauges = [...page.matchAll(/^gateway_http_requests_active\{.*\} (-?\d+)$/gm)].map((m) => Number(m[1]));
    assert.ok(gauges.length > 0, "the gauge is there");
    assert.ok(
      gauges.every((value) => value >= 0),
      `never below zero: ${gauges}`,
    );
    if (gauges.every((value) => value === 0)) return;
  }
}

const RESPONSES = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n1\r\na\r\n0\r\nT: 1\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
  "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 9\r\n\r\n",
  "HTTP/1.1 200 OK\r\nConnection: close, x-a\r\nX-A: 1\r\nSet-Cookie: a=b\r\n\r\nuntil the end",
  "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
];

test(`${INPUTS} generated responses are read, or refused with a ProtocolError`, () => {
  let whole = 0;
  let thrown = 0;
  for (let i = 0; i < INPUTS; i++) {
    const text = random.once(20) ? noise() : mutated(random.pick(RESPONSES), random);
    const bytes = Buffer.from(text, "latin1");
    let delivered = 0;
    let ends = 0;
    let heads = 0;
    const parser = new ResponseParser({
      onInterim: () => undefined,
      onSwitch: () => assert.fail("nobody asked for another protocol"),
      onHead: () => heads++,
      onData(_source, start, end, last) {
        assert.ok(end > start);
        delivered += end - start;
        if (last) ends++;
      },
      onComplete: () => ends++,
    });
    parser.begin(random.once(8));
    try {
      for (let at = 0; at < bytes.length && !parser.done; ) {
        const piece = bytes.subarray(at, at + 1 + random.int(bytes.length));
        parser.execute(piece, piece.length);
        at += piece.length;
      }
      parser.finish();
    } catch (error) {
      assert.ok(error instanceof ProtocolError, `seed ${random.seed}, ${JSON.stringify(text)}: ${String(error)}`);
      thrown++;
    }
    const about = `seed ${random.seed}: ${JSON.stringify(text)}`;
    assert.ok(heads <= 1 && ends <= heads && delivered <= bytes.length, about);
    if (parser.done) {
      assert.equal(ends, 1, about);
      whole++;
    }
  }
  assert.ok(whole > INPUTS / 10 && thrown > INPUTS / 10, `${whole} whole, ${thrown} refused`);
});

function noise(): string {
  let text = random.once(2) ? "HTTP/1.1 200 " : "";
  for (let n = random.int(60); n > 0; n--) text += String.fromCharCode(random.int(256));
  return text;
}
