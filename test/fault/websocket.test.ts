// Hostile WebSocket peers: frames that are none, random bytes, ends at every moment. The gateway stays, and keeps nothing.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import { Random } from "../support/hostile.ts";
import { eventually, residentBytes, soon } from "../support/setup.ts";
import {
  closeOf,
  closing,
  echo,
  frame,
  handshake,
  messageOf,
  noise,
  OPCODES,
  opened,
  RawWebSocket,
  rawWsBackend,
  wsBackend,
} from "../support/websocket.ts";
import { active, assertCalm, idle, MODES, wsGateway } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 120_000 };
const UNMASKED = { mask: null };
const BAD_UTF8 = Buffer.from([0x68, 0xc3, 0x28]);

const HOSTILE: readonly [string, Buffer, number][] = [
  ["a reserved data opcode", frame(3, "x"), 1002],
  ["a reserved control opcode", frame(11, "x"), 1002],
  ["RSV1 without an extension", frame(OPCODES.text, "x", { rsv: 4 }), 1002],
  ["RSV2", frame(OPCODES.text, "x", { rsv: 2 }), 1002],
  ["RSV3", frame(OPCODES.text, "x", { rsv: 1 }), 1002],
  ["a fragmented ping", frame(OPCODES.ping, "x", { fin: false }), 1002],
  ["a ping of 126 bytes", frame(OPCODES.ping, noise(126)), 1002],
  ["a continuation of nothing", frame(OPCODES.more, "x"), 1002],
  ["a new message in the middle of one", Buffer.concat([frame(1, "a", { fin: false }), frame(1, "b")]), 1002],
  ["text that is no UTF-8", frame(OPCODES.text, BAD_UTF8), 1007],
  [
    "text that is no UTF-8 over two fragments",
    Buffer.concat([frame(1, BAD_UTF8.subarray(0, 2), { fin: false }), frame(0, BAD_UTF8.subarray(2))]),
    1007,
  ],
  ["a reason that is no UTF-8", frame(OPCODES.close, Buffer.concat([closing(1000), BAD_UTF8])), 1007],
  ["a close frame of one byte", frame(OPCODES.close, "x"), 1002],
  ["a message over the limit", frame(OPCODES.binary, "", { length: 2 << 20 }), 1009],
  ["a length above 2^53", Buffer.concat([Buffer.from([0x82, 0xff]), Buffer.alloc(8, 0xff), Buffer.alloc(4)]), 1009],
];

