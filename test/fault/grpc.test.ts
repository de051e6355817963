// Hostile peers of gRPC: frames that lie, answers that are none, clients that reset as fast as they can.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import { type GrpcGateway, grpcGateway, InteropClient, InteropServer, order } from "../support/grpc.ts";
import { framed, type Http2Backend, http2Backend, trailersOnly } from "../support/http2-backend.ts";
import {
  dataFrame,
  FLAG,
  FRAME,
  frame,
  frameBackend,
  GRPC_HEAD,
  headersFrame,
  PREFACE,
  resetFrame,
  settingsFrame,
} from "../support/http2-frames.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { eventually, soon } from "../support/setup.ts";

const LIMIT = { timeout: 200_000 };
const hi = Buffer.from("hi");
const HEAD = {
  ":method": "POST",
  ":scheme": "http",
  ":path": "/odd/test.v1.Interop/Unary",
  ":authority": "a",
  "content-type": "application/grpc",
  te: "trailers",
};

describe("gRPC under attack", LIMIT, () => {
  let backend: InteropServer;
  let odd: Http2Backend;
  let gateway: GrpcGateway;
  let client: InteropClient;
  let strange: InteropClient;

  before(async () => {
    backend = await InteropServer.start();
    odd = await http2Backend((stream) => stream.close());
    gateway = await grpcGateway({
      rules: [
        { path: "/odd/*", serviceName: "odd", protocol: "grpc" },
        { path: "/test.v1.Interop/*", serviceName: "up", protocol: "grpc" },
      ],
      services: { up: backend.port, odd: odd.port },
      more: { metrics: { enabled: true } },
    });
    client = new InteropClient(gateway.grpcPort);
    strange = new InteropClient(gateway.grpcPort, { prefix: "/odd" });
  });
  after(async () => {
    client?.close();
    strange?.close();
    await gateway?.kill();
    await odd?.close();
    backend?.kill();
  });
  // Whatever was done: the gateway serves, nothing is left of it, and nothing surprised it.
  afterEach(async () => {
    assert.equal((await client.unary(hi)).value.toString(), "hi");
    await eventually("no call left at the backends", () => backend.active === 0 && odd.active === 0);
    await eventually(
      "no request left",
      async () => sumOf(await scrape(gateway.port), "gateway_http_requests_active") === 0,
    );
    const surprises = gateway.lines.filter((l) => l.msg !== "request" && (l.level === "error" || l.level === "fatal"));
    assert.deepEqual(surprises, []);
  });

  const answers: Record<string, readonly [Http2Backend["answer"], readonly number[]]> = {
    "502 with HTML": [
      (stream) => {
        stream.respond({ ":status": 502, "content-type": "text/html" });
        stream.end("<h1>Bad Gateway</h1>");
      },
      [14],
    ],
    "200 with HTML": [
      (stream) => {
        stream.respond({ ":status": 200, "content-type": "text/html" });
        stream.end("<h1>Welcome</h1>");
      },
      [2, 8, 13],
    ],
    "no status at all": [
      (stream) => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" });
        stream.end(framed("x"));
      },
      [2, 13],
    ],
    "a status that is no number": [
      (stream) =>
        stream.respond(
          { ":status": 200, "content-type": "application/grpc", "grpc-status": "fine" },
          { endStream: true },
        ),
      [2, 13],
    ],
    "a length beyond every limit": [
      (stream) => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" });
        stream.end(Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]));
      },
      [8],
    ],
    "a flag nobody knows": [
      (stream) => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(framed("x", 0x7f));
      },
      [2, 13, 12, 0],
    ],
    "an end inside of a message": [
      (stream) => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(Buffer.from([0, 0, 0, 0, 9, 1, 2]));
      },
      [2, 13, 12],
    ],
    "an interim response, then the answer": [
      (stream) => {
        stream.additionalHeaders({ ":status": 103, link: "</x>" });
        trailersOnly(stream, 5);
      },
      [5],
    ],
    "a thousand trailers": [
      (stream) => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x-${i}`, "y".repeat(30)]));
        stream.on("wantTrailers", () => stream.sendTrailers({ ...many, "grpc-status": "5" }));
        stream.end();
      },
      [5, 13, 14, 2],
    ],
  };
  for (const [name, [answer, codes]] of Object.entries(answers)) {
    test(`a backend answers with ${name}`, async () => {
      odd.answer = (stream, ...rest) => {
        stream.resume();
        answer(stream, ...rest);
      };
      const code = await strange.unary(hi).then(
        () => 0,
        (error) => Number(error.code) || 2, // grpc-js hands a status that is no number on as NaN
      );
      assert.ok(codes.includes(code), `got ${code}`);
    });
  }

  test("a backend that sends frames against the protocol", async (t) => {
    const wrongs: ((socket: Socket, stream: number) => unknown)[] = [
      (socket, stream) => socket.write(dataFrame(stream, hi)),
      (socket) => socket.write(headersFrame(77, GRPC_HEAD)),
      (socket) => socket.write(frame(FRAME.window, 0, 0, Buffer.alloc(4))),
      (socket) => socket.write(Buffer.alloc(100, 0xff)),
      (socket, stream) => socket.write(headersFrame(stream, { ...GRPC_HEAD, "Upper-Case": "x" })),
      (socket, stream) => socket.write(headersFrame(stream, { ":status": "abc" })),
      (socket, stream) =>
        socket.write(Buffer.concat([headersFrame(stream, GRPC_HEAD, FLAG.endStream), dataFrame(stream, hi)])),
      (socket, stream) =>
        socket.write(Buffer.concat([headersFrame(stream, GRPC_HEAD), headersFrame(stream, { "grpc-status": "0" })])),
      (socket) => socket.destroy(),
    ];
    let turn = 0;
    const wrong = await frameBackend((socket, stream) => void wrongs[turn]!(socket, stream));
    t.after(() => wrong.close());
    const own = await grpcGateway({ services: { up: wrong.port } });
    t.after(() => own.kill());
    const caller = new InteropClient(own.grpcPort);
    t.after(() => caller.close());
    for (; turn < wrongs.length; turn++) {
      const code = await caller.unary(hi, { within: 1000 }).then(
        () => 0,
        (error) => error.code as number,
      );
      // Of some breaches nghttp2 tells nobody: those calls end at their deadline, and the connection is found out by a ping.
      assert.ok([14, 13, 2, 4].includes(code), `case ${turn}: ${code}`);
    }
  });

  const raw = async () => {
    const socket = connect(gateway.grpcPort, "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  };
  test("clients that send frames against the protocol are cut off", async (t) => {
    const begun = Buffer.concat([PREFACE, settingsFrame()]);
    const cases: Buffer[] = [
      Buffer.from("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"),
      Buffer.concat([begun, Buffer.alloc(64, 0xff)]),
      Buffer.concat([begun, dataFrame(1, hi)]),
      Buffer.concat([begun, headersFrame(2, HEAD)]),
      Buffer.concat([begun, frame(FRAME.headers, 4, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))]),
      Buffer.concat([begun, frame(FRAME.window, 0, 0, Buffer.alloc(4))]),
      Buffer.concat([begun, frame(FRAME.data, 0, 0, hi)]),
      Buffer.concat([begun, frame(FRAME.settings, 0, 0, Buffer.from("12345"))]),
    ];
    // What nghttp2 gives up without telling anybody is cut off as idle.
    const own = await grpcGateway({ services: { up: 1 }, http: { idleTimeout: "1s" } });
    t.after(() => own.kill());
    for (const [i, bytes] of cases.entries()) {
      const socket = connect(own.grpcPort, "127.0.0.1");
      socket.on("error", () => undefined);
      await once(socket, "connect");
      const closed = once(socket.resume(), "close");
      socket.write(bytes);
      await soon(closed, `case ${i} to be cut off`);
    }
  });
  test("a preface that comes byte by byte is one, on either port", async () => {
    for (const port of [gateway.port, gateway.grpcPort]) {
      const socket = connect(port, "127.0.0.1").setNoDelay(true);
      await once(socket, "connect");
      const first = once(socket, "data");
      for (const byte of PREFACE) {
        socket.write(Buffer.from([byte]));
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
      socket.write(settingsFrame());
      const [answer] = (await soon(first, "an answer")) as [Buffer];
      assert.equal(
        answer[3],
        FRAME.settings,
        `port ${port === gateway.port ? "http" : "grpc"}: ${answer.toString("latin1").slice(0, 40)}`,
      );
      socket.destroy();
    }
  });
  test("a body that stops in the middle, and the connection with it", async () => {
    odd.answer = (stream) => stream.resume();
    const socket = await raw();
    socket.write(
      Buffer.concat([PREFACE, settingsFrame(), headersFrame(1, HEAD), dataFrame(1, Buffer.from([0, 0, 0]))]),
    );
    await eventually("the call at the backend", () => odd.active === 1);
    socket.destroy();
    await eventually("the call to be gone", () => odd.active === 0);
  });
  test("rapid reset: 5000 streams opened and reset leave no call behind", async () => {
    odd.answer = (stream) => stream.resume();
    for (let round = 0; round < 5; round++) {
      const socket = await raw();
      socket.resume();
      socket.write(Buffer.concat([PREFACE, settingsFrame()]));
      for (let i = 0; i < 1000 && !socket.destroyed; i++) {
        socket.write(Buffer.concat([headersFrame(2 * i + 1, HEAD), resetFrame(2 * i + 1, constants.NGHTTP2_CANCEL)]));
      }
      if (!socket.destroyed) await new Promise<void>((resolve) => socket.end(resolve));
      socket.destroy();
    }
    await eventually("the calls to be gone", () => odd.active === 0);
  });
  test("1000 calls cancelled while they are on their way", async () => {
    let over = 0;
    for (let batch = 0; batch < 10; batch++) {
      const calls = Array.from({ length: 100 }, () => client.begin(order({ sleep: true }), () => over++));
      // Not before any has left: what node:http2 is told to cancel in the tick of its request is never reset on the wire.
      await eventually("calls at the backend", () => backend.active > 50);
      for (const call of calls) call.cancel();
      await eventually("no call left", () => backend.active === 0);
    }
    await eventually("all calls over", () => over === 1000);
  });
  test("streams that are reset while the backend sends", async () => {
    const session = connectHttp2(`http://127.0.0.1:${gateway.grpcPort}`);
    session.on("error", () => undefined);
    for (let i = 0; i < 100; i++) {
      const stream = session.request({
        ":method": "POST",
        ":path": "/test.v1.Interop/List",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("error", () => undefined);
      stream.end(framed(order({ count: 1000, size: 10_000 })));
      await Promise.race([once(stream, "data"), once(stream, "close")]);
      stream.close(constants.NGHTTP2_CANCEL);
    }
    session.destroy();
    await eventually("no call left", () => backend.active === 0);
  });
});
