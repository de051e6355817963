// TLS on both sides: whom the gateway believes upstream, what it shows there, and what it shows and asks of clients.
import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestOptions, type ServerOptions, request as send } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { type Backend, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { call, headOf, read } from "../support/client.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { rawBackend } from "../support/raw.ts";
import { accessLine, type Block, configText, eventually, nextLine, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };

const gateways = new GatewayPool();

let folder: string;
let ours: Certificate;
let theirs: Certificate;
let server: Certificate;
let named: Certificate;
let client: Certificate;
let stranger: Certificate;
let plain: Backend;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-tls-"));
  ours = makeAuthority(folder, "ours");
  theirs = makeAuthority(folder, "theirs");
  server = makeCertificate(folder, "server", ours, ["IP:127.0.0.1"]);
  named = makeCertificate(folder, "named", ours, ["DNS:inner.example"]);
  client = makeCertificate(folder, "client", ours);
  stranger = makeCertificate(folder, "stranger", theirs);
  plain = await startBackend(mirror);
});

after(async () => {
  await plain?.close();
  rmSync(folder, { recursive: true, force: true });
});

const pem = (path: string): string => readFileSync(path, "utf8");
const pair = (c: Certificate) => ({ cert: pem(c.cert), key: pem(c.key) });

interface SecureBackend {
  readonly port: number;
  /** SNI names asked for, and names of client certificates shown. */
  readonly asked: (string | false)[];
  readonly shown: (string | undefined)[];
}

async function secureBackend(t: TestContext, options: ServerOptions): Promise<SecureBackend> {
  const asked: (string | false)[] = [];
  const shown: (string | undefined)[] = [];
  const backend = createServer(options, (_request, response) => response.end("over TLS"));
  backend.on("secureConnection", (socket: TLSSocket & { servername?: string | false }) => {
    asked.push(socket.servername ?? false);
    const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined;
    shown.push(subject?.CN);
  });
  backend.on("tlsClientError", () => undefined);
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  t.after(() => {
    backend.closeAllConnections();
    backend.close();
  });
  return { port: (backend.address() as AddressInfo).port, asked, shown };
}

async function gatewayTo(t: TestContext, port: number, tls?: Block): Promise<GatewayProcess> {
  const rules = [{ path: "/*", serviceName: "up" }];
  const services = { up: [{ address: "127.0.0.1", port, scheme: "https" }] };
  const back = tls === undefined ? {} : { tls: { enabled: true, ...tls } };
  const gateway = await gateways.take(configText({ rules, services, back }));
  t.after(() => gateway.kill());
  return gateway;
}

async function assertRefused(gateway: GatewayProcess): Promise<void> {
  const reply = await call(gateway.port, { headers: ["X-Request-ID", "refused"] });
  assert.equal(reply.status, 502);
  assert.equal(JSON.parse(reply.text).error.code, "upstream_tls_failed");
  assert.equal((await accessLine(gateway, "refused")).upstreamStatus, undefined);
}

