// What an operation that answers with a feed of events is promised by the server of the management API, and its reader too.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { after, before, beforeEach, describe, type TestContext, test } from "node:test";
import { SmallServer } from "../../src/adapters/http/small-server.ts";
import { type EventReader, events } from "../../src/control/management/answer.ts";
import { OpenFeeds } from "../../src/control/management/event-feed.ts";
import { answerCall } from "../../src/control/management/handler.ts";
import { OperationTable } from "../../src/control/management/operation.ts";
import { begin, call, headOf } from "../support/client.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { NO_LOG } from "../support/network.ts";
import { eventually } from "../support/setup.ts";

const HEARTBEAT_MS = 10_000;

/** An operation whose feeds wait for the test. */
class Toy {
  readonly readers: EventReader[] = [];
  released = 0;
  readonly table = new OperationTable([
    {
      method: "GET",
      path: "/feed",
      group: "health",
      run: () =>
        events({
          open: (reader) => {
            this.readers.push(reader);
            return () => void this.released++;
          },
        }),
    },
  ]);
}

let toy: Toy;
let clock: FakeClock;
let feeds: OpenFeeds;
let small: SmallServer;
let server: Server;
let port: number;

beforeEach(() => {
  toy = new Toy();
  clock = new FakeClock();
  feeds = new OpenFeeds(clock);
  const parts = {
    basePath: "",
    host: "127.0.0.1",
    mayAsk: () => true,
    gatekeeper: null,
    table: toy.table,
    feeds,
    log: NO_LOG,
  };
  const options = { tls: null, requireCertificate: false, mayAsk: () => true, closing: () => feeds.end() };
  small = new SmallServer(options, (request, response) => answerCall(parts, request, response));
});
before(async () => {
  server = createServer((socket) => small.accept(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as { port: number }).port;
});
after(() => server.close());

/** Opens the feed. */
async function open(t: TestContext) {
  const request = begin(port, { path: "/feed", headers: ["Host", "localhost"] });
  t.after(() => request.destroy());
  const response = await headOf(request);
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  response.on("error", () => undefined);
  const number = toy.readers.length;
  return { response, request, reader: toy.readers[number - 1]!, text: () => text };
}

describe("a feed", () => {
  test("carries events in their order, as a browser reads them", async (t) => {
    const { response, reader, text } = await open(t);
    assert.equal(response.headers["content-type"], "text/event-stream");
    assert.equal(response.headers["content-length"], undefined);
    reader.event("reload", { ok: true, text: "two\nlines" });
    reader.event("health", []);
    const expected = ':\n\nevent: reload\ndata: {"ok":true,"text":"two\\nlines"}\n\nevent: health\ndata: []\n\n';
    await eventually("both have come", () => text() === expected);
  });

  test("is kept alive while nothing happens", async (t) => {
    const { text } = await open(t);
    for (const beats of [2, 3, 4]) {
      await eventually("the last one has left", () => text() === ":\n\n".repeat(beats - 1));
      clock.advance(HEARTBEAT_MS);
      await eventually("a heartbeat", () => text() === ":\n\n".repeat(beats));
    }
  });

  test("is one a peer, and the place is free again when it is over", async (t) => {
    const { request } = await open(t);
    const second = await call(port, { path: "/feed" });
    assert.equal(second.status, 429);
    assert.deepEqual(JSON.parse(second.text), { error: "This address has a feed already" });
    assert.deepEqual([toy.readers.length, toy.released], [1, 0]);
    request.destroy();
    await eventually("it is released", () => toy.released === 1);
    await open(t);
    assert.deepEqual([toy.readers.length, feeds.size], [2, 1]);
  });

  test("is released once when its reader leaves, with its clock, and takes events without harm then", async (t) => {
    const { request, reader } = await open(t);
    request.destroy();
    await eventually("it is released", () => toy.released === 1);
    reader.event("late", 1);
    reader.end();
    clock.advance(10 * HEARTBEAT_MS);
    assert.deepEqual([toy.released, feeds.size, clock.pending], [1, 0, 0]);
  });

  test("ends cleanly when its source says so", async (t) => {
    const { response, reader, text } = await open(t);
    reader.event("last", 1);
    reader.end();
    await once(response, "end");
    assert.match(text(), /event: last\ndata: 1\n\n$/);
    await eventually("it is released", () => toy.released === 1);
  });

  test("ends when another server takes the place of its own", async (t) => {
    const { response } = await open(t);
    small.announceClose();
    await once(response, "end");
    await eventually("it is released", () => toy.released === 1);
  });

  test("has its head alone for HEAD, and opens nothing", async () => {
    const { status, headers } = await call(port, { method: "HEAD", path: "/feed" });
    assert.deepEqual([status, headers["content-type"]], [200, "text/event-stream"]);
    assert.deepEqual([toy.readers.length, feeds.size], [0, 0]);
  });
});

describe("a reader that does not read", () => {
  /** Asks, and never takes what comes. */
  async function sleeper(t: TestContext): Promise<void> {
    const socket = connect(port, "127.0.0.1").pause();
    t.after(() => socket.destroy());
    socket.on("error", () => undefined);
    socket.write("GET /feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    await eventually("the feed is open", () => toy.readers.length === 1);
  }

  test("is dropped when too much waits for it", async (t) => {
    await sleeper(t);
    let sent = 0;
    // What the system takes for it is unknown, but bounded.
    while (toy.released === 0 && sent < 1000) {
      toy.readers[0]!.event("bulk", "x".repeat(64 * 1024));
      sent++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(sent < 1000, `${sent} events were taken`);
    assert.deepEqual([toy.released, feeds.size], [1, 0]);
  });

  test("is dropped when a heartbeat waits for longer than until the next", async (t) => {
    await sleeper(t);
    let waiting = false;
    // Fills what the system takes, and stops below what the gateway holds.
    for (let sent = 0; !waiting && sent < 10_000; sent++) {
      toy.readers[0]!.event("some", "x".repeat(8 * 1024));
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      waiting = small.connections === 1 && waits();
    }
    assert.ok(waiting);
    clock.advance(HEARTBEAT_MS);
    assert.equal(toy.released, 0);
    clock.advance(HEARTBEAT_MS);
    await eventually("it is released", () => toy.released === 1);
  });

  /** Whether bytes wait in the gateway for the only connection there is. */
  function waits(): boolean {
    return lastSocket!.writableLength > 0;
  }
  let lastSocket: Socket | null = null;
  before(() => {
    server.on("connection", (socket) => {
      lastSocket = socket;
    });
  });
});

test("one that is gone before its answer is made opens nothing", async (t) => {
  let answer: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    toy = new Toy();
    const [operation] = [toy.table.find("GET", "/feed").operation];
    const slow = {
      ...operation,
      run: async (of: Parameters<typeof operation.run>[0]) => {
        resolve();
        await new Promise<void>((go) => {
          answer = go;
        });
        return operation.run(of);
      },
    };
    const table = new OperationTable([slow]);
    const parts = { basePath: "", host: "127.0.0.1", mayAsk: () => true, gatekeeper: null, table, feeds, log: NO_LOG };
    const options = { tls: null, requireCertificate: false, mayAsk: () => true };
    small = new SmallServer(options, (request, response) => answerCall(parts, request, response));
  });
  const request = begin(port, { path: "/feed" });
  request.on("error", () => undefined);
  t.after(() => request.destroy());
  await asked;
  request.destroy();
  await eventually("the connection is closed", () => small.connections === 0);
  answer();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([toy.readers.length, feeds.size], [0, 0]);
});
