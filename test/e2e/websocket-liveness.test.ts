// Who is silent and who is slow: pings, silence, idleness, and readers that hold back the other side.
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { eventually, nextLine, residentBytes, soon } from "../support/setup.ts";
import {
  closeOf,
  closing,
  frame,
  noise,
  OPCODES,
  opened,
  RawWebSocket,
  rawWsBackend,
  wsBackend,
} from "../support/websocket.ts";
import { idle, MODES, wsGateway } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 60_000 };
const MIB = 1 << 20;

// Most of it is waiting for whole seconds: the modes wait together.
describe("a WebSocket", { timeout: 120_000, concurrency: MODES.length }, () => {
  for (const mode of MODES) {
    describe(`in mode ${mode}`, { timeout: 120_000, concurrency: 1 }, () => {
      test("a silent client is cut after pongWait, and the backend hears of it", async (t) => {
        const backend = await wsBackend();
        t.after(() => backend.close());
        const gateway = await wsGateway(t, backend.port, { mode, front: { pongWait: "4s", pingPeriod: "1s" } });
        const line = nextLine(gateway, "the access line", (l) => l.msg === "request");
        const next = backend.next();
        const client = await RawWebSocket.open(gateway.port);
        const service = closeOf(await next);
        const ping = await client.frame();
        assert.deepEqual([ping.opcode, ping.masked, ping.payload.length], [OPCODES.ping, false, 0]);
        await soon(client.ended, "the end");
        assert.ok([1001, 1006].includes((await service).code));
        assert.equal((await line).detail, "client is silent");
      });

      for (const front of [{ pongWait: "4s", pingPeriod: "1s" }, { pongWait: "3s" }, { pongWait: "5s" }]) {
        test(`a client that answers pings lives on for longer than ${JSON.stringify(front)}`, async (t) => {
          const backend = await wsBackend();
          t.after(() => backend.close());
          const gateway = await wsGateway(t, backend.port, { mode, front });
          const client = await opened(gateway.port);
          let open = true;
          client.on("close", () => {
            open = false;
          });
          for (let i = 0; i < 2; i++) {
            await soon(Promise.race([once(client, "ping"), once(client, "close")]), "a ping");
            assert.ok(open, "closed though it answers every ping");
          }
          client.terminate();
        });
      }

      test("a silent backend is pinged and given up after pongTimeout: the client is told 1011", async (t) => {
        const pings: number[] = [];
        const backend = await rawWsBackend((peer) => {
          peer
            .frame((f) => f.opcode === OPCODES.ping)
            .then(
              (f) => pings.push(f.masked ? 1 : 0),
              () => undefined,
            );
        });
        t.after(() => backend.close());
        const gateway = await wsGateway(t, backend.port, { mode, back: { pingInterval: "1s", pongTimeout: "1s" } });
        const client = await opened(gateway.port);
        assert.equal((await closeOf(client)).code, 1011);
        assert.deepEqual(pings, [1], "one masked ping");
      });

      test("a backend that says nothing for readTimeout is given up without a ping", async (t) => {
        const backend = await rawWsBackend(() => undefined);
        t.after(() => backend.close());
        const gateway = await wsGateway(t, backend.port, { mode, back: { pingInterval: 0, readTimeout: "1s" } });
        const client = await opened(gateway.port);
        assert.equal((await closeOf(client)).code, 1011);
      });

      test("a backend that reads nothing for writeTimeout is given up", async (t) => {
        const backend = await rawWsBackend((peer) => void peer.socket.pause());
        t.after(() => backend.close());
        const gateway = await wsGateway(t, backend.port, { mode, back: { pingInterval: 0, writeTimeout: "1s" } });
        const line = nextLine(gateway, "the access line", (l) => l.msg === "request");
        const client = await opened(gateway.port);
        for (let i = 0; i < 32; i++) client.send(noise(MIB - 1), () => undefined);
        assert.equal((await line).detail, "write stalled");
        client.terminate();
      });

      test("a backend is not given up for want of an answer to a ping that could not be sent", async (t) => {
        const backend = await wsBackend(() => undefined, { maxPayload: 0 });
        t.after(() => backend.close());
        const gateway = await wsGateway(t, backend.port, { mode, back: { pingInterval: "1s", pongTimeout: "1s" } });
        const client = await RawWebSocket.open(gateway.port);
        client.send(frame(OPCODES.binary, "", { length: 60_000 }));
        // One long message, slowly: nothing may be put in between.
        let sent = 0;
        const timer = setInterval(() => client.send(Buffer.alloc(++sent && 1000)), 100);
        t.after(() => clearInterval(timer));
        await client
          .until("half of the message", () => client.frames.some((f) => f.opcode === 8) || sent > 0)
          .catch(() => 0);
        await eventually("4.5 s of it", () => sent >= 45 || client.socket.destroyed || client.frames.length > 0);
        assert.ok(sent >= 45, `cut off after ${sent} pieces`);
        client.socket.destroy();
      });

      test("nothing said for idleConnectionTimeout: both are closed with pings answered all the time", async (t) => {
        const backend = await wsBackend();
        t.after(() => backend.close());
        const gateway = await wsGateway(t, backend.port, {
          mode,
          back: { idleConnectionTimeout: "2s", pingInterval: "1s" },
        });
        const line = nextLine(gateway, "the access line", (l) => l.msg === "request");
        const next = backend.next();
        const client = await opened(gateway.port);
        const service = closeOf(await next);
        assert.equal((await closeOf(client)).code, 1000);
        assert.ok([1000, 1001, 1005].includes((await service).code));
        assert.equal((await line).closeCode, 1000);
      });

      test("a client that never answers a close is cut after closeGracePeriod", async (t) => {
        const backend = await rawWsBackend((peer) => peer.socket.end());
        t.after(() => backend.close());
        const gateway = await wsGateway(t, backend.port, { mode, front: { closeGracePeriod: "1s" } });
        const client = await RawWebSocket.open(gateway.port);
        // Half open: this end never closes by itself.
        client.socket.allowHalfOpen = true;
        assert.equal(await client.closeCode(), 1011);
        await idle(gateway);
        client.socket.destroy();
      });

      for (const slow of ["client", "service"] as const) {
        test(`a ${slow} that does not read holds the other side back; memory stays bounded, and all arrives`, async (t) => {
          const total = 96 * MIB;
          const backend = await wsBackend(() => undefined);
          t.after(() => backend.close());
          const gateway = await wsGateway(t, backend.port, { mode, fresh: true });
          const next = backend.next();
          const client = await opened(gateway.port);
          const sides = { client, service: await next };
          const reader = sides[slow];
          const writer = slow === "client" ? sides.service : sides.client;
          reader.pause();
          const before = residentBytes(gateway.pid);
          const piece = noise(256 * 1024);
          let [sent, got] = [0, 0];
          reader.on("message", (data: Buffer) => {
            got += data.length;
          });
          for (let i = 0; i < total / piece.length; i++) writer.send(piece, () => (sent += piece.length));
          let last = -1;
          await eventually("the writer stands still", async () => {
            const still = sent === last && sent > 0;
            last = sent;
            await new Promise((resolve) => setTimeout(resolve, 200));
            return still;
          });
          assert.ok(sent < total / 2, `${sent} bytes were taken from the writer`);
          const grown = residentBytes(gateway.pid) - before;
          assert.ok(grown < 48 * MIB, `grew by ${grown / MIB} MiB`);
          reader.resume();
          await eventually("all has arrived", () => got === total);
          client.terminate();
          await idle(gateway);
        });
      }

      test("a reader that takes nothing for writeDeadline is cut", async (t) => {
        const backend = await wsBackend((s) => {
          for (let i = 0; i < 64; i++) s.send(noise(MIB - 1), () => undefined);
        });
        t.after(() => backend.close());
        const gateway = await wsGateway(t, backend.port, { mode, front: { writeDeadline: "1s" } });
        const line = nextLine(gateway, "the access line", (l) => l.msg === "request");
        const client = await opened(gateway.port);
        client.pause();
        assert.equal((await line).detail, "write stalled");
        client.terminate();
      });

      test("a client that sends pings and reads no pongs does not fill the memory", async (t) => {
        const backend = await wsBackend();
        t.after(() => backend.close());
        const gateway = await wsGateway(t, backend.port, { mode, fresh: true });
        const client = await RawWebSocket.open(gateway.port);
        client.socket.pause();
        const before = residentBytes(gateway.pid);
        const pings = Buffer.concat(Array.from({ length: 2000 }, () => frame(OPCODES.ping, noise(125))));
        let sent = 0;
        let last = -1;
        const write = () => {
          while (sent < 200 * MIB && !client.socket.destroyed) {
            sent += pings.length;
            if (!client.socket.write(pings)) return void client.socket.once("drain", write);
          }
        };
        write();
        await eventually("the client stands still", async () => {
          const still = sent === last;
          last = sent;
          await new Promise((resolve) => setTimeout(resolve, 300));
          return still;
        });
        const grown = residentBytes(gateway.pid) - before;
        assert.ok(
          grown < 64 * MIB,
          `grew by ${Math.round(grown / MIB)} MiB after ${Math.round(sent / MIB)} MiB of pings`,
        );
        client.socket.destroy();
        await idle(gateway);
      });
    });
  }
});

test("the close frame a client sends is answered though the backend stays silent for good", LIMIT, async (t) => {
  const backend = await rawWsBackend(() => undefined);
  t.after(() => backend.close());
  const gateway = await wsGateway(t, backend.port, { mode: "messages", front: { closeGracePeriod: "1s" } });
  const client = await RawWebSocket.open(gateway.port);
  client.send(frame(OPCODES.close, closing(4001)));
  assert.equal(await client.closeCode(), 4001);
  await soon(client.ended, "the end");
  await idle(gateway);
});