describe("TLS to backends", LIMIT, () => {
  test("is verified by default: an unknown authority is 502 upstream_tls_failed", async (t) => {
    const backend = await secureBackend(t, pair(server));
    await assertRefused(await gatewayTo(t, backend.port));
  });

  test("rootCAFile makes its authority known", async (t) => {
    const backend = await secureBackend(t, pair(server));
    const gateway = await gatewayTo(t, backend.port, { rootCAFile: ours.cert });
    assert.equal((await call(gateway.port)).text, "over TLS");
    assert.deepEqual(backend.asked, [false]);
  });

  test("rootCAFile replaces the runtime's authorities by its own and no others", async (t) => {
    const backend = await secureBackend(t, pair(server));
    await assertRefused(await gatewayTo(t, backend.port, { rootCAFile: theirs.cert }));
  });

  test("a certificate for another name is refused, although its authority is known", async (t) => {
    const backend = await secureBackend(t, pair(named));
    await assertRefused(await gatewayTo(t, backend.port, { rootCAFile: ours.cert }));
  });

  test("serverName is the name asked for and expected", async (t) => {
    const backend = await secureBackend(t, pair(named));
    const gateway = await gatewayTo(t, backend.port, { rootCAFile: ours.cert, serverName: "inner.example" });
    assert.equal((await call(gateway.port)).text, "over TLS");
    assert.deepEqual(backend.asked, ["inner.example"]);
    await assertRefused(await gatewayTo(t, backend.port, { rootCAFile: ours.cert, serverName: "other.example" }));
  });

  test("insecureSkipVerify accepts anything, and is warned about", async (t) => {
    const backend = await secureBackend(t, pair(stranger));
    const gateway = await gatewayTo(t, backend.port, { insecureSkipVerify: true });
    assert.equal((await call(gateway.port)).text, "over TLS");
    assert.ok(gateway.lines.some((line) => line.level === "warn" && /not verified/.test(line.msg!)));
  });

  test("insecureSkipVerify in a disabled block changes nothing", async (t) => {
    const backend = await secureBackend(t, pair(server));
    await assertRefused(await gatewayTo(t, backend.port, { enabled: false, insecureSkipVerify: true }));
  });

  test("the client certificate is shown to a backend that asks", async (t) => {
    const backend = await secureBackend(t, { ...pair(server), requestCert: true, ca: pem(ours.cert) });
    const tls = { rootCAFile: ours.cert, clientCertFile: client.cert, clientKeyFile: client.key };
    const gateway = await gatewayTo(t, backend.port, tls);
    assert.equal((await call(gateway.port)).text, "over TLS");
    assert.deepEqual(backend.shown, ["client"]);
  });

  test("a handshake without end is given up after tlsHandshakeTimeout", async (t) => {
    const backend = await rawBackend(() => undefined);
    const gateway = await startGateway(
      configText({
        rules: [{ path: "/*", serviceName: "up" }],
        services: { up: [{ address: "127.0.0.1", port: backend.port, scheme: "https" }] },
        back: { tlsHandshakeTimeout: "300ms" },
      }),
    );
    t.after(() => Promise.all([gateway.kill(), backend.close()]));
    const begun = performance.now();
    const reply = await call(gateway.port);
    const ms = performance.now() - begun;
    assert.deepEqual([reply.status, JSON.parse(reply.text).error.code], [502, "upstream_tls_failed"]);
    assert.ok(ms > 250 && ms < 5000, `${ms} ms`);
  });

  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    test(`a backend that insists on a client certificate and gets none is 502 with ${version}`, async (t) => {
      const options = { ...pair(server), requestCert: true, ca: pem(ours.cert), maxVersion: version };
      const backend = await secureBackend(t, options);
      const gateway = await gatewayTo(t, backend.port, { rootCAFile: ours.cert });
      assert.equal((await call(gateway.port)).status, 502);
    });
  }

  test("a backend below minVersion is refused", async (t) => {
    const backend = await secureBackend(t, { ...pair(server), maxVersion: "TLSv1.2" });
    await assertRefused(await gatewayTo(t, backend.port, { rootCAFile: ours.cert, minVersion: "1.3" }));
  });

  test("a backend that does not speak TLS is 502 upstream_tls_failed", async (t) => {
    await assertRefused(await gatewayTo(t, plain.port));
  });

  test("connections are kept and used again", async (t) => {
    const backend = await secureBackend(t, pair(server));
    const gateway = await gatewayTo(t, backend.port, { rootCAFile: ours.cert });
    for (let i = 0; i < 5; i++) assert.equal((await call(gateway.port)).status, 200);
    assert.equal(backend.asked.length, 1);
  });
});

