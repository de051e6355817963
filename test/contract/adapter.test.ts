// What every adapter promises the pipeline, over real sockets: one request, its body on demand, its reply, and done exactly once.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request as http1Request } from "node:http";
import { connect } from "node:http2";
import { after, before, describe, test } from "node:test";
import { HttpFront } from "../../src/adapters/front.ts";
import { Listener, tcpAddress } from "../../src/adapters/listener.ts";
import type { HttpServerOptions } from "../../src/adapters/options.ts";
import type { RequestContext } from "../../src/core/context.ts";
import type { Gateway } from "../../src/core/gateway.ts";
import { frontParts } from "../support/clients.ts";

const OPTIONS: HttpServerOptions = {
  readMs: 2000,
  writeMs: 2000,
  idleMs: 5000,
  maxHeaderBytes: 16 * 1024,
  maxHeaders: 100,
  http2: { only: false, maxStreams: 100, maxAgeMs: 0 },
  listener: "http",
  http1: true,
  upgrades: true,
  proxyProtocol: { trustedPeers: [], timeoutMs: 0 },
  tls: null,
};

/** A pipeline that does what the test says, and counts. */
class Pipeline implements Gateway {
  handled: (ctx: RequestContext) => void = () => undefined;
  readonly ended: boolean[] = [];
  #over: () => void = () => undefined;
  handle(ctx: RequestContext): void {
    this.handled(ctx);
  }
  refuse(ctx: RequestContext, code: string): void {
    ctx.status = 400;
    ctx.downstream.answer(400, ["x-code", code], "", true);
  }
  done(_ctx: RequestContext, completed: boolean): void {
    this.ended.push(completed);
    this.#over();
  }
  over(): Promise<void> {
    if (this.ended.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#over = resolve;
    });
  }
}

interface Reply {
  readonly status: number;
  readonly field: string | undefined;
  readonly body: string;
  readonly trailer: string | undefined;
  readonly cut: boolean;
}

/** One request by one protocol; `leave` goes away once the head is there. */
type Ask = (port: number, body: string | null, leave?: boolean) => Promise<Reply>;

const byHttp1: Ask = (port, body, leave = false) =>
  new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, path: "/a?b", method: body === null ? "GET" : "POST", agent: false };
    const request = http1Request({ ...options, headers: { TE: "trailers" } }, (response) => {
      let text = "";
      const end = (cut: boolean) =>
        resolve({
          status: response.statusCode!,
          field: response.headers["x-field"] as string | undefined,
          body: text,
          trailer: response.trailers["x-trailer"],
          cut,
        });
      response.on("data", (chunk) => {
        text += chunk;
        if (leave) request.destroy();
      });
      response.on("end", () => end(false));
      response.on("error", () => end(true));
    });
    request.on("error", () => undefined);
    request.end(body ?? undefined);
  });

const byHttp2: Ask = (port, body, leave = false) =>
  new Promise((resolve) => {
    const session = connect(`http://127.0.0.1:${port}`);
    session.on("error", () => undefined);
    const stream = session.request({ ":path": "/a?b", ":method": body === null ? "GET" : "POST" });
    let [text, status] = ["", 0];
    let [field, trailer]: (string | undefined)[] = [];
    stream.on("response", (headers) => {
      status = headers[":status"]!;
      field = headers["x-field"] as string | undefined;
    });
    stream.on("trailers", (headers) => {
      trailer = headers["x-trailer"] as string | undefined;
    });
    stream.on("data", (chunk) => {
      text += chunk;
      if (leave) session.destroy();
    });
    stream.on("error", () => undefined);
    stream.on("close", () => {
      resolve({ status, field, body: text, trailer, cut: stream.rstCode !== 0 || leave });
      session.destroy();
    });
    stream.end(body ?? undefined);
  });

