// The end of a credential when a stream cannot be told at once, and when the gateway stops at the same moment.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import type { RawBackend } from "../support/raw.ts";
import { accessLine, configText, soon } from "../support/setup.ts";
import { nowS, type SigningKey, signed, signingKey } from "../support/tokens.ts";
import { closing, frame, OPCODES, RawWebSocket, rawWsBackend } from "../support/websocket.ts";
import { assertCalm, MODES } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 60_000 };
const UNMASKED = { mask: null };
const MB = 1024 * 1024;
const KEY: SigningKey = signingKey("ES256");
let backend: RawBackend;
/** Connections at the backend by the path of their handshake. */
const arrived = new Map<string, RawWebSocket>();

before(async () => {
  backend = await rawWsBackend((peer) => void arrived.set(/^GET (\S+?)[? ]/.exec(peer.head)![1]!, peer));
});
after(() => backend.close());

function start(): Promise<GatewayProcess> {
  const rules = MODES.map((mode) => ({ id: mode, path: `/${mode}/*`, serviceName: "up", websocket: { mode } }));
  return startGateway(
    configText({
      rules,
      services: { up: backend.port },
      more: {
        auth: { required: true, jwt: { publicKey: KEY.pem, signingMethod: "ES256", tokenQuery: "token" } },
        frontend: { http: { host: "127.0.0.1", port: 0 }, websocket: { writeDeadline: 0, closeGracePeriod: "1s" } },
        backend: { websocket: { closeTimeout: "200ms" } },
      },
    }),
    { args: ["-hot-reload=false"] },
  );
}

function idOf(path: string): string {
  return path.slice(1).replaceAll("/", "-");
}

/** Both ends of a WebSocket whose token ends in a moment. */
async function open(gateway: GatewayProcess, path: string): Promise<{ client: RawWebSocket; service: RawWebSocket }> {
  const token = await signed(KEY, { exp: nowS() + 2 });
  const client = await RawWebSocket.open(gateway.port, `${path}?token=${token}`, [`X-Request-ID: ${idOf(path)}`]);
  return { client, service: arrived.get(path)! };
}

describe("a WebSocket", { ...LIMIT, concurrency: true }, () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = await start();
  });
  after(async () => {
    assertCalm(gateway);
    await gateway.kill();
  });
  const ended = async (path: string) => (await accessLine(gateway, idOf(path))).error;

  test("in the middle of a frame to the client is cut soon after", async () => {
    const { client, service } = await open(gateway, "/tunnel/half");
    service.send(frame(OPCODES.text, "half", { ...UNMASKED, length: 100 }));
    assert.equal(await client.closeCode(), null);
    await service.ended;
    assert.equal(await ended("/tunnel/half"), "expired_credentials");
  });
  test("whose frame to the client is complete a moment later is closed behind it", async () => {
    const { client, service } = await open(gateway, "/tunnel/late");
    const whole = frame(OPCODES.binary, Buffer.alloc(64 * 1024), UNMASKED);
    // A piece every few ms, so that the end falls into a frame.
    let at = 0;
    const timer = setInterval(() => {
      service.send(whole.subarray(at, at + 4096));
      at = at + 4096 < whole.length ? at + 4096 : 0;
    }, 5);
    const code = await client.closeCode();
    clearInterval(timer);
    assert.equal(code, 4401);
  });
  for (const mode of MODES) {
    test(`in mode ${mode} whose client reads nothing is let go, and its service told`, async () => {
      const path = `/${mode}/deaf`;
      const { client, service } = await open(gateway, path);
      client.socket.pause();
      // More than all buffers on the way hold.
      for (let i = 0; i < 24; i++) service.send(frame(OPCODES.binary, Buffer.alloc(MB / 2), UNMASKED));
      service.send(frame(OPCODES.binary, "half", { ...UNMASKED, length: MB / 2 }));
      await service.ended;
      client.socket.destroy();
      assert.equal(await ended(path), "expired_credentials");
    });
    test(`in mode ${mode} whose service has closed before is over a second later, with that close`, async () => {
      const path = `/${mode}/closed`;
      const { client, service } = await open(gateway, path);
      service.send(frame(OPCODES.close, closing(4000, "bye"), UNMASKED));
      assert.equal(await client.closeCode(), 4000);
      await client.ended; // though it does not answer
      assert.deepEqual(client.frames, []);
    });
  }
});

test("a gateway that stops when credentials end closes each WebSocket once", LIMIT, async () => {
  const gateway = await start();
  const ends = await Promise.all(Array.from({ length: 20 }, (_, i) => open(gateway, `/${MODES[i % 2]}/stop-${i}`)));
  const codes = ends.map(({ client }) => client.closeCode());
  await Promise.race(codes);
  const stopped = gateway.stop();
  const told = await Promise.all(codes);
  assert.ok(
    told.every((code) => code === 4401 || code === 1012),
    String(told),
  );
  for (const { client } of ends) {
    client.send(frame(OPCODES.close, closing(4401)));
    await soon(client.ended, "the end");
    assert.deepEqual(client.frames, [], "nothing follows the close frame");
  }
  assert.equal(await stopped, 0);
  assertCalm(gateway);
});
