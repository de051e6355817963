// Which certificate a client is shown, where it comes from, and that a new one needs no new connection.
import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { after, before, describe, test } from "node:test";
import type { ConnectionOptions } from "node:tls";
import { WebSocket, WebSocketServer } from "ws";
import { type Backend, startBackend } from "../support/backend.ts";
import type { Certificate } from "../support/certificates.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { sample, scrape } from "../support/metrics.ts";
import { Pki } from "../support/pki.ts";
import { freePort } from "../support/ports.ts";
import { type Block, configText, soon } from "../support/setup.ts";
import { ask, greet, http2Statuses, sClient, shownFor } from "../support/tls-client.ts";

const LIMIT = { timeout: 60_000 };
const pki = new Pki();
const gateways = new GatewayPool();
let ca: Certificate;
let main: Certificate;
let backend: Backend;

/** A certificate for names. */
function certificate(name: string, names: readonly string[], days = 30): Certificate {
  const alternatives = names.map((each) => `DNS:${each}`).join(",");
  return pki.certificate(name, {
    signer: ca,
    days,
    ...(names.length > 0 && { extensions: [`subjectAltName=${alternatives}`] }),
  });
}

before(async () => {
  ca = pki.authority("ca");
  main = certificate("main", ["main.test"]);
  backend = await startBackend((_, response) =>
    response.setHeader("Strict-Transport-Security", "max-age=1").end("fine"),
  );
});
after(async () => {
  await backend.close();
  pki.remove();
});

function configOf(tls: Block, front: Block = {}, more: Block = {}): string {
  return configText({
    rules: [{ id: "all", path: "/*", serviceName: "up" }],
    services: { up: backend.port },
    front: { tls: { enabled: true, ...tls }, ...front },
    more,
  });
}

const files = ({ cert, key }: Certificate) => ({ certFile: cert, keyFile: key });

/** Version of a handshake. */
async function protocolOf(port: number, options: ConnectionOptions = {}): Promise<string | null> {
  const socket = await greet(port, options);
  const protocol = socket.getProtocol();
  socket.destroy();
  return protocol;
}

/** Loads what the file now says. @param expected how it goes */
async function reload(gateway: GatewayProcess, yaml?: string, expected = /reloaded successfully/): Promise<void> {
  if (yaml !== undefined) writeFileSync(gateway.file, yaml);
  const known = new Set(gateway.lines);
  gateway.signal("SIGHUP");
  await soon(
    gateway.line((line) => !known.has(line) && expected.test(line.msg ?? "")),
    "a reload",
  );
}

describe("the certificate shown", LIMIT, () => {
  test("is that of the exact name, of a wildcard over one label, or the default", async () => {
    const exact = certificate("exact", ["a.example.test"]);
    const wild = certificate("wild", ["*.example.test", "other.test"]);
    const named = certificate("named", ["unused.test"]);
    const { port } = await gateways.take(
      configOf({
        ...files(main),
        certificates: [files(exact), files(wild), { ...files(named), hosts: ["*.Named.test"] }],
      }),
    );
    const shown = async (...names: (string | undefined)[]) => Promise.all(names.map((name) => shownFor(port, name)));
    assert.deepEqual(await shown("a.example.test", "A.EXAMPLE.TEST", "b.example.test"), ["exact", "exact", "wild"]);
    assert.deepEqual(await shown("other.test", "x.named.test", "unused.test"), ["wild", "named", "main"]);
    assert.deepEqual(await shown(undefined, "a.b.example.test", "example.test"), ["main", "main", "main"]);
  });

  test("is the first of the list where the block has none of its own", async () => {
    const [one, two] = [certificate("one", ["one.test"]), certificate("two", ["two.test"])];
    const { port } = await gateways.take(configOf({ certificates: [files(one), files(two)] }));
    assert.deepEqual([await shownFor(port), await shownFor(port, "two.test")], ["one", "two"]);
  });

  test("comes from a PKCS#12 bundle, or with an encrypted key", async () => {
    const bundle = pki.write("b.p12", pki.pkcs12("bundle.p12", main, [], ["-passout", "pass:open sesame"]));
    const bundled = await gateways.take(configOf({ pkcs12File: bundle, passphrase: "open sesame" }));
    assert.equal(await shownFor(bundled.port), "main");
    await bundled.kill();
    const secret = certificate("secret", []);
    const { execFileSync } = await import("node:child_process");
    const encrypted = pki.path("encrypted.key");
    execFileSync("openssl", ["pkcs8", "-topk8", "-in", secret.key, "-passout", "pass:open sesame", "-out", encrypted]);
    pki.write("passphrase", "open sesame\n");
    const placeholder = `\${file:${pki.path("passphrase")}}`;
    const opened = await gateways.take(
      configOf({ certFile: secret.cert, keyFile: encrypted, passphrase: placeholder }),
    );
    assert.equal(await shownFor(opened.port), "secret");
    await opened.kill();
  });

  test("is told of by a metric", async () => {
    const port = await freePort();
    const gateway = await gateways.take(configOf(files(main), {}, { metrics: { enabled: true, port } }));
    const ends = sample(await scrape(port), "gateway_tls_certificate_expiry_timestamp_seconds", { file: main.cert });
    assert.ok(Math.abs(ends! - Date.now() / 1000 - 30 * 86_400) < 86_400);
    await gateway.kill();
  });
});

