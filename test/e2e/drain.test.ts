// Stopping: announced, finished, bounded; and a client that only retries refused connections never notices a restart.
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { describe, type TestContext, test } from "node:test";
import { type Answer, type Backend, mirror, startBackend } from "../support/backend.ts";
import { begin, call, headOf, keepAlive, read } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ask, manage, managementPort, TOKEN } from "../support/management.ts";
import { freePort } from "../support/ports.ts";
import { rawBackend } from "../support/raw.ts";
import { RawClient } from "../support/raw-client.ts";
import { type Block, configText, eventually, soon } from "../support/setup.ts";

const LIMIT = { timeout: 90_000 };
const RESTARTS = 15;

async function backendFor(t: TestContext, answer: Answer): Promise<Backend> {
  const backend = await startBackend(answer);
  t.after(() => backend.close());
  return backend;
}

function textOf(backend: Backend, shutdown: Block, front: Block = {}, more: Block = {}): string {
  const rules = [{ path: "/*", serviceName: "up" }];
  return configText({ rules, services: { up: backend.port }, front, more: { shutdown, ...more } });
}

async function gatewayFor(t: TestContext, text: string): Promise<GatewayProcess> {
  const gateway = await startGateway(text);
  t.after(() => gateway.kill());
  return gateway;
}

/** Holds every response until told. */
function holding(): { readonly answer: Answer; readonly held: ServerResponse[] } {
  const held: ServerResponse[] = [];
  return { held, answer: (_request, response) => void held.push(response) };
}

const refused = (port: number): Promise<boolean> =>
  call(port, { path: "/_gateway/live" }).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED",
  );

for (const many of [1, 6]) {
  test(`${RESTARTS} restarts cost ${many} looping keep-alive POST clients nothing`, LIMIT, async (t) => {
    const backend = await backendFor(t, mirror);
    const port = await freePort();
    const text = textOf(backend, { delay: "200ms", timeout: "5s" }, { port });
    let gateway = await startGateway(text);
    t.after(() => gateway.kill());
    const failures: string[] = [];
    let running = true;
    t.after(() => {
      running = false;
    });
    let served = 0;
    const clients = Array.from({ length: many }, async (_, who) => {
      const agent = keepAlive();
      for (let n = 0; running; n++) {
        const body = `client ${who} request ${n}`;
        const request = begin(port, { method: "POST", path: "/x", body, agent });
        try {
          const response = await headOf(request);
          const text = (await read(response)).toString();
          if (response.statusCode === 200) assert.equal(JSON.parse(text).bytes, body.length);
          else failures.push(`status ${response.statusCode}: ${text}`);
          served++;
        } catch (error) {
          // Nobody listens between two lives, and nothing was sent. Anything else is a request lost.
          const { code, message } = error as NodeJS.ErrnoException;
          if (code === "ECONNREFUSED") await new Promise((resolve) => setTimeout(resolve, 5));
          else failures.push(`${message} on a ${request.reusedSocket ? "reused" : "new"} connection`);
        }
      }
      agent.close();
    });
    for (let restart = 0; restart < RESTARTS; restart++) {
      const before = served;
      await eventually("traffic", () => served > before + 50);
      assert.equal(await soon(gateway.stop(), "the exit"), 0);
      gateway = await startGateway(text);
    }
    running = false;
    await Promise.all(clients);
    assert.deepEqual(failures, []);
  });
}

