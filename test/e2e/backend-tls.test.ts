// TLS of single services: their own trust, pins and client certificates, on every kind of connection.
import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { begin, call, headOf, read } from "../support/client.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { type Block, configText, eventually, nextLine, reload } from "../support/setup.ts";
import { pinOf, type TlsBackend, tlsBackend } from "../support/tls-backend.ts";
import { opened, refusalOf, wsClient } from "../support/websocket.ts";

const LIMIT = { timeout: 60_000 };
const gateways = new GatewayPool();

let folder: string;
let ours: Certificate;
let theirs: Certificate;
let server: Certificate;
let other: Certificate;
let stranger: Certificate;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "backend-tls-"));
  ours = makeAuthority(folder, "ours");
  theirs = makeAuthority(folder, "theirs");
  server = makeCertificate(folder, "server", ours, ["IP:127.0.0.1"]);
  other = makeCertificate(folder, "other", ours, ["IP:127.0.0.1"]);
  stranger = makeCertificate(folder, "stranger", theirs, ["IP:127.0.0.1"]);
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Rules `/NAME/*` to services, each with its port and its own settings of `http`. */
function textOf(
  services: Readonly<Record<string, { port: number; http: Block }>>,
  more: Block = {},
  instance: Block = {},
) {
  const names = Object.keys(services);
  return configText({
    rules: names.map((name) => ({ path: `/${name}/*`, serviceName: name, stripPrefix: true })),
    services: Object.fromEntries(
      names.map((name) => [name, [{ address: "127.0.0.1", port: services[name]!.port, scheme: "https", ...instance }]]),
    ),
    more: {
      backend: { services: Object.fromEntries(names.map((name) => [name, { http: services[name]!.http }])) },
      ...more,
    },
  });
}

async function take(t: TestContext, text: string): Promise<GatewayProcess> {
  const gateway = await gateways.take(text);
  t.after(() => gateway.kill());
  return gateway;
}

async function errorOf(gateway: GatewayProcess, path: string): Promise<unknown> {
  const { status, text } = await call(gateway.port, { path });
  return [status, status === 200 ? text : JSON.parse(text).error.code];
}
const FINE = [200, "over TLS"];
const REFUSED = [502, "upstream_tls_failed"];

describe("each service", LIMIT, () => {
  test("is believed by its own authority and by no other's", async (t) => {
    const backends = [await tlsBackend(t, server), await tlsBackend(t, stranger)] as const;
    const to = (i: 0 | 1, ca: Certificate) => ({ port: backends[i].port, http: { tls: { rootCAFile: ca.cert } } });
    const gateway = await take(t, textOf({ a: to(0, ours), b: to(1, theirs), c: to(0, theirs), d: to(1, ours) }));
    assert.deepEqual(await errorOf(gateway, "/a/"), FINE);
    assert.deepEqual(await errorOf(gateway, "/b/"), FINE);
    assert.deepEqual(await errorOf(gateway, "/c/"), REFUSED);
    assert.deepEqual(await errorOf(gateway, "/d/"), REFUSED);
  });

  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    test(`resumes sessions of its own by ${maxVersion}, never those of another with other settings`, async (t) => {
      const backend = await tlsBackend(t, server, "1.1", { maxVersion });
      const tls = { rootCAFile: ours.cert };
      const text = textOf({
        a: { port: backend.port, http: { tls } },
        b: { port: backend.port, http: { tls: { ...tls, pins: pinOf(server) } } },
      });
      const gateway = await take(t, text);
      for (const name of ["a", "a", "b", "b", "a"]) assert.deepEqual(await errorOf(gateway, `/${name}/last`), FINE);
      assert.deepEqual(backend.resumed, [false, true, false, true, true]);
    });
  }

  test("that skips verification is named in a warning at every start and reload", async (t) => {
    const backend = await tlsBackend(t, stranger);
    const services = { a: { port: backend.port, http: { tls: { insecureSkipVerify: true } } } };
    const gateway = await startGateway(textOf(services));
    t.after(() => gateway.kill());
    const says = (line: { level?: unknown; msg?: string }) =>
      line.level === "warn" && /certificates of service "a" are not verified/.test(line.msg ?? "");
    assert.equal(gateway.lines.filter(says).length, 1);
    assert.deepEqual(await errorOf(gateway, "/a/"), FINE);
    await reload(gateway, textOf(services, { metrics: { enabled: true } }));
    // On a busy machine the watched file may be loaded once more than the signal asks for.
    assert.ok(gateway.lines.filter(says).length >= 2);
  });

  test("shows the client certificate that is in the file now, while what is under way goes on", async (t) => {
    const options = { requestCert: true, rejectUnauthorized: false };
    const backend = await tlsBackend(t, server, "1.1", options);
    const shown = { cert: join(folder, "shown.crt"), key: join(folder, "shown.key") };
    const show = ({ cert, key }: Certificate) => {
      copyFileSync(cert, shown.cert);
      copyFileSync(key, shown.key);
    };
    show(server);
    const tls = { rootCAFile: ours.cert, clientCertFile: shown.cert, clientKeyFile: shown.key };
    const gateway = await startGateway(textOf({ a: { port: backend.port, http: { tls } } }));
    t.after(() => gateway.kill());
    const slow = await headOf(begin(gateway.port, { path: "/a/slow" }));
    assert.deepEqual(await errorOf(gateway, "/a/"), FINE);
    const applied = nextLine(gateway, "a reload", (line) => line.msg === "Configuration reloaded successfully");
    show(other);
    await applied;
    assert.deepEqual(await errorOf(gateway, "/a/"), FINE);
    assert.deepEqual(backend.shown, ["server", "server", "other"]);
    backend.finish();
    assert.equal((await read(slow)).toString(), "begun done");
  });
});