describe("in mode messages", LIMIT, () => {
  test("what a client breaks closes it with the right code, and the backend with 1001 or 1009", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { mode: "messages" });
    for (const [what, bytes, code] of [...HOSTILE, ["an unmasked frame", frame(1, "x", UNMASKED), 1002] as const]) {
      const next = backend.next();
      const client = await RawWebSocket.open(gateway.port);
      const service = closeOf(await next);
      client.send(bytes);
      assert.equal(await client.closeCode(), code, what);
      await soon(client.ended, "the end");
      assert.equal((await service).code, code === 1009 ? 1009 : 1001, what);
      client.socket.destroy();
    }
    await idle(gateway);
  });

  test("a message over the limit in fragments is 1009 as well", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { rule: { websocket: { maxMessageSize: 1000 } } });
    const client = await RawWebSocket.open(gateway.port);
    const ok = client.frame();
    client.send(frame(2, noise(1000)));
    assert.equal((await ok).payload.length, 1000);
    client.send(frame(2, noise(600), { fin: false }), frame(0, noise(401)));
    assert.equal(await client.closeCode(), 1009);
    client.socket.destroy();
    await idle(gateway);
  });

  test("what a backend breaks closes the client too: too large 1009, anything else its end", async (t) => {
    for (const [what, bytes, code] of [
      ["too large", frame(2, noise(2 << 20), UNMASKED), 1009],
      ["masked", frame(1, "x"), 1001],
      ["reserved opcode", frame(3, "x", UNMASKED), 1001],
      ["bad UTF-8", frame(1, BAD_UTF8, UNMASKED), 1001],
    ] as const) {
      const codes: Promise<number | null>[] = [];
      const backend = await rawWsBackend((peer) => {
        codes.push(peer.closeCode());
        peer.send(bytes);
      });
      t.after(() => backend.close());
      const gateway = await wsGateway(t, backend.port, { mode: "messages" });
      const client = await opened(gateway.port);
      const closed = await closeOf(client);
      assert.ok(
        code === 1009 ? closed.code === 1009 : [1001, 1002, 1007, 1011].includes(closed.code),
        `${what} ${closed.code}`,
      );
      const told = await codes[0]!;
      assert.ok(told !== null && told >= 1001, `${what}: the backend was told ${told}`);
      await idle(gateway);
    }
  });

  test("a message that unpacks to more than the limit is 1009, and costs no memory", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { front: { enableCompression: true } });
    const before = residentBytes(gateway.pid);
    for (let i = 0; i < 20; i++) {
      const { WebSocket } = await import("ws");
      const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/`, { perMessageDeflate: { threshold: 0 } });
      client.on("error", () => undefined);
      client.on("open", () => client.send(Buffer.alloc(64 << 20)));
      assert.equal((await closeOf(client)).code, 1009);
    }
    assert.ok(residentBytes(gateway.pid) - before < 96 << 20);
    await idle(gateway);
  });
});

describe("what is small on the wire", LIMIT, () => {
  test("and large when unpacked waits on the wire while nobody reads it", async (t) => {
    const backend = await wsBackend((s) => s.pause());
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { front: { enableCompression: true } });
    const options = { finishFlush: constants.Z_SYNC_FLUSH };
    const packed = deflateRawSync(Buffer.alloc(1 << 20), options).subarray(0, -4);
    const bombs = Buffer.concat(Array.from({ length: 60 }, () => frame(OPCODES.binary, packed, { rsv: 4 })));
    const before = residentBytes(gateway.pid);
    const asked = ["Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover"];
    const clients = await Promise.all(
      Array.from({ length: 8 }, () => RawWebSocket.open(gateway.port, "/", asked, bombs)),
    );
    let last = 0;
    await eventually("the memory stands still", async () => {
      const still = residentBytes(gateway.pid) === last;
      last = residentBytes(gateway.pid);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return still;
    });
    assert.ok(last - before < 128 << 20, `480 MiB in ${8 * bombs.length} bytes cost ${(last - before) >> 20} MiB`);
    for (const client of clients) client.socket.destroy();
    await idle(gateway);
  });

  test("and a heap of fragments is 1008", async (t) => {
    const backend = await wsBackend();
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { mode: "messages" });
    const client = await RawWebSocket.open(gateway.port);
    client.send(frame(OPCODES.binary, "x", { fin: false }));
    client.send(...Array.from({ length: 20_000 }, () => frame(OPCODES.more, "x", { fin: false })));
    assert.equal(await client.closeCode(), 1008);
    client.socket.destroy();
    await idle(gateway);
  });
});

test("in mode tunnel hostile frames reach the backend as they are, and its answer the client", LIMIT, async (t) => {
  const backend = await wsBackend();
  t.after(() => backend.close());
  const gateway = await wsGateway(t, backend.port);
  for (const [what, bytes] of HOSTILE) {
    if (what === "a message over the limit") continue;
    const client = await RawWebSocket.open(gateway.port);
    client.send(bytes);
    const code = await client.closeCode();
    assert.ok(code === null || [1002, 1007, 1009].includes(code), `${what} ${code}`);
    client.socket.destroy();
  }
  await idle(gateway);
});

for (const mode of MODES) {
  test(`${mode}: random bytes from both sides leave a gateway that works`, LIMIT, async (t) => {
    const random = Random.fresh();
    t.diagnostic(`GATEWAY_TEST_SEED=${random.seed}`);
    const bytes = () => Buffer.from(Array.from({ length: 1 + random.int(300) }, () => random.int(256)));
    const odd = () =>
      random.once(2)
        ? bytes()
        : frame(random.int(16), bytes(), {
            fin: random.once(2),
            rsv: random.once(3) ? random.int(8) : 0,
            mask: random.once(2) ? null : bytes().subarray(0, 1).length === 1 ? Buffer.from([1, 2, 3, 4]) : null,
          });
    const backend = await rawWsBackend((peer) => {
      for (let i = random.int(4); i > 0; i--) peer.send(odd());
      if (random.once(3)) peer.socket.end();
    });
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, {
      mode,
      front: { enableCompression: mode === "messages" && random.once(2), closeGracePeriod: "1s" },
      back: { closeTimeout: "1s" },
    });
    for (let i = 0; i < 300; i++) {
      const extensions = random.once(2) ? ["Sec-WebSocket-Extensions: permessage-deflate"] : [];
      const client = await RawWebSocket.open(gateway.port, "/", extensions);
      for (let n = random.int(6); n > 0; n--) client.send(odd());
      if (random.once(3)) client.socket.end();
      else if (random.once(2)) client.socket.resetAndDestroy();
      else setImmediate(() => client.socket.destroy());
    }
    await idle(gateway);
    assertCalm(gateway);
  });

  test(`${mode}: an end or reset at any byte of a session leaves nothing behind`, LIMIT, async (t) => {
    const backend = await wsBackend(echo);
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { mode, front: { closeGracePeriod: "1s" } });
    const whole = Buffer.concat([
      Buffer.from(handshake()),
      frame(1, "hello", { fin: false }),
      frame(9, "p"),
      frame(0, "x"),
      frame(8, closing(1000)),
    ]);
    for (const how of ["end", "destroy", "resetAndDestroy"] as const) {
      for (let cut = 1; cut <= whole.length; cut += cut > handshake().length - 4 ? 1 : 9) {
        const socket = connect(gateway.port, "127.0.0.1");
        socket.on("error", () => undefined);
        socket.resume();
        socket.write(whole.subarray(0, cut), () => socket[how]());
      }
    }
    await idle(gateway);
    await eventually("the backend has no connection", () => backend.server.clients.size === 0);
  });

  test(`${mode}: 2000 connections that come and go cost no memory and are all counted out`, LIMIT, async (t) => {
    const backend = await wsBackend(echo);
    t.after(() => backend.close());
    const gateway = await wsGateway(t, backend.port, { mode, fresh: true });
    const round = async (count: number) => {
      for (let i = 0; i < count; i += 20) {
        await Promise.all(
          Array.from({ length: 20 }, async (_, k) => {
            const client = await opened(gateway.port);
            if (k % 2 === 0) {
              const echoed = messageOf(client);
              client.send("hello");
              await echoed;
            }
            if (k % 4 < 2) client.terminate();
            else client.close();
          }),
        );
      }
      await idle(gateway);
    };
    await round(1000);
    const before = residentBytes(gateway.pid);
    // Memory that waits for a collection is no leak: what leaks has grown by as much again after each further round.
    let grown = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3 && grown >= 24 << 20; i++) {
      await round(1000);
      grown = residentBytes(gateway.pid) - before;
    }
    assert.ok(grown < 24 << 20, `grew by ${grown >> 20} MiB`);
    assert.equal(await active(gateway), 0);
    await eventually("the backend has no connection", () => backend.server.clients.size === 0);
  });
}
