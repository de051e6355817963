// Who may enter over HTTP/1.1 and HTTP/2: by key, by password, by certificate, by none of them where that is allowed; what services
// and logs are told, and what nobody is.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { keyDigest } from "../../src/auth/api-keys.ts";
import { type Backend, type Mirrored, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { Pki, text as textOf } from "../support/pki.ts";
import { exchange } from "../support/raw.ts";
import { accessLine, type Block, configText, nextLine, reload } from "../support/setup.ts";
import { ask as askSecurely, greet } from "../support/tls-client.ts";

const LIMIT = { timeout: 60_000 };
const KEY = "key-of-the-build-server-0123456789";
const NEW_KEY = "next-key-of-the-build-server-98765";
const PASSWORD = "correct horse";
const gateways = new GatewayPool();
let backend: Backend;
let passwordHash = "";

before(async () => {
  backend = await startBackend(mirror);
  const printed = execFileSync(process.execPath, ["dist/main.js", "hash-key", "-password"], { input: `${PASSWORD}\n` });
  passwordHash = /^passwordHash: (scrypt\$\S+)\n$/.exec(printed.toString())![1]!;
});
after(() => backend.close());

const keysOf = (more: Block = {}): Block => ({
  queryParam: "api_key",
  cookieName: "key",
  scheme: "ApiKey",
  defaultScopes: ["any"],
  keys: {
    ci: { hashedKey: [keyDigest(KEY), keyDigest(NEW_KEY)], scopes: ["read"], metadata: { team: "build" }, tier: "low" },
    phone: { key: keyDigest("phone-key"), subject: "phone 7", type: "device" },
    off: { key: keyDigest("off-key"), disabled: true },
    past: { key: keyDigest("past-key"), expiresAt: "2020-01-31" },
  },
  hashKeys: true,
  ...more,
});

const RULES: readonly Block[] = [
  { id: "read", path: "/read/*", serviceName: "up", requiredScopes: ["read"] },
  { id: "keys", path: "/keys/*", serviceName: "up", authType: ["apikey"], stripPrefix: true },
  { id: "maybe", path: "/maybe/*", serviceName: "up", authRequired: "optional" },
  { id: "open", path: "/open/*", serviceName: "up", authRequired: false },
  { id: "skip", path: "/skip/*", serviceName: "up", metadata: { skipAuth: true } },
  { id: "inner", path: "/ready-page", serviceName: "_internal" },
  { id: "all", path: "/*", serviceName: "up" },
];

function textWith(auth: Block = {}, rules = RULES, front: Block = {}, more: Block = {}): string {
  const users = { ann: passwordHash, bob: { passwordHash, scopes: ["read"], disabled: true } };
  const section = { required: true, apikey: keysOf(), basic: { users, realm: "shop" }, ...auth };
  return configText({
    rules,
    services: { up: backend.port },
    front,
    more: { auth: { failures: { max: 0 }, ...section }, metrics: { enabled: true }, ...more },
  });
}

const start = (...given: Parameters<typeof textWith>) => gateways.take(textWith(...given));

interface Told {
  readonly status: number;
  readonly code: string | undefined;
  readonly seen: Mirrored;
  readonly headers: Headers;
}

async function ask(gateway: GatewayProcess, path: string, headers: Record<string, string> = {}): Promise<Told> {
  const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, { headers });
  const body = (await answer.json()) as Mirrored & { error?: { code: string } };
  return { status: answer.status, code: body.error?.code, seen: body, headers: answer.headers };
}

const basic = (login: string) => ({ Authorization: `Basic ${Buffer.from(login).toString("base64")}` });
const toldIn = (seen: Mirrored, name: string) => valuesOf(seen.headers, name)[0];

