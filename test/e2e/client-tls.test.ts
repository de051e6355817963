// Handshakes that fail: what the client is told where it can be, what operators see.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { type ConnectionOptions, connect } from "node:tls";
import { type Backend, startBackend } from "../support/backend.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { sample, scrape } from "../support/metrics.ts";
import { freePort } from "../support/ports.ts";
import { exchange } from "../support/raw.ts";
import { type Block, configText, eventually, PATIENCE_MS, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const GET = "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

let folder: string;
let authority: Certificate;
let other: Certificate;
let server: Certificate;
let client: Certificate;
let stranger: Certificate;
let backend: Backend;
let gateway: GatewayProcess;
let metricsPort: number;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-tls-"));
  authority = makeAuthority(folder, "authority");
  other = makeAuthority(folder, "other");
  server = makeCertificate(folder, "server", authority, ["DNS:localhost", "IP:127.0.0.1"]);
  client = makeCertificate(folder, "client", authority);
  stranger = makeCertificate(folder, "stranger", other);
  backend = await startBackend((_, response) => response.end("fine"));
});
after(async () => {
  await backend.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => gateway?.kill());

async function start(tls: Block = {}, more: Block = {}): Promise<void> {
  metricsPort = await freePort();
  gateway = await startGateway(
    configText({
      rules: [{ id: "all", path: "/*", serviceName: "up" }],
      services: { up: backend.port },
      front: { tls: { enabled: true, certFile: server.cert, keyFile: server.key, ...tls } },
      more: { metrics: { enabled: true, port: metricsPort }, ...more },
    }),
  );
}

const files = ({ cert, key }: Certificate) => ({ cert: readFileSync(cert), key: readFileSync(key) });

/** What comes back for one request over TLS; "" when the connection ends instead. */
async function overTls(options: ConnectionOptions = {}): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: gateway.port, ca: readFileSync(authority.cert), ...options });
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  socket.on("error", () => undefined);
  socket.write(GET);
  await once(socket, "close").catch(() => undefined);
  return text;
}

const failures = async (reason: string) =>
  sample(await scrape(metricsPort), "gateway_tls_handshake_failures_total", { listener: "http", reason });

async function seen(reason: string) {
  await eventually(`a failure is counted as ${reason}`, async () => (await failures(reason)) === 1);
  return soon(
    gateway.line((l) => l.msg === "TLS handshake failed" && l.reason === reason),
    "its line",
  );
}

describe("a handshake that fails is counted and logged by its cause", LIMIT, () => {
  test("one that succeeds is neither", async () => {
    await start();
    assert.match(await overTls(), /^HTTP\/1.1 200/);
    assert.equal(sample(await scrape(metricsPort), "gateway_tls_handshake_failures_total"), undefined);
  });

  for (const method of ["GET", "post", "PRI"]) {
    test(`HTTP without TLS (${method}) is told so in words`, async () => {
      await start();
      const answer = await exchange(gateway.port, `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`, PATIENCE_MS);
      assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.match(answer, /\r\nContent-Type: text\/plain; charset=utf-8\r\n/);
      assert.match(answer, /This port speaks HTTPS/);
      assert.equal((await seen("plain_http")).client, "127.0.0.1");
    });
  }

  test("a client that goes on sending behind that answer is not kept", async (t) => {
    await start();
    const socket = connectPlain({ port: gateway.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => undefined).resume();
    const more = setInterval(() => socket.write("x"), 100);
    t.after(() => clearInterval(more));
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    // It ends with a reset.
    await soon(new Promise((resolve) => socket.once("close", resolve)), "the end of the connection");
  });

  test("bytes that are neither", async () => {
    await start();
    await exchange(gateway.port, "\x00\x01\x02\x03\x04\x05\x06\x07", PATIENCE_MS);
    await seen("not_tls");
  });

  test("no version in common", async () => {
    await start({ minVersion: "1.3" });
    assert.equal(await overTls({ maxVersion: "TLSv1.2" }), "");
    await seen("no_shared_version");
  });

  test("no cipher in common", async () => {
    await start({ maxVersion: "1.2", cipherSuites: ["ECDHE-ECDSA-AES128-GCM-SHA256"] });
    assert.equal(await overTls({ ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" }), "");
    await seen("no_shared_cipher");
  });

  test("no protocol in common", async () => {
    await start();
    assert.equal(await overTls({ ALPNProtocols: ["smtp"] }), "");
    await seen("no_shared_protocol");
  });

  for (const clientAuth of ["require", "verify"]) {
    test(`no certificate of the client (${clientAuth})`, async () => {
      await start({ clientAuth, clientCAFile: [authority.cert] });
      assert.match(await overTls(files(client)), /^HTTP\/1.1 200/);
      assert.equal(await overTls(), "");
      await seen("client_certificate_missing");
    });
  }

  test("a certificate of a stranger", async () => {
    await start({ clientAuth: "verify", clientCAFile: [authority.cert] });
    assert.equal(await overTls(files(stranger)), "");
    await seen("client_certificate_refused");
  });

  for (const version of ["-tls1_2", "-tls1_3"]) {
    test(`a client that does not trust the gateway (${version})`, async () => {
      await start();
      const to = ["-connect", `127.0.0.1:${gateway.port}`, "-CAfile", other.cert];
      await new Promise((resolve) => {
        execFile("openssl", ["s_client", ...to, "-verify_return_error", version], resolve).stdin!.end();
      });
      await seen("refused_by_client");
    });
  }

  test("many of one cause make one line", async () => {
    await start();
    for (let i = 0; i < 20; i++) await exchange(gateway.port, "GET / HTTP/1.1\r\n\r\n", PATIENCE_MS);
    assert.equal(await failures("plain_http"), 20);
    await overTls();
    await soon(
      gateway.line((l) => l.msg === "request"),
      "a line behind them",
    );
    assert.equal(gateway.lines.filter((l) => l.msg === "TLS handshake failed").length, 1);
  });

  test("a check that only opens the port makes none", async () => {
    await start();
    const socket = connectPlain(gateway.port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
    assert.match(await overTls(), /^HTTP\/1.1 200/);
    assert.ok(gateway.lines.every((l) => l.msg !== "TLS handshake failed"));
  });

  test("a client that says nothing is closed when its time is over", async () => {
    await start({}, {});
    await gateway.kill();
    gateway = await startGateway(
      configText({
        rules: [{ id: "all", path: "/*", serviceName: "up" }],
        services: { up: backend.port },
        front: { readTimeout: "100ms", tls: { enabled: true, certFile: server.cert, keyFile: server.key } },
        more: { metrics: { enabled: true, port: metricsPort } },
      }),
    );
    const socket = connectPlain(gateway.port, "127.0.0.1");
    socket.resume();
    await soon(once(socket, "close"), "it is closed");
    await seen("timeout");
  });
});

test("at debug, handshakes that succeed are told as well", LIMIT, async () => {
  await start({}, { telemetry: { logging: { level: "debug" } } });
  await overTls({ servername: "localhost" });
  const line = await soon(
    gateway.line((l) => l.msg === "TLS handshake"),
    "its line",
  );
  assert.deepEqual([line.version, line.serverName, line.listener], ["TLSv1.3", "localhost", "http"]);
});