describe("TLS to clients", LIMIT, () => {
  const rules: readonly Block[] = [{ id: "all", path: "/*", serviceName: "up" }];

  function text(tls: Block, more: Block = {}, list = rules): string {
    const front = { tls: { enabled: true, certFile: server.cert, keyFile: server.key, ...tls } };
    return configText({ rules: list, services: { up: plain.port }, front, more });
  }

  async function front(t: TestContext, tls: Block = {}): Promise<GatewayProcess> {
    const gateway = await startGateway(text(tls));
    t.after(() => gateway.kill());
    return gateway;
  }

  async function secureCall(gateway: GatewayProcess, options: ConnectionOptions & RequestOptions = {}) {
    const request = send({ host: "127.0.0.1", port: gateway.port, ca: pem(ours.cert), agent: false, ...options });
    request.end();
    const response = await headOf(request);
    return { status: response.statusCode!, text: (await read(response)).toString() };
  }

  /** Common name of the certificate shown to a new connection. */
  async function shownBy(gateway: GatewayProcess): Promise<string> {
    const socket = connect({ port: gateway.port, host: "127.0.0.1", rejectUnauthorized: false });
    await soon(once(socket, "secureConnect"), "a handshake");
    const { CN } = socket.getPeerCertificate().subject as unknown as { CN: string };
    socket.destroy();
    return CN;
  }

  test("requests over it are proxied and marked https", async (t) => {
    const gateway = await front(t);
    const reply = await secureCall(gateway);
    assert.equal(reply.status, 200);
    const seen = JSON.parse(reply.text).headers as string[];
    assert.deepEqual(valuesOf(seen, "x-forwarded-proto"), ["https"]);
  });

  test("clientAuth verify admits certificates of its authority and nobody else", async (t) => {
    const gateway = await front(t, { clientAuth: "verify", clientCAFile: ours.cert });
    assert.equal((await secureCall(gateway, pair(client))).status, 200);
    await assert.rejects(secureCall(gateway));
    await assert.rejects(secureCall(gateway, pair(stranger)));
  });

  test("clientAuth require without an authority wants a certificate, whosever it is", async (t) => {
    const gateway = await front(t, { clientAuth: "require" });
    assert.equal((await secureCall(gateway, pair(stranger))).status, 200);
    await assert.rejects(secureCall(gateway));
  });

  test("clientAuth request admits clients without a certificate", async (t) => {
    const gateway = await front(t, { clientAuth: "request", clientCAFile: ours.cert });
    assert.equal((await secureCall(gateway)).status, 200);
    assert.equal((await secureCall(gateway, pair(client))).status, 200);
  });

  test("minVersion refuses older clients", async (t) => {
    const gateway = await front(t, { minVersion: "1.3" });
    await assert.rejects(secureCall(gateway, { maxVersion: "TLSv1.2" }));
    assert.equal((await secureCall(gateway)).status, 200);
  });

  test("maxVersion is the newest offered", async (t) => {
    const gateway = await front(t, { maxVersion: "1.2" });
    await assert.rejects(secureCall(gateway, { minVersion: "TLSv1.3" }));
    assert.equal((await secureCall(gateway)).status, 200);
  });

  test("a client that does not speak TLS is told so, and does no harm", async (t) => {
    const gateway = await front(t);
    assert.equal((await call(gateway.port)).status, 400);
    assert.equal((await secureCall(gateway)).status, 200);
  });

  test("a replaced certificate is served without a restart, to new connections, and old ones live on", async (t) => {
    const files = { certFile: join(folder, "live.crt"), keyFile: join(folder, "live.key") };
    copyFileSync(server.cert, files.certFile);
    copyFileSync(server.key, files.keyFile);
    const gateway = await front(t, files);
    assert.equal(await shownBy(gateway), "server");
    const old = connect({ port: gateway.port, host: "127.0.0.1", rejectUnauthorized: false });
    await once(old, "secureConnect");
    t.after(() => old.destroy());
    copyFileSync(client.cert, files.certFile);
    copyFileSync(client.key, files.keyFile);
    await eventually("the new certificate", async () => (await shownBy(gateway)) === "client");
    let received = "";
    old.on("data", (chunk) => {
      received += chunk;
    });
    old.write("GET /old HTTP/1.1\r\nHost: a\r\n\r\n");
    await eventually("an answer on the old connection", () => received.includes('"url":"/old"'));
    assert.match(received, /^HTTP\/1\.1 200 /);
  });

  test("a certificate that does not fit its key is refused as a whole, and then taken when it does", async (t) => {
    const metrics = { metrics: { enabled: true, port: 0 } };
    const gateway = await startGateway(text({}, metrics), { args: ["-hot-reload=false"] });
    t.after(() => gateway.kill());
    const added = [...rules, { id: "new", path: "/new", methods: ["DELETE"], serviceName: "up" }];
    const refused = nextLine(gateway, "the refusal", (line) => /Configuration rejected/.test(line.msg ?? ""));
    writeFileSync(gateway.file, text({ keyFile: client.key }, metrics, added));
    gateway.signal("SIGHUP");
    await refused;
    assert.equal(await shownBy(gateway), "server");
    const { text: page } = await secureCall(gateway, { path: "/metrics" });
    assert.match(page, /^gateway_config_last_reload_success 0$/m);
    // Nothing of a refused configuration is live.
    await secureCall(gateway, { method: "DELETE", path: "/new", headers: { "X-Request-ID": "between" } });
    assert.equal((await accessLine(gateway, "between")).route, "all");
    const applied = nextLine(gateway, "the reload", (line) => /reloaded|unchanged/.test(line.msg ?? ""));
    writeFileSync(gateway.file, text({ certFile: client.cert, keyFile: client.key }, metrics, added));
    gateway.signal("SIGHUP");
    assert.equal((await applied).routes, 2);
    assert.equal(await shownBy(gateway), "client");
  });

  test("the gateway does not start with a certificate that does not fit its key", async () => {
    await assert.rejects(startGateway(text({ keyFile: client.key })), /ended with 1/);
  });
});
