// The PROXY protocol in front of a listener: behind a real HAProxy, and with peers that do what none should.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { WebSocket } from "ws";
import { makeDemoCertificates } from "../../src/demo/certificates.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { type HaProxy, startHaProxy } from "../support/haproxy.ts";
import { sample, scrape } from "../support/metrics.ts";
import { freePort } from "../support/ports.ts";
import { binaryBlock, checkedHeader, IPV4_ENDS, IPV6_ENDS, textHeader } from "../support/proxy-header.ts";
import { configText, eventually, soon } from "../support/setup.ts";
import { type WsBackend, wsBackend } from "../support/websocket.ts";

const LIMIT = { timeout: 60_000 };
/** From where clients come; HAProxy itself, and whoever else is a listed peer, comes from 127.0.0.1. */
const CLIENT = "127.0.0.2";
const PLAIN = "GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";

let folder: string;
let backend: Backend;
let sockets: WsBackend;
let gateway: GatewayProcess;
let metricsPort: number;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-proxy-"));
  await makeDemoCertificates(join(folder, "certificates"));
  backend = await startBackend(({ headers }, response) => response.end(headers["x-forwarded-for"]));
  sockets = await wsBackend();
  metricsPort = await freePort();
  gateway = await startGateway(config());
});
after(async () => {
  await gateway.kill();
  await Promise.all([backend.close(), sockets.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const certificate = (name: string) => join(folder, "certificates", name);

/** A plain listener, one of HTTPS, and a UNIX socket, all with listed peers. */
function config(proxyProtocol: object = {}): string {
  const listed = { proxyProtocol: { trustedPeers: ["127.0.0.1"], ...proxyProtocol } };
  const tls = { enabled: true, certFile: certificate("localhost.pem"), keyFile: certificate("localhost-key.pem") };
  const local = { name: "local", socket: join(folder, "gateway.sock"), proxyProtocol: { trustedPeers: ["unix"] } };
  const http = { host: "127.0.0.1", port: 0, trustedProxies: ["127.0.0.0/8", "10.0.0.0/8"], ...listed };
  const listeners = [{ name: "secure", host: "127.0.0.1", port: 0, tls, ...listed }, local];
  return configText({
    rules: [
      { id: "all", path: "/*", serviceName: "up" },
      { id: "once", path: "/once", serviceName: "up", rateLimit: { rate: 1, period: "1h" } },
      { id: "ws", path: "/ws", serviceName: "ws" },
    ],
    services: { up: backend.port, ws: sockets.port },
    more: { frontend: { http, listeners }, metrics: { enabled: true, port: metricsPort } },
  });
}

function portOf(listener: string): number {
  return gateway.lines.find((line) => line.listener === listener)!.port as number;
}

/** All that comes back for `bytes`. @param from address that the peer has; "" = the UNIX socket */
async function answer(bytes: string | Buffer, from = "127.0.0.1"): Promise<string> {
  const to = from === "" ? { path: join(folder, "gateway.sock") } : { port: gateway.port, host: "127.0.0.1" };
  const socket = connect({ ...to, localAddress: from } as NetConnectOpts);
  let text = "";
  socket.on("data", (chunk) => (text += String(chunk))).on("error", () => undefined);
  socket.write(bytes);
  await soon(once(socket, "close"), "the end of the connection");
  return text;
}

/** The body of an answer of 200: whom the backend was told of. */
async function who(header: string | Buffer, from?: string, fields = ""): Promise<string> {
  const bytes = Buffer.concat([Buffer.from(header), Buffer.from(`${PLAIN}${fields}\r\n`)]);
  const text = await answer(bytes, from);
  assert.match(text, /^HTTP\/1\.1 200 /, text);
  return text.split("\r\n\r\n")[1]!.split("\r\n")[1] ?? text.split("\r\n\r\n")[1]!;
}

async function curl(...args: string[]): Promise<string> {
  return (await promisify(execFile)("curl", ["-sS", "--max-time", "20", ...args])).stdout;
}

const failures = async (listener: string, reason: string) =>
  sample(await scrape(metricsPort), "gateway_proxy_header_failures_total", { listener, reason }) ?? 0;

describe("behind HAProxy", LIMIT, () => {
  let haproxy: HaProxy;
  before(async () => {
    const options = ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id"];
    const to = (port: number) => options.map((option) => ({ to: port, options: option }));
    haproxy = await startHaProxy([...to(gateway.port), ...to(portOf("secure"))]);
  });
  after(() => haproxy.close());

  test("a client of HTTP/1.1 and HTTP/2 is known by its own address, everywhere", async () => {
    for (const [i, port] of haproxy.ports.slice(0, 3).entries()) {
      for (const version of ["--http1.1", "--http2-prior-knowledge"]) {
        const id = `plain${i}${version}`;
        const url = `http://127.0.0.1:${port}/who`;
        assert.equal(await curl(version, "--interface", CLIENT, "-H", `X-Request-ID: ${id}`, url), CLIENT);
        const line = await gateway.line(({ requestId }) => requestId === id);
        assert.equal(line.client, CLIENT);
      }
    }
  });
  test("and of HTTPS, whose handshake comes behind the header", async () => {
    const name = ["--cacert", certificate("ca.pem"), "--interface", CLIENT];
    for (const port of haproxy.ports.slice(3)) {
      for (const version of ["--http1.1", "--http2"])
        assert.equal(await curl(version, ...name, `https://127.0.0.1:${port}/who`), CLIENT);
    }
  });
  test("a handshake that fails is that of the client", async () => {
    await curl("--interface", CLIENT, `http://127.0.0.1:${haproxy.ports[3]}/`);
    await assert.rejects(
      curl("--interface", "127.0.0.3", "--tls-max", "1.1", `https://127.0.0.1:${haproxy.ports[4]}/`),
    );
    for (const [reason, client] of [
      ["plain_http", CLIENT],
      ["no_shared_version", "127.0.0.3"],
    ]) {
      const line = await soon(
        gateway.line((l) => l.msg === "TLS handshake failed" && l.reason === reason),
        "its line",
      );
      assert.equal(line.client, client);
    }
  });
  test("a WebSocket is passed, without and with TLS", async () => {
    const ca = readFileSync(certificate("ca.pem"));
    const [plain, , , , secure] = haproxy.ports;
    for (const [url, port] of [
      ["ws://127.0.0.1", plain],
      ["wss://localhost", secure],
    ] as const) {
      const socket = new WebSocket(`${url}:${port}/ws`, { ca, localAddress: CLIENT, family: 4 });
      await once(socket, "open");
      socket.send("hello");
      assert.equal(String((await once(socket, "message"))[0]), "hello");
      socket.close();
      assert.equal(sockets.requests.at(-1)!.headers["x-forwarded-for"], CLIENT);
    }
  });
});

describe("a header of a listed peer", LIMIT, () => {
  test("names the client, by IPv4 and IPv6", async () => {
    assert.equal(await who(textHeader()), "203.0.113.7");
    assert.equal(await who(textHeader(IPV6_ENDS)), "2001:db8::7");
    assert.equal(await who(checkedHeader(IPV6_ENDS)), "2001:db8::7");
  });
  test("keeps the peer where it speaks for itself, or of nobody", async () => {
    for (const header of [binaryBlock(0x20, 0, Buffer.alloc(0)), binaryBlock(0x21, 0, Buffer.alloc(0))])
      assert.equal(await who(header), "127.0.0.1");
    assert.equal(await who("PROXY UNKNOWN\r\n"), "127.0.0.1");
  });
  test("is what trustedProxies and limits look at, not the peer", async () => {
    const forged = "X-Forwarded-For: 198.51.100.9\r\n";
    assert.equal(await who(textHeader(), undefined, forged), "203.0.113.7");
    const inner = textHeader({ ...IPV4_ENDS, source: "10.1.2.3" });
    assert.equal(await who(inner, undefined, forged), "198.51.100.9, 10.1.2.3");
    assert.equal(await who("PROXY UNKNOWN\r\n", undefined, forged), "198.51.100.9, 127.0.0.1");
    const once = PLAIN.replace("/who", "/once");
    const statuses = [];
    for (const source of ["203.0.113.1", "203.0.113.2", "203.0.113.1"]) {
      const header = textHeader({ ...IPV4_ENDS, source });
      statuses.push((await answer(`${header}${once}\r\n`)).slice(9, 12));
    }
    assert.deepEqual(statuses, ["200", "200", "429"]);
  });
  test("may stand before every protocol on a UNIX socket", async () => {
    assert.equal(await who(textHeader(), ""), "203.0.113.7");
    assert.equal(await answer(`${PLAIN}\r\n`, ""), "");
    assert.equal(await failures("local", "missing"), 1);
  });
  test("is the healthcheck's, too, where this machine is listed", async () => {
    const config = readFileSync(gateway.file, "utf8");
    const bound = JSON.parse(config);
    bound.gateway.frontend.http.port = gateway.port;
    bound.gateway.frontend.listeners[0].port = portOf("secure");
    const check = (change: () => void) => {
      change();
      writeFileSync(join(folder, "check.yaml"), JSON.stringify(bound));
      return execFileSync(process.execPath, ["dist/main.js", "healthcheck", "-config", join(folder, "check.yaml")], {
        encoding: "utf8",
      });
    };
    assert.equal(
      check(() => undefined),
      "ready\n",
    );
    assert.equal(
      check(() => {
        bound.gateway.frontend.http.enabled = false;
        bound.gateway.frontend.listeners.pop();
      }),
      "ready\n",
    );
  });
});

describe("a connection of a listed peer is closed without an answer, counted and logged", LIMIT, () => {
  const bad: readonly (readonly [name: string, reason: string, bytes: string | Buffer])[] = [
    ["without a header", "missing", `${PLAIN}\r\n`],
    ["with TLS at once", "missing", Buffer.from([22, 3, 1, 0, 200, 1])],
    ["with a bad one", "malformed", "PROXY TCP4 1.2.3.4 1.2.3.4 99999 1\r\n"],
    ["with one of more than 4 KiB", "malformed", binaryBlock(0x21, 0x11, Buffer.alloc(5000))],
    ["with an endless one", "malformed", `PROXY UNKNOWN ${"x".repeat(10_000)}`],
  ];
  for (const [name, reason, bytes] of bad) {
    test(name, async () => {
      const counted = await failures("http", reason);
      assert.equal(await answer(bytes), "");
      assert.equal(await failures("http", reason), counted + 1);
      const line = await gateway.line(
        (l) => l.msg === "PROXY header refused" && l.reason === reason && l.listener === "http",
      );
      assert.equal(line.client, "127.0.0.1");
    });
  }
  test("with one that is not complete in time, and when it leaves before", async () => {
    await gateway.kill();
    gateway = await startGateway(config({ timeout: "100ms" }));
    assert.equal(await answer("PROXY TCP4 1.2.3.4"), "");
    assert.equal(await failures("http", "timeout"), 1);
    const socket = connect(gateway.port, "127.0.0.1");
    socket.end("PROXY");
    socket.on("error", () => undefined);
    await once(socket.resume(), "close");
    await eventually("it is counted", async () => (await failures("http", "closed")) === 1);
  });
});

describe("others", LIMIT, () => {
  test("are served without a header, by their own address", async () => {
    assert.equal(await who("", CLIENT), CLIENT);
  });
  test("send bytes that are no HTTP when they send one", async () => {
    for (const header of [textHeader(), checkedHeader()])
      assert.match(await answer(`${header.toString("latin1")}${PLAIN}\r\n`, CLIENT), /^HTTP\/1\.1 400 /);
    const tls = connectTls({ socket: headed(portOf("secure"), CLIENT), rejectUnauthorized: false });
    await once(tls, "error");
    assert.equal(await failures("http", "malformed"), 0);
  });
});

test("a connection on which no header has come does not hold up the end of the gateway", LIMIT, async () => {
  await gateway.kill();
  gateway = await startGateway(config({ timeout: "1h" }).replace('"timeout": "5s"', '"timeout": "1h"'));
  const socket = connect(gateway.port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => undefined);
  const closed = once(socket.resume(), "close");
  assert.equal(await soon(gateway.stop(), "the end"), 0);
  await closed;
});

/** A connection that begins with a header. */
function headed(port: number, from: string): Socket {
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  socket.write(textHeader());
  return socket;
}
