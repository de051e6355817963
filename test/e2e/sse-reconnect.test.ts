// Backends of event streams that die: the stream goes on from the next one, without holes and without repetition.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, describe, type TestContext, test } from "node:test";
import type { Call } from "../support/client.ts";
import { type EventBackend, type EventClient, eventBackend, type Opened, openEvents } from "../support/events.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { freePort } from "../support/ports.ts";
import { accessLine, type Block, configText, eventually, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const PARALLEL = { ...LIMIT, concurrency: true };

/** Two events. */
const A = "id: 1\ndata: a\n\n";
const B = "id: 2\ndata: b\n\n";
/** What the gateway says before it ends a stream whose backend is lost for good. */
const RESET = "event: error\ndata: upstream_reset\n\n";

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

/** One stream: the client, and the request that the backend answers with it. */
interface Stream {
  readonly client: EventClient;
  readonly opened: Opened;
}

/** Opens a stream: `call` goes to `through`, and `backend` answers with the head of an event stream. */
async function openAt(backend: EventBackend, call: Call, through = gateway): Promise<Stream> {
  const arrived = backend.next();
  const asked = openEvents(through.port, call);
  const opened = await arrived;
  opened.start();
  return { client: await asked, opened };
}

/** Opens a stream of the rule and the backend called `name`. */
function open(name: string, through = gateway, headers: readonly string[] = []): Promise<Stream> {
  return openAt(named(name), { path: `/${name}`, headers }, through);
}

/** Sends `text` and waits until its event `a` has reached the client. */
async function deliver({ client, opened }: Stream, text = A): Promise<void> {
  opened.send(text);
  await client.until("the first event", (arrived) => arrived.includes("data: a\n\n"));
}

/** Sends `text`, waits until its event `a` has reached the client, and resets the backend's connection. */
async function deliverAndLose(stream: Stream, text = A): Promise<EventClient> {
  await deliver(stream, text);
  stream.opened.lose();
  return stream.client;
}

/** The next request at `backend`, which must ask to go on after the event `id`. */
async function nextAfter(backend: EventBackend, id: string): Promise<Opened> {
  const next = await backend.next();
  assert.equal(lastId(next), id);
  return next;
}

/** Answers a request with a stream that consists of `text` and ends cleanly. */
function answer(opened: Opened, text = ""): void {
  opened.start();
  if (text !== "") opened.send(text);
  opened.end();
}

/** Waits for the clean end of a stream, which must have been `text`. */
async function assertEnded(client: EventClient, text: string): Promise<void> {
  assert.equal(await client.over(), "ended");
  assert.equal(client.text, text);
}

/** `Last-Event-ID` of a request, as UTF-8. */
function lastId(opened: Opened): string | undefined {
  const value = opened.request.headers["last-event-id"];
  return value === undefined ? undefined : Buffer.from(String(value), "latin1").toString();
}

describe("a lost backend", PARALLEL, () => {
  test("is followed by another request, which says where to go on", LIMIT, async () => {
    const stream = await open("one");
    assert.equal(lastId(stream.opened), undefined);
    const client = await deliverAndLose(stream);
    answer(await nextAfter(named("one"), "1"), B);
    await assertEnded(client, A + B);
    const line = await accessLine(gateway, String(client.response.headers["x-request-id"]));
    assert.deepEqual([line.status, line.eventsSent, line.attempts, line.error], [200, 2, 2, undefined]);
  });

  test("is told ids of any letters, as UTF-8, in place of the client's own", LIMIT, async () => {
    const stream = await open("ids", gateway, ["Last-Event-ID", "0"]);
    assert.equal(lastId(stream.opened), "0");
    const client = await deliverAndLose(stream, "id: ü🦊 x\ndata: a\n\n");
    const second = await nextAfter(named("ids"), "ü🦊 x");
    assert.equal(second.request.rawHeaders.filter((h) => h.toLowerCase() === "last-event-id").length, 1);
    answer(second);
    assert.equal(await client.over(), "ended");
  });

  test("that gave no ids is not asked again", LIMIT, async () => {
    const client = await deliverAndLose(await open("none"), "data: a\n\n");
    await assertEnded(client, `data: a\n\n${RESET}`);
    assert.equal(named("none").requests, 1);
  });

  test("on a rule for anything else is not asked again, whatever `backend.sse` says", LIMIT, async () => {
    const client = await deliverAndLose(await openAt(named("get"), { path: "/plain" }));
    await assertEnded(client, A + RESET);
  });

  test("is waited for as long as its `retry` asked", LIMIT, async () => {
    const client = await deliverAndLose(await open("retry"), "retry: 700\nid: 1\ndata: a\n\n");
    const lostAt = performance.now();
    const second = await named("retry").next();
    assert.ok(performance.now() - lostAt >= 690);
    answer(second);
    assert.equal(await client.over(), "ended");
    assert.match(client.text, /^retry: 700\n/m);
  });

  test("that answers 204 wants the client gone: the stream ends cleanly", LIMIT, async () => {
    const client = await deliverAndLose(await open("gone"));
    (await named("gone").next()).response.writeHead(204).end();
    await assertEnded(client, A);
  });

  test("is given up after `maxRetries` tries in a row, with last words", LIMIT, async () => {
    const client = await deliverAndLose(await open("last"));
    (await named("last").next()).lose();
    (await named("last").next()).response.writeHead(500).end("no");
    await assertEnded(client, A + RESET);
    assert.equal(named("last").requests, 3);
  });

  test("that answers something else than events is no stream to go on with", LIMIT, async () => {
    const client = await deliverAndLose(await open("fatal"));
    (await named("fatal").next()).response.writeHead(200, { "Content-Type": "text/html" }).end("<p>data: x\n\n");
    answer(await named("fatal").next(), B);
    await assertEnded(client, A + B);
  });

  test("that repeats the event it was asked to go on after is not quoted twice", LIMIT, async () => {
    const client = await deliverAndLose(await open("repeat"));
    answer(await named("repeat").next(), A + B);
    await assertEnded(client, A + B);
  });

  test("is told the id of an event without data, which its client has, too", LIMIT, async () => {
    const { client, opened } = await open("id-only");
    opened.send("id: 1\ndata: a\n\nid: 2\n\n");
    await client.until("both", (text) => text === "id: 1\ndata: a\n\nid: 2\n\n");
    opened.lose();
    answer(await nextAfter(named("id-only"), "2"));
    assert.equal(await client.over(), "ended");
  });

  test("and the next one make a stream of the bytes they sent", LIMIT, async () => {
    const { client, opened } = await open("exact");
    const first = ": hello\rretry:30\revent: x\r: note\rdata:a\rid:1\r\r";
    opened.send(`${first}data: lost`);
    await client.until("the first", (text) => text === first);
    opened.lose();
    answer(await nextAfter(named("exact"), "1"), "id: 1\r\n\r\nother: field\r\ndata:  b\r\n\r\n\n:\n");
    await assertEnded(client, `${first}other: field\r\ndata:  b\r\n\r\n\n:\n`);
  });

  test("that ends in good order leaves what stands behind its last event", LIMIT, async () => {
    const { client, opened } = await open("rest");
    opened.send("id: 1\ndata: a\n\ndata: b");
    opened.end();
    await assertEnded(client, "id: 1\ndata: a\n\ndata: b");
  });

  test("may have sent an event of any size where it would not be asked again", LIMIT, async () => {
    const { client, opened } = await openAt(named("posted"), { method: "POST", path: "/posted", body: "{}" }, strict);
    const event = `data: ${"x".repeat(2_000_000)}\n\n`;
    opened.send(event);
    opened.end();
    assert.equal(await client.over(), "ended");
    assert.ok(client.text === event);
  });

  test("is left for an event over 1 MiB, which would have to be held", LIMIT, async () => {
    const stream = await open("held", strict);
    await deliver(stream);
    const { client, opened } = stream;
    opened.send(`id: 2\ndata: ${"x".repeat(1024 * 1024)}`);
    answer(await named("held").next());
    await assertEnded(client, A);
  });

  test("leaves no half event behind", LIMIT, async () => {
    const client = await deliverAndLose(await open("half"), "id: 1\ndata: a\n\nid: 2\ndata: b");
    answer(await nextAfter(named("half"), "1"), B);
    await assertEnded(client, A + B);
  });

  test("is replaced by the next endpoint when it is dead", LIMIT, async () => {
    const client = await deliverAndLose(await openAt(pair, { path: "/pair" }));
    answer(await nextAfter(pair, "1"), B);
    await assertEnded(client, A + B);
  });

  test("is not asked again by a client that has left meanwhile", LIMIT, async () => {
    const client = await deliverAndLose(await open("asked"), "retry: 300\nid: 1\ndata: a\n\n");
    client.close();
    await accessLine(gateway, String(client.response.headers["x-request-id"]));
    await new Promise((resolve) => setTimeout(resolve, 500)); // nothing may happen: there is no event to wait for
    assert.equal(named("asked").requests, 1);
  });

  test("is waited for with heartbeats", LIMIT, async () => {
    const client = await deliverAndLose(await open("beat"));
    const second = await named("beat").next();
    assert.match(client.text, /keepalive/);
    answer(second);
    assert.equal(await client.over(), "ended");
  });

  test("that sends an event without end does not fill the memory", LIMIT, async () => {
    const stream = await open("big");
    await deliver(stream, `${A}id: 2\ndata: `);
    const { client, opened } = stream;
    const fill = (to: Opened) => setInterval(() => to.send("x".repeat(4096)), 2);
    const first = fill(opened);
    await soon(opened.closed, "the end at the backend");
    clearInterval(first);
    const second = await nextAfter(named("big"), "1");
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
    const stream = await open("silent", strict);
    await deliver(stream);
    const { client, opened } = stream;
    await soon(opened.closed, "the end at the backend");
    // Two and a half seconds without a backend, which is no silence of one.
    const second = await named("silent").next();
    second.start();
    await new Promise((resolve) => setTimeout(resolve, 500)); // longer than a second try would take to show
    assert.equal(named("silent").requests, 2);
    second.send(B);
    second.end();
    await assertEnded(client, A + B);
  });

  test("that takes the connection and never answers is left within the connect timeout", LIMIT, async () => {
    const client = await deliverAndLose(await open("hung", strict));
    const hung = await named("hung").next();
    await soon(hung.closed, "the end of the try");
    answer(await nextAfter(named("hung"), "1"), B);
    await assertEnded(client, A + B);
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
