// HTTP/2 connections over reloads and restarts: GOAWAY first, and no request is lost.
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { type ClientHttp2Session, constants } from "node:http2";
import { connect } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { type Answer, type Backend, mirror, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { FRAME, frame, PREFACE, settingsFrame } from "../support/http2-frames.ts";
import { freePort } from "../support/ports.ts";
import { type Block, configText, eventually, nextLine, reload, soon } from "../support/setup.ts";

const LIMIT = { timeout: 90_000 };

async function backendFor(t: TestContext, answer: Answer): Promise<Backend> {
  const backend = await startBackend(answer);
  t.after(() => backend.close());
  return backend;
}

async function gatewayFor(t: TestContext, text: string): Promise<GatewayProcess> {
  const gateway = await startGateway(text, { args: ["-hot-reload=false"] });
  t.after(() => gateway.kill());
  return gateway;
}

function textOf(backend: Backend, front: Block = {}, more: Block = {}): string {
  return configText({ rules: [{ path: "/*", serviceName: "up" }], services: { up: backend.port }, front, more });
}

/** Asks one thing after the other, on a new connection whenever the old one says goodbye. @returns what went wrong */
async function loop(port: number, running: () => boolean, count: () => void): Promise<string[]> {
  const failures: string[] = [];
  let session: ClientHttp2Session | null = null;
  for (let n = 0; running(); n++) {
    try {
      if (session === null || session.closed || session.destroyed) session = await openSession(port);
      const body = `request ${n}`;
      const reply = await ask(session, { ":method": "POST", ":path": `/${n}` }, body);
      if (reply.status !== 200) failures.push(`status ${reply.status}`);
      count();
    } catch (error) {
      // Nobody listens between two lives, and nothing was sent. Anything else is a request lost.
      if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") await new Promise((r) => setTimeout(r, 5));
      else failures.push(String(error));
      session = null;
    }
  }
  session?.destroy();
  return failures;
}

describe("a reload that changes the listener", LIMIT, () => {
  test("sends HTTP/2 clients to the new one without a failed request, 20 times", async (t) => {
    const backend = await backendFor(t, mirror);
    const gateway = await gatewayFor(t, textOf(backend));
    let running = true;
    let served = 0;
    const clients = Array.from({ length: 4 }, () =>
      loop(
        gateway.port,
        () => running,
        () => void served++,
      ),
    );
    for (let generation = 1; generation <= 20; generation++) {
      const before = served;
      await eventually("traffic", () => served > before + 40);
      await reload(gateway, textOf(backend, { maxHeaders: 100 + generation }));
    }
    running = false;
    assert.deepEqual((await Promise.all(clients)).flat(), []);
  });

  test("lets a download under way finish, and then ends its connection", async (t) => {
    let response: ServerResponse | undefined;
    const backend = await backendFor(t, (_request, answer) => {
      response = answer;
      answer.write("first,");
    });
    const gateway = await gatewayFor(t, textOf(backend));
    const session = await openSession(gateway.port);
    const stream = session.request({ ":path": "/" });
    stream.setEncoding("utf8");
    let text = "";
    stream.on("data", (chunk: string) => {
      text += chunk;
    });
    await soon(once(stream, "data"), "the beginning");
    const goaway = once(session, "goaway");
    writeFileSync(gateway.file, textOf(backend, { maxHeaders: 77 }));
    gateway.signal("SIGHUP");
    assert.equal((await soon(goaway, "GOAWAY"))[0], constants.NGHTTP2_NO_ERROR);
    response!.end("second");
    await soon(once(stream, "close"), "the end");
    assert.deepEqual([text, stream.rstCode], ["first,second", 0]);
    if (!session.destroyed) await soon(once(session, "close"), "the end of its connection");
  });

  test("that turns HTTP/2 off leaves HTTP/1.1", async (t) => {
    const backend = await backendFor(t, mirror);
    const gateway = await gatewayFor(t, textOf(backend));
    const session = await openSession(gateway.port);
    assert.equal((await ask(session, { ":path": "/" })).status, 200);
    const closed = once(session, "close");
    const line = nextLine(gateway, "the outcome of a reload", (l) => /^Configuration /.test(l.msg ?? ""));
    writeFileSync(gateway.file, textOf(backend, { enableHTTP2: false }));
    gateway.signal("SIGHUP");
    await line;
    await soon(closed, "the end of the connection");
    assert.equal((await call(gateway.port)).status, 200);
  });
});

describe("a drain", LIMIT, () => {
  test("says GOAWAY, finishes what is under way on HTTP/2, and exits 0", async (t) => {
    const held: ServerResponse[] = [];
    const backend = await backendFor(t, (_request, response) => void held.push(response));
    const gateway = await gatewayFor(t, textOf(backend, {}, { shutdown: { delay: "100ms", timeout: "5s" } }));
    const session = await openSession(gateway.port);
    const slow = Promise.all(["/a", "/b", "/c"].map((path) => ask(session, { ":path": path })));
    await eventually("three requests are there", () => held.length === 3);
    const goaway = once(session, "goaway");
    gateway.signal("SIGTERM");
    await soon(goaway, "GOAWAY");
    for (const response of held) response.end("done");
    for (const reply of await slow) assert.deepEqual([reply.status, reply.text], [200, "done"]);
    assert.equal(await soon(gateway.exited, "the exit"), 0);
  });

  test("cuts what does not end in time with a reset, and exits all the same", async (t) => {
    const backend = await backendFor(t, (_request, response) => void response.write("never ends"));
    const gateway = await gatewayFor(t, textOf(backend, {}, { shutdown: { delay: 0, timeout: "300ms" } }));
    const session = await openSession(gateway.port);
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => undefined);
    await soon(once(stream, "data"), "the beginning");
    gateway.signal("SIGTERM");
    await soon(once(stream, "close"), "the cut");
    assert.notEqual(stream.rstCode, 0);
    await soon(gateway.exited, "the exit");
  });

  test("ends event streams over HTTP/2 between events", async (t) => {
    const backend = await backendFor(t, (_request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("data: a\n\n");
    });
    const gateway = await gatewayFor(t, textOf(backend));
    const session = await openSession(gateway.port);
    const stream = session.request({ ":path": "/" });
    await soon(once(stream, "data"), "an event");
    gateway.signal("SIGTERM");
    await soon(once(stream, "close"), "the end");
    assert.equal(stream.rstCode, 0);
    assert.equal(await soon(gateway.exited, "the exit"), 0);
  });

  test("restarts cost HTTP/2 clients that only retry refused connections nothing", async (t) => {
    const backend = await backendFor(t, mirror);
    const port = await freePort();
    const text = textOf(backend, { port });
    let gateway = await startGateway(text);
    t.after(() => gateway.kill());
    let running = true;
    let served = 0;
    const clients = Array.from({ length: 3 }, () =>
      loop(
        port,
        () => running,
        () => void served++,
      ),
    );
    for (let restart = 0; restart < 4; restart++) {
      const before = served;
      await eventually("traffic", () => served > before + 50);
      assert.equal(await soon(gateway.stop(), "the exit"), 0);
      gateway = await startGateway(text);
    }
    running = false;
    assert.deepEqual((await Promise.all(clients)).flat(), []);
  });
});

test("a client that goes on sending behind the end of its idle connection is not kept", LIMIT, async (t) => {
  const backend = await backendFor(t, mirror);
  const gateway = await gatewayFor(t, textOf(backend, { idleTimeout: "1s" }));
  const socket = connect({ port: gateway.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined).resume();
  socket.write(Buffer.concat([PREFACE, settingsFrame()]));
  const pings = setInterval(() => socket.write(frame(FRAME.ping, 0, 0, Buffer.alloc(8))), 100);
  t.after(() => clearInterval(pings));
  // It ends with a reset.
  await soon(new Promise((resolve) => socket.once("close", resolve)), "the end of the connection");
});