test("a profile sets versions and ciphers, and keys that are written win", LIMIT, async () => {
  const modern = await gateways.take(configOf({ ...files(main), profile: "modern" }));
  await assert.rejects(greet(modern.port, { maxVersion: "TLSv1.2" }));
  assert.equal(await protocolOf(modern.port), "TLSv1.3");
  await modern.kill();
  const intermediate = await gateways.take(configOf({ ...files(main), profile: "intermediate" }));
  const tls12 = { maxVersion: "TLSv1.2" } as const;
  (await greet(intermediate.port, { ...tls12, ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" })).destroy();
  await assert.rejects(greet(intermediate.port, { ...tls12, ciphers: "ECDHE-ECDSA-AES128-SHA256" }));
  await intermediate.kill();
  const mixed = await gateways.take(configOf({ ...files(main), profile: "intermediate", minVersion: "1.3" }));
  await assert.rejects(greet(mixed.port, tls12));
  await mixed.kill();
});

test(
  "browsers are told to come back over HTTPS only, whatever the service says, and not without TLS",
  LIMIT,
  async () => {
    const hsts = { maxAge: "730d", includeSubdomains: true, preload: true };
    const plain = await freePort();
    const listeners = [{ name: "plain", host: "127.0.0.1", port: plain }];
    const http = { host: "127.0.0.1", port: 0, tls: { enabled: true, ...files(main), hsts } };
    const gateway = await gateways.take(configOf({}, {}, { frontend: { http, listeners } }));
    const socket = await greet(gateway.port);
    const value = "max-age=63072000; includeSubDomains; preload";
    assert.equal((await ask(socket, "a")).fields["strict-transport-security"], value);
    assert.equal((await ask(socket, "a", "/_gateway/nothing")).fields["strict-transport-security"], value);
    socket.destroy();
    const answer = await fetch(`http://127.0.0.1:${plain}/`);
    assert.equal(answer.headers.get("strict-transport-security"), "max-age=1");
    const forgets = { ...http, tls: { ...http.tls, hsts: { maxAge: 0 } } };
    await reload(gateway, configOf({}, {}, { frontend: { http: forgets, listeners } }));
    const later = await greet(gateway.port);
    assert.equal((await ask(later, "a")).fields["strict-transport-security"], "max-age=0");
    later.destroy();
    await gateway.kill();
  },
);

describe("redirectToHTTPS", LIMIT, () => {
  const front = async (redirect: unknown) => ({
    http: { host: "127.0.0.1", port: 0 },
    listeners: [{ name: "plain", host: "127.0.0.1", port: await freePort(), redirectToHTTPS: redirect }],
  });
  const locationOf = async (port: number, path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: "manual" });
    return [answer.status, answer.headers.get("location")];
  };

  test("sends clients to the same page, keeping the method, and answers the gateway's own paths", async () => {
    const frontend = await front(true);
    const gateway = await gateways.take(configOf({}, {}, { frontend }));
    const { port } = frontend.listeners[0]!;
    assert.deepEqual(await locationOf(port, "/a%20b?c=d"), [308, "https://127.0.0.1/a%20b?c=d"]);
    assert.deepEqual(await locationOf(port, "/_gateway/live"), [200, null]);
    assert.equal((await fetch(`http://127.0.0.1:${gateway.port}/`)).status, 200);
    await gateway.kill();
  });

  test("names the port and the status it is told", async () => {
    const frontend = await front({ port: 8443, status: 302 });
    const gateway = await gateways.take(configOf({}, {}, { frontend }));
    assert.deepEqual(await locationOf(frontend.listeners[0]!.port, "//evil.test"), [
      302,
      "https://127.0.0.1:8443//evil.test",
    ]);
    await gateway.kill();
  });

  test("needs a host to send to", async () => {
    const frontend = await front(true);
    const gateway = await gateways.take(configOf({}, {}, { frontend }));
    const { exchange } = await import("../support/raw.ts");
    const answer = await exchange(frontend.listeners[0]!.port, "GET / HTTP/1.0\r\n\r\n");
    assert.match(answer, /^HTTP\/1\.1 400 /);
    await gateway.kill();
  });
});

test("a certificate that changes is shown to new clients, and no connection ends", LIMIT, async (t) => {
  const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  await once(sockets, "listening");
  const { port: upstream } = sockets.address() as { port: number };
  t.after(() => sockets.close());
  const [cert, key] = [pki.path("live.crt"), pki.path("live.key")];
  const install = (from: Certificate) => {
    copyFileSync(from.key, key);
    copyFileSync(from.cert, cert);
  };
  install(main);
  const gateway = await gateways.take(
    configText({
      rules: [
        { id: "chat", path: "/chat", serviceName: "chat" },
        { id: "all", path: "/*", serviceName: "up" },
      ],
      services: { up: backend.port, chat: upstream },
      front: { tls: { enabled: true, certFile: cert, keyFile: key } },
    }),
  );
  const kept = await greet(gateway.port);
  assert.equal((await ask(kept, "a")).status, 200);
  const session = connectHttp2(`https://127.0.0.1:${gateway.port}`, { rejectUnauthorized: false });
  const goaway: unknown[] = [];
  session.on("goaway", (...args) => goaway.push(args));
  const chat = new WebSocket(`wss://127.0.0.1:${gateway.port}/chat`, { rejectUnauthorized: false });
  await soon(once(chat, "open"), "an open WebSocket");

  install(certificate("renewed", ["main.test"]));
  await reload(gateway);
  assert.equal(await shownFor(gateway.port), "renewed");
  const answer = await ask(kept, "a");
  assert.deepEqual([answer.status, answer.fields.connection], [200, "keep-alive"]);
  const stream = session.request({ ":path": "/" });
  const [headers] = await soon(once(stream, "response"), "a response");
  assert.equal(headers[":status"], 200);
  assert.deepEqual(goaway, []);
  chat.send("still here");
  assert.equal(String((await soon(once(chat, "message"), "a message"))[0]), "still here");

  // What cannot be used leaves everything as it was.
  writeFileSync(key, "no key");
  await reload(gateway, undefined, /rejected|refused|failed/i);
  assert.equal(await shownFor(gateway.port), "renewed");
  assert.equal((await ask(kept, "a")).status, 200);
  kept.destroy();
  session.destroy();
  chat.terminate();
});

describe("sessions are resumed", LIMIT, () => {
  const versions = ["-tls1_2", "-tls1_3"];
  let gateway: GatewayProcess;
  let two: Certificate;
  const config = (more: Block = {}) => configOf({ ...files(main), certificates: [files(two)], ...more });
  const resumed = async (version: string, session: string, name: string, port = gateway.port) => {
    const said = await sClient(port, version, "-servername", name, "-sess_in", session, "-ign_eof");
    const [, how] = /^(New|Reused), TLS/m.exec(said) ?? [];
    assert.ok(how !== undefined, `no handshake: ${said}`);
    return how === "Reused";
  };
  const begin = async (version: string, name: string) => {
    const session = pki.path(`session-${Math.random()}`);
    await sClient(gateway.port, version, "-servername", name, "-sess_out", session, "-ign_eof");
    return session;
  };
  before(() => {
    two = certificate("two", ["two.test"]);
  });

  for (const version of versions) {
    test(`for the same name, also over a reload, and for no other (${version})`, async () => {
      gateway = await gateways.take(config());
      const session = await begin(version, "main.test");
      assert.equal(await resumed(version, session, "main.test"), true);
      assert.equal(await resumed(version, session, "two.test"), false);
      await reload(gateway, config({ minVersion: "1.2", hsts: { maxAge: 60 } }));
      assert.equal(await resumed(version, session, "main.test"), true);
      await gateway.kill();
    });

    test(`not once something else is asked of clients (${version})`, async () => {
      const asked = { clientAuth: "request", clientCAFile: [ca.cert] };
      gateway = await gateways.take(config(asked));
      const session = await begin(version, "main.test");
      assert.equal(await resumed(version, session, "main.test"), true);
      const others = pki.authority("others");
      await reload(gateway, config({ ...asked, clientCAFile: [ca.cert, others.cert] }));
      assert.equal(await resumed(version, session, "main.test"), false);
      const listed = await begin(version, "main.test");
      const list = pki.write("list.pem", pki.crl("list", ca));
      await reload(gateway, config({ ...asked, clientCAFile: [ca.cert, others.cert], clientCRLFile: [list] }));
      assert.equal(await resumed(version, listed, "main.test"), false);
      await gateway.kill();
    });

    test(`by another gateway with the same secret, and by none without (${version})`, async () => {
      const tickets = { sessionTickets: { secret: "shared", lifetime: "10m" } };
      gateway = await gateways.take(config(tickets));
      const [same, other] = [await gateways.take(config(tickets)), await gateways.take(config())];
      const session = await begin(version, "main.test");
      assert.equal(await resumed(version, session, "main.test", same.port), true);
      assert.equal(await resumed(version, session, "main.test", other.port), false);
      for (const each of [gateway, same, other]) await each.kill();
    });

    test(`not where tickets are off, and else for as long as is said (${version})`, async () => {
      gateway = await gateways.take(config({ sessionTickets: { enabled: false } }));
      const session = await begin(version, "main.test");
      assert.equal(await resumed(version, session, "main.test"), false);
      await reload(gateway, config({ sessionTickets: { lifetime: "10m" } }));
      assert.match(await sClient(gateway.port, version, "-ign_eof"), /lifetime hint: 600 /);
      await gateway.kill();
    });
  }
});

test("both HTTP versions serve several names of one certificate on one connection", LIMIT, async () => {
  const both = certificate("both", ["a.test", "b.test"]);
  const { port, kill } = await gateways.take(configOf(files(both)));
  assert.deepEqual(
    await http2Statuses(port, { servername: "a.test" }, ["a.test", "b.test", "B.test."]),
    [200, 200, 200],
  );
  await kill();
});

test("a listener for HTTP/2 alone agrees on no other protocol", LIMIT, async () => {
  const protocols = { http1: false, http2: true, websocket: false };
  const port = await freePort();
  const listener = { name: "h2", host: "127.0.0.1", port, protocols, tls: { enabled: true, ...files(main) } };
  const { kill } = await gateways.take(
    configOf({}, {}, { frontend: { http: { host: "127.0.0.1", port: 0 }, listeners: [listener] } }),
  );
  await assert.rejects(
    greet(port, { ALPNProtocols: ["http/1.1"] }),
    /NO_APPLICATION_PROTOCOL|no application protocol/i,
  );
  const socket = await greet(port, { ALPNProtocols: ["http/1.1", "h2"] });
  assert.equal(socket.alpnProtocol, "h2");
  socket.destroy();
  await kill();
});
