// What the gateway makes of the connections to gRPC backends: refusals, GOAWAY, limits, loss, idleness, TLS.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, type ServerHttp2Stream } from "node:http2";
import { connect as connectTcp, createServer as createTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { ServerCredentials } from "@grpc/grpc-js";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { GatewayPool } from "../support/gateway.ts";
import {
  all,
  errorOf,
  type GrpcGateway,
  type GrpcSetup,
  grpcText,
  InteropClient,
  InteropServer,
  order,
  withGrpcPort,
} from "../support/grpc.ts";
import {
  type AnswerStream,
  framed,
  type Http2Backend,
  http2Backend,
  reply,
  trailersOnly,
} from "../support/http2-backend.ts";
import {
  dataFrame,
  FLAG,
  FRAME,
  frame,
  frameBackend,
  GRPC_HEAD,
  goawayFrame,
  headersFrame,
  resetFrame,
} from "../support/http2-frames.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { rawBackend } from "../support/raw.ts";
import { type Block, eventually, nextLine, residentBytes, soon } from "../support/setup.ts";

/** Of a suite as a whole. */
const LIMIT = { timeout: 120_000 };
const MIB = 1024 * 1024;

const gateways = new GatewayPool();

interface Pair {
  readonly gateway: GrpcGateway;
  readonly client: InteropClient;
}

async function pairFor(t: TestContext, setup: GrpcSetup): Promise<Pair> {
  const gateway = await withGrpcPort(await gateways.take(grpcText(setup)));
  const client = new InteropClient(gateway.grpcPort);
  t.after(async () => {
    client.close();
    await gateway.kill();
  });
  return { gateway, client };
}

async function backendFor(t: TestContext, answer: AnswerStream, options = {}): Promise<Http2Backend> {
  const backend = await http2Backend(answer, options);
  t.after(() => backend.close());
  return backend;
}

const echo: AnswerStream = (stream) => {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => reply(stream, [Buffer.concat(chunks).subarray(5)]));
};

const instances = (...ports: number[]): Block[] =>
  ports.map((port) => ({ id: `i${port}`, address: "127.0.0.1", port }));
const hi = Buffer.from("hi");

describe("a backend that is not there, or goes away", LIMIT, () => {
  test("connection refused is UNAVAILABLE", async (t) => {
    const { client } = await pairFor(t, { services: { up: NOBODYS_PORT } });
    await assert.rejects(client.unary(hi), { code: 14, details: "The service could not be reached." });
  });
  test("another endpoint takes a call whose connection is refused", async (t) => {
    const backend = await backendFor(t, echo);
    const { client } = await pairFor(t, { services: { up: instances(NOBODYS_PORT, backend.port) } });
    for (let i = 0; i < 6; i++) assert.equal((await client.unary(hi)).value.toString(), "hi");
  });
  test("maxRetryAttempts: 1 tries once", async (t) => {
    const backend = await backendFor(t, echo);
    // An address of its own: what was learned of the other one stays.
    const nobody = { id: "nobody", address: "127.0.0.2", port: NOBODYS_PORT };
    const services = { up: [nobody, ...instances(backend.port)] };
    const { client } = await pairFor(t, { services, back: { maxRetryAttempts: 1 } });
    const codes = await Promise.all(
      [1, 2, 3, 4].map(() =>
        client.unary(hi).then(
          () => 0,
          (e) => e.code,
        ),
      ),
    );
    assert.deepEqual(codes.sort(), [0, 0, 14, 14]);
  });
  for (const [retryTimeout, tries] of [
    ["100ms", 1],
    ["0", 2],
  ] as const) {
    test(`retryTimeout ${retryTimeout}: a call that is refused after 200 ms is tried ${tries} times`, async (t) => {
      const refuse: AnswerStream = (stream) => {
        setTimeout(() => stream.close(constants.NGHTTP2_REFUSED_STREAM), 200);
      };
      const backends = [await backendFor(t, refuse), await backendFor(t, refuse)];
      const back = { retryTimeout, maxRetryAttempts: 2 };
      const { client } = await pairFor(t, { services: { up: instances(...backends.map(({ port }) => port)) }, back });
      await assert.rejects(client.unary(hi), { code: 14 });
      assert.equal(backends[0]!.requests + backends[1]!.requests, tries);
    });
  }
  test("connection killed before the first byte: UNAVAILABLE, and not sent twice", async (t) => {
    const backend = await backendFor(t, (stream) => stream.session!.destroy());
    const { client } = await pairFor(t, {
      services: { up: instances(backend.port, (await backendFor(t, echo)).port) },
    });
    const codes: number[] = [];
    for (let i = 0; i < 2; i++) {
      await client.unary(hi).then(
        () => codes.push(0),
        (error) => codes.push(error.code),
      );
    }
    assert.deepEqual(codes.sort(), [0, 14]);
    assert.equal(backend.requests, 1);
  });
  test("connection killed in the middle of a stream: what came is delivered, then UNAVAILABLE", async (t) => {
    const backend = await backendFor(t, (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.write(framed("one"), () => setImmediate(() => stream.session!.destroy()));
    });
    const { client } = await pairFor(t, { services: { up: backend.port } });
    const call = client.list(hi);
    const messages: Buffer[] = [];
    call.on("data", (m) => messages.push(m));
    assert.equal((await errorOf(call)).code, 14);
    assert.deepEqual(messages.map(String), ["one"]);
  });
  test("a stream reset in the middle is UNAVAILABLE, the connection lives on", async (t) => {
    let connections = 0;
    const backend = await frameBackend((socket, stream, connection) => {
      connections = connection + 1;
      socket.write(headersFrame(stream, GRPC_HEAD));
      socket.write(dataFrame(stream, framed("one")), () => setImmediate(() => socket.write(resetFrame(stream, 2))));
    });
    t.after(() => backend.close());
    const { client } = await pairFor(t, { services: { up: backend.port } });
    for (let i = 0; i < 3; i++) assert.equal((await errorOf(client.list(hi).resume())).code, 14);
    assert.equal(connections, 1);
  });
  test("a server that ends the stream without trailers: an error, never success", async (t) => {
    const backend = await backendFor(t, (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.end(framed("one"));
    });
    const { client } = await pairFor(t, { services: { up: backend.port } });
    assert.notEqual((await errorOf(client.list(hi).resume())).code, 0);
  });
});

