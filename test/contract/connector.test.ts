// What every connector promises a Receiver, over real sockets: order, back-pressure, how far a failed send came, silence after abort.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { HttpConnector } from "../../src/connectors/http/connector.ts";
import { PoolSet } from "../../src/connectors/http/pools.ts";
import { Http2Connector } from "../../src/connectors/http2/connector.ts";
import { Http2PoolSet } from "../../src/connectors/http2/pools.ts";
import type { Connector } from "../../src/core/connector.ts";
import type { Progress, Receiver, SendFailure, UpgradedSocket } from "../../src/core/edges.ts";
import type { Network } from "../../src/wire/dial.ts";
import { DEFAULT_TLS } from "../../src/wire/secure.ts";
import { testNetwork } from "../support/network.ts";
import { plainGet } from "../support/upstream-request.ts";

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
  switched(_fields: string[], wire: UpgradedSocket): void {
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

/** What a backend does with a request, in words that every protocol has. */
interface Exchange {
  /** 103, then 200 with a body, complete. */
  hintAndAnswer(body: string): void;
  /** 204. */
  nothing(): void;
  /** 200 and the beginning of a longer body. */
  begin(part: string): void;
  /** 200 and as many bytes. */
  pour(bytes: number): void;
  /** Resets the connection. */
  reset(): void;
  /** Ends the connection, whatever is under way. */
  cut(): void;
  /** The request is over for the backend: its connection or its stream is closed. */
  readonly closed: Promise<unknown>;
}

interface Backend {
  readonly port: number;
  serve: (exchange: Exchange) => void;
  close(): Promise<void>;
}

interface Implementation {
  backend(): Promise<Backend>;
  /** @param network how names are found @param address host of the endpoint */
  connect(port: number, network?: Network, address?: string): Connector;
  close(): void;
  /** How a reset before the answer on a kept connection is told: HTTP/1 may have met a connection closed while idle. */
  readonly resetWhenKept: Progress;
}

/** Has a server listen. @param sockets its open connections */
async function backendOf(server: Server, sockets: ReadonlySet<Socket>): Promise<Backend> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    serve: () => undefined,
    async close() {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

function http1(): Implementation {
  const sets = new Set<PoolSet>();
  const poolsOn = (network: Network) => {
    const pools = new PoolSet(network, () => performance.now());
    sets.add(pools);
    return pools;
  };
  const options = {
    maxIdlePerHost: 4,
    maxPerHost: 0,
    idleTimeoutMs: 0,
    probeMs: 0,
    dialTimeoutMs: 2000,
    tlsTimeoutMs: 2000,
    headTimeoutMs: 0,
    continueTimeoutMs: 1000,
    tls: DEFAULT_TLS,
  };
  return {
    resetWhenKept: "reset_on_reuse",
    connect: (port, network = testNetwork(), address = "127.0.0.1") =>
      new HttpConnector(
        poolsOn(network).add({ scheme: "http", address, port }, options),
        { host: "backend", dropAcceptEncoding: false, maxUpgrades: 0 },
        { open: 0 },
      ),
    close() {
      for (const pools of sets) pools.close();
    },
    async backend() {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("data", () => made.serve(exchangeOf(socket)));
      });
      const made = await backendOf(server, sockets);
      return made;
    },
  };

  function exchangeOf(socket: Socket): Exchange {
    const head = (length: number) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
    return {
      hintAndAnswer(body) {
        socket.write("HTTP/1.1 103 Early Hints\r\n\r\n");
        head(body.length);
        socket.write(body);
      },
      nothing: () => socket.write("HTTP/1.1 204 No Content\r\n\r\n"),
      begin(part) {
        head(part.length + 50);
        socket.write(part);
      },
      pour(bytes) {
        head(bytes);
        socket.write(Buffer.alloc(bytes, 120));
      },
      reset: () => socket.resetAndDestroy(),
      cut: () => socket.end(),
      closed: once(socket, "close"),
    };
  }
}

function http2(): Implementation {
  const sets = new Set<Http2PoolSet>();
  const poolsOn = (network: Network) => {
    const pools = new Http2PoolSet(network, () => performance.now());
    sets.add(pools);
    return pools;
  };
  const options = {
    poolSize: 1,
    maxPoolSize: 1,
    maxStreams: 100,
    streamWindow: 65_535,
    connectionWindow: 65_535,
    dialTimeoutMs: 2000,
    tlsTimeoutMs: 2000,
    headTimeoutMs: 0,
    pingMs: 0,
    pingTimeoutMs: 0,
    idleTimeoutMs: 0,
    tls: DEFAULT_TLS,
  };
  return {
    resetWhenKept: "sent",
    connect: (port, network = testNetwork(), address = "127.0.0.1") =>
      new Http2Connector(
        poolsOn(network).add({ scheme: "http", address, port }, options),
        { scheme: "http", authority: "backend", dropAcceptEncoding: false },
        { maxSendBytes: 0, maxReceiveBytes: 0 },
      ),
    close() {
      for (const pools of sets) pools.close();
    },
    async backend() {
      const sockets = new Set<Socket>();
      const server = createHttp2Server();
      server.on("connection", (socket: Socket) => sockets.add(socket));
      server.on("session", (session) => session.on("error", () => undefined));
      server.on("stream", (stream) => {
        stream.on("error", () => undefined);
        const socket = [...sockets].find((s) => s.remotePort === stream.session!.socket.remotePort)!;
        made.serve(exchangeOf(stream, socket));
      });
      const made = await backendOf(server, sockets);
      return made;
    },
  };

  function exchangeOf(stream: ServerHttp2Stream, socket: Socket): Exchange {
    return {
      hintAndAnswer(body) {
        stream.additionalHeaders({ ":status": 103 });
        stream.respond({ ":status": 200 });
        stream.end(body);
      },
      nothing: () => stream.respond({ ":status": 204 }, { endStream: true }),
      begin(part) {
        stream.respond({ ":status": 200 });
        stream.write(part);
      },
      pour(bytes) {
        stream.respond({ ":status": 200 });
        stream.end(Buffer.alloc(bytes, 120));
      },
      reset: () => socket.resetAndDestroy(),
      cut: () => socket.destroy(),
      closed: once(stream, "close"),
    };
  }
}

