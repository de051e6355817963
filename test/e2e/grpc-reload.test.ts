// gRPC while the gateway reloads, drains and ages its connections: calls see nothing of it, streams of unchanged routes go on.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:http2";
import { after, before, describe, type TestContext, test } from "node:test";
import { type GrpcGateway, grpcGateway, grpcText, InteropClient, InteropServer, order } from "../support/grpc.ts";
import { eventually, reload, soon } from "../support/setup.ts";

const LIMIT = { timeout: 90_000 };
const RELOADS = 50;
const hi = Buffer.from("hi");

describe("gRPC and change", LIMIT, () => {
  let backend: InteropServer;
  before(async () => {
    backend = await InteropServer.start();
  });
  after(() => backend?.kill());

  const textOf = (port: number, generation: number, grpc = {}) =>
    grpcText({
      services: { up: backend.port },
      grpc: { port, ...grpc },
      rules: [
        { id: "all", path: "/*", serviceName: "up", protocol: "grpc" },
        { id: `g${generation}`, path: `/generation/${generation}`, serviceName: "up", protocol: "grpc" },
      ],
      more: { telemetry: { logging: { enabled: false } } },
    });
  const gatewayFor = async (t: TestContext, grpc = {}): Promise<GrpcGateway> => {
    const gateway = await grpcGateway(textOf(0, 0, grpc), ["-hot-reload=false"]);
    t.after(() => gateway.kill());
    return gateway;
  };
  /** Calls one after the other until told to stop; the number of them. */
  const loop = async (client: InteropClient, running: () => boolean) => {
    let count = 0;
    for (; running(); count++) assert.equal((await client.unary(hi)).value.toString(), "hi");
    return count;
  };

  test(`${RELOADS} reloads fail no call and cut no stream`, async (t) => {
    const gateway = await gatewayFor(t);
    const clients = [gateway.grpcPort, gateway.port, gateway.grpcPort].map((port) => new InteropClient(port));
    t.after(() => {
      for (const client of clients) client.close();
    });
    const chat = clients[0]!.chat({ within: null });
    let running = true;
    const loops = Promise.all(clients.map((client) => loop(client, () => running)));
    const reloads = async () => {
      for (let generation = 1; generation <= RELOADS; generation++) {
        await reload(gateway, textOf(0, generation));
        chat.write(Buffer.from(`${generation}`));
        assert.equal(String((await once(chat, "data"))[0]), `${generation}`);
      }
    };
    await Promise.race([reloads(), loops]);
    running = false;
    assert.ok(Math.min(...(await loops)) > 20);
    chat.end();
    await once(chat.resume(), "end");
  });

  test("listeners that change say GOAWAY; calls and streams under way see nothing", async (t) => {
    const gateway = await gatewayFor(t);
    const client = new InteropClient(gateway.grpcPort);
    t.after(() => client.close());
    let running = true;
    const loops = Promise.all([1, 2, 3].map(() => loop(client, () => running)));
    const chat = client.chat({ within: null });
    chat.write(hi);
    await once(chat, "data");
    const changes = async () => {
      for (let i = 1; i <= 10; i++) {
        await reload(gateway, textOf(0, i, { maxConcurrentStreams: 100 + i }));
        chat.write(hi);
        await soon(once(chat, "data"), "the echo");
      }
    };
    await Promise.race([changes(), loops]);
    running = false;
    await loops;
    chat.end();
    await once(chat.resume(), "end");
  });

  test("a raw client is told by GOAWAY, and its stream is finished", async (t) => {
    const gateway = await gatewayFor(t);
    const session = connect(`http://127.0.0.1:${gateway.grpcPort}`);
    t.after(() => session.destroy());
    const head = {
      ":method": "POST",
      ":path": "/test.v1.Interop/Chat",
      "content-type": "application/grpc",
      te: "trailers",
    };
    const stream = session.request(head);
    stream.write(Buffer.from("\0\0\0\0\x02hi", "latin1"));
    await once(stream, "data");
    const goaway = once(session, "goaway");
    await reload(gateway, textOf(0, 1, { maxConcurrentStreams: 7 }));
    const [code] = await soon(goaway, "GOAWAY");
    assert.equal(code, 0);
    stream.write(Buffer.from("\0\0\0\0\x02ho", "latin1"));
    await soon(once(stream, "data"), "the echo");
    const closed = once(session, "close");
    stream.end();
    await once(stream.resume(), "close");
    assert.equal(stream.rstCode, 0);
    await soon(closed, "the end of the connection");
  });

  test("maxConnectionAge moves clients on and fails no call", async (t) => {
    const gateway = await gatewayFor(t, { maxConnectionAge: "300ms" });
    const client = new InteropClient(gateway.grpcPort);
    t.after(() => client.close());
    const end = performance.now() + 2500;
    const counts = await Promise.all([1, 2, 3].map(() => loop(client, () => performance.now() < end)));
    assert.ok(Math.min(...counts) > 20);
    const session = connect(`http://127.0.0.1:${gateway.grpcPort}`);
    t.after(() => session.destroy());
    // A connection that is idle then is told while it waits for its next answer.
    const told = once(session, "goaway");
    const asking = setInterval(() => {
      if (!session.closed && !session.destroyed) session.request({ ":path": "/none" }).resume();
    }, 100);
    t.after(() => clearInterval(asking));
    await soon(told, "GOAWAY");
  });

  test("drain: calls under way end, new connections are refused, the exit is clean", async (t) => {
    const gateway = await gatewayFor(t);
    const client = new InteropClient(gateway.grpcPort);
    t.after(() => client.close());
    const chat = client.chat({ within: null });
    chat.write(hi);
    await once(chat, "data");
    let finished = 0;
    const errors: number[] = [];
    let running = true;
    const calls = (async () => {
      while (running) {
        await client.unary(hi).then(
          () => finished++,
          (error) => errors.push(error.code),
        );
        if (errors.length > 0) return;
      }
    })();
    await eventually("traffic", () => finished > 20);
    gateway.signal("SIGTERM");
    const goneOn = finished + 5;
    await eventually("traffic in the grace time", () => finished > goneOn || errors.length > 0);
    chat.write(Buffer.from("last"));
    assert.equal(String((await soon(once(chat, "data"), "the echo"))[0]), "last");
    chat.end();
    await once(chat.resume(), "end");
    running = false;
    await calls;
    assert.ok(
      errors.every((code) => code === 14),
      errors.join(),
    );
    assert.equal(await soon(gateway.exited, "the exit"), 0);
  });

  test("a call that is begun while its service changes is answered by one of them", async (t) => {
    const other = await InteropServer.start();
    t.after(() => other.kill());
    const gateway = await gatewayFor(t);
    const client = new InteropClient(gateway.grpcPort);
    t.after(() => client.close());
    const hanging = client.list(order({ count: 1, hang: true }), { within: null });
    hanging.on("error", () => undefined);
    await once(hanging, "data");
    let running = true;
    const loops = Promise.all([1, 2, 3].map(() => loop(client, () => running)));
    const changes = async () => {
      for (let i = 0; i < 10; i++) {
        const text = textOf(0, 0).replaceAll(
          `"port": ${backend.port}`,
          `"port": ${i % 2 === 0 ? other.port : backend.port}`,
        );
        await reload(gateway, text);
      }
    };
    await Promise.race([changes(), loops]);
    running = false;
    await loops;
    assert.ok(other.calls.length > 0);
    hanging.cancel();
    await eventually("no call left", () => backend.active === 0 && other.active === 0);
  });
});
