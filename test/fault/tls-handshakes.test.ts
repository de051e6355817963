// Peers that begin a handshake in every way but the usual one. None of them may cost more than its own connection.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { after, before, describe, test } from "node:test";
import { connect } from "node:tls";
import { type Backend, startBackend } from "../support/backend.ts";
import { helloBytes } from "../support/client-hello.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { sample, scrape } from "../support/metrics.ts";
import { Pki } from "../support/pki.ts";
import { freePort } from "../support/ports.ts";
import { configText, soon } from "../support/setup.ts";
import { ask, greet } from "../support/tls-client.ts";

const LIMIT = { timeout: 60_000 };
const pki = new Pki();
let backend: Backend;
let gateway: GatewayProcess;
let metricsPort: number;

before(async () => {
  const ca = pki.authority("ca");
  const server = pki.certificate("server", { signer: ca, extensions: ["subjectAltName=DNS:a.test"] });
  backend = await startBackend((_, response) => response.end("fine"));
  metricsPort = await freePort();
  gateway = await startGateway(
    configText({
      rules: [{ id: "all", path: "/*", serviceName: "up" }],
      services: { up: backend.port },
      front: { readTimeout: "2s", tls: { enabled: true, certFile: server.cert, keyFile: server.key } },
      more: { metrics: { enabled: true, port: metricsPort } },
    }),
  );
});
after(async () => {
  await gateway.kill();
  await backend.close();
  pki.remove();
});

/** A raw connection whose errors are nobody's concern. */
function dial(): Socket {
  const socket = createConnection({ host: "127.0.0.1", port: gateway.port, noDelay: true });
  socket.on("error", () => undefined);
  return socket;
}

/** Between a client of TLS and its connection: what the client writes is sent in pieces. */
function inPieces(socket: Socket, size: number): Duplex {
  const through = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _, done) {
      for (let at = 0; at < chunk.length; at += size) socket.write(chunk.subarray(at, at + size));
      done();
    },
    final: (done) => socket.end(done),
  });
  socket.on("data", (chunk) => through.push(chunk));
  socket.on("close", () => through.push(null));
  return through;
}

const failures = async (reason: string) =>
  sample(await scrape(metricsPort), "gateway_tls_handshake_failures_total", { listener: "http", reason }) ?? 0;

/** Afterwards, a client that behaves is served. */
async function stillServes(): Promise<void> {
  const socket = await greet(gateway.port, { servername: "a.test" });
  assert.equal((await ask(socket, "a.test")).status, 200);
  socket.destroy();
}

describe("a first message", LIMIT, () => {
  for (const size of [1, 7]) {
    test(`may come in pieces of ${size} bytes`, async () => {
      const client = connect({ socket: inPieces(dial(), size), servername: "a.test", rejectUnauthorized: false });
      await soon(once(client, "secureConnect"), "a handshake");
      client.write("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
      const [answer] = await soon(once(client, "data"), "an answer");
      assert.match(String(answer), /^HTTP\/1\.1 200 /);
      client.destroy();
    });
  }

  test("that does not come, or stops in its middle, is waited for as long as for a request", async () => {
    const before = await failures("timeout");
    const [silent, half] = [dial(), dial()];
    half.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 0xfc]));
    await soon(Promise.all([once(silent, "close"), once(half, "close")]), "the end of both");
    assert.equal(await failures("timeout"), before + 2);
    await stillServes();
  });

  test("that is none is answered by OpenSSL, in words where it is HTTP", async () => {
    const plain = dial();
    plain.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const [told] = await soon(once(plain, "data"), "an answer");
    assert.match(String(told), /^HTTP\/1\.1 400 [\s\S]*This port speaks HTTPS/);
    plain.destroy();
    const others = [
      [0],
      [22, 3, 1, 0, 0],
      [22, 3, 1, 0, 4, 2, 0, 0, 0],
      [22, 255, 255, 255, 255, 1],
      [0x80, 46, 1, 0, 2],
    ];
    const ended = others.map((bytes) => {
      const socket = dial();
      socket.write(Buffer.from(bytes));
      return soon(once(socket.resume(), "close"), `the end of ${bytes}`);
    });
    await Promise.all(ended);
    await stillServes();
  });

  test("that is too long is not kept", async () => {
    const socket = dial();
    const record = Buffer.alloc(5 + 16_384);
    record.set([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]);
    socket.write(record);
    await soon(once(socket.resume(), "close"), "its end");
    await stillServes();
  });
});

test("a peer that leaves at any point of the handshake leaves nothing behind", LIMIT, async () => {
  const hello = await helloBytes({ servername: "a.test" });
  for (let at = 0; at <= hello.length; at += 37) {
    for (const leave of ["end", "destroy", "resetAndDestroy"] as const) {
      const socket = dial();
      await once(socket, "connect");
      socket.write(hello.subarray(0, at));
      socket[leave]();
    }
  }
  await stillServes();
});

test("random bytes, also inside a message that begins well, end their connection and nothing else", LIMIT, async () => {
  const hello = await helloBytes({ servername: "a.test" });
  const ended: Promise<unknown>[] = [];
  for (let i = 0; i < 150; i++) {
    const socket = dial();
    ended.push(once(socket.resume(), "close"));
    const bytes = i % 2 === 0 ? Buffer.from(hello) : randomBytes(1 + (i % 400));
    if (i % 2 === 0)
      for (let n = 0; n < 5; n++) bytes[Math.floor(Math.random() * bytes.length)] = Math.floor(Math.random() * 256);
    socket.end(bytes);
  }
  await soon(Promise.all(ended), "the end of all");
  await stillServes();
});

test("a validation of a name that nobody has asked for is not served", LIMIT, async () => {
  const before = await failures("no_shared_protocol");
  const client = connect({
    host: "127.0.0.1",
    port: gateway.port,
    servername: "a.test",
    ALPNProtocols: ["acme-tls/1"],
    rejectUnauthorized: false,
  });
  client.on("error", () => undefined);
  await soon(new Promise((resolve) => client.once("close", resolve)), "its end");
  assert.equal(await failures("no_shared_protocol"), before + 1);
});

test("the process has noticed nothing of all that, and stops as usual", LIMIT, async () => {
  const lines = gateway.lines.filter((line) => /uncaught|unhandled|inside the gateway/.test(line.msg ?? ""));
  assert.deepEqual(lines, []);
  assert.equal(await gateway.stop(), 0);
});
