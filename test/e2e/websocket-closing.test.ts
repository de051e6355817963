// The end of a WebSocket while the other side still speaks (RFC 6455 §5.5.1): what it says before its own close arrives.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { GatewayProcess } from "../support/gateway.ts";
import type { RawBackend } from "../support/raw.ts";
import { accessLine, soon } from "../support/setup.ts";
import { closing, frame, OPCODES, RawWebSocket, rawWsBackend } from "../support/websocket.ts";
import { idle, MODES, wsGateway } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 60_000 };
const UNMASKED = { mask: null };
const CLOSE = frame(OPCODES.close, closing(4001, "bye"));
const ANSWER = frame(OPCODES.close, closing(4001, "bye"), UNMASKED);

interface Ends {
  readonly client: RawWebSocket;
  readonly service: RawWebSocket;
}

/** Payloads of messages up to the close frame, and the code of that; fails when there is none. */
async function readToClose(side: RawWebSocket): Promise<[string[], number]> {
  const said: string[] = [];
  for (;;) {
    const { opcode, payload } = await side.frame();
    if (opcode === OPCODES.close) return [said, payload.readUInt16BE(0)];
    if (opcode < OPCODES.close) said.push(String(payload));
  }
}

for (const mode of MODES) {
  describe(`in mode ${mode}`, LIMIT, () => {
    /** Connections at the backend, each for one test. */
    const arrived: RawWebSocket[] = [];
    let wake: () => void = () => undefined;
    let backend: RawBackend;

    before(async () => {
      backend = await rawWsBackend((peer) => {
        arrived.push(peer);
        wake();
      });
    });
    after(() => backend?.close());

    async function open(gateway: GatewayProcess): Promise<Ends> {
      const client = await RawWebSocket.open(gateway.port);
      while (arrived.length === 0) {
        await soon(new Promise<void>((resolve) => (wake = resolve)), "a connection at the backend");
      }
      return { client, service: arrived.shift()! };
    }

    test("what a backend says after the client's close frame reaches the client, then the backend's", async (t) => {
      const gateway = await wsGateway(t, backend.port, { mode });
      const { client, service } = await open(gateway);
      client.send(frame(OPCODES.text, "last words"), CLOSE);
      assert.deepEqual(await readToClose(service), [["last words"], 4001]);
      for (let i = 0; i < 50; i++) service.send(frame(OPCODES.text, `late ${i}`, UNMASKED));
      service.send(
        frame(OPCODES.text, "in ", { ...UNMASKED, fin: false }),
        frame(OPCODES.more, "two", UNMASKED),
        ANSWER,
      );
      const [said, code] = await readToClose(client);
      const late = Array.from({ length: 50 }, (_, i) => `late ${i}`);
      assert.deepEqual(said.join(), [...late, ...(mode === "tunnel" ? ["in ", "two"] : ["in two"])].join());
      assert.equal(code, 4001);
      client.socket.end();
      await idle(gateway);
    });

    test("what a client says after the backend's close frame reaches the backend, then the client's", async (t) => {
      const gateway = await wsGateway(t, backend.port, { mode });
      const { client, service } = await open(gateway);
      service.send(frame(OPCODES.text, "last words", UNMASKED), ANSWER);
      assert.deepEqual(await readToClose(client), [["last words"], 4001]);
      client.send(frame(OPCODES.text, "late 1"), frame(OPCODES.text, "late 2"), CLOSE);
      assert.deepEqual(await readToClose(service), [["late 1", "late 2"], 4001]);
      service.socket.end();
      client.socket.end();
      await idle(gateway);
    });

    test("late messages are counted, and the close code is that of who closed first", async (t) => {
      const gateway = await wsGateway(t, backend.port, { mode });
      const { client, service } = await open(gateway);
      client.send(frame(OPCODES.text, "a"), CLOSE);
      await readToClose(service);
      service.send(frame(OPCODES.text, "b", UNMASKED), frame(OPCODES.text, "c", UNMASKED), ANSWER);
      await readToClose(client);
      client.socket.end();
      const id = /^x-request-id: *(\S+)/im.exec(service.head)![1]!;
      const line = await accessLine(gateway, id);
      assert.deepEqual([line.messagesReceived, line.messagesSent, line.closeCode], [1, 2, 4001]);
    });

    test("a backend lost instead of answering the client's close is 1011", async (t) => {
      const gateway = await wsGateway(t, backend.port, { mode });
      for (const how of ["end", "resetAndDestroy"] as const) {
        const { client, service } = await open(gateway);
        client.send(CLOSE);
        await readToClose(service);
        service.socket[how]();
        assert.deepEqual(await readToClose(client), [[], 1011], how);
        client.socket.end();
      }
      await idle(gateway);
    });
  });
}

describe("in mode messages a backend that ends", LIMIT, () => {
  const whole = Buffer.concat([
    frame(OPCODES.text, "hi", { ...UNMASKED, fin: false }),
    frame(OPCODES.more, Buffer.alloc(200), UNMASKED),
    frame(OPCODES.ping, "p", UNMASKED),
    frame(OPCODES.binary, Buffer.alloc(70_000), UNMASKED),
  ]);
  for (const compressed of [false, true]) {
    test(`at any byte closes the client with 1011${compressed ? ", compression on" : ""}`, async (t) => {
      let cut = 0;
      const backend = await rawWsBackend((peer) => {
        peer.send(whole.subarray(0, cut));
        peer.socket.end();
      });
      t.after(() => backend.close());
      const on = { enableCompression: compressed };
      const gateway = await wsGateway(t, backend.port, { mode: "messages", front: on, back: on });
      const offer = compressed ? ["Sec-WebSocket-Extensions: permessage-deflate"] : [];
      const cuts = [...Array(14).keys(), 200, 206, 207, 208, 209, 210, 212, 215, 220, 1000, 17_000, 60_000];
      for (cut of [...cuts, whole.length - 1, whole.length]) {
        const client = await RawWebSocket.open(gateway.port, "/", offer);
        assert.equal(await client.closeCode(), 1011, `cut at ${cut}`);
        client.socket.end();
      }
      await idle(gateway);
    });
  }
});
