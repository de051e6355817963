// Event streams through the gateway: event by event, byte for byte, in time, and ended truthfully.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { EventSource } from "eventsource";
import { call, read } from "../support/client.ts";
import { type EventBackend, eventBackend, openEvents } from "../support/events.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { accessLine, configText, eventually, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const PARALLEL = { ...LIMIT, concurrency: true };
const BEAT = ": keepalive\n\n";

let gateway: GatewayProcess;
/** Gives up on silent backends after a second, and on large events. */
let strict: GatewayProcess;
/** One backend a rule: streams of tests that run side by side must not get mixed up. */
const backends: EventBackend[] = [];

const RULES = [
  { name: "plain" },
  { name: "bytes" },
  { name: "post" },
  { name: "browser" },
  { name: "head" },
  { name: "short", timeout: "300ms" },
  { name: "gone" },
  { name: "lost" },
  { name: "length" },
  { name: "old", protocol: "sse", sse: { maxAge: "1s" } },
  { name: "busy", protocol: "sse", sse: { maxAge: "1s" } },
  { name: "beat", protocol: "sse", sse: { keepaliveTimeout: "1s" } },
  { name: "half", protocol: "sse", sse: { keepaliveTimeout: "1s" } },
  { name: "own", sse: { keepaliveTimeout: "1s" } },
  { name: "fixed", protocol: "sse", sse: { keepaliveTimeout: "1s" } },
  { name: "mute", protocol: "sse", sse: { keepaliveTimeout: 0 } },
  { name: "quiet" },
  { name: "silent" },
  { name: "silent-half" },
  { name: "large" },
  { name: "lengthy" },
  { name: "huge" },
  { name: "huge-sse", protocol: "sse" },
] as const;

const byName = new Map<string, EventBackend>();
const backend = (name: (typeof RULES)[number]["name"]) => byName.get(name)!;

before(async () => {
  for (const { name } of RULES) {
    const made = await eventBackend();
    backends.push(made);
    byName.set(name, made);
  }
  const rules = RULES.map(({ name, ...rule }) => ({ id: name, path: `/${name}`, serviceName: name, ...rule }));
  const services = Object.fromEntries([...byName].map(([name, { port }]) => [name, port]));
  const front = { writeTimeout: "300ms" };
  [gateway, strict] = await Promise.all([
    startGateway(configText({ rules, services, front })),
    startGateway(
      configText({
        rules,
        services,
        more: { backend: { sse: { readTimeout: "1s", maxEventSize: "16kb" } } },
      }),
    ),
  ]);
});

after(async () => {
  await Promise.all([gateway?.kill(), strict?.kill()]);
  await Promise.all(backends.map((b) => b.close()));
});

/** A client and the backend's side of its stream. */
async function open(
  name: (typeof RULES)[number]["name"],
  through = gateway,
  fields: Readonly<Record<string, string>> = {},
) {
  const arrived = backend(name).next();
  const asked = openEvents(through.port, { path: `/${name}` });
  const opened = await arrived;
  opened.start(fields);
  return { opened, client: await asked };
}