describe("a request with", LIMIT, () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = await start();
  });
  after(() => gateway.kill());
  const codeOf = async (path: string, headers: Record<string, string> = {}) => {
    const { code, status } = await ask(gateway, path, headers);
    return code ?? status;
  };

  test("no credential gets challenges for all methods", async () => {
    const { status, code, headers } = await ask(gateway, "/x");
    assert.deepEqual([status, code], [401, "missing_credentials"]);
    assert.equal(headers.get("www-authenticate"), 'ApiKey realm="gateway", Basic realm="shop", charset="UTF-8"');
  });

  test("a key is accepted in each of its places, and the service gets its subject instead", async () => {
    const places: readonly [string, Record<string, string>][] = [
      ["/keys/x?a=1", { "X-API-Key": KEY }],
      ["/keys/x?a=1", { Authorization: `apikey ${NEW_KEY}` }],
      [`/keys/x?api_key=${KEY}&a=1`, {}],
      ["/keys/x?a=1", { Cookie: `a=b; key=${KEY}` }],
    ];
    for (const [path, headers] of places) {
      const { status, seen } = await ask(gateway, path, {
        ...headers,
        "X-Auth-Subject": "root",
        "X_Auth-Scopes": "all",
      });
      assert.equal(status, 200);
      assert.equal(seen.url, "/x?a=1");
      assert.ok(!JSON.stringify(seen).includes(KEY) && !JSON.stringify(seen).includes(NEW_KEY));
      assert.deepEqual(valuesOf(seen.headers, "X-Auth-Subject"), ["ci"]);
      assert.deepEqual(valuesOf(seen.headers, "X_Auth-Scopes"), []);
      assert.equal(toldIn(seen, "X-Auth-Type"), "service");
      assert.equal(toldIn(seen, "X-Auth-Provider"), "apikey");
      assert.equal(toldIn(seen, "X-Auth-Scopes"), "any,read");
      assert.equal(toldIn(seen, "X-Auth-Claims"), '{"team":"build"}');
    }
    const { seen } = await ask(gateway, "/keys/x", { "X-API-Key": "phone-key" });
    assert.deepEqual([toldIn(seen, "X-Auth-Subject"), toldIn(seen, "X-Auth-Type")], ["phone 7", "device"]);
  });

  test("an invalid, disabled or expired key is rejected", async () => {
    assert.equal(await codeOf("/x", { "X-API-Key": "wrong" }), "invalid_credentials");
    assert.equal(await codeOf("/x", { "X-API-Key": keyDigest(KEY) }), "invalid_credentials");
    assert.equal(await codeOf("/x", { "X-API-Key": "off-key" }), "invalid_credentials");
    assert.equal(await codeOf("/x", { "X-API-Key": "past-key" }), "expired_credentials");
    assert.equal(await codeOf("/x?api_key=", {}), "invalid_credentials");
  });

  test("a password is accepted, and not forwarded", async () => {
    for (let i = 0; i < 2; i++) {
      const { status, seen } = await ask(gateway, "/x", basic(`ann:${PASSWORD}`));
      assert.deepEqual([status, toldIn(seen, "X-Auth-Subject"), toldIn(seen, "X-Auth-Type")], [200, "ann", "user"]);
      assert.equal(toldIn(seen, "Authorization"), undefined);
    }
    for (const login of ["ann:wrong", "eve:wrong", "ann", "ann:\0", `bob:${PASSWORD}`])
      assert.equal(await codeOf("/x", basic(login)), "invalid_credentials", login);
  });

  test("a credential of a disabled method is ignored", async () => {
    assert.equal(await codeOf("/x", { Authorization: "Bearer abc" }), "missing_credentials");
    assert.equal(await codeOf("/keys/x", basic(`ann:${PASSWORD}`)), "missing_credentials");
    const { seen } = await ask(gateway, "/maybe/x", { Authorization: "Bearer abc" });
    assert.deepEqual([toldIn(seen, "Authorization"), toldIn(seen, "X-Auth-Subject")], ["Bearer abc", undefined]);
  });

  test("too few scopes is rejected, and only the log says which one is missing", async () => {
    const answer = await ask(gateway, "/read/x", { "X-API-Key": "phone-key", "X-Request-ID": "scopes" });
    assert.deepEqual([answer.status, answer.code], [403, "insufficient_scope"]);
    assert.doesNotMatch(JSON.stringify(answer.seen), /read/);
    const line = await accessLine(gateway, "scopes");
    assert.deepEqual([line.subject, line.auth, line.detail], ["phone 7", "apikey", 'apikey: scope "read" is missing']);
    assert.equal(await codeOf("/read/x", { "X-API-Key": KEY }), 200);
  });

  test("two different credentials is rejected", async () => {
    const twice = (lines: string) =>
      exchange(gateway.port, `GET /maybe/x?api_key=${KEY} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n`);
    assert.match(await twice("X-API-Key: other\r\n"), /^HTTP\/1.1 400 [\s\S]*ambiguous_credentials/);
    assert.match(await twice(`Authorization: Basic YTpi\r\nAuthorization: Basic YTpi\r\n`), /^HTTP\/1.1 400 /);
    assert.match(await twice("Authorization: Bearer a\r\nauthorization: Bearer b\r\n"), /^HTTP\/1.1 400 /);
    assert.match(await twice(`X-API-Key: ${KEY}\r\n`), /^HTTP\/1.1 200 /);
  });

  test("no credential is accepted if authentication is optional, and an invalid one is not", async () => {
    for (const path of ["/maybe/x", "/open/x", "/skip/x"]) {
      const { status, seen } = await ask(gateway, path, { "X-Auth-Subject": "root" });
      assert.deepEqual([status, toldIn(seen, "X-Auth-Subject")], [200, undefined], path);
    }
    assert.equal(await codeOf("/maybe/x", { "X-API-Key": "wrong" }), "invalid_credentials");
    assert.equal(await codeOf("/maybe/x", { Authorization: "Basic !" }), "invalid_credentials");
    assert.equal(await codeOf("/open/x", { "X-API-Key": "wrong" }), 200);
    const { seen } = await ask(gateway, "/maybe/x", { "X-API-Key": KEY });
    assert.equal(toldIn(seen, "X-Auth-Subject"), "ci");
  });

  test("arbitrary bytes does not harm the process", async () => {
    const lines = [
      "Authorization:",
      "Authorization: Basic",
      "Authorization: Basic  ",
      `Authorization: Basic ${"A".repeat(6000)}`,
      "Authorization: Basic \xff\xfe",
      "Authorization: Basic gICA",
      "Authorization: ApiKey",
      `X-API-Key: ${"k".repeat(6000)}`,
      "X-API-Key: \x80\xff",
      "Cookie: key=; key",
      `Cookie: ${"key=a; ".repeat(500)}`,
    ];
    for (const line of lines) {
      const text = await exchange(gateway.port, `GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${line}\r\n\r\n`);
      assert.match(text, /^HTTP\/1.1 401 /, line);
    }
  });

  test("a forged trailer does not gain an identity", async () => {
    const head = `POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-API-Key: ${KEY}\r\nTransfer-Encoding: chunked\r\n`;
    const text = await exchange(
      gateway.port,
      `${head}Trailer: X-Auth-Subject\r\n\r\n1\r\na\r\n0\r\nX-Auth-Subject: root\r\nX.Auth.Scopes: all\r\n\r\n`,
    );
    assert.match(text, /^HTTP\/1.1 200 /);
    assert.doesNotMatch(text, /root|X\.Auth/);
  });

  test("a valid credential appears in log and metrics by its subject only", async () => {
    await ask(gateway, "/x", { ...basic(`ann:${PASSWORD}`), "X-Request-ID": "known" });
    const { subject, auth } = await accessLine(gateway, "known");
    assert.deepEqual([subject, auth], ["ann", "basic"]);
    const metrics = await scrape(gateway.port);
    assert.ok(sumOf(metrics, "gateway_auth_failures_total", { method: "apikey", reason: "expired_credentials" }) > 0);
    assert.ok(sumOf(metrics, "gateway_auth_failures_total", { method: "none", reason: "missing_credentials" }) > 0);
    const said = JSON.stringify(gateway.lines);
    for (const secret of [KEY, NEW_KEY, "phone-key", "off-key", PASSWORD, passwordHash, keyDigest(KEY)])
      assert.ok(!said.includes(secret), secret);
  });

  test("a key over HTTP/2 is accepted, also in split cookies", async () => {
    const session = connectHttp2(`http://127.0.0.1:${gateway.port}`);
    const statusOf = async (headers: Record<string, string | string[]>) => {
      const stream = session.request({ ":path": "/x", ...headers });
      const [{ ":status": status }] = (await once(stream, "response")) as [Record<string, number>];
      stream.resume();
      await once(stream, "close");
      return status;
    };
    assert.equal(await statusOf({}), 401);
    assert.equal(await statusOf({ "x-api-key": KEY }), 200);
    assert.equal(await statusOf({ cookie: ["a=b", `key=${KEY}`] }), 200);
    assert.equal(await statusOf({ cookie: ["key=b", `key=${KEY}`] }), 400);
    session.close();
  });
});

