// What every connector promises a Receiver, over real sockets: order, back-pressure, how far a failed send came, silence after abort.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { HttpConnector } from "../../src/connectors/http/connector.ts";
import { PoolSet } from "../../src/connectors/http/pools.ts";
import { RequestContext } from "../../src/core/context.ts";
import type { Connector, Receiver, SendFailure, Wire } from "../../src/core/edges.ts";
import { NO_BODY, Nobody } from "../../src/core/nobody.ts";
import type { Route } from "../../src/core/route.ts";
import type { Snapshot } from "../../src/core/snapshot.ts";
import { ForwardedPeer } from "../../src/wire/forwarded.ts";
import { type RawBackend, rawBackend } from "../support/raw.ts";

/** Notes every call; resolves `over` at the end or the failure. */
class Notes implements Receiver {
  readonly calls: string[] = [];
  body = "";
  failure: SendFailure | null = null;
  more = true;
  readonly over: Promise<void>;
  #resolve!: () => void;
  constructor() {
    this.over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
  interim(status: number): void {
    this.calls.push(`interim ${status}`);
  }
  head(status: number): void {
    this.calls.push(`head ${status}`);
  }
  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    this.body += chunk.toString("latin1");
    release?.();
    if (last) this.#end();
    return this.more;
  }
  end(): void {
    this.#end();
  }
  flush(): void {}
  switched(_fields: string[], wire: Wire): void {
    this.calls.push("switched");
    wire.destroy();
    this.#resolve();
  }
  failed(failure: SendFailure): void {
    this.failure = failure;
    this.calls.push("failed");
    this.#resolve();
  }
  #end(): void {
    this.calls.push("end");
    this.#resolve();
  }
}

const implementations = {
  http: (pools: PoolSet, port: number): Connector => {
    const pool = pools.add(
      { scheme: "http", address: "127.0.0.1", port },
      {
        maxIdlePerHost: 4,
        maxPerHost: 0,
        idleTimeoutMs: 0,
        probeMs: 0,
        dialTimeoutMs: 2000,
        tlsTimeoutMs: 2000,
        headTimeoutMs: 0,
        continueTimeoutMs: 1000,
        tls: { verify: true, serverName: "", minVersion: "TLSv1.2", maxVersion: "TLSv1.3", material: {} },
      },
    );
    return new HttpConnector(pool, { host: "backend", dropAcceptEncoding: false, maxUpgrades: 0, instanceId: "test" });
  },
};

function get(): RequestContext {
  const ctx = new RequestContext(new Nobody(), new ForwardedPeer("192.0.2.1", "http"), "GET", "/", [], "1.1", false, 0);
  ctx.path = "/";
  const target = { strip: "", prefix: "", host: "endpoint" } as const;
  // A connector reads the target of the route and the id rule of the snapshot, nothing else.
  ctx.route = { target, times: null } as unknown as Route;
  ctx.snapshot = { requestId: { lowerName: "x-request-id", propagate: false } } as unknown as Snapshot;
  return ctx;
}

for (const [name, make] of Object.entries(implementations)) {
  describe(name, () => {
    let pools: PoolSet;
    let backend: RawBackend;
    let serve: (socket: Socket, request: string) => void;

    before(async () => {
      pools = new PoolSet(() => performance.now());
      backend = await rawBackend((socket) => socket.on("data", (chunk) => serve(socket, chunk.toString("latin1"))));
    });
    after(async () => {
      pools.close();
      await backend.close();
    });

    const send = async (connector: Connector): Promise<Notes> => {
      const notes = new Notes();
      connector.send(get(), NO_BODY, notes);
      await notes.over;
      return notes;
    };

    test("reports interim responses, head, body and end, in this order", async () => {
      serve = (socket) =>
        socket.write("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
      const notes = await send(make(pools, backend.port));
      assert.deepEqual(notes.calls, ["interim 103", "head 200", "end"]);
      assert.equal(notes.body, "hello");
    });

    test("a refused connection is a failure before anything was sent", async () => {
      const dead = await rawBackend(() => undefined);
      await dead.close();
      const notes = await send(make(pools, dead.port));
      assert.equal(notes.failure?.progress, "unsent");
      assert.equal(notes.failure?.code, "connect_failed");
    });

    test("a reset before the answer, on a fresh connection, may have had an effect", async () => {
      serve = (socket) => socket.resetAndDestroy();
      const notes = await send(make(pools, backend.port));
      assert.equal(notes.failure?.progress, "sent");
    });

    test("a reset before the answer, on a kept connection, is told apart", async () => {
      const connector = make(pools, backend.port);
      serve = (socket) => socket.write("HTTP/1.1 204 No Content\r\n\r\n");
      await send(connector);
      serve = (socket) => socket.resetAndDestroy();
      const notes = await send(connector);
      assert.equal(notes.failure?.progress, "reset_on_reuse");
    });

    test("an end in the middle of a response says that one was under way", async () => {
      serve = (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
      const notes = await send(make(pools, backend.port));
      assert.deepEqual(notes.calls, ["head 200", "failed"]);
      assert.equal(notes.failure?.progress, "responding");
    });

    test("stops reading when the receiver is full, and goes on when told to", async () => {
      const total = 8 * 1024 * 1024;
      serve = (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
        socket.write(Buffer.alloc(total, 120));
      };
      const notes = new Notes();
      notes.more = false;
      const upstream = make(pools, backend.port).send(get(), NO_BODY, notes);
      let resumes = 0;
      let before = -1;
      const timer = setInterval(() => {
        // Nothing comes between two resumes: what one read brought is all there is.
        if (notes.body.length === before || notes.calls.includes("end")) return;
        before = notes.body.length;
        resumes++;
        upstream.resume();
      }, 1);
      await notes.over;
      clearInterval(timer);
      assert.equal(notes.body.length, total);
      assert.ok(resumes > 8, `${resumes} resumes`);
    });

    test("abort closes the connection and nothing more is reported", async () => {
      let closed: Promise<unknown> | null = null;
      serve = (socket) => {
        closed = once(socket, "close");
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
      };
      const notes = new Notes();
      const upstream = make(pools, backend.port).send(get(), NO_BODY, notes);
      while (notes.body === "") await new Promise((resolve) => setImmediate(resolve));
      upstream.abort();
      upstream.abort();
      await closed;
      assert.deepEqual(notes.calls, ["head 200"]);
    });
  });
}
