// Kept connections to backends: how long and how often they are used again, and that nothing said in between answers a request.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { Exchange } from "../../../../src/connectors/http/exchange.ts";
import type { Pool } from "../../../../src/connectors/http/pool.ts";
import { PoolSet } from "../../../../src/connectors/http/pools.ts";
import { Reuse } from "../../../../src/connectors/http/reuse.ts";
import type { Receiver, SendFailure } from "../../../../src/core/edges.ts";
import { NO_BODY } from "../../../../src/core/null-upstream.ts";
import { parseResponseHead } from "../../../../src/wire/response-head.ts";
import { DEFAULT_TLS } from "../../../../src/wire/secure.ts";
import { testNetwork } from "../../../support/network.ts";
import { rawBackend } from "../../../support/raw.ts";

const reply = (body: string, fields = "") =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
const LATE = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/** Status and body of the answer, or the failure. */
type Outcome = string | SendFailure;

interface Bench {
  pool: Pool;
  /** The clock of the pool, ms. */
  now: number;
  /** Requests by connection, in the order the connections were opened. */
  readonly requests: string[][];
  readonly sockets: Socket[];
  /** What the backend answers. */
  answer: (head: string, connection: number) => string;
  send(method?: string): Promise<Outcome>;
}

const OPTIONS = {
  maxIdlePerHost: 4,
  maxPerHost: 0,
  idleTimeoutMs: 0,
  probeMs: 0,
  dialTimeoutMs: 2000,
  tlsTimeoutMs: 2000,
  headTimeoutMs: 2000,
  continueTimeoutMs: 1000,
  tls: DEFAULT_TLS,
} as const;

async function bench(t: TestContext, options: Partial<typeof OPTIONS> = {}): Promise<Bench> {
  const requests: string[][] = [];
  const sockets: Socket[] = [];
  const backend = await rawBackend((socket) => {
    const connection = requests.push([]) - 1;
    sockets.push(socket);
    socket.on("data", (chunk: Buffer) => {
      const head = chunk.toString("latin1");
      requests[connection]!.push(head);
      socket.write(made.answer(head, connection));
    });
  });
  const pools = new PoolSet(testNetwork(), () => made.now);
  t.after(async () => {
    pools.close();
    await backend.close();
  });
  const pool = pools.add({ scheme: "http", address: "127.0.0.1", port: backend.port }, { ...OPTIONS, ...options });
  const made: Bench = {
    pool,
    now: 0,
    requests,
    sockets,
    answer: () => reply("ok"),
    send: (method = "GET") =>
      new Promise((resolve) => {
        let text = "";
        const receiver: Receiver = {
          interim: () => undefined,
          head: (status) => {
            text = `${status} `;
          },
          data(chunk, release, last) {
            text += chunk.toString("latin1");
            release?.();
            if (last) setImmediate(resolve, text);
            return true;
          },
          end: () => void setImmediate(resolve, text),
          flush: () => undefined,
          failed: resolve,
        };
        const head = `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`;
        pool.send(new Exchange(pool, method, head, NO_BODY, false, receiver));
      }),
  };
  return made;
}

describe("what a backend says in Keep-Alive", () => {
  const cases: { hint: string; idleMs: number; requests: number }[] = [
    { hint: "timeout=5", idleMs: 4000, requests: Infinity },
    { hint: "timeout=1", idleMs: 500, requests: Infinity },
    { hint: "timeout=0", idleMs: 0, requests: Infinity },
    { hint: "timeout=5, max=2", idleMs: 4000, requests: 2 },
    { hint: 'MAX = "3",Timeout=2', idleMs: 1000, requests: 3 },
    { hint: "max=0", idleMs: Infinity, requests: 0 },
    { hint: "", idleMs: Infinity, requests: Infinity },
    { hint: "timeout=-1, max=x, timeout, =5, timeout=1s", idleMs: Infinity, requests: Infinity },
    { hint: "timeout=99999999999999", idleMs: Infinity, requests: Infinity },
  ];
  for (const { hint, idleMs, requests } of cases) {
    test(`${hint || "nothing"}: idle for ${idleMs} ms, ${requests} requests`, () => {
      const reuse = new Reuse();
      const head = parseResponseHead(reply("", hint === "" ? "" : `Keep-Alive: ${hint}\r\n`));
      let served = 0;
      while (served < 5) {
        reuse.heed(head, 0);
        reuse.served = ++served;
        if (!reuse.allowed) break;
      }
      assert.equal(served, idleMs === 0 ? 1 : Math.min(Math.max(1, requests), 5));
      reuse.rest(100, 0);
      assert.equal(reuse.until, 100 + idleMs);
    });
  }

  test("a backend that counts down is believed", () => {
    const reuse = new Reuse();
    for (const max of [3, 2, 1]) {
      assert.equal(reuse.allowed, true);
      reuse.heed(parseResponseHead(reply("", `Keep-Alive: max=${max}\r\n`)), 0);
      reuse.served++;
    }
    assert.equal(reuse.allowed, false);
  });

  test("the pool's own limit holds where it is shorter", () => {
    const reuse = new Reuse();
    reuse.heed(parseResponseHead(reply("", "Keep-Alive: timeout=60\r\n")), 0);
    reuse.rest(100, 1000);
    assert.equal(reuse.until, 1100);
  });
});