for (const [name, make] of Object.entries({ http: http1, http2 })) {
  describe(name, () => {
    const implementation = make();
    let backend: Backend;

    before(async () => {
      backend = await implementation.backend();
    });
    after(async () => {
      implementation.close();
      await backend.close();
    });

    const send = async (connector: Connector): Promise<Notes> => {
      const notes = new Notes();
      connector.send(plainGet(), notes);
      await notes.over;
      return notes;
    };

    test("reports interim responses, head, body and end, in this order", async () => {
      backend.serve = (exchange) => exchange.hintAndAnswer("hello");
      const notes = await send(implementation.connect(backend.port));
      assert.deepEqual(notes.calls, ["interim 103", "head 200", "end"]);
      assert.equal(notes.body, "hello");
    });

    test("a refused connection is a failure before anything was sent", async () => {
      const dead = await implementation.backend();
      await dead.close();
      const notes = await send(implementation.connect(dead.port));
      assert.equal(notes.failure?.progress, "unsent");
      assert.equal(notes.failure?.code, "connect_failed");
    });

    test("of the addresses of a name, one that accepts is enough", async () => {
      backend.serve = (exchange) => exchange.hintAndAnswer("hello");
      const network = testNetwork(() => Promise.resolve(["127.0.0.2", "127.0.0.1"])); // nobody listens on the first
      const notes = await send(implementation.connect(backend.port, network, "backend.example"));
      assert.deepEqual([notes.failure, notes.body], [null, "hello"]);
    });

    test("a name without an address is a failure before anything was sent", async () => {
      const unknown = Object.assign(new Error("x"), { code: "ENOTFOUND" });
      const network = testNetwork(() => Promise.reject(unknown));
      const { failure } = await send(implementation.connect(backend.port, network, "backend.example"));
      assert.deepEqual(failure, { code: "connect_failed", progress: "unsent", detail: "ENOTFOUND" });
    });

    test("what the gateway itself lacks is told apart, and is no reason to look the name up again", async () => {
      const network = testNetwork(() => Promise.reject(Object.assign(new Error("x"), { code: "EMFILE" })));
      let forgotten = 0;
      network.resolver.forget = () => forgotten++;
      const { failure } = await send(implementation.connect(backend.port, network, "backend.example"));
      assert.deepEqual(failure, { code: "overloaded", progress: "unable", detail: "EMFILE" });
      assert.equal(forgotten, 0);
    });

    test("a reset before the answer, on a fresh connection, may have had an effect", async () => {
      backend.serve = (exchange) => exchange.reset();
      const notes = await send(implementation.connect(backend.port));
      assert.deepEqual([notes.failure?.progress, notes.failure?.code], ["sent", "upstream_reset"]);
    });

    test("a reset before the answer, on a kept connection, is told apart where it can be", async () => {
      const connector = implementation.connect(backend.port);
      backend.serve = (exchange) => exchange.nothing();
      assert.deepEqual((await send(connector)).calls, ["head 204", "end"]);
      backend.serve = (exchange) => exchange.reset();
      const notes = await send(connector);
      assert.equal(notes.failure?.progress, implementation.resetWhenKept);
    });

    test("an end in the middle of a response says that one was under way", async () => {
      const notes = new Notes();
      backend.serve = (exchange) => exchange.begin("hello");
      let cut: () => void = () => undefined;
      const serve = backend.serve;
      backend.serve = (exchange) => {
        cut = () => exchange.cut();
        serve(exchange);
      };
      implementation.connect(backend.port).send(plainGet(), notes);
      while (notes.body === "") await new Promise((resolve) => setImmediate(resolve));
      cut();
      await notes.over;
      assert.deepEqual(notes.calls, ["head 200", "failed"]);
      assert.equal(notes.failure?.progress, "responding");
    });

    test("stops reading when the receiver is full, and goes on when told to", async () => {
      const total = 8 * 1024 * 1024;
      backend.serve = (exchange) => exchange.pour(total);
      const notes = new Notes();
      notes.more = false;
      const upstream = implementation.connect(backend.port).send(plainGet(), notes);
      let resumes = 0;
      let seen = -1;
      const timer = setInterval(() => {
        // Nothing comes between two resumes: what one read brought is all there is.
        if (notes.body.length === seen || notes.calls.includes("end")) return;
        seen = notes.body.length;
        resumes++;
        upstream.resume();
      }, 1);
      await notes.over;
      clearInterval(timer);
      assert.equal(notes.body.length, total);
      assert.ok(resumes > 8, `${resumes} resumes`);
    });

    test("abort ends the request at the backend, and nothing more is reported", async () => {
      let closed: Promise<unknown> | null = null;
      backend.serve = (exchange) => {
        closed = exchange.closed;
        exchange.begin("hello");
      };
      const notes = new Notes();
      const upstream = implementation.connect(backend.port).send(plainGet(), notes);
      while (notes.body === "") await new Promise((resolve) => setImmediate(resolve));
      upstream.abort();
      upstream.abort();
      await closed;
      assert.deepEqual(notes.calls, ["head 200"]);
    });
  });
}