describe("an event stream", PARALLEL, () => {
  test("reaches the client head first, then event by event, each before the next is sent", LIMIT, async () => {
    const { opened, client } = await open("plain");
    assert.equal(client.response.statusCode, 200);
    assert.equal(client.response.headers["cache-control"], "no-cache");
    assert.equal(client.response.headers["x-accel-buffering"], "no");
    assert.equal(client.text, "");
    let all = "";
    for (let n = 1; n <= 200; n++) {
      const event = `id: ${n}\ndata: event ${n}\n\n`;
      all += event;
      opened.send(event);
      await client.until(`event ${n}`, (text) => text.length >= all.length);
    }
    opened.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, all);
    const line = await accessLine(gateway, String(client.response.headers["x-request-id"]));
    assert.deepEqual([line.status, line.eventsSent, line.error], [200, 200, undefined]);
  });

  test("passes unchanged when it is cut at every byte", LIMIT, async () => {
    const text = "\u{feff}: c\r\ndata: a\r\n\r\nid: ü\rdata: 🦊\r\revent: x\nfoo: bar\ndata\n\n\n\ndata: half";
    const { opened, client } = await open("bytes");
    for (const [at, byte] of [...Buffer.from(text)].entries()) {
      opened.send(Buffer.of(byte));
      await soon(
        eventually(`byte ${at}`, () => Buffer.byteLength(client.text) > at || client.text.length > at),
        "a byte",
      );
    }
    opened.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, text);
  });

  test("answers POST too, and asks for no Accept", LIMIT, async () => {
    const arrived = backend("post").next();
    const asked = openEvents(gateway.port, { method: "POST", path: "/post", headers: [], body: '{"stream":true}' });
    const opened = await arrived;
    assert.equal((await read(opened.request)).toString(), '{"stream":true}');
    opened.start({ "Content-Type": "text/event-stream; charset=utf-8" });
    const client = await asked;
    for (const token of ["Hel", "lo", "[DONE]"]) {
      opened.send(`data: ${token}\n\n`);
      await client.until(token, (text) => text.includes(token));
    }
    opened.end();
    assert.equal(await client.over(), "ended");
    const line = await accessLine(gateway, String(client.response.headers["x-request-id"]));
    assert.equal(line.eventsSent, 3);
  });

  test("is what an EventSource expects, with query and Last-Event-ID on the way in", LIMIT, async () => {
    const arrived = backend("browser").next();
    const source = new EventSource(`http://127.0.0.1:${gateway.port}/browser?topic=a%20b`);
    const opened = await arrived;
    assert.equal(opened.request.url, "/browser?topic=a%20b");
    assert.equal(opened.request.headers.accept, "text/event-stream");
    const message = once(source, "message") as Promise<[{ data: string; lastEventId: string }]>;
    opened.start();
    opened.send("retry: 10\nid: u-1\ndata: one\ndata: two\n\n");
    const [{ data, lastEventId }] = await soon(message, "a message");
    assert.deepEqual([data, lastEventId], ["one\ntwo", "u-1"]);
    const again = backend("browser").next();
    opened.end();
    const { request, response } = await again;
    assert.equal(request.headers["last-event-id"], "u-1");
    const closed = once(source, "error");
    response.writeHead(204).end();
    await soon(closed, "the end");
    await eventually("it does not come back", () => source.readyState === EventSource.CLOSED);
    source.close();
  });

  test("answers HEAD with its head alone", LIMIT, async () => {
    const arrived = backend("head").next();
    const asked = call(gateway.port, { method: "HEAD", path: "/head" });
    const opened = await arrived;
    opened.response.writeHead(200, { "Content-Type": "text/event-stream" }).end();
    const reply = await asked;
    assert.deepEqual([reply.status, reply.text], [200, ""]);
  });

  test("outlives the timeout of its rule and the write timeout, which are for replies that end", LIMIT, async () => {
    const { opened, client } = await open("short");
    for (let n = 0; n < 3; n++) {
      opened.send(`data: ${n}\n\n`);
      await client.until(`event ${n}`, (text) => text.includes(`data: ${n}`));
      await new Promise((resolve) => setTimeout(resolve, 200)); // half of it would have been too long in all
    }
    opened.end();
    assert.equal(await client.over(), "ended");
  });

  for (const name of ["huge", "huge-sse"] as const) {
    test(`passes whatever the size of its events, where the file names no bound: /${name}`, LIMIT, async () => {
      const { opened, client } = await open(name);
      const event = `data: ${"x".repeat(3_000_000)}\n\n`;
      opened.send(`${event}data: behind it\n\n`);
      opened.end();
      assert.equal(await client.over(), "ended");
      assert.ok(client.text === `${event}data: behind it\n\n`);
    });
  }

  test("that is compressed passes untouched", LIMIT, async () => {
    const whole = gzipSync("data: a\n\ndata: b\n\n");
    const arrived = backend("quiet").next();
    const asked = openEvents(gateway.port, { path: "/quiet" });
    const opened = await arrived;
    opened.start({ "Content-Encoding": "gzip" });
    const { response } = await asked;
    const body = new Promise<Buffer>((resolve) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks)));
    });
    opened.send(whole);
    opened.end();
    assert.equal(gunzipSync(await soon(body, "the body")).toString(), "data: a\n\ndata: b\n\n");
  });

  test("is given up at the backend as soon as its client is gone", LIMIT, async () => {
    const { opened, client } = await open("gone");
    opened.send("data: a\n\n");
    await client.until("an event", (text) => text !== "");
    client.close();
    await soon(opened.closed, "the end at the backend");
    const id = String(client.response.headers["x-request-id"]);
    assert.equal((await accessLine(gateway, id)).detail, "client closed the connection");
  });
});