describe("a drain", LIMIT, () => {
  test("says so on every reply and in readiness, still accepts during the delay, and exits 0", async (t) => {
    const { answer, held } = holding();
    const backend = await backendFor(t, answer);
    const gateway = await gatewayFor(t, textOf(backend, { delay: "2s", timeout: "10s" }));
    const slow = call(gateway.port, { path: "/slow" });
    await eventually("the slow request is there", () => held.length === 1);
    assert.equal((await call(gateway.port, { path: "/_gateway/ready" })).status, 200);
    gateway.signal("SIGTERM");
    await eventually(
      "it is not ready",
      async () => (await call(gateway.port, { path: "/_gateway/ready" })).status === 503,
    );
    assert.equal((await call(gateway.port, { path: "/_gateway/live" })).status, 200);
    const agent = keepAlive();
    const late = call(gateway.port, { path: "/late", agent });
    await eventually("a request during the delay is there", () => held.length === 2);
    held[1]!.end("late");
    const reply = await late;
    assert.deepEqual([reply.status, reply.text, reply.headers.connection], [200, "late", "close"]);
    await eventually("the port is closed", () => refused(gateway.port));
    held[0]!.end("slow");
    assert.equal((await slow).text, "slow");
    assert.equal(await soon(gateway.exited, "the exit"), 0);
  });

  test("can be watched through the management API until it is over", async (t) => {
    const { answer, held } = holding();
    const backend = await backendFor(t, answer);
    const management = { enabled: true, host: "127.0.0.1", port: 0, auth: { token: TOKEN } };
    const text = textOf(backend, { delay: 0, timeout: "10s" }, {}, { management });
    const gateway = await gatewayFor(t, text);
    const port = await managementPort(gateway);
    const slow = call(gateway.port, { path: "/slow" });
    await eventually("the request is there", () => held.length === 1);
    gateway.signal("SIGTERM");
    await eventually("the port of clients is closed", () => refused(gateway.port));
    assert.equal((await manage(port, "GET", "/health/ready")).status, 503);
    assert.equal((await ask<{ activeRequests: number }>(port, "/stats")).activeRequests, 1);
    held[0]!.end("slow");
    assert.equal((await slow).text, "slow");
    assert.equal(await soon(gateway.exited, "the exit"), 0);
    await assert.rejects(manage(port, "GET", "/stats"), /ECONNREFUSED/);
  });

  test("lets a request finish whose response was under way", async (t) => {
    const { answer, held } = holding();
    const backend = await backendFor(t, answer);
    const gateway = await gatewayFor(t, textOf(backend, { delay: 0, timeout: "10s" }));
    const request = headOf(begin(gateway.port));
    await eventually("the request is there", () => held.length === 1);
    held[0]!.write("first,");
    const response = await request;
    gateway.signal("SIGTERM");
    await eventually("the port is closed", () => refused(gateway.port));
    held[0]!.end("last");
    assert.equal((await read(response)).toString(), "first,last");
    assert.equal(await soon(gateway.exited, "the exit"), 0);
  });

  test("closes idle connections and does not wait for its timeout", async (t) => {
    const backend = await backendFor(t, mirror);
    const gateway = await gatewayFor(t, textOf(backend, { delay: 0, timeout: "60s" }));
    const used = await RawClient.to(gateway.port);
    used.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await soon(used.reply(), "a reply")).status, 200);
    const unused = await RawClient.to(gateway.port);
    // Proves that the unused connection was accepted.
    assert.equal((await call(gateway.port)).status, 200);
    gateway.signal("SIGTERM");
    assert.equal(await soon(used.end(), "the end of the used connection"), "");
    assert.equal(await soon(unused.end(), "the end of the unused connection"), "");
    assert.equal(await soon(gateway.exited, "the exit"), 0);
  });

  test("does not wait for a scraper's idle connection to the metrics port", async (t) => {
    const backend = await backendFor(t, mirror);
    const port = await freePort();
    const metrics = { metrics: { enabled: true, port } };
    const gateway = await gatewayFor(t, textOf(backend, { delay: 0, timeout: "60s" }, {}, metrics));
    const scraper = await RawClient.to(port);
    scraper.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await soon(scraper.reply(), "the page")).status, 200);
    // It comes back often enough never to be idle for long.
    const scraping = setInterval(() => scraper.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"), 1000);
    t.after(() => clearInterval(scraping));
    gateway.signal("SIGTERM");
    assert.equal(await soon(gateway.exited, "the exit"), 0);
  });

  test("cuts what is not done by shutdown.timeout, says how many, and closes the backend's side too", async (t) => {
    const { answer, held } = holding();
    const backend = await backendFor(t, answer);
    const gateway = await gatewayFor(t, textOf(backend, { delay: 0, timeout: "300ms" }));
    const slow = call(gateway.port);
    await eventually("the request is there", () => held.length === 1);
    gateway.signal("SIGTERM");
    await assert.rejects(slow, { code: "ECONNRESET" });
    await soon(gateway.exited, "the exit");
    assert.ok(gateway.lines.some((line) => line.level === "warn" && line.requests === 1));
    await eventually("the backend's connection is closed", () => backend.open.size === 0);
  });

  test("is ended at once by a second signal, with 1", async (t) => {
    const { answer, held } = holding();
    const backend = await backendFor(t, answer);
    const gateway = await gatewayFor(t, textOf(backend, { delay: "30s", timeout: "30s" }));
    const slow = call(gateway.port);
    slow.catch(() => undefined);
    await eventually("the request is there", () => held.length === 1);
    gateway.signal("SIGTERM");
    await eventually(
      "it is not ready",
      async () => (await call(gateway.port, { path: "/_gateway/ready" })).status === 503,
    );
    // One that follows within a moment may count as the same one passed on twice, so it is repeated.
    const again = setInterval(() => gateway.signal("SIGTERM"), 200);
    t.after(() => clearInterval(again));
    assert.equal(await soon(gateway.exited, "the exit"), 1);
    await assert.rejects(slow, { code: "ECONNRESET" });
  });

  test("ends though a sentinel it has asked does not answer", async (t) => {
    const sentinel = await rawBackend((socket) => void socket.resume());
    t.after(() => sentinel.close());
    const { answer } = holding();
    const backend = await backendFor(t, answer);
    const redis = {
      sentinel: true,
      masterName: "main",
      sentinelNodes: [`127.0.0.1:${sentinel.port}`],
      connectTimeout: "60s",
    };
    const middleware = { ratelimit: { enabled: true, perRoute: { enabled: true, defaultRate: 1 } } };
    const gateway = await gatewayFor(t, textOf(backend, { delay: 0, timeout: "1s" }, {}, { redis, middleware }));
    await eventually("the sentinel is asked", () => sentinel.sockets.size > 0);
    gateway.signal("SIGTERM");
    assert.equal(await soon(gateway.exited, "the exit"), 0);
  });

  test("writes the access line of the last request before it ends", async (t) => {
    const { answer, held } = holding();
    const backend = await backendFor(t, answer);
    const gateway = await gatewayFor(t, textOf(backend, { delay: 0, timeout: "10s" }));
    const last = call(gateway.port, { headers: ["X-Request-ID", "last"] });
    await eventually("the request is there", () => held.length === 1);
    gateway.signal("SIGTERM");
    await eventually("the port is closed", () => refused(gateway.port));
    held[0]!.end();
    await last;
    assert.equal(await soon(gateway.exited, "the exit"), 0);
    await eventually("its line", () => gateway.lines.some((line) => line.requestId === "last"));
    assert.ok(gateway.lines.some((line) => line.msg === "Stopped"));
  });
});
