// What lasts longer than a configuration, and what must not: limits, slow readers, reloads, drains.
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { call } from "../support/client.ts";
import { type EventBackend, eventBackend, openEvents } from "../support/events.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { RawClient } from "../support/raw-client.ts";
import { accessLine, type Block, configText, reload, residentBytes, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const KB = 1024;

async function started(t: TestContext, sse: Block = {}, more: Block = {}) {
  const backend = await eventBackend();
  const text = (generation: number) =>
    configText({
      rules: [
        { id: "events", path: "/events", serviceName: "up", protocol: "sse" },
        { id: `other-${generation}`, path: `/other/${generation}`, serviceName: "up" },
      ],
      services: { up: backend.port },
      more: { frontend: { http: { host: "127.0.0.1", port: 0 }, sse }, ...more },
    });
  const gateway = await startGateway(text(0), { args: ["-hot-reload=false"] });
  t.after(async () => {
    await gateway.kill();
    await backend.close();
  });
  return { backend, gateway, text };
}

async function open(backend: EventBackend, gateway: GatewayProcess, path = "/events") {
  const arrived = backend.next();
  const asked = openEvents(gateway.port, { path });
  const opened = await arrived;
  opened.start();
  return { opened, client: await asked };
}

describe("maxConnections", LIMIT, () => {
  test("refuses one stream too many with 503, counts all ways to leave, and other requests not at all", async (t) => {
    const { backend, gateway } = await started(t, { maxConnections: 2 });
    for (let round = 0; round < 5; round++) {
      const first = await open(backend, gateway);
      const second = await open(backend, gateway);
      const refused = await call(gateway.port, { path: "/events", headers: ["Accept", "text/event-stream"] });
      assert.equal(refused.status, 503);
      assert.equal(JSON.parse(refused.text).error.code, "overloaded");
      assert.ok(Number(refused.headers["retry-after"]) > 0);
      const plain = backend.next();
      const asked = call(gateway.port, { path: "/other/0" });
      (await plain).response.end("ok");
      assert.equal((await asked).text, "ok");
      first.client.close();
      if (round % 2 === 0) second.opened.end();
      else second.opened.lose();
      await second.client.over();
      await accessLine(gateway, String(first.client.response.headers["x-request-id"]));
      await accessLine(gateway, String(second.client.response.headers["x-request-id"]));
    }
  });

  test("counts over reloads", async (t) => {
    const { backend, gateway, text } = await started(t, { maxConnections: 1 });
    const { client } = await open(backend, gateway);
    await reload(gateway, text(1));
    const refused = await call(gateway.port, { path: "/events", headers: ["Accept", "text/event-stream"] });
    assert.equal(refused.status, 503);
    client.close();
    await accessLine(gateway, String(client.response.headers["x-request-id"]));
    (await open(backend, gateway)).client.close();
  });
});

describe("a client that does not read", LIMIT, () => {
  test("pauses the backend, costs little memory, and is dropped after the write timeout", async (t) => {
    const { backend, gateway } = await started(t, { writeTimeout: "2s", bufferSize: "64kb" });
    const slow = await RawClient.to(gateway.port);
    slow.socket.pause();
    const arrived = backend.next();
    slow.send("GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
    const opened = await arrived;
    opened.start();
    const before = residentBytes(gateway.pid);
    const event = `data: ${"x".repeat(8 * KB)}\n\n`;
    let sent = 0;
    const fill = () => {
      while (opened.send(event)) sent += event.length;
    };
    opened.response.on("drain", fill);
    fill();
    const line = await soon(
      gateway.line((l) => l.msg === "request" && l.path === "/events"),
      "the end of the stream",
    );
    await soon(opened.closed, "the end at the backend");
    assert.ok(Number(line.durationMs) >= 1900, `dropped after ${line.durationMs} ms`);
    assert.ok(sent < 16 * KB * KB, `${sent} bytes were taken from the backend`);
    assert.ok(residentBytes(gateway.pid) - before < 24 * KB * KB);
    slow.close();
  });

  test("for a moment only gets everything afterwards", async (t) => {
    const { backend, gateway } = await started(t);
    const { opened, client } = await open(backend, gateway);
    client.response.pause();
    let all = "";
    for (let n = 0; n < 2000; n++) {
      const event = `id: ${n}\ndata: ${"y".repeat(4 * KB)}\n\n`;
      all += event;
      opened.send(event);
    }
    opened.end();
    client.response.resume();
    assert.equal(await client.over(), "ended");
    assert.ok(client.text === all, "every byte in order");
  });
});

test("an unchanged stream does not notice 50 reloads", LIMIT, async (t) => {
  const { backend, gateway, text } = await started(t);
  const { opened, client } = await open(backend, gateway);
  let n = 0;
  const numbers = setInterval(() => opened.send(`id: ${++n}\ndata: ${n}\n\n`), 1);
  for (let generation = 1; generation <= 50; generation++) {
    const seen = client.text.length;
    await reload(gateway, text(generation));
    await client.until(`events behind reload ${generation}`, (now) => now.length > seen);
  }
  clearInterval(numbers);
  opened.end();
  assert.equal(await client.over(), "ended");
  const got = [...client.text.matchAll(/^data: (\d+)$/gm)].map(([, value]) => Number(value));
  assert.deepEqual(
    got,
    Array.from({ length: n }, (_, i) => i + 1),
  );
  assert.equal(backend.requests, 1);
});

describe("a drain", LIMIT, () => {
  test("ends idle streams cleanly and those in the middle of an event behind it, and exits 0", async (t) => {
    const { backend, gateway } = await started(t, {}, { shutdown: { delay: "100ms", timeout: "5s" } });
    const idle = await Promise.all([open(backend, gateway), open(backend, gateway), open(backend, gateway)]);
    const half = await open(backend, gateway);
    half.opened.send("data: a\n\ndata: b");
    await half.client.until("half an event", (text) => text.endsWith("b"));
    gateway.signal("SIGTERM");
    for (const { client } of idle) assert.equal(await client.over(), "ended");
    assert.equal(half.client.text, "data: a\n\ndata: b");
    half.opened.send("c\n");
    half.opened.send("\ndata: d\n\n");
    assert.equal(await half.client.over(), "ended");
    assert.match(half.client.text, /^data: a\n\ndata: bc\n\n(data: d\n\n)?$/);
    assert.equal(await soon(gateway.exited, "the exit"), 0);
  });

  test("ends streams that never pause between events", async (t) => {
    const { backend, gateway } = await started(t, {}, { shutdown: { delay: "100ms", timeout: "5s" } });
    const { opened, client } = await open(backend, gateway);
    opened.send("data: 0\n");
    let n = 1;
    const busy = setInterval(() => opened.send(`\ndata: ${n++}\n`), 2);
    await client.until("some events", (text) => text.includes("data: 5\n\n"));
    gateway.signal("SIGTERM");
    assert.equal(await client.over(), "ended");
    clearInterval(busy);
    assert.match(client.text, /^(data: \d+\n\n)+$/);
    assert.equal(await soon(gateway.exited, "the exit"), 0);
  });

  test("does not wait for a stream whose backend is lost and waited for", async (t) => {
    const sse = { maxRetries: 5, retryInterval: "60s" };
    const { backend, gateway } = await started(
      t,
      {},
      { backend: { sse }, shutdown: { delay: "100ms", timeout: "5s" } },
    );
    const { opened, client } = await open(backend, gateway);
    opened.send("id: 1\ndata: a\n\n");
    await client.until("the event", (text) => text !== "");
    opened.lose();
    await soon(opened.closed, "the loss");
    gateway.signal("SIGTERM");
    assert.equal(await client.over(), "ended");
    assert.equal(await soon(gateway.exited, "the exit"), 0);
  });
});