/** What a gateway with pins makes of a backend, by kind of connection. */
const KINDS: Readonly<Record<string, { version: "1.1" | "2"; ask: (gateway: GatewayProcess) => Promise<unknown> }>> = {
  "HTTP/1.1": { version: "1.1", ask: (gateway) => errorOf(gateway, "/a/") },
  "HTTP/2": { version: "2", ask: (gateway) => errorOf(gateway, "/a/") },
  WebSocket: {
    version: "1.1",
    ask: async (gateway) => {
      const client = wsClient(gateway.port, "/a/");
      const agreed = new Promise<unknown>((resolve) => client.on("open", () => resolve(FINE)));
      const refused = refusalOf(client).then(({ status, body }) => [status, JSON.parse(body).error.code]);
      const outcome = await Promise.race([agreed, refused]);
      client.terminate();
      return outcome;
    },
  },
};

describe("pins", LIMIT, () => {
  const gatewayTo = (t: TestContext, { port }: TlsBackend, version: string, tls: Block) =>
    take(t, textOf({ a: { port, http: { version, tls } } }));

  for (const [kind, { version, ask }] of Object.entries(KINDS)) {
    for (const [title, tls] of [
      ["a verified certificate", () => ({ rootCAFile: ours.cert })],
      ["one that is not verified", () => ({ insecureSkipVerify: true })],
    ] as const) {
      test(`of ${title} let ${kind} through only where one matches`, async (t) => {
        const backend = await tlsBackend(t, server, version);
        const fitting = { ...tls(), pins: [pinOf(other), pinOf(server)] };
        assert.deepEqual(await ask(await gatewayTo(t, backend, version, fitting)), FINE);
        assert.equal(backend.requests, 1);
        const gateway = await gatewayTo(t, backend, version, { ...tls(), pins: pinOf(other) });
        assert.deepEqual(await ask(gateway), REFUSED);
        assert.equal(backend.requests, 1); // not a byte of the request was sent
        const told = await gateway.line((line) => line.msg === "Instance fails");
        assert.equal(told.detail, `the public key ${pinOf(server).replace("//", "/")} is none of the pins`);
      });
    }
  }

  test("do not make an untrusted certificate a trusted one", async (t) => {
    const backend = await tlsBackend(t, stranger);
    const tls = { rootCAFile: ours.cert, pins: pinOf(stranger) };
    assert.deepEqual(await errorOf(await gatewayTo(t, backend, "1.1", tls), "/a/"), REFUSED);
  });

  for (const version of ["1.1", "2"] as const) {
    test(`hold for health checks over HTTP/${version}`, async (t) => {
      const backend = await tlsBackend(t, server, version);
      const http = (pin: Certificate) => ({ version, tls: { rootCAFile: ours.cert, pins: pinOf(pin) } });
      const health = {
        health: { path: "/", interval: "50ms", unhealthyThreshold: 1, healthyThreshold: 1, gate: true },
      };
      const gateway = await take(t, textOf({ a: { port: backend.port, http: http(other) } }, {}, health));
      const line = await gateway.line(({ msg }) => msg === "Health check fails");
      assert.match(String(line.reason), /is none of the pins$/);
      assert.equal(backend.requests, 0);
      await reload(gateway, textOf({ a: { port: backend.port, http: http(server) } }, {}, health));
      await eventually("a passing check", async () => (await call(gateway.port, { path: "/a/" })).status === 200);
    });
  }

  test("of a probe do not mistake an answer that ends with its connection", async (t) => {
    const pair = { cert: readFileSync(server.cert), key: readFileSync(server.key) };
    let asked = 0;
    const backend = createTlsServer(pair, (socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        asked++;
        socket.end(`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(30_000)} fine`);
      });
    });
    backend.listen(0, "127.0.0.1");
    await once(backend, "listening");
    t.after(() => backend.close());
    const { port } = backend.address() as AddressInfo;
    const http = { tls: { rootCAFile: ours.cert, pins: pinOf(server) } };
    const health = { path: "/", interval: "20ms", expectedBody: "fine", unhealthyThreshold: 1 };
    const gateway = await take(t, textOf({ a: { port, http } }, {}, { health }));
    await eventually("probes", () => asked > 20);
    assert.ok(!gateway.lines.some(({ msg }) => msg === "Health check fails"));
  });

  test("hold for WebSockets that were opened before, too: messages pass", async (t) => {
    const backend = await tlsBackend(t, server);
    const tls = { rootCAFile: ours.cert, pins: pinOf(server) };
    const gateway = await gatewayTo(t, backend, "1.1", tls);
    const client = await opened(gateway.port, "/a/");
    const answer = new Promise((resolve) => client.once("message", (data) => resolve(String(data))));
    client.send("hello");
    assert.equal(await answer, "hello");
    client.terminate();
  });
});