describe("refused streams and GOAWAY", LIMIT, () => {
  const refuseFirst = (times: number): AnswerStream => {
    let left = times;
    return (stream, headers, session) => {
      if (left-- > 0) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else echo(stream, headers, session);
    };
  };
  test("REFUSED_STREAM is sent again to another endpoint", async (t) => {
    const one = await backendFor(t, refuseFirst(1000));
    const two = await backendFor(t, echo);
    const { client } = await pairFor(t, { services: { up: instances(one.port, two.port) } });
    for (let i = 0; i < 10; i++) assert.equal((await client.unary(hi)).value.toString(), "hi");
    assert.equal(two.requests, 10);
  });
  test("REFUSED_STREAM is sent again to the only endpoint", async (t) => {
    const backend = await backendFor(t, refuseFirst(1));
    const { client } = await pairFor(t, { services: { up: backend.port } });
    assert.equal((await client.unary(hi)).value.toString(), "hi");
    assert.equal(backend.requests, 2);
  });
  test("who always refuses is not asked for ever", async (t) => {
    const backend = await backendFor(t, refuseFirst(1000));
    const { client } = await pairFor(t, { services: { up: backend.port } });
    await assert.rejects(client.unary(hi), { code: 14 });
    assert.ok(backend.requests <= 3, `${backend.requests} tries`);
  });
  test("GOAWAY that did not look at the call: sent again, over a new connection", async (t) => {
    for (const code of [0, 2, 11]) {
      const asked: number[] = [];
      const backend = await frameBackend((socket, stream, connection) => {
        asked.push(connection);
        if (connection === 0) return socket.write(goawayFrame(0, code));
        socket.write(headersFrame(stream, GRPC_HEAD));
        socket.write(dataFrame(stream, framed("hi")));
        socket.write(headersFrame(stream, { "grpc-status": "0" }, FLAG.endStream));
      });
      t.after(() => backend.close());
      const { client } = await pairFor(t, { services: { up: backend.port } });
      assert.equal((await client.unary(hi)).value.toString(), "hi");
      assert.deepEqual(asked, [0, 1]);
    }
  });
  test("GOAWAY that may have looked at the call, and the end of the connection: UNAVAILABLE, asked once", async (t) => {
    let asked = 0;
    const backend = await frameBackend((socket, stream) => {
      asked++;
      socket.end(goawayFrame(stream, 0));
    });
    t.after(() => backend.close());
    const { client } = await pairFor(t, { services: { up: backend.port } });
    await assert.rejects(client.unary(hi), { code: 14 });
    assert.equal(asked, 1);
  });
  test("the same for one of several streams: the one below last-stream-id ends where it began", async (t) => {
    const streams: ServerHttp2Stream[] = [];
    const backend = await backendFor(t, (stream, headers, session) => {
      if (session > 0) return echo(stream, headers, session);
      streams.push(stream);
      if (streams.length < 2) return;
      stream.session!.goaway(constants.NGHTTP2_NO_ERROR, streams[0]!.id!);
      streams[0]!.resume();
      reply(streams[0]!, ["kept"]);
    });
    const { client } = await pairFor(t, { services: { up: backend.port } });
    const one = client.unary(hi);
    await eventually("the first call", () => streams.length === 1);
    const two = client.unary(Buffer.from("two"));
    assert.equal((await one).value.toString(), "kept");
    assert.equal((await two).value.toString(), "two");
  });
  test("graceful GOAWAY between calls fails none, also with ENHANCE_YOUR_CALM", async (t) => {
    for (const code of [constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_ENHANCE_YOUR_CALM]) {
      const backend = await backendFor(t, echo);
      const { client } = await pairFor(t, { services: { up: backend.port } });
      for (let i = 0; i < 30; i++) {
        assert.equal((await client.unary(hi)).value.toString(), "hi");
        if (i % 5 === 4) {
          const [session] = backend.sessions;
          const closed = once(session!, "close");
          session!.goaway(code);
          session!.close();
          await closed;
        }
      }
      assert.ok(backend.accepted >= 6);
    }
  });
  test("a backend that says GOAWAY under load loses no call", async (t) => {
    const backend = await backendFor(t, echo);
    const { client } = await pairFor(t, { services: { up: backend.port } });
    let running = true;
    let calls = 0;
    const loop = async () => {
      for (; running; calls++) assert.equal((await client.unary(hi)).value.toString(), "hi");
    };
    const loops = Promise.all([loop(), loop(), loop(), loop()]);
    for (let i = 1; i <= 10; i++) {
      const until = calls + 50;
      await Promise.race([loops, eventually("progress", () => calls > until)]);
      for (const session of [...backend.sessions]) session.close();
    }
    running = false;
    await loops;
    assert.ok(backend.accepted > 5, `${backend.accepted} connections`);
  });
  test("a retry carries the whole body of a call that had sent some", async (t) => {
    let first = true;
    const backend = await backendFor(t, (stream, headers, session) => {
      if (!first) return echo(stream, headers, session);
      first = false;
      stream.once("data", () => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    });
    const other = await backendFor(t, echo);
    const { client } = await pairFor(t, { services: { up: instances(backend.port, other.port) } });
    const message = Buffer.alloc(30_000, "abc");
    assert.ok((await client.unary(message)).value.equals(message));
  });
});

describe("connections to a backend", LIMIT, () => {
  const sleepy = (ms: number): AnswerStream => {
    return (stream) => {
      stream.resume();
      setTimeout(() => stream.destroyed || reply(stream, ["done"]), ms);
    };
  };
  test("200 calls at once wait for 10 streams of one connection, from its first moment", async (t) => {
    const backend = await backendFor(t, sleepy(5), { settings: { maxConcurrentStreams: 10 } });
    const { client } = await pairFor(t, {
      services: { up: backend.port },
      back: { maxPoolSize: 1 },
      grpc: { maxConcurrentStreams: 1000 },
    });
    const replies = await Promise.all(Array.from({ length: 200 }, () => client.unary(hi)));
    assert.ok(replies.every(({ value }) => value.toString() === "done"));
    assert.deepEqual([backend.accepted, backend.mostActive <= 10], [1, true]);
  });
  test("backend.grpc.maxConcurrentStreams bounds the streams of a connection", async (t) => {
    const backend = await backendFor(t, sleepy(5));
    const services = { up: backend.port };
    const { client } = await pairFor(t, {
      services,
      back: { maxConcurrentStreams: 7, maxPoolSize: 1 },
      grpc: { maxConcurrentStreams: 1000 },
    });
    await Promise.all(Array.from({ length: 100 }, () => client.unary(hi)));
    assert.deepEqual([backend.accepted, backend.mostActive], [1, 7]);
  });
  test("poolSize opens so many connections", async (t) => {
    const backend = await backendFor(t, sleepy(5));
    const { client } = await pairFor(t, { services: { up: backend.port }, back: { poolSize: 3 } });
    for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 50 }, () => client.unary(hi)));
    assert.equal(backend.accepted, 3);
  });
  test("initialConnWindowSize and initialWindowSize are what a backend may send before the gateway has read it", async (t) => {
    const backend = await backendFor(t, echo);
    const back = { initialConnWindowSize: "3mb", initialWindowSize: "1mb" };
    const { client } = await pairFor(t, { services: { up: backend.port }, back });
    await client.unary(hi);
    const { state, remoteSettings } = backend.sessions[0]!;
    // Reading the first call may already have cost some of it.
    assert.ok(
      state.remoteWindowSize! > 3 * MIB - 1000 && state.remoteWindowSize! <= 3 * MIB,
      `${state.remoteWindowSize}`,
    );
    assert.equal(remoteSettings.initialWindowSize, MIB);
  });
  test("a backend that pings and changes its settings is answered", async (t) => {
    const backend = await backendFor(t, echo);
    const { client } = await pairFor(t, { services: { up: backend.port } });
    await client.unary(hi);
    const [session] = backend.sessions;
    await soon(
      new Promise<void>((resolve, reject) => session!.ping((error) => (error === null ? resolve() : reject(error)))),
      "the answer to a ping",
    );
    session!.settings({ maxConcurrentStreams: 1, initialWindowSize: 100 });
    await once(session!, "localSettings");
    const replies = await Promise.all([1, 2, 3].map(() => client.unary(Buffer.alloc(5000))));
    assert.ok(replies.every(({ value }) => value.length === 5000));
  });
  test("no answer to a keep-alive ping: calls fail, the connection is dropped, the next call has a new one", async (t) => {
    // Takes what it is told up to the first HEADERS, and is deaf from then on.
    const backend = await backendFor(t, echo);
    let deaf = false;
    const proxy = await rawBackend((socket) => {
      const to = connectTcp(backend.port, "127.0.0.1");
      to.on("error", () => socket.destroy());
      socket.on("data", (chunk) => deaf || to.write(chunk));
      to.on("data", (chunk) => deaf || socket.write(chunk));
      socket.on("close", () => to.destroy());
    });
    t.after(() => proxy.close());
    const back = { keepAliveTime: "1s", keepAliveTimeout: "500ms" };
    const { client, gateway } = await pairFor(t, { services: { up: proxy.port }, back });
    await client.unary(hi);
    deaf = true;
    const line = nextLine(gateway, "access line", (l) => l.msg === "request" && l.error !== undefined);
    await assert.rejects(client.unary(hi), { code: 14 });
    assert.match(String((await line).detail), /ping/);
    deaf = false;
    assert.equal((await client.unary(hi)).value.toString(), "hi");
    assert.equal(backend.accepted, 2);
  });
  test("a ping whose answer is late does no harm while other bytes come", async (t) => {
    let stream = 0;
    let pings = 0;
    const answered = Buffer.concat([Buffer.alloc(5), hi]);
    answered[4] = hi.length;
    const backend = await frameBackend(
      (_socket, id) => {
        stream = id;
      },
      (socket) => {
        if (pings++ < 3) return void socket.write(frame(FRAME.window, 0, 0, Buffer.of(0, 0, 0, 1)));
        const end = headersFrame(stream, { "grpc-status": "0" }, FLAG.endStream);
        socket.write(Buffer.concat([headersFrame(stream, GRPC_HEAD), dataFrame(stream, answered), end]));
      },
    );
    t.after(() => backend.close());
    const back = { keepAliveTime: "1s", keepAliveTimeout: "500ms" };
    const { client } = await pairFor(t, { services: { up: backend.port }, back });
    assert.equal((await client.unary(hi)).value.toString(), "hi");
  });
  test("a call given up while the backend pauses costs the others nothing, and the next has a new connection", async (t) => {
    const open: ServerHttp2Stream[] = [];
    const backend = await backendFor(t, (stream, headers) => {
      if (!String(headers[":path"]).endsWith("/List")) return reply(stream, [hi]);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.write(framed(hi));
      open.push(stream);
    });
    const first: Socket[] = [];
    const proxy = await rawBackend((socket) => {
      const to = connectTcp(backend.port, "127.0.0.1");
      to.on("error", () => socket.destroy());
      socket.on("close", () => to.destroy());
      socket.pipe(to).pipe(socket);
      if (first.length === 0) first.push(socket, to);
    });
    t.after(() => proxy.close());
    const { client } = await pairFor(t, { services: { up: proxy.port }, back: { keepAliveTime: "0s" } });
    const call = client.list(hi);
    const messages: Buffer[] = [];
    const ended = new Promise<number>((resolve) => call.on("status", ({ code }) => resolve(code)));
    call.on("error", () => undefined);
    const begun = new Promise<void>((resolve) => call.once("data", () => resolve()));
    call.on("data", (message) => messages.push(message));
    await begun;
    for (const socket of first) socket.unpipe().pause();
    await eventually("a call over a new connection", () =>
      client.unary(hi, { within: 200 }).then(
        () => true,
        () => false,
      ),
    );
    for (const [i, socket] of first.entries()) socket.pipe(first[1 - i]!);
    for (const stream of open) stream.end(framed(hi));
    assert.deepEqual([await soon(ended, "the end of the call"), messages.length], [0, 2]);
  });
  test("an idle connection is closed, and the next call opens one", async (t) => {
    const backend = await backendFor(t, echo);
    const { client } = await pairFor(t, { services: { up: backend.port }, backHttp: { idleConnTimeout: "1s" } });
    await client.unary(hi);
    await eventually("the idle connection closed", () => backend.sessions.length === 0);
    assert.equal((await client.unary(hi)).value.toString(), "hi");
  });
  test("an answer before the client has finished leaves no stream behind", async (t) => {
    const backend = await backendFor(t, (stream) => trailersOnly(stream, 3, "enough"));
    const { client } = await pairFor(t, { services: { up: backend.port } });
    for (let i = 0; i < 5; i++) {
      const error = new Promise<{ code: number } | null>((resolve) => {
        client.collect(resolve).write(hi);
      });
      assert.equal((await error)?.code, 3);
    }
    await eventually("all streams closed", () => backend.active === 0);
  });
  test("trailers behind a body of announced length arrive", async (t) => {
    const backend = await backendFor(t, (stream) => {
      stream.resume();
      const body = framed("hi");
      const head = { ":status": 200, "content-type": "application/grpc", "content-length": body.length };
      stream.respond(head, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(body);
    });
    const { client } = await pairFor(t, { services: { up: backend.port } });
    assert.equal((await client.unary(hi)).value.toString(), "hi");
  });
  test("a slow reader stops the backend, and memory does not grow", async (t) => {
    let written = 0;
    const backend = await backendFor(t, (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      const chunk = framed(Buffer.alloc(64 * 1024));
      const more = () => {
        while (!stream.destroyed && written < 300 * MIB) {
          written += chunk.length;
          if (!stream.write(chunk)) return void stream.once("drain", more);
        }
      };
      more();
    });
    const { client, gateway } = await pairFor(t, { services: { up: backend.port } });
    const before_ = residentBytes(gateway.pid);
    const call = client.list(hi);
    call.on("error", () => undefined);
    await once(call, "data");
    call.pause();
    await steady(() => written);
    assert.ok(written < 30 * MIB, `backend wrote ${written}`);
    assert.ok(residentBytes(gateway.pid) - before_ < 60 * MIB);
    call.cancel();
    await eventually("no stream left", () => backend.active === 0);
  });
  test("a slow backend stops the client, and memory does not grow", async (t) => {
    const backend = await backendFor(t, (stream) => stream.pause());
    const { client, gateway } = await pairFor(t, { services: { up: backend.port } });
    const before_ = residentBytes(gateway.pid);
    const call = client.chat();
    call.on("error", () => undefined);
    let written = 0;
    const more = () => {
      while (written < 200 * MIB) {
        written += 64 * 1024;
        if (!call.write(Buffer.alloc(64 * 1024))) return void call.once("drain", more);
      }
    };
    more();
    await steady(() => written);
    assert.ok(written < 30 * MIB, `client wrote ${written}`);
    assert.ok(residentBytes(gateway.pid) - before_ < 60 * MIB);
    call.cancel();
    await eventually("no stream left", () => backend.active === 0);
  });
});

