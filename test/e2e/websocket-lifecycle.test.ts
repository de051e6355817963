// Open WebSockets while the gateway changes its configuration, and when it leaves.
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { eventually, nextLine, reload, soon } from "../support/setup.ts";
import {
  closeOf,
  frame,
  messageOf,
  noise,
  OPCODES,
  opened,
  RawWebSocket,
  rawWsBackend,
  wsBackend,
  wsClient,
} from "../support/websocket.ts";
import { active, idle, MODES, wsGateway, wsText } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 90_000 };
const RELOADS = 50;
/** Only SIGHUP reloads: every reload is one that the test asked for. */
const args = ["-hot-reload=false"];

describe("a reload", LIMIT, () => {
  test(`${RELOADS} of them lose no numbered message of any stream and close none`, async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const rules = (generation: number) => [
      ...MODES.map((mode) => ({ id: mode, path: `/${mode}`, serviceName: "up", websocket: { mode } })),
      { id: "changing", path: `/generation/${generation}`, serviceName: "up" },
    ];
    const gateway = await wsGateway(t, backend.port, { rules: rules(0), args });
    const streams = await Promise.all(
      [...MODES, ...MODES].map(async (mode) => {
        const client = await opened(gateway.port, `/${mode}`);
        let [sent, got] = [0, 0];
        let running = true;
        client.on("message", (data: Buffer) => {
          assert.equal(Number(String(data)), got++);
          if (running) client.send(String(sent++));
        });
        client.on("close", () => assert.ok(!running, "closed by a reload"));
        for (let i = 0; i < 5; i++) client.send(String(sent++));
        return { client, counts: () => [sent, got], stop: () => (running = false) };
      }),
    );
    for (let generation = 1; generation <= RELOADS; generation++) {
      await reload(gateway, wsText(backend.port, { rules: rules(generation) }));
    }
    for (const { client, counts, stop } of streams) {
      stop();
      await eventually("the last echo", () => counts()[0] === counts()[1]);
      assert.ok(counts()[0]! > RELOADS, `too little traffic: ${counts()[0]}`);
      assert.equal(client.readyState, client.OPEN);
      client.close();
    }
    await idle(gateway);
  });

  test("that removes the route and its service leaves open streams alone", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    for (const mode of MODES) {
      const gateway = await wsGateway(t, backend.port, { mode, args });
      const client = await opened(gateway.port);
      const other = [{ id: "other", path: "/other", serviceName: "up" }];
      await reload(gateway, wsText(1, { rules: other }));
      const echoed = messageOf(client);
      client.send("still here");
      assert.equal(String((await echoed).data), "still here");
      client.terminate();
    }
  });
});

for (const mode of MODES) {
  describe(`a drain in mode ${mode}`, LIMIT, () => {
    test("closes with 1012, tells the backend, and exits 0 well within the timeout", async (t) => {
      const backend = await wsBackend();
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port, { mode, shutdown: { timeout: "6s" } });
      const clients = await Promise.all(Array.from({ length: 10 }, () => opened(gateway.port)));
      const closes = Promise.all(clients.map(closeOf));
      const services = Promise.all(backend.sockets.map(closeOf));
      const from = performance.now();
      gateway.signal("SIGTERM");
      for (const { code } of await closes) assert.equal(code, 1012);
      for (const { code } of await services) assert.equal(code, 1001);
      assert.equal(await soon(gateway.exited, "the exit"), 0);
      assert.ok(performance.now() - from < 5000);
      const lines = gateway.lines.filter((l) => l.msg === "request" && l.status === 101);
      assert.deepEqual(
        lines.map((l) => l.closeCode),
        clients.map(() => 1012),
      );
    });

    test("cuts a client that ignores the close, and exits 0", async (t) => {
      const backend = await wsBackend();
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port, { mode, shutdown: { timeout: "2s" } });
      const client = await RawWebSocket.open(gateway.port);
      gateway.signal("SIGTERM");
      assert.equal(await client.closeCode(), 1012);
      await soon(client.ended, "the end");
      assert.equal(await soon(gateway.exited, "the exit"), 0);
    });

    test("closes connections made while it still accepts, too", async (t) => {
      const backend = await wsBackend();
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port, { mode, shutdown: { delay: "2s", timeout: "8s" } });
      const first = await opened(gateway.port);
      const gone = closeOf(first);
      const draining = nextLine(gateway, "the drain", (l) => l.msg === "Draining");
      gateway.signal("SIGTERM");
      await draining;
      const from = performance.now();
      const client = wsClient(gateway.port);
      const answer = await soon(
        Promise.race([
          once(client, "unexpected-response").then(([, r]) => r.statusCode as number),
          once(client, "open").then(() => 101),
        ]),
        "an answer",
      );
      if (answer === 101) assert.equal((await closeOf(client)).code, 1012);
      else assert.equal(answer, 503);
      assert.equal((await gone).code, 1012);
      assert.equal(await soon(gateway.exited, "the exit"), 0);
      assert.ok(performance.now() - from < 7000, "waited for the timeout");
    });

    test("lets a frame that is under way to the client finish before it says goodbye", async (t) => {
      const payload = noise(60_000);
      const whole = frame(OPCODES.binary, payload, { mask: null });
      let rest = () => undefined as undefined;
      const backend = await rawWsBackend((peer) => {
        peer.send(whole.subarray(0, 30_000));
        rest = () => void peer.send(whole.subarray(30_000)) as undefined;
      });
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port, { mode, shutdown: { delay: "0s", timeout: "4s" } });
      const client = await opened(gateway.port);
      let got: Buffer | null = null;
      client.on("message", (data: Buffer) => {
        got = data;
      });
      const closed = closeOf(client);
      const draining = nextLine(gateway, "the drain", (l) => l.msg === "Draining");
      gateway.signal("SIGTERM");
      await draining;
      // The gateway asks its streams to leave within a quarter of its time.
      await new Promise((resolve) => setTimeout(resolve, 1200));
      rest();
      assert.equal((await closed).code, 1012);
      if (mode === "tunnel") assert.ok(payload.equals(got ?? Buffer.alloc(0)));
      assert.equal(await soon(gateway.exited, "the exit"), 0);
    });
  });
}

test("streams of two gateways in a row are told to go away by each in turn", LIMIT, async (t) => {
  const backend = await wsBackend();
  t.after(() => backend.close());
  const inner = await wsGateway(t, backend.port);
  const outer = await wsGateway(t, inner.port);
  const client = await opened(outer.port);
  const echoed = messageOf(client);
  client.send("through both");
  assert.equal(String((await echoed).data), "through both");
  assert.equal(await active(inner), 1);
  const closed = closeOf(client);
  assert.equal(await Promise.all([inner.stop(), closed]).then(([code]) => code), 0);
  assert.equal((await closed).code, 1012);
});