describe("rules", LIMIT, () => {
  test("of the gateway's own pages are protected like others", async () => {
    const rules = [
      { id: "own", path: "/live", serviceName: "_internal" },
      { id: "all", path: "/*", serviceName: "up" },
    ];
    const gateway = await start({}, rules);
    assert.equal((await ask(gateway, "/x")).status, 401);
    const page = (headers = {}) =>
      fetch(`http://127.0.0.1:${gateway.port}/live`, { headers }).then(({ status }) => status);
    const [without, withKey] = [await page(), await page({ "X-API-Key": KEY })];
    await gateway.kill();
    assert.notEqual(without, withKey);
    assert.equal(without, 401);
  });

  test("are exempt by skipPaths unless they have requirements of their own", async () => {
    const gateway = await start({ skipPaths: ["/pub", "/read", "/a*/b/{$}"] });
    const statuses: Record<string, number> = {};
    for (const path of [
      "/pub",
      "/pub/x",
      "/public",
      "/read/x",
      "/pub/../x",
      "/pub/..%2Fx",
      "/pub/..;/x",
      "/PUB",
      "/a1/b/",
      "/a1/b/c",
    ])
      statuses[path] = Number(
        (await exchange(gateway.port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).split(" ")[1],
      );
    await gateway.kill();
    assert.deepEqual(statuses, {
      "/pub": 200,
      "/pub/x": 200,
      "/public": 401,
      "/read/x": 401,
      "/pub/../x": 401,
      "/pub/..%2Fx": 400,
      "/pub/..;/x": 400,
      "/PUB": 401,
      "/a1/b/": 200,
      "/a1/b/c": 401,
    });
  });

  test("try methods in the order of providers, and require the scopes of all", async () => {
    const gateway = await start({ providers: ["basic", "apikey"], requiredScopes: ["read"] });
    const both = { ...basic(`ann:${PASSWORD}`), "X-API-Key": KEY };
    assert.equal((await ask(gateway, "/x", both)).code, "insufficient_scope");
    const { status, seen } = await ask(gateway, "/x", { "X-API-Key": KEY });
    assert.deepEqual([status, toldIn(seen, "X-Auth-Subject")], [200, "ci"]);
    await gateway.kill();
  });

  test("forward credentials if configured", async () => {
    const users = { ann: passwordHash };
    const gateway = await start({
      apikey: keysOf({ forward: true, headerName: "X-Token" }),
      basic: { users, forward: true },
    });
    const { seen } = await ask(gateway, `/x?api_key=${KEY}`, { "X-Token": KEY });
    assert.deepEqual([seen.url, toldIn(seen, "X-Token")], [`/x?api_key=${KEY}`, KEY]);
    const { Authorization } = basic(`ann:${PASSWORD}`);
    assert.equal(toldIn((await ask(gateway, "/x", { Authorization })).seen, "Authorization"), Authorization);
    await gateway.kill();
  });

  test("apply limits by authenticated subject", async () => {
    const rateLimits = [{ rate: 1, period: "1h", burst: 1, key: ["apiKey"] }];
    const gateway = await start({}, [{ id: "all", path: "/*", serviceName: "up", rateLimits }]);
    const status = async (key: string) => (await ask(gateway, "/", { "X-API-Key": key })).status;
    assert.deepEqual([await status(KEY), await status(NEW_KEY), await status("phone-key")], [200, 429, 200]);
    await gateway.kill();
  });
});

describe("invalid credentials", LIMIT, () => {
  test("of one address make it wait, but not anonymous requests and other addresses", async () => {
    const gateway = await start({ failures: { max: 3, window: "1h" } }, RULES, { trustedProxies: ["127.0.0.1"] });
    const from = (address: string, key: string) =>
      ask(gateway, "/maybe/x", { "X-Forwarded-For": address, "X-API-Key": key });
    for (let i = 0; i < 3; i++) assert.equal((await from("192.0.2.1", "wrong")).status, 401);
    const { status, code, headers } = await from("192.0.2.1", KEY);
    assert.deepEqual([status, code], [429, "too_many_failures"]);
    assert.ok(Number(headers.get("retry-after")) > 3000);
    assert.equal((await ask(gateway, "/maybe/x", { "X-Forwarded-For": "192.0.2.1" })).status, 200);
    assert.equal((await from("192.0.2.2", KEY)).status, 200);
    // A reload for another reason forgives nothing.
    await reload(
      gateway,
      textWith({ failures: { max: 3, window: "1h" }, skipPaths: ["/z"] }, RULES, { trustedProxies: ["127.0.0.1"] }),
    );
    assert.equal((await from("192.0.2.1", KEY)).status, 429);
    await gateway.kill();
  });

  test("of many passwords at once are queued, and beyond that rejected as unavailable", async () => {
    const gateway = await start({ failures: { max: 0 } });
    const all = Array.from({ length: 120 }, (_, i) => ask(gateway, "/x", basic(`ann:wrong ${i}`)));
    const { status } = await ask(gateway, "/x", { "X-API-Key": KEY });
    assert.equal(status, 200);
    const codes = new Set((await Promise.all(all)).map(({ code }) => code));
    assert.deepEqual([...codes].sort(), ["auth_unavailable", "invalid_credentials"]);
    await gateway.kill();
  });

  test("of many passwords at once are not checked beyond the limit", async () => {
    const gateway = await start({ failures: { max: 5, window: "1h" } });
    const replies = await Promise.all(Array.from({ length: 60 }, (_, i) => ask(gateway, "/x", basic(`ann:no ${i}`))));
    const count = (wanted: number) => replies.filter(({ status }) => status === wanted).length;
    // Those that were under way when the fifth failed are not told their outcome.
    assert.deepEqual([count(401), count(429)], [5, 55]);
    assert.equal((await ask(gateway, "/x", basic(`ann:${PASSWORD}`))).status, 429);
    await gateway.kill();
  });
});

describe("a client certificate", LIMIT, () => {
  test("is accepted if mtls is a method, with the scopes of its subject", async () => {
    const pki = new Pki();
    const ca = pki.authority("ca");
    const server = pki.certificate("server", { signer: ca, extensions: ["subjectAltName=DNS:main.test"] });
    const client = pki.certificate("client", { signer: ca, extensions: ["subjectAltName=URI:spiffe://x/job"] });
    const front = {
      tls: {
        enabled: true,
        certFile: server.cert,
        keyFile: server.key,
        clientAuth: "request",
        clientCAFile: [ca.cert],
      },
    };
    const rules = [
      { id: "certified", path: "/c/*", serviceName: "up", authType: ["mtls"], requiredScopes: ["deploy"] },
      { id: "keys", path: "/k/*", serviceName: "up", authType: ["apikey"] },
      { id: "open", path: "/*", serviceName: "up", authRequired: false },
    ];
    const gateway = await start({ mtls: { scopes: { "spiffe://x/job": ["deploy"] } } }, rules, front);
    const shown = { cert: textOf(client.cert), key: textOf(client.key) };
    const [withOne, without] = [await greet(gateway.port, shown), await greet(gateway.port)];
    const known = await askSecurely(withOne, "main.test", "/c/x");
    assert.equal(known.status, 200);
    const seen = JSON.parse(known.body) as Mirrored;
    assert.deepEqual([toldIn(seen, "X-Auth-Subject"), toldIn(seen, "X-Auth-Provider")], ["spiffe://x/job", "mtls"]);
    const unknown = await askSecurely(without, "main.test", "/c/x");
    assert.deepEqual([unknown.status, unknown.fields["www-authenticate"]], [401, 'Certificate realm="gateway"']);
    assert.equal((await askSecurely(withOne, "main.test", "/k/x")).status, 401);
    assert.equal((await askSecurely(withOne, "main.test", "/o")).status, 200);
    for (const socket of [withOne, without]) socket.destroy();
    await gateway.kill();
    pki.remove();
  });
});

describe("keysFile", LIMIT, () => {
  test("is read with the configuration, and again when it changes; an invalid one is ignored", async () => {
    const gateway = await startGateway(textWith());
    const keysFile = join(gateway.folder, "keys.yaml");
    const withKeys = (text: string) => writeFileSync(keysFile, text);
    withKeys(`keys:\n  - { id: one, hashedKey: ${keyDigest("first-key")} }\n`);
    await reload(gateway, textWith({ apikey: { keysFile } }));
    const status = async (key: string) => (await ask(gateway, "/x", { "X-API-Key": key })).status;
    assert.deepEqual([await status("first-key"), await status("second-key")], [200, 401]);
    const swapped = nextLine(gateway, "a reload", ({ msg }) => msg === "Configuration reloaded successfully");
    withKeys(`keys:\n  two: { hashedKey: "sha256:${keyDigest("second-key")}" }\n`);
    await swapped;
    assert.deepEqual([await status("first-key"), await status("second-key")], [401, 200]);
    const refused = nextLine(gateway, "a refusal", ({ msg }) => /^Configuration rejected/.test(String(msg)));
    withKeys("keys: [ { id: three, kee: third-secret-key } ]\n");
    const { problems } = await refused;
    assert.match(String(problems), /keys\.yaml:1:22: unknown key "kee"/);
    assert.doesNotMatch(JSON.stringify(gateway.lines), /third-secret-key/);
    assert.equal(await status("second-key"), 200);
    assert.equal(await gateway.stop(), 0);
  });
});

describe("gateway hash-key", LIMIT, () => {
  const run = (args: readonly string[], input = "") =>
    spawnSync(process.execPath, ["dist/main.js", "hash-key", ...args], { input, encoding: "utf8" });
  test("creates a key with its hash, a different one each time", () => {
    const [, key, hashed] = /^key: ([\w-]{43})\nhashedKey: ([0-9a-f]{64})\n$/.exec(run([]).stdout)!;
    assert.equal(keyDigest(key!), hashed);
    assert.notEqual(run([]).stdout, run([]).stdout);
  });
  test("hashes what it is given on standard input, and takes no secret as an argument", () => {
    assert.equal(run(["-stdin"], `${KEY}\nmore`).stdout, `hashedKey: ${keyDigest(KEY)}\n`);
    assert.equal(run([KEY]).status, 2);
    for (const input of ["", "\n", "a b\n", "x".repeat(5000)]) assert.equal(run(["-stdin"], input).status, 1, input);
  });
});