describe("TLS to a gRPC backend", LIMIT, () => {
  let folder: string;
  let ours: Certificate;
  let theirs: Certificate;
  let server: Certificate;
  let clientCertificate: Certificate;
  let plainTls: InteropServer;
  let mutual: InteropServer;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "gateway-grpc-tls-"));
    ours = makeAuthority(folder, "ours");
    theirs = makeAuthority(folder, "theirs");
    server = makeCertificate(folder, "server", ours, ["IP:127.0.0.1"]);
    clientCertificate = makeCertificate(folder, "client", ours);
    const pair = [{ private_key: readFileSync(server.key), cert_chain: readFileSync(server.cert) }];
    plainTls = await InteropServer.start(ServerCredentials.createSsl(null, pair));
    mutual = await InteropServer.start(ServerCredentials.createSsl(readFileSync(ours.cert), pair, true));
  });
  after(() => {
    plainTls?.kill();
    mutual?.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  test("with the authority of the backend", async (t) => {
    const { client } = await pairFor(t, { services: { up: plainTls.port }, back: { tls: { rootCAFile: ours.cert } } });
    assert.equal((await client.unary(hi)).value.toString(), "hi");
    assert.equal((await all(client.list(order({ count: 100 })))).length, 100);
  });
  test("with another authority: UNAVAILABLE", async (t) => {
    const back = { tls: { rootCAFile: theirs.cert } };
    const { client } = await pairFor(t, { services: { up: plainTls.port }, back });
    await assert.rejects(client.unary(hi), {
      code: 14,
      details: "No trusted TLS connection to the service could be made.",
    });
  });
  test("tls: true trusts what the system trusts", async (t) => {
    const { client } = await pairFor(t, { services: { up: plainTls.port }, back: { tls: true } });
    await assert.rejects(client.unary(hi), { code: 14 });
  });
  test("insecureSkipVerify asks for nothing", async (t) => {
    const back = { tls: { insecureSkipVerify: true } };
    const { client } = await pairFor(t, { services: { up: plainTls.port }, back });
    assert.equal((await client.unary(hi)).value.toString(), "hi");
  });
  test("a certificate of our own is shown where it is asked for", async (t) => {
    const rootCAFile = ours.cert;
    const own = { clientCertFile: clientCertificate.cert, clientKeyFile: clientCertificate.key };
    const { client } = await pairFor(t, { services: { up: mutual.port }, back: { tls: { rootCAFile, ...own } } });
    assert.equal((await client.unary(hi)).value.toString(), "hi");
    const without = await pairFor(t, { services: { up: mutual.port }, back: { tls: { rootCAFile } } });
    // Each of them: a connection that was refused must not stand in the way of the next.
    for (let i = 0; i < 3; i++) await assert.rejects(without.client.unary(hi), { code: 14 });
  });
  test("a plain backend asked for TLS, and the other way round: UNAVAILABLE", async (t) => {
    const backend = await InteropServer.start();
    t.after(() => backend.kill());
    const one = await pairFor(t, { services: { up: backend.port }, back: { tls: { insecureSkipVerify: true } } });
    await assert.rejects(one.client.unary(hi), { code: 14 });
    const two = await pairFor(t, { services: { up: plainTls.port } });
    await assert.rejects(two.client.unary(hi), { code: 14 });
  });
  test("a backend that speaks HTTP/1.1 only: UNAVAILABLE, and soon", async (t) => {
    const http1 = await rawBackend((socket) => socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    t.after(() => http1.close());
    const { client } = await pairFor(t, { services: { up: http1.port } });
    await assert.rejects(client.unary(hi), { code: 14 });
  });
  test("a backend that accepts and says nothing: UNAVAILABLE after the time to dial", async (t) => {
    const mute = createTcp(() => undefined).listen(0, "127.0.0.1");
    await once(mute, "listening");
    t.after(() => mute.close());
    const { port } = mute.address() as { port: number };
    const { client } = await pairFor(t, {
      services: { up: port },
      back: { dialTimeout: "1s" },
    });
    await assert.rejects(client.unary(hi, { within: 8000 }), { code: 14 });
  });
});

/** Waits until a number has stopped growing. */
async function steady(value: () => number): Promise<void> {
  let last = -1;
  let same = 0;
  await eventually("a standstill", async () => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    same = value() === last && last > 0 ? same + 1 : 0;
    last = value();
    return same >= 5;
  });
}
