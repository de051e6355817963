// Certificates that a gateway orders from pebble and renews, seen from the outside.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { type Authorization, crypto } from "acme-client";
import { alpnAnswerName } from "../../src/acme/answers.ts";
import { FolderStore } from "../../src/acme/folder-store.ts";
import { ALPN_ANSWERS } from "../../src/acme/records.ts";
import { STORE_TIMES } from "../../src/acme/store.ts";
import { StoreFolder } from "../support/acme.ts";
import { acmeConfig, type Doors, dialTls, shownFor } from "../support/acme-gateway.ts";
import { startAcmeProxy } from "../support/acme-proxy.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { call } from "../support/client.ts";
import { helloBytes } from "../support/client-hello.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { type Pebble, type PebbleSetup, startPebble } from "../support/pebble.ts";
import { freePort } from "../support/ports.ts";
import { startRedis } from "../support/redis.ts";
import { eventually } from "../support/setup.ts";

const TOKEN = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
const VALIDATION = "/.well-known/acme-challenge/";

let backend: Backend;
before(async () => {
  backend = await startBackend((request, response) => response.end(`backend ${request.url}`));
});
after(() => backend.close());

/** What a test has opened. */
const open: { close(): Promise<unknown> | unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
function keep<T extends { close(): Promise<unknown> | unknown }>(one: T): T {
  open.push(one);
  return one;
}

interface World {
  readonly pebble: Pebble;
  readonly doors: Doors;
  /** Of certificates. */
  readonly cacheDir: string;
}

/** An authority that asks at the ports of a gateway that is to be started. */
async function world(setup: PebbleSetup = {}): Promise<World> {
  const doors = { http: await freePort(), https: await freePort() };
  const names = ["one.test", "two.test", "three.test"];
  const pebble = keep(await startPebble({ names, httpPort: doors.http, tlsPort: doors.https, ...setup }));
  return { pebble, doors, cacheDir: join(keep(new StoreFolder()).path, "acme") };
}

async function start(yaml: string): Promise<GatewayProcess> {
  const gateway = await startGateway(yaml);
  keep({ close: () => gateway.kill() });
  return gateway;
}

async function shows(port: number, name: string): Promise<void> {
  await eventually(`a certificate for ${name}`, async () => (await shownFor(port, name))?.checkHost(name) === name);
}

describe("a gateway without a certificate", () => {
  for (const challenge of ["http-01", "tls-alpn-01"]) {
    test(`gets one by ${challenge}, and serves with it`, async () => {
      const { pebble, doors, cacheDir } = await world();
      const settings = {
        domains: ["one.test", "two.test"],
        certificates: [{ domains: ["three.test"] }],
        challenge,
        cacheDir,
      };
      const gateway = await start(acmeConfig(pebble, doors, backend.port, { ...settings, email: "ops@example.com" }));
      for (const name of ["one.test", "two.test", "three.test"]) await shows(doors.https, name);
      const certificate = await shownFor(doors.https, "two.test");
      assert.equal(certificate!.subjectAltName, "DNS:one.test, DNS:two.test");
      assert.equal(certificate!.publicKey.asymmetricKeyType, "ec");
      assert.equal(pebble.orders(), 2);
      await gateway.line(({ msg }) => msg === "Certificate issued");
      for (const folder of ["", "accounts", "certificates"])
        assert.equal(statSync(join(cacheDir, folder)).mode & 0o777, 0o700);
      const socket = await dialTls(doors.https, "one.test");
      socket.write("GET /x HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n\r\n");
      let text = "";
      for await (const chunk of socket) text += chunk;
      assert.match(text, /^HTTP\/1.1 200 [\s\S]*backend \/x$/);
      assert.equal(await gateway.stop(), 0);
    });
  }

  test("serves without TLS meanwhile, and refuses handshakes until the authority is there", async () => {
    const { pebble, doors, cacheDir } = await world({ started: false });
    const management = { enabled: true, host: "127.0.0.1", port: await freePort(), auth: { enabled: false } };
    const certificates = async () => {
      const { text } = await call(management.port, { path: "/management/certificates" });
      return (JSON.parse(text) as { certificates: { notAfter: string; failure: { reason: string } | null }[] })
        .certificates;
    };
    const settings = { domains: ["one.test"], cacheDir };
    const gateway = await start(acmeConfig(pebble, doors, backend.port, settings, { gateway: { management } }));
    assert.equal((await call(doors.http, { path: "/plain" })).status, 200);
    assert.equal(await shownFor(doors.https, "one.test"), null);
    const { reason } = await gateway.line(({ msg }) => msg === "No certificate was issued");
    assert.match(String(reason), /^https:\/\/127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED$/);
    assert.equal((await certificates())[0]!.failure!.reason, reason);
    await pebble.start();
    await shows(doors.https, "one.test");
    await gateway.line(({ msg }) => msg === "Certificate issued");
    const [{ notAfter, failure }] = (await certificates()) as [{ notAfter: string; failure: null }];
    assert.ok(Date.parse(notAfter) > Date.now());
    assert.equal(failure, null);
  });

  test("orders the certificate of the management API, too", async () => {
    const { pebble, doors, cacheDir } = await world();
    const { directory, caFile } = pebble;
    const port = await freePort();
    const acme = { enabled: true, directory, caFile, domains: ["two.test"], cacheDir };
    const management = { enabled: true, host: "127.0.0.1", port, tls: { enabled: true, acme } };
    await start(
      acmeConfig(pebble, doors, backend.port, { domains: ["one.test"], cacheDir }, { gateway: { management } }),
    );
    await shows(doors.https, "one.test");
    await shows(port, "two.test");
  });

  test("accepts an external account, whose key it shows nowhere", async () => {
    const hmacKey = Buffer.from("a key of thirty-two bytes length").toString("base64url");
    const { pebble, doors, cacheDir } = await world({ eab: { "kid-1": hmacKey } });
    const eab = { keyId: "kid-1", hmacKey };
    const gateway = await start(
      acmeConfig(pebble, doors, backend.port, { domains: ["one.test"], cacheDir, eab, keyType: "rsa-2048" }),
    );
    await shows(doors.https, "one.test");
    assert.equal((await shownFor(doors.https, "one.test"))!.publicKey.asymmetricKeyType, "rsa");
    assert.ok(!JSON.stringify(gateway.lines).includes(hmacKey));
  });
});

describe("the path of HTTP-01", () => {
  test("is answered before a redirect to HTTPS, and an unknown token is a request like any other", async () => {
    const { pebble, doors, cacheDir } = await world();
    const http = { redirectToHTTPS: { enabled: true } };
    const settings = { domains: ["one.test"], challenge: "http-01", cacheDir };
    await start(acmeConfig(pebble, doors, backend.port, settings, { http }));
    await shows(doors.https, "one.test");
    assert.equal((await call(doors.http, { path: VALIDATION + TOKEN })).status, 308);
    const socket = await dialTls(doors.https, "one.test");
    socket.write(`GET ${VALIDATION}${TOKEN} HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n\r\n`);
    let text = "";
    for await (const chunk of socket) text += chunk;
    assert.ok(text.endsWith(`backend ${VALIDATION}${TOKEN}`));
    // A token that is pending is answered on every listener, whoever has ordered.
    writeFileSync(
      join(cacheDir, "answers", `http-${TOKEN}.json`),
      JSON.stringify({ keyAuthorization: `${TOKEN}.thumb` }),
    );
    const answer = await call(doors.http, { path: VALIDATION + TOKEN });
    assert.deepEqual([answer.status, answer.body.toString()], [200, `${TOKEN}.thumb`]);
  });
});

describe("the path of HTTP-01 on a listener that takes a few addresses alone", () => {
  test("is answered for anybody, and nothing else is", async () => {
    const { pebble, doors, cacheDir } = await world();
    const http = { allowedIPs: ["203.0.113.1"] };
    const settings = { domains: ["one.test"], challenge: "http-01", cacheDir };
    await start(acmeConfig(pebble, doors, backend.port, settings, { http }));
    await shows(doors.https, "one.test");
    for (const path of ["/", "/_gateway/health", VALIDATION + TOKEN]) {
      assert.equal((await call(doors.http, { path })).status, 403, path);
    }
  });
});

describe("a handshake of TLS-ALPN-01", () => {
  test("for a name that is not pending is closed, and leaves others alone", async () => {
    const { pebble, doors, cacheDir } = await world();
    await start(acmeConfig(pebble, doors, backend.port, { domains: ["one.test"], cacheDir }));
    await shows(doors.https, "one.test");
    for (const name of ["one.test", "two.test"]) await assert.rejects(dialTls(doors.https, name, ["acme-tls/1"]));
    await shows(doors.https, "one.test");
  });

  test("for a pending name is shown its certificate, closed, and is one of a hundred at most", async () => {
    const { pebble, doors, cacheDir } = await world();
    await start(acmeConfig(pebble, doors, backend.port, { domains: ["one.test"], cacheDir }));
    await shows(doors.https, "one.test");
    const [key, cert] = await crypto.createAlpnCertificate(
      { identifier: { type: "dns", value: "one.test" } } as Authorization,
      "token.thumb",
      await crypto.createPrivateEcdsaKey("P-256"),
    );
    const answer = { name: "one.test", cert: cert.toString(), key: key.toString() };
    await ALPN_ANSWERS.write(new FolderStore(cacheDir, STORE_TIMES), alpnAnswerName("one.test"), answer);
    const validation = async () => {
      const socket = await dialTls(doors.https, "ONE.test", ["acme-tls/1"]);
      socket.resume();
      return socket;
    };
    const socket = await validation();
    assert.equal(socket.alpnProtocol, "acme-tls/1");
    assert.ok(crypto.isAlpnCertificateAuthorizationValid(socket.getPeerX509Certificate()!.toString(), "token.thumb"));
    if (!socket.closed) await once(socket, "close");
    // Clients that say no more than their first message are there until their time is over.
    const hello = await helloBytes({ servername: "one.test", ALPNProtocols: ["acme-tls/1"] });
    const silent = Array.from({ length: 100 }, () => {
      const client = connect(doors.https, "127.0.0.1").on("error", () => undefined);
      client.write(hello);
      return client;
    });
    const ends = silent.map((client) => once(client, "close"));
    await Promise.all(silent.map((client) => once(client, "data")));
    await assert.rejects(validation());
    assert.equal((await shownFor(doors.https, "one.test"))!.checkHost("one.test"), "one.test");
    await Promise.all(ends);
    await validation();
  });
});

describe("a certificate that ends soon", () => {
  test("is renewed in time, under connections that go on", async () => {
    const { pebble, doors, cacheDir } = await world({ lifetime: 6 });
    await start(acmeConfig(pebble, doors, backend.port, { domains: ["one.test"], cacheDir }));
    await shows(doors.https, "one.test");
    const first = (await shownFor(doors.https, "one.test"))!;
    const old = await dialTls(doors.https, "one.test");
    await eventually("it is renewed", async () => {
      const now = (await shownFor(doors.https, "one.test"))!;
      assert.ok(Date.parse(now.validTo) > Date.now() - 1000, "what is shown is valid all the time");
      return now.serialNumber !== first.serialNumber;
    });
    assert.equal(pebble.orders(), 2);
    assert.equal(old.getPeerX509Certificate()!.serialNumber, first.serialNumber);
    old.write("GET /old HTTP/1.1\r\nHost: one.test\r\n\r\n");
    const [chunk] = (await once(old, "data")) as [Buffer];
    assert.match(chunk.toString(), /^HTTP\/1.1 200 /);
    old.destroy();
  });
});

describe("a gateway that is killed", () => {
  test("in the middle of an order has it finished by its successor", async () => {
    const { pebble, doors, cacheDir } = await world();
    const folder = keep(new StoreFolder()).path;
    const anchor = makeAuthority(folder, "anchor");
    const proxy = keep(await startAcmeProxy(pebble, makeCertificate(folder, "proxy", anchor, ["IP:127.0.0.1"])));
    const authority = { directory: proxy.directory, caFile: anchor.cert };
    const yaml = acmeConfig(authority, doors, backend.port, { domains: ["one.test"], cacheDir });
    const reached = new Promise<void>((resolve) => {
      proxy.instead = ({ path }) => {
        if (!path.startsWith("/finalize-order")) return null;
        resolve();
        return "hang";
      };
    });
    const first = await start(yaml);
    await reached;
    await first.kill();
    proxy.instead = () => null;
    const [order] = readdirSync(join(cacheDir, "orders"));
    assert.ok(readFileSync(join(cacheDir, "orders", order!), "utf8").includes("/my-order/"));
    await start(yaml);
    await shows(doors.https, "one.test");
    assert.equal(pebble.orders(), 1);
  });
});

describe("two gateways with one store", () => {
  async function serveTogether({ pebble, doors }: World, acme: object, more = {}): Promise<void> {
    const other = { http: await freePort(), https: await freePort() };
    const settings = { domains: ["one.test", "two.test"], ...acme };
    // The authority asks the first one alone, whichever orders.
    await start(acmeConfig(pebble, doors, backend.port, settings, { gateway: more }));
    await start(acmeConfig(pebble, other, backend.port, settings, { gateway: more }));
    await pebble.start();
    for (const port of [doors.https, other.https]) await shows(port, "two.test");
    const [one, two] = [await shownFor(doors.https, "one.test"), await shownFor(other.https, "one.test")];
    assert.equal(one!.serialNumber, two!.serialNumber);
    assert.equal(pebble.orders(), 1);
  }

  test("in a folder order once, and both serve it", async () => {
    const here = await world({ started: false });
    await serveTogether(here, { cacheDir: here.cacheDir, challenge: "http-01" });
  });

  test("in Redis order once, and both serve it", async () => {
    const redis = keep(await startRedis());
    const more = { redis: { host: "127.0.0.1", port: redis.port } };
    await serveTogether(await world({ started: false }), { store: "redis", challenge: "http-01" }, more);
    assert.ok(
      (await redis.cli("KEYS", "gateway:acme:certificates:*")).startsWith("gateway:acme:certificates:one.test-"),
    );
  });
});

describe("a reload", () => {
  test("orders what is new, keeps what was there, and shows no more what is gone", async () => {
    const { pebble, doors, cacheDir } = await world();
    const yaml = (domains: string[]) => {
      return acmeConfig(pebble, doors, backend.port, {
        certificates: domains.map((name) => ({ domains: [name] })),
        cacheDir,
      });
    };
    const gateway = await start(yaml(["one.test"]));
    await shows(doors.https, "one.test");
    const before = (await shownFor(doors.https, "one.test"))!.serialNumber;
    writeFileSync(gateway.file, yaml(["one.test", "two.test"]));
    gateway.signal("SIGHUP");
    await shows(doors.https, "two.test");
    assert.equal((await shownFor(doors.https, "one.test"))!.serialNumber, before);
    writeFileSync(gateway.file, yaml(["two.test"]));
    gateway.signal("SIGHUP");
    await eventually(
      "one.test is gone",
      async () => (await shownFor(doors.https, "one.test"))?.checkHost("one.test") !== "one.test",
    );
    assert.equal(pebble.orders(), 2);
  });
});
