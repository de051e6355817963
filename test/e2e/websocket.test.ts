// Open WebSockets, whether their bytes pass untouched or message by message: what one side says is what the other hears.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import type { WebSocket } from "ws";
import type { GatewayProcess } from "../support/gateway.ts";
import { startGateway } from "../support/gateway.ts";
import { accessLine, nextLine, soon } from "../support/setup.ts";
import {
  closeOf,
  closing,
  frame,
  messageOf,
  noise,
  OPCODES,
  opened,
  RawWebSocket,
  rawWsBackend,
  type WsBackend,
  wsBackend,
  wsClient,
} from "../support/websocket.ts";
import { assertCalm, idle, MODES, wsGateway, wsText } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 60_000 };

for (const mode of MODES) {
  describe(`in mode ${mode}`, LIMIT, () => {
    let backend: WsBackend;
    let gateway: GatewayProcess;
    before(async () => {
      backend = await wsBackend(() => undefined);
      gateway = await startGateway(wsText(backend.port, { mode }));
    });
    after(async () => {
      await gateway.kill();
      await backend.close();
      assertCalm(gateway);
    });

    async function pair(path = "/"): Promise<{ client: WebSocket; service: WebSocket }> {
      const next = backend.next();
      const client = await opened(gateway.port, path);
      return { client, service: await next };
    }

    const messages: readonly [string, Buffer | string][] = [
      ["text", "grüß dich, 世界 🌍"],
      ["binary", Buffer.from([0, 255, 128, 1])],
      ["empty text", ""],
      ["empty binary", Buffer.alloc(0)],
      ["125 bytes", "a".repeat(125)],
      ["126 bytes", "b".repeat(126)],
      ["65535 bytes", noise(65_535)],
      ["65536 bytes", noise(65_536)],
      ["1 MiB", noise(1 << 20)],
    ];
    test("messages of every kind and size pass in both directions, in order", async () => {
      const { client, service } = await pair();
      for (const [from, to] of [
        [client, service],
        [service, client],
      ] as const) {
        const got: { data: Buffer; binary: boolean }[] = [];
        const all = new Promise<void>((resolve) => {
          to.on("message", (data: Buffer, binary) => {
            if (got.push({ data, binary }) === messages.length) resolve();
          });
        });
        for (const [, payload] of messages) from.send(payload);
        await soon(all, "all messages");
        for (const [i, [what, payload]] of messages.entries()) {
          assert.equal(got[i]!.binary, typeof payload !== "string", what);
          assert.ok(got[i]!.data.equals(Buffer.from(payload)), what);
        }
      }
      client.terminate();
    });

    test("fragments with control frames between them make one message", async () => {
      const next = backend.next();
      const client = await RawWebSocket.open(gateway.port);
      const service = await next;
      const message = messageOf(service);
      client.send(
        frame(OPCODES.text, "one ", { fin: false }),
        frame(OPCODES.ping, "between"),
        frame(OPCODES.more, "two ", { fin: false }),
        frame(OPCODES.pong, ""),
        frame(OPCODES.more, "three"),
      );
      const { data, binary } = await message;
      assert.deepEqual([String(data), binary], ["one two three", false]);
      const pong = await client.frame((f) => f.opcode === OPCODES.pong);
      assert.deepEqual([String(pong.payload), pong.masked], ["between", false]);
      client.socket.destroy();
    });

    test("a message that comes byte by byte arrives", async () => {
      const next = backend.next();
      const client = await RawWebSocket.open(gateway.port);
      const message = messageOf(await next);
      for (const byte of frame(OPCODES.binary, noise(200))) {
        client.send(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal((await message).data.length, 200);
      client.socket.destroy();
    });

    test("pings of both sides are answered", async () => {
      const { client, service } = await pair();
      for (const side of [client, service]) {
        const pong = once(side, "pong");
        side.ping("are you there");
        assert.equal(String((await soon(pong, "a pong"))[0]), "are you there");
      }
      client.terminate();
    });

    const codes: readonly [number, string][] = [
      [1000, ""],
      [1000, "bye"],
      [1001, "going"],
      [1003, ""],
      [1008, "policy"],
      [1011, "é".repeat(61)],
      [1012, ""],
      [1013, ""],
      [3000, "registered"],
      [4000, "ours"],
      [4999, "last"],
    ];
    for (const from of ["client", "service"] as const) {
      test(`close codes and reasons of the ${from} reach the other side, and both see a clean end`, async () => {
        for (const [code, reason] of codes) {
          const sides = await pair();
          const closes = Promise.all([closeOf(sides.client), closeOf(sides.service)]);
          sides[from].close(code, reason);
          const expected = { code, reason };
          assert.deepEqual(await closes, [expected, expected]);
        }
        await idle(gateway);
      });

      test(`a close frame of the ${from} without a code stays one without a code`, async () => {
        const sides = await pair();
        const closes = Promise.all([closeOf(sides.client), closeOf(sides.service)]);
        sides[from].close();
        assert.deepEqual(
          (await closes).map((c) => c.code),
          [1005, 1005],
        );
      });

      test(`messages right before the close of the ${from} are delivered`, async () => {
        for (const size of [10, 200_000]) {
          const sides = await pair();
          const other = from === "client" ? sides.service : sides.client;
          let bytes = 0;
          other.on("message", (data: Buffer) => (bytes += data.length));
          const closed = closeOf(other);
          for (let i = 0; i < 20; i++) sides[from].send(noise(size));
          sides[from].close(4001);
          assert.equal((await closed).code, 4001);
          assert.equal(bytes, 20 * size);
        }
      });
    }

    test("a client that is cut off is gone for the backend at once", async () => {
      for (const how of ["destroy", "end", "resetAndDestroy"] as const) {
        const next = backend.next();
        const client = await RawWebSocket.open(gateway.port);
        const closed = closeOf(await next);
        client.socket[how]();
        assert.ok([1001, 1006].includes((await closed).code));
        await idle(gateway);
      }
    });

    test("a backend that is gone without a close frame, reset or ended in order, closes the client with 1011", async () => {
      for (const how of ["resetAndDestroy", "end"] as const) {
        const next = backend.next();
        const client = await RawWebSocket.open(gateway.port);
        const service = await next;
        (service as unknown as { _socket: RawWebSocket["socket"] })._socket[how]();
        assert.equal(await client.closeCode(), 1011);
        await soon(client.ended, "the end");
        client.socket.destroy();
        await idle(gateway);
      }
    });

    test("the access log has one line, with messages, bytes, close code and duration", async () => {
      const id = `ws-log-${mode}`;
      const next = backend.next();
      const client = wsClient(gateway.port, "/logged", { headers: { "X-Request-ID": id } });
      await once(client, "open");
      const service = await next;
      const received = messageOf(service);
      client.send("12345");
      await received;
      const twice = new Promise<void>((resolve) => {
        let n = 0;
        client.on("message", () => ++n === 2 && resolve());
      });
      service.send("abc");
      service.send(Buffer.alloc(1000));
      await twice;
      const closed = closeOf(client);
      client.close(4002, "done");
      await closed;
      const line = await accessLine(gateway, id);
      assert.deepEqual(
        [line.status, line.path, line.route, line.messagesReceived, line.messagesSent, line.closeCode],
        [101, "/logged", "ws", 1, 2, 4002],
      );
      assert.ok((line.bytesIn as number) >= 5 && (line.bytesOut as number) >= 1003, JSON.stringify(line));
      assert.ok((line.durationMs as number) > 0);
      assert.equal(gateway.lines.filter((l) => l.requestId === id).length, 1);
    });
  });
}

for (const mode of MODES) {
  test(
    `${mode}: a backend process that is killed while it sends is told to the client, truthfully`,
    LIMIT,
    async (t) => {
      const backend = await rawWsBackend((peer) => {
        // Half a frame, then nothing any more.
        peer.send(frame(OPCODES.binary, Buffer.alloc(10), { mask: null, length: 1000 }));
        setImmediate(() => peer.socket.resetAndDestroy());
      });
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port, { mode });
      const line = nextLine(gateway, "the access line", (l) => l.msg === "request");
      const client = await opened(gateway.port);
      const { code } = await closeOf(client);
      // In the middle of a frame nothing can be said to a client whose bytes pass untouched.
      assert.equal(code, mode === "tunnel" ? 1006 : 1011);
      await line;
      await idle(gateway);
    },
  );
}

describe("compression", LIMIT, () => {
  const deflate = { threshold: 0 };
  const text = "all work and no play ".repeat(5000);

  async function roundTrip(port: number, backend: WsBackend, compress: boolean) {
    const next = backend.next();
    const client = wsClient(port, "/", { perMessageDeflate: compress ? deflate : false });
    await soon(once(client, "open"), "open");
    const service = await next;
    service.on("message", (data, binary) => service.send(data as Buffer, { binary }));
    const random = noise(100_000);
    for (const payload of [text, random, "", text, "short"]) {
      const echoed = messageOf(client);
      client.send(payload);
      assert.ok((await echoed).data.equals(Buffer.from(payload)));
    }
    const extensions = { client: client.extensions, service: service.extensions };
    client.close(1000);
    await closeOf(client);
    return extensions;
  }

  test("in mode tunnel client and backend agree between themselves", async (t) => {
    const backend = await wsBackend(() => undefined, { perMessageDeflate: deflate });
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port);
    const agreed = await roundTrip(gateway.port, backend, true);
    assert.deepEqual(agreed, { client: "permessage-deflate", service: "permessage-deflate" });
    assert.deepEqual(await roundTrip(gateway.port, backend, false), { client: "", service: "" });
  });

  const sides = [
    { front: true, back: false },
    { front: false, back: true },
    { front: true, back: true },
    { front: false, back: false },
  ];
  for (const { front, back } of sides) {
    test(`in mode messages: client side ${front ? "on" : "off"}, backend side ${back ? "on" : "off"}`, async (t) => {
      const backend = await wsBackend(() => undefined, { perMessageDeflate: deflate });
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port, {
        mode: "messages",
        front: { enableCompression: front },
        back: { enableCompression: back },
      });
      const agreed = await roundTrip(gateway.port, backend, true);
      const name = (on: boolean) => (on ? "permessage-deflate" : "");
      assert.deepEqual(agreed, { client: name(front), service: name(back) });
      assert.equal((await roundTrip(gateway.port, backend, false)).client, "");
      await idle(gateway);
    });
  }

  for (const compressionLevel of [1, 9]) {
    test(`in mode messages compressionLevel ${compressionLevel} is that of each side`, async (t) => {
      const offer =
        "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover";
      const text = readFileSync(import.meta.filename, "utf8");
      const expected = deflateRawSync(text, { level: compressionLevel }).length;
      const other = deflateRawSync(text, { level: 10 - compressionLevel }).length;
      let atService: (peer: RawWebSocket) => void;
      const service = new Promise<RawWebSocket>((resolve) => {
        atService = resolve;
      });
      const backend = await rawWsBackend((peer) => atService(peer), [offer]);
      t.after(() => backend.close());
      const side = { enableCompression: true, compressionLevel };
      const gateway = await wsGateway(t, backend.port, { mode: "messages", front: side, back: side });
      const client = await RawWebSocket.open(gateway.port, "/", [offer]);
      const peer = await soon(service, "the handshake at the backend");
      client.send(frame(OPCODES.text, text));
      peer.send(frame(OPCODES.text, text, { mask: null }));
      for (const { payload } of [await peer.frame(), await client.frame()]) {
        // zlib's way to flush a message adds and takes away a few bytes.
        assert.ok(Math.abs(payload.length - expected) < 10, `${payload.length}, not ${expected}`);
        assert.ok(Math.abs(payload.length - other) > 100, "the levels can be told apart");
      }
    });
  }

  for (const [front, back] of [
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    const setup = { front: { enableCompression: front }, back: { enableCompression: back } };
    test(`what was sent before the end is delivered (${JSON.stringify(setup)})`, async (t) => {
      const count = 20;
      const payload = noise(100_000);
      const backend = await wsBackend(() => undefined, { perMessageDeflate: deflate });
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port, setup);
      for (const how of ["close of the client", "close of the backend", "end of the backend"]) {
        const next = backend.next();
        const client = wsClient(gateway.port, "/", { perMessageDeflate: deflate });
        await soon(once(client, "open"), "open");
        const service = await next;
        let [toClient, toService] = [0, 0];
        client.on("message", () => toClient++);
        const arrived = new Promise<void>((resolve) => {
          service.on("message", (data) => {
            toService++;
            service.send(data as Buffer);
            if (toService === count) resolve();
          });
        });
        const closed = closeOf(client);
        for (let i = 0; i < count; i++) client.send(payload);
        if (how === "close of the client") client.close(4003);
        else {
          await soon(arrived, "all messages at the backend");
          if (how === "close of the backend") service.close(4003);
          else await new Promise((resolve) => service.send("last", resolve));
          if (how === "end of the backend") {
            (service as unknown as { _socket: RawWebSocket["socket"] })._socket.end();
          }
        }
        const { code } = await closed;
        const all = how === "end of the backend" ? count + 1 : count;
        assert.equal(toService, count, how);
        assert.equal(toClient, all, how);
        assert.equal(code, how === "end of the backend" ? 1011 : 4003, how);
      }
      await idle(gateway);
    });
  }

  test("clients that leave while messages are packed and unpacked leave nothing behind, and others go on", async (t) => {
    const backend = await wsBackend((s) => s.on("message", (d, binary) => s.send(d as Buffer, { binary })), {
      perMessageDeflate: deflate,
    });
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, {
      front: { enableCompression: true },
      back: { enableCompression: true },
    });
    const payload = noise(300_000);
    for (let i = 0; i < 60; i++) {
      const client = wsClient(gateway.port, "/", { perMessageDeflate: deflate });
      await soon(once(client, "open"), "open");
      for (let k = 0; k < 3; k++) client.send(payload);
      await new Promise((resolve) => setTimeout(resolve, i % 20));
      client.terminate();
    }
    await idle(gateway);
    await roundTrip(
      gateway.port,
      { ...backend, next: async () => ({ on: () => undefined, extensions: "" }) as never },
      true,
    );
  });
});

test("a close frame with a code that is never on the wire is not passed on in mode messages", LIMIT, async (t) => {
  const backend = await wsBackend();
  t.after(() => backend.close());
  const gateway = await wsGateway(t, backend.port, { mode: "messages" });
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]) {
    const next = backend.next();
    const client = await RawWebSocket.open(gateway.port);
    const service = closeOf(await next);
    client.send(frame(OPCODES.close, closing(code)));
    assert.equal(await client.closeCode(), 1002, String(code));
    assert.equal((await service).code, 1001, String(code));
    client.socket.destroy();
  }
  await idle(gateway);
});