for (const [name, ask] of Object.entries({ http: byHttp1, http2: byHttp2 })) {
  describe(name, () => {
    let pipeline: Pipeline;
    let listener: Listener;
    const forward: Gateway = {
      handle: (ctx) => pipeline.handle(ctx),
      refuse: (ctx, code) => pipeline.refuse(ctx, code),
      done: (ctx, completed) => pipeline.done(ctx, completed),
    };
    before(async () => {
      listener = new Listener(tcpAddress("127.0.0.1", 0), new HttpFront(OPTIONS, frontParts(forward)));
      await listener.listen();
    });
    after(() => listener.destroy());
    const fresh = (handled: (ctx: RequestContext) => void) => {
      pipeline = new Pipeline();
      pipeline.handled = handled;
      return pipeline;
    };

    test("tells method, path, query and authority as they came", async () => {
      const seen: string[] = [];
      fresh((ctx) => {
        seen.push(ctx.method, ctx.rawPath, ctx.query, ctx.host, ctx.peer.address);
        ctx.downstream.answer(200, [], "", false);
      });
      await ask(listener.boundPort, null);
      assert.deepEqual(seen, ["GET", "/a", "?b", "127.0.0.1", "127.0.0.1"]);
    });

    test("answers whole, and is done once, completely", async () => {
      const used = fresh((ctx) => ctx.downstream.answer(201, ["x-field", "v"], "hello", false));
      const reply = await ask(listener.boundPort, null);
      await used.over();
      assert.deepEqual([reply.status, reply.field, reply.body], [201, "v", "hello"]);
      assert.deepEqual(used.ended, [true]);
    });

    test("hands the body over only when somebody starts it, and all of it", async () => {
      const body = "x".repeat(300_000);
      fresh((ctx) => {
        let bytes = 0;
        // Not at once, and no more than one chunk before it is asked for again.
        setImmediate(() =>
          ctx.downstream.body.start({
            data(chunk) {
              bytes += chunk.length;
              setImmediate(() => ctx.downstream.body.resume());
              return false;
            },
            end: () => ctx.downstream.answer(200, [], `${bytes} ${ctx.downstream.body.bytes}`, false),
          }),
        );
      });
      assert.equal((await ask(listener.boundPort, body)).body, "300000 300000");
    });

    test("refuses a body over its limit with the reason", async () => {
      fresh((ctx) => {
        ctx.downstream.body.limit(1000);
        ctx.downstream.body.start({ data: () => true, end: () => assert.fail("it was too large") });
      });
      pipeline.refuse = (ctx, code) => ctx.downstream.answer(413, ["x-field", code], "", true);
      const reply = await ask(listener.boundPort, "x".repeat(5000));
      assert.deepEqual([reply.status, reply.field], [413, "body_too_large"]);
    });

    test("writes a reply piece by piece, with trailers", async () => {
      const used = fresh((ctx) => {
        ctx.downstream.head(200, "", ["x-field", "v"], -1);
        ctx.downstream.write(Buffer.from("one "), null);
        let released = false;
        ctx.downstream.write(Buffer.from("two "), () => {
          released = true;
          ctx.downstream.end(Buffer.from(`three ${released}`), ["x-trailer", "t"]);
        });
      });
      const reply = await ask(listener.boundPort, null);
      await used.over();
      assert.deepEqual([reply.body, reply.trailer, reply.cut], ["one two three true", "t", false]);
      assert.deepEqual(used.ended, [true]);
    });

    test("lets a reply that is aborted look like nothing but that", async () => {
      const used = fresh((ctx) => {
        ctx.downstream.head(200, "", [], -1);
        ctx.downstream.write(Buffer.from("half"), () => ctx.downstream.abort());
      });
      const reply = await ask(listener.boundPort, null);
      await used.over();
      assert.equal(reply.cut, true);
      assert.deepEqual(used.ended, [false]);
    });

    test("says when a reader is slow, and when it takes more", async () => {
      let waits = 0;
      const piece = Buffer.alloc(64 * 1024, 120);
      const used = fresh((ctx) => {
        let left = 200;
        const pour = () => {
          while (left-- > 0) {
            if (ctx.downstream.write(piece, null)) continue;
            waits++;
            return;
          }
          ctx.downstream.end(null, []);
        };
        ctx.upstream = { resume: pour, abort: () => undefined };
        ctx.downstream.head(200, "", [], -1);
        pour();
      });
      const reply = await ask(listener.boundPort, null);
      await used.over();
      assert.equal(reply.body.length, 200 * piece.length);
      assert.ok(waits > 0);
    });

    test("is done once, incompletely, when the client leaves", async () => {
      const used = fresh((ctx) => {
        ctx.downstream.head(200, "", [], -1);
        ctx.downstream.write(Buffer.from("half"), null);
        ctx.downstream.flush();
      });
      await ask(listener.boundPort, null, true);
      await used.over();
      assert.deepEqual(used.ended, [false]);
    });

    test("a front that goes lets its clients finish", async () => {
      const used = fresh((ctx) => {
        ctx.downstream.head(200, "", [], -1);
        ctx.downstream.write(Buffer.from("still "), null);
        ctx.downstream.flush();
        listener.announceClose();
        setImmediate(() => ctx.downstream.end(Buffer.from("here"), []));
      });
      assert.equal((await ask(listener.boundPort, null)).body, "still here");
      await used.over();
      listener.closeIdle();
    });
  });
}

test("the listener lets go of its port", async () => {
  const gateway: Gateway = { handle: () => undefined, refuse: () => undefined, done: () => undefined };
  const listener = new Listener(tcpAddress("127.0.0.1", 0), new HttpFront(OPTIONS, frontParts(gateway)));
  await listener.listen();
  const { boundPort } = listener;
  listener.destroy();
  const request = http1Request({ host: "127.0.0.1", port: boundPort });
  request.end();
  assert.equal(((await once(request, "error"))[0] as NodeJS.ErrnoException).code, "ECONNREFUSED");
});
