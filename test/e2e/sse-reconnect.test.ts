// Backends of event streams that die: the stream goes on from the next one, without holes and without repetition.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, describe, type TestContext, test } from "node:test";
import { type EventBackend, type EventClient, eventBackend, type Opened, openEvents } from "../support/events.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { freePort } from "../support/ports.ts";
import { accessLine, type Block, configText, eventually, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const PARALLEL = { ...LIMIT, concurrency: true };

const NAMES = ["one", "ids", "none", "retry", "gone", "last", "fatal", "repeat", "half", "get", "asked", "beat", "big"];
const MORE = ["id-only", "exact", "rest", "posted", "held", "silent", "hung"];
/** Rules that differ from the others. */
const SPECIAL: Readonly<Record<string, Block>> = {
  silent: { retryInterval: "2500ms" },
  beat: { retryInterval: "2500ms", keepaliveTimeout: "1s" },
  big: { maxRetries: 1 },
};
const backends = new Map<string, EventBackend>();
let gateway: GatewayProcess;
/** Silence of a second counts as a loss. */
let strict: GatewayProcess;
let deadPort = 0;
let pair: EventBackend;

function rule(name: string, sse: Block = {}): Block {
  const own = { maxRetries: 2, retryInterval: "20ms", ...sse };
  return { id: name, path: `/${name}`, serviceName: name, protocol: "sse", sse: own };
}

before(async () => {
  for (const name of [...NAMES, ...MORE]) backends.set(name, await eventBackend());
  pair = await eventBackend();
  deadPort = await freePort();
  const services = {
    ...Object.fromEntries([...backends].map(([name, { port }]) => [name, port])),
    pair: [
      { id: "dead", address: "127.0.0.1", port: deadPort },
      { id: "alive", address: "127.0.0.1", port: pair.port },
    ],
  };
  const rules = [
    ...[...backends.keys()].map((name) => rule(name, SPECIAL[name])),
    rule("pair", { maxRetries: 5 }),
    { id: "plain", path: "/plain", serviceName: "get" },
  ];
  [gateway, strict] = await Promise.all([
    startGateway(configText({ rules, services, more: { backend: { sse: { maxRetries: 7, maxEventSize: "16kb" } } } })),
    startGateway(
      configText({ rules, services, more: { backend: { sse: { readTimeout: "1s", connectTimeout: "1s" } } } }),
    ),
  ]);
});

after(async () => {
  await Promise.all([gateway?.kill(), strict?.kill()]);
  await Promise.all([...backends.values(), pair].map((b) => b.close()));
});

const named = (name: string): EventBackend => backends.get(name)!;

async function open(
  name: string,
  through = gateway,
  headers: readonly string[] = [],
): Promise<{ client: EventClient; opened: Opened }> {
  const arrived = named(name).next();
  const asked = openEvents(through.port, { path: `/${name}`, headers });
  const opened = await arrived;
  opened.start();
  return { client: await asked, opened };
}

/** `Last-Event-ID` of a request, as UTF-8. */
function lastId(opened: Opened): string | undefined {
  const value = opened.request.headers["last-event-id"];
  return value === undefined ? undefined : Buffer.from(String(value), "latin1").toString();
}

describe("a lost backend", PARALLEL, () => {
  test("is followed by another request, which says where to go on", LIMIT, async () => {
    const { client, opened } = await open("one");
    assert.equal(lastId(opened), undefined);
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    const second = await named("one").next();
    assert.equal(lastId(second), "1");
    second.start();
    second.send("id: 2\ndata: b\n\n");
    second.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
    const line = await accessLine(gateway, String(client.response.headers["x-request-id"]));
    assert.deepEqual([line.status, line.eventsSent, line.attempts, line.error], [200, 2, 2, undefined]);
  });

  test("is told ids of any letters, as UTF-8, in place of the client's own", LIMIT, async () => {
    const { client, opened } = await open("ids", gateway, ["Last-Event-ID", "0"]);
    assert.equal(lastId(opened), "0");
    opened.send("id: ü🦊 x\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    const second = await named("ids").next();
    assert.equal(lastId(second), "ü🦊 x");
    assert.equal(second.request.rawHeaders.filter((h) => h.toLowerCase() === "last-event-id").length, 1);
    second.start();
    second.end();
    assert.equal(await client.over(), "ended");
  });

  test("that gave no ids is not asked again", LIMIT, async () => {
    const { client, opened } = await open("none");
    opened.send("data: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "data: a\n\nevent: error\ndata: upstream_reset\n\n");
    assert.equal(named("none").requests, 1);
  });

  test("on a rule for anything else is not asked again, whatever `backend.sse` says", LIMIT, async () => {
    const arrived = named("get").next();
    const asked = openEvents(gateway.port, { path: "/plain" });
    const opened = await arrived;
    opened.start();
    const client = await asked;
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\nevent: error\ndata: upstream_reset\n\n");
  });

  test("is waited for as long as its `retry` asked", LIMIT, async () => {
    const { client, opened } = await open("retry");
    opened.send("retry: 700\nid: 1\ndata: a\n\n");
    await client.until("the first", (text) => text.includes("data: a"));
    const lostAt = performance.now();
    opened.lose();
    const second = await named("retry").next();
    assert.ok(performance.now() - lostAt >= 690);
    second.start();
    second.end();
    assert.equal(await client.over(), "ended");
    assert.match(client.text, /^retry: 700\n/m);
  });

  test("that answers 204 wants the client gone: the stream ends cleanly", LIMIT, async () => {
    const { client, opened } = await open("gone");
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    (await named("gone").next()).response.writeHead(204).end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\n");
  });

  test("is given up after `maxRetries` tries in a row, with last words", LIMIT, async () => {
    const { client, opened } = await open("last");
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    (await named("last").next()).lose();
    (await named("last").next()).response.writeHead(500).end("no");
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\nevent: error\ndata: upstream_reset\n\n");
    assert.equal(named("last").requests, 3);
  });

  test("that answers something else than events is no stream to go on with", LIMIT, async () => {
    const { client, opened } = await open("fatal");
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    (await named("fatal").next()).response.writeHead(200, { "Content-Type": "text/html" }).end("<p>data: x\n\n");
    const third = await named("fatal").next();
    third.start();
    third.send("id: 2\ndata: b\n\n");
    third.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
  });

  test("that repeats the event it was asked to go on after is not quoted twice", LIMIT, async () => {
    const { client, opened } = await open("repeat");
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    const second = await named("repeat").next();
    second.start();
    second.send("id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
    second.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
  });

  test("is told the id of an event without data, which its client has, too", LIMIT, async () => {
    const { client, opened } = await open("id-only");
    opened.send("id: 1\ndata: a\n\nid: 2\n\n");
    await client.until("both", (text) => text === "id: 1\ndata: a\n\nid: 2\n\n");
    opened.lose();
    const second = await named("id-only").next();
    assert.equal(lastId(second), "2");
    second.start();
    second.end();
    assert.equal(await client.over(), "ended");
  });

  test("and the next one make a stream of the bytes they sent", LIMIT, async () => {
    const { client, opened } = await open("exact");
    const first = ": hello\rretry:30\revent: x\r: note\rdata:a\rid:1\r\r";
    opened.send(`${first}data: lost`);
    await client.until("the first", (text) => text === first);
    opened.lose();
    const second = await named("exact").next();
    assert.equal(lastId(second), "1");
    second.start();
    second.send("id: 1\r\n\r\nother: field\r\ndata:  b\r\n\r\n\n:\n");
    second.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, `${first}other: field\r\ndata:  b\r\n\r\n\n:\n`);
  });

  test("that ends in good order leaves what stands behind its last event", LIMIT, async () => {
    const { client, opened } = await open("rest");
    opened.send("id: 1\ndata: a\n\ndata: b");
    opened.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\ndata: b");
  });

  test("may have sent an event of any size where it would not be asked again", LIMIT, async () => {
    const arrived = named("posted").next();
    const asked = openEvents(strict.port, { method: "POST", path: "/posted", body: "{}" });
    const opened = await arrived;
    opened.start();
    const event = `data: ${"x".repeat(2_000_000)}\n\n`;
    opened.send(event);
    opened.end();
    const client = await asked;
    assert.equal(await client.over(), "ended");
    assert.ok(client.text === event);
  });

  test("is left for an event over 1 MiB, which would have to be held", LIMIT, async () => {
    const { client, opened } = await open("held", strict);
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.send(`id: 2\ndata: ${"x".repeat(1024 * 1024)}`);
    const second = await named("held").next();
    second.start();
    second.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\n");
  });

  test("leaves no half event behind", LIMIT, async () => {
    const { client, opened } = await open("half");
    opened.send("id: 1\ndata: a\n\nid: 2\ndata: b");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    const second = await named("half").next();
    assert.equal(lastId(second), "1");
    second.start();
    second.send("id: 2\ndata: b\n\n");
    second.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
  });

  test("is replaced by the next endpoint when it is dead", LIMIT, async () => {
    const arrived = pair.next();
    const asked = openEvents(gateway.port, { path: "/pair" });
    const opened = await arrived;
    opened.start();
    const client = await asked;
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    const second = await pair.next();
    assert.equal(lastId(second), "1");
    second.start();
    second.send("id: 2\ndata: b\n\n");
    second.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
  });

  test("is not asked again by a client that has left meanwhile", LIMIT, async () => {
    const { client, opened } = await open("asked");
    opened.send("retry: 300\nid: 1\ndata: a\n\n");
    await client.until("the first", (text) => text.includes("data: a"));
    opened.lose();
    client.close();
    await accessLine(gateway, String(client.response.headers["x-request-id"]));
    await new Promise((resolve) => setTimeout(resolve, 500)); // nothing may happen: there is no event to wait for
    assert.equal(named("asked").requests, 1);
  });

  test("is waited for with heartbeats", LIMIT, async () => {
    const { client, opened } = await open("beat");
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    const second = await named("beat").next();
    assert.match(client.text, /keepalive/);
    second.start();
    second.end();
    assert.equal(await client.over(), "ended");
  });

  test("that sends an event without end does not fill the memory", LIMIT, async () => {
    const { client, opened } = await open("big");
    opened.send("id: 1\ndata: a\n\nid: 2\ndata: ");
    await client.until("the first", (text) => text !== "");
    const fill = (to: Opened) => setInterval(() => to.send("x".repeat(4096)), 2);
    const first = fill(opened);
    await soon(opened.closed, "the end at the backend");
    clearInterval(first);
    const second = await named("big").next();
    assert.equal(lastId(second), "1");
    second.start();
    second.send("data: ");
    const other = fill(second);
    assert.equal(await client.over(), "ended");
    clearInterval(other);
    assert.equal(client.text, "id: 1\ndata: a\n\nevent: error\ndata: upstream_timeout\n\n");
  });
});

describe("a silent backend", PARALLEL, () => {
  test("counts as lost once: it is waited for as long as configured, and one stream goes on", LIMIT, async () => {
    const { client, opened } = await open("silent", strict);
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    await soon(opened.closed, "the end at the backend");
    // Two and a half seconds without a backend, which is no silence of one.
    const second = await named("silent").next();
    second.start();
    await new Promise((resolve) => setTimeout(resolve, 500)); // longer than a second try would take to show
    assert.equal(named("silent").requests, 2);
    second.send("id: 2\ndata: b\n\n");
    second.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
  });

  test("that takes the connection and never answers is left within the connect timeout", LIMIT, async () => {
    const { client, opened } = await open("hung", strict);
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the first", (text) => text !== "");
    opened.lose();
    const hung = await named("hung").next();
    await soon(hung.closed, "the end of the try");
    const third = await named("hung").next();
    assert.equal(lastId(third), "1");
    third.start();
    third.send("id: 2\ndata: b\n\n");
    third.end();
    assert.equal(await client.over(), "ended");
    assert.equal(client.text, "id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
  });
});

/** Counts from the last id it is told, in its own process. */
const COUNTER = `
const { createServer } = require("node:http");
createServer((request, response) => {
  let n = Number(request.headers["last-event-id"] ?? 0);
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  const timer = setInterval(() => { n++; response.write("id: " + n + "\\ndata: " + n + "\\n\\n"); }, 2);
  response.on("close", () => clearInterval(timer));
}).listen(Number(process.argv[1]), "127.0.0.1", () => console.log("up"));
`;

async function counter(t: TestContext, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", COUNTER, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  await soon(new Promise((resolve) => createInterface(child.stdout!).once("line", resolve)), "the backend");
  return child;
}

test("a backend killed five times leaves one unbroken sequence", LIMIT, async (t) => {
  const port = await freePort();
  let child = await counter(t, port);
  const rules = [{ path: "/*", serviceName: "up", protocol: "sse", sse: { maxRetries: 100, retryInterval: "50ms" } }];
  const own = await startGateway(configText({ rules, services: { up: port } }));
  t.after(() => own.kill());
  const client = await openEvents(own.port);
  const count = () => client.text.match(/^data: /gm)?.length ?? 0;
  for (let death = 0; death < 5; death++) {
    const seen = count();
    await eventually("events", () => count() > seen + 20);
    child.kill("SIGKILL");
    child = await counter(t, port);
  }
  const seen = count();
  await eventually("events", () => count() > seen + 20);
  client.close();
  const numbers = [...client.text.matchAll(/^data: (\d+)$/gm)].map(([, n]) => Number(n));
  assert.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, i) => i + 1),
  );
});