describe("heartbeats", PARALLEL, () => {
  test("come between events on rules for event streams", LIMIT, async () => {
    const { opened, client } = await open("beat");
    await client.until("a heartbeat before the first event", (text) => text === BEAT);
    opened.send("data: a\n\n");
    await client.until("one behind it", (text) => text === `${BEAT}data: a\n\n${BEAT}`);
    opened.end();
    assert.equal(await client.over(), "ended");
    const line = await accessLine(gateway, String(client.response.headers["x-request-id"]));
    assert.equal(line.eventsSent, 1);
  });

  for (const half of ["data: a", "data: a\n", "data: a\r", "event: x\r\n", ": note", "d"]) {
    test(`wait for the rest of ${JSON.stringify(half)}`, LIMIT, async () => {
      const arrived = backend("half").next();
      const asked = openEvents(gateway.port, { path: "/half" });
      const opened = await arrived;
      opened.start();
      opened.send(half);
      const client = await asked;
      await client.until("the half", (text) => text === half);
      // Another stream of the same clock says when the time for a heartbeat has passed.
      const other = await open("own");
      await other.client.until("two heartbeats elsewhere", (text) => text === BEAT + BEAT);
      assert.equal(client.text, half);
      opened.send("\n\n");
      await client.until("the heartbeat behind it", (text) => text === `${half}\n\n${BEAT}`);
      client.close();
      other.client.close();
    });
  }

  test("come where a rule asks for them, and not where it does not", LIMIT, async () => {
    const [mute, plain, own] = await Promise.all([open("mute"), open("plain"), open("own")]);
    await own.client.until("two heartbeats", (text) => text.endsWith(BEAT + BEAT));
    assert.deepEqual([mute.client.text, plain.client.text], ["", ""]);
    for (const { client } of [mute, plain, own]) client.close();
  });

  test("are no part of a body whose length was told: it arrives as announced", LIMIT, async () => {
    const body = "data: a\n\ndata: b\n\n";
    const { opened, client } = await open("fixed", gateway, { "Content-Length": String(body.length) });
    opened.send("data: a\n\n");
    const other = await open("own");
    await other.client.until("two heartbeats elsewhere", (text) => text === BEAT + BEAT);
    opened.send("data: b\n\n");
    opened.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text.replaceAll(BEAT, ""), body);
    other.client.close();
  });
});

describe("a stream that cannot go on", PARALLEL, () => {
  test("says so in one last event when its backend is lost between events", LIMIT, async () => {
    const { opened, client } = await open("lost");
    opened.send("data: a\n\n");
    await client.until("an event", (text) => text !== "");
    opened.lose();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "data: a\n\nevent: error\ndata: upstream_reset\n\n");
    const line = await accessLine(gateway, String(client.response.headers["x-request-id"]));
    assert.deepEqual([line.status, line.error], [200, "upstream_reset"]);
  });

  test("is cut when its backend is lost in the middle of an event", LIMIT, async () => {
    const { opened, client } = await open("lost");
    opened.send("data: a\n\ndata: b\n");
    await client.until("half an event", (text) => text.endsWith("b\n"));
    opened.lose();
    assert.equal(await client.over(), "cut");
    assert.equal(client.text, "data: a\n\ndata: b\n");
  });

  test("whose length was told is cut: there is no room for last words", LIMIT, async () => {
    const { opened, client } = await open("length", gateway, { "Content-Length": "1000" });
    opened.send("data: a\n\n");
    await client.until("an event", (text) => text !== "");
    opened.lose();
    const end = await client.over();
    if (end === "ended") assert.equal(client.text, "data: a\n\nevent: error\ndata: upstream_reset\n\n");
    else assert.equal(client.text, "data: a\n\n");
  });

  test("says so when its backend is silent for too long", LIMIT, async () => {
    const { opened, client } = await open("silent", strict);
    opened.send("data: a\n\n");
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "data: a\n\nevent: error\ndata: upstream_timeout\n\n");
    await soon(opened.closed, "the end at the backend");
  });

  test("is cut when its backend is silent in the middle of an event", LIMIT, async () => {
    const { opened, client } = await open("silent-half", strict);
    opened.send("data: a\n");
    assert.equal(await client.over(), "cut");
    assert.equal(client.text, "data: a\n");
  });

  test("is cut when an event does not end", LIMIT, async () => {
    const { opened, client } = await open("large", strict);
    opened.send("data: a\n\ndata: ");
    const piece = "x".repeat(4096);
    const more = setInterval(() => opened.send(piece), 5);
    assert.equal(await client.over(), "cut");
    clearInterval(more);
    assert.ok(client.text.length < 256 * 1024, `${client.text.length} bytes of it came`);
    await soon(opened.closed, "the end at the backend");
  });
});

describe("a stream that has lasted long enough", PARALLEL, () => {
  test("ends between events, cleanly", LIMIT, async () => {
    const { opened, client } = await open("old");
    opened.send("data: a\n\n");
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "data: a\n\n");
    await soon(opened.closed, "the end at the backend");
  });

  test("ends behind the event that is under way", LIMIT, async () => {
    const { opened, client } = await open("old");
    opened.send("data: a\n\ndata: b");
    const other = await open("beat");
    await other.client.until("two seconds", (text) => text === BEAT + BEAT);
    other.client.close();
    assert.equal(client.text, "data: a\n\ndata: b");
    opened.send("\n\n");
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "data: a\n\ndata: b\n\n");
  });

  test("ends although events never stop coming, each cut by its read", LIMIT, async () => {
    const { opened, client } = await open("busy");
    opened.send("data: 0\n");
    let n = 1;
    const more = setInterval(() => opened.send(`\ndata: ${n++}\n`), 5);
    assert.equal(await client.over(), "ended");
    clearInterval(more);
    assert.match(client.text, /^(data: \d+\n\n)+$/);
  });
});