describe("a kept connection", () => {
  test("is used until the time its backend named is nearly over, and closed by the sweep after that", async (t) => {
    const it = await bench(t);
    it.answer = () => reply("ok", "Keep-Alive: timeout=3\r\n");
    for (const now of [0, 1999, 3998]) {
      it.now = now;
      assert.equal(await it.send(), "200 ok");
    }
    assert.equal(it.requests.length, 1);
    it.now = 3998 + 2000;
    assert.equal(await it.send(), "200 ok");
    assert.equal(it.requests.length, 2);
    it.now += 2000;
    it.pool.sweep();
    assert.equal(it.pool.open, 0);
  });

  test("serves as many requests as its backend admits", async (t) => {
    const it = await bench(t);
    it.answer = () => reply("ok", "Keep-Alive: timeout=5, max=2\r\n");
    for (let i = 0; i < 5; i++) assert.equal(await it.send(), "200 ok");
    assert.deepEqual(
      it.requests.map((list) => list.length),
      [2, 2, 1],
    );
  });

  test("that its backend timed out while the request was on its way has answered nothing", async (t) => {
    const it = await bench(t);
    assert.equal(await it.send(), "200 ok");
    it.answer = () => LATE;
    const failure = (await it.send()) as SendFailure;
    assert.deepEqual([failure.code, failure.progress], ["upstream_reset", "refused"]);
    // On a connection of its own it is an answer.
    assert.equal(await it.send(), "408 ");
  });

  test("whose backend sends what is no answer at all may have met a late piece of the answer before", async (t) => {
    const it = await bench(t);
    assert.equal(await it.send(), "200 ok");
    it.answer = () => "the body of another answer";
    const failure = (await it.send()) as SendFailure;
    assert.deepEqual([failure.code, failure.progress], ["upstream_protocol", "reset_on_reuse"]);
    assert.equal(((await it.send()) as SendFailure).progress, "sent");
  });

  /** What the backend says on a connection nobody asks on, at the moment of the next request. */
  const unasked: Record<string, (socket: Socket) => void> = {
    "an answer": (socket) => void socket.write(reply("evil")),
    "a 408 and its end": (socket) => void socket.end(LATE),
    "its end": (socket) => void socket.end(),
    "a reset": (socket) => void socket.resetAndDestroy(),
  };
  for (const [name, say] of Object.entries(unasked)) {
    test(`that was idle for a second is given up when ${name} came before the request was written`, async (t) => {
      const it = await bench(t);
      assert.equal(await it.send(), "200 ok");
      it.now = 1000;
      say(it.sockets[0]!);
      assert.equal(await it.send(), "200 ok");
      assert.deepEqual(
        it.requests.map((list) => list.length),
        [1, 1],
      );
    });
  }

  for (const [name, method, head] of [
    ["an answer to HEAD", "HEAD", reply("")],
    ["204", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 43\r\n\r\n"],
    ["304", "GET", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ] as const) {
    test(`carries nothing of the body behind ${name} to the next request`, async (t) => {
      const it = await bench(t);
      it.answer = () => head.replace("Content-Length: 0", "Content-Length: 43");
      await it.send(method);
      it.answer = () => reply("ok");
      it.sockets[0]!.write(reply("evil"));
      assert.equal(await it.send(), "200 ok");
      assert.deepEqual(
        it.requests.map((list) => list.length),
        [1, 1],
      );
    });
  }

  test("is used for the next answer to HEAD when nothing came behind the last", async (t) => {
    const it = await bench(t);
    it.answer = () => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    for (let i = 0; i < 3; i++) assert.equal(await it.send("HEAD"), "200 ");
    assert.equal(it.requests.length, 1);
  });

  test("is closed when its request is given up before it was written", async (t) => {
    const it = await bench(t);
    assert.equal(await it.send(), "200 ok");
    it.now = 1000;
    const closed = once(it.sockets[0]!, "close");
    const receiver = { failed: () => assert.fail("it was given up") } as unknown as Receiver;
    const exchange = new Exchange(it.pool, "GET", "GET / HTTP/1.1\r\n\r\n", NO_BODY, false, receiver);
    it.pool.send(exchange);
    exchange.abort();
    await closed;
    assert.equal(it.requests[0]!.length, 1);
    assert.equal(it.pool.open, 0);
  });
});
