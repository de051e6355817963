// Signed tokens, made by jose and brought in every protocol: who is let in, and what services are told of them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Backend, type Mirrored, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { call, type Reply } from "../support/client.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { errorOf, grpcText, InteropClient, InteropServer, order, withGrpcPort } from "../support/grpc.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { type PublishedKeys, publishKeys } from "../support/jwks.ts";
import { type Block, configText, eventually, reload, soon } from "../support/setup.ts";
import { nowS, type SigningKey, signed, signedWithSecret, signingKey } from "../support/tokens.ts";
import { echo, refusalOf, type WsBackend, wsBackend, wsClient } from "../support/websocket.ts";

const LIMIT = { timeout: 60_000 };
const ISS = "https://id.example";
const KEY = signingKey("RS256", "k1");
const NEXT = signingKey("ES256", "k2");
const gateways = new GatewayPool();
let backend: Backend;
let sockets: WsBackend;
let gateway: GatewayProcess;

before(async () => {
  backend = await startBackend(mirror);
  sockets = await wsBackend(echo, { handleProtocols: (offered) => (offered.has("chat") ? "chat" : false) });
});
after(() => Promise.all([backend.close(), sockets.close()]));

/** Text of a gateway that asks for tokens. @param jwt keys of `auth.jwt` */
function text(jwt: Block, more: { rule?: Block; auth?: Block; websocket?: Block } = {}): string {
  const rule = { id: "api", path: "/*", serviceName: "up", authRequired: true, ...more.rule };
  return configText({
    rules: [rule, { id: "ws", path: "/ws", serviceName: "sockets", authRequired: true }],
    services: { up: backend.port, sockets: sockets.port },
    more: {
      auth: { failures: { max: 0 }, jwt, ...more.auth },
      frontend: { http: { host: "127.0.0.1", port: 0 }, websocket: { ...more.websocket } },
    },
  });
}

async function start(...args: Parameters<typeof text>): Promise<void> {
  gateway = await gateways.take(text(...args));
}

function bearer(token: string): readonly string[] {
  return ["Authorization", `Bearer ${token}`];
}

async function get(token: string, path = "/"): Promise<Reply> {
  return call(gateway.port, { path, headers: token === "" ? [] : bearer(token) });
}

function codeOf({ status, text: body }: Reply): string {
  return `${status} ${/"code":"(\w+)"/.exec(body)?.[1] ?? ""}`.trim();
}

function seen(reply: Reply): Mirrored {
  assert.equal(reply.status, 200, reply.text);
  return JSON.parse(reply.text) as Mirrored;
}

const PEM = { publicKey: KEY.pem, issuer: ISS, audience: ["api"] };
const CLAIMS = { iss: ISS, aud: "api", scope: "read write" };

describe("a token", LIMIT, () => {
  before(() => start(PEM));
  after(() => gateway.kill());

  test("describes its subject to services, and is forwarded", async () => {
    const token = await signed(KEY, { ...CLAIMS, typ: "service", dept: "Küche" });
    const forged = ["X-Auth-Subject", "root", "X-Auth-Claims", "{}"];
    const { headers } = seen(await call(gateway.port, { headers: [...bearer(token), ...forged] }));
    assert.deepEqual(valuesOf(headers, "X-Auth-Subject"), ["alice"]);
    assert.deepEqual(valuesOf(headers, "X-Auth-Type"), ["service"]);
    assert.deepEqual(valuesOf(headers, "X-Auth-Provider"), ["jwt"]);
    assert.deepEqual(valuesOf(headers, "X-Auth-Scopes"), ["read,write"]);
    assert.match(valuesOf(headers, "X-Auth-Claims")[0]!, /"dept":"K\\u00fcche"/);
    assert.deepEqual(valuesOf(headers, "Authorization"), [`Bearer ${token}`]);
  });
  test("is read with any case of its prefix and spaces around it", async () => {
    const token = await signed(KEY, CLAIMS);
    for (const value of [`bearer ${token}`, `BEARER   ${token}`]) {
      assert.equal((await call(gateway.port, { headers: ["Authorization", value] })).status, 200);
    }
  });
  test("that is missing, invalid or expired is rejected with a challenge", async () => {
    const rows = [
      [await get(""), "401 missing_credentials"],
      [await get("x.y.z"), "401 invalid_credentials"],
      [await call(gateway.port, { headers: ["Authorization", "Bearer"] }), "401 invalid_credentials"],
      [await get(await signed(KEY, { ...CLAIMS, aud: "other" })), "401 invalid_credentials"],
      [await get(await signed(KEY, { ...CLAIMS, iss: `${ISS}.evil` })), "401 invalid_credentials"],
      [await get(await signed(KEY, { ...CLAIMS, exp: nowS() - 1 })), "401 expired_credentials"],
      [await get(await signed(signingKey("RS256", "k1"), CLAIMS)), "401 invalid_credentials"],
    ] as const;
    for (const [reply, code] of rows) {
      assert.equal(codeOf(reply), code);
      const more = code.includes("missing") ? "" : ', error="invalid_token"';
      assert.equal(reply.headers["www-authenticate"], `Bearer realm="gateway"${more}`);
    }
  });
  test("must be one: several fields are rejected, whatever they contain", async () => {
    const token = await signed(KEY, CLAIMS);
    const headers = [...bearer(token), ...bearer(token)];
    assert.equal(codeOf(await call(gateway.port, { headers })), "400 ambiguous_credentials");
  });
  test("of many hostile forms does not harm the gateway", async () => {
    const good = await signed(KEY, CLAIMS);
    const [header, claims, signature] = good.split(".");
    const b64 = (value: string) => Buffer.from(value).toString("base64url");
    const hostile = [
      `${b64('{"alg":"none"}')}.${claims}.`,
      `${b64('{"alg":"none"}')}.${claims}.${signature}`,
      `${b64('{"alg":"RS256","crit":["x"],"x":1}')}.${claims}.${signature}`,
      `${header}.${claims}.${signature}.${signature}.${signature}`,
      `${header}.${b64(`{"a":${"[".repeat(2500)}`)}.${signature}`,
      `${header}.${claims}.${"A".repeat(9000)}`,
      `${b64('{"alg":"RS256","kid":"../../../../etc/passwd"}')}.${claims}.${signature}`,
      await signedWithSecret(KEY.pem.padEnd(64), CLAIMS),
      "null",
      ".",
      "..",
      "%00",
    ];
    for (const token of hostile) assert.equal(codeOf(await get(token)), "401 invalid_credentials", token.slice(0, 60));
    assert.equal((await get(good)).status, 200);
  });
  test("is accepted over HTTP/2, too", async () => {
    const session = await openSession(gateway.port);
    const token = await signed(KEY, CLAIMS);
    const reply = await ask(session, { ":path": "/", authorization: `Bearer ${token}` });
    assert.deepEqual(valuesOf((JSON.parse(reply.text) as Mirrored).headers, "X-Auth-Subject"), ["alice"]);
    assert.equal((await ask(session, { ":path": "/" })).status, 401);
    session.close();
  });
});

describe("requirements on tokens", LIMIT, () => {
  after(() => gateway.kill());

  test("scopes of the rule: without them it is 403, also for a cached token", async () => {
    await start(PEM, { rule: { requiredScopes: ["write"] } });
    assert.equal((await get(await signed(KEY, CLAIMS))).status, 200);
    const reader = await signed(KEY, { ...CLAIMS, scope: ["read"] });
    for (let i = 0; i < 2; i++) assert.equal(codeOf(await get(reader)), "403 insufficient_scope");
  });
  test("optional: anonymous requests are accepted, invalid tokens are not", async () => {
    await start(PEM, { rule: { authRequired: "optional" } });
    assert.deepEqual(valuesOf(seen(await get("")).headers, "X-Auth-Subject"), []);
    assert.equal(codeOf(await get("x.y.z")), "401 invalid_credentials");
  });
  test("requiredClaims, clockSkew, validateExp, validateNbf, audienceClaim", async () => {
    const { audience: _, ...base } = PEM;
    await start({ ...base, audience: "app", audienceClaim: "client_id", requiredClaims: ["dept"], clockSkew: "60s" });
    const claims = { iss: ISS, client_id: "app", dept: "x" };
    const rows = [
      [{ ...claims, exp: nowS() - 30, nbf: nowS() + 30 }, 200],
      [{ ...claims, exp: nowS() - 90 }, 401],
      [{ ...claims, nbf: nowS() + 90 }, 401],
      [{ ...claims, dept: undefined }, 401],
      [{ ...claims, client_id: "other", aud: "app" }, 401],
    ] as const;
    for (const [given, status] of rows) assert.equal((await get(await signed(KEY, given))).status, status);
    await start({ ...PEM, validateExp: false, validateNbf: false });
    assert.equal((await get(await signed(KEY, { ...CLAIMS, exp: undefined, nbf: nowS() + 90 }))).status, 200);
  });
  test("issuer with {tenantid}: only allowedTenants, with tid as in the issuer", async () => {
    const issuer = "https://login.example/{tenantid}/v2.0";
    await start({ ...PEM, issuer, allowedTenants: ["t1", "t2"] });
    const status = async (tenant: string, tid: string) =>
      (await get(await signed(KEY, { ...CLAIMS, iss: issuer.replace("{tenantid}", tenant), tid }))).status;
    assert.deepEqual([await status("t1", "t1"), await status("t2", "t2")], [200, 200]);
    assert.deepEqual(
      [await status("t1", "t2"), await status("t3", "t3"), await status("{tenantid}", "t1")],
      [401, 401, 401],
    );
  });
});

describe("tokens are accepted", LIMIT, () => {
  const places = { cookieName: "token", tokenQuery: "access_token" };
  after(() => gateway.kill());

  test("in a cookie or the query; in two places they must be the same", async () => {
    await start({ ...PEM, ...places });
    const token = await signed(KEY, CLAIMS);
    const cookie = ["Cookie", `a=1; token=${token}; b=2`];
    assert.equal((await call(gateway.port, { headers: cookie })).status, 200);
    assert.equal((await call(gateway.port, { path: `/?access_token=${token}` })).status, 200);
    assert.equal((await call(gateway.port, { headers: [...cookie, ...bearer(token)] })).status, 200);
    const other = bearer(await signed(KEY, { ...CLAIMS, sub: "bob" }));
    assert.equal(codeOf(await call(gateway.port, { headers: [...cookie, ...other] })), "400 ambiguous_credentials");
  });
  test("forward: false strips them from all of these, and nothing else", async () => {
    await start({ ...PEM, ...places, forward: false });
    const token = await signed(KEY, CLAIMS);
    const headers = ["Cookie", `a=1; token=${token}; b=2`, ...bearer(token)];
    const got = seen(await call(gateway.port, { path: `/x?b=1&access_token=${token}&c=2`, headers }));
    assert.deepEqual(
      [got.url, valuesOf(got.headers, "Cookie"), valuesOf(got.headers, "Authorization")],
      ["/x?b=1&c=2", ["a=1; b=2"], []],
    );
    assert.ok(!JSON.stringify(got).includes(token));
  });
  test("in a header of another name, with or without bearerPrefix", async () => {
    await start({ ...PEM, headerName: "X-Token", bearerPrefix: "JWT", forward: false });
    const token = await signed(KEY, CLAIMS);
    for (const value of [token, `jwt ${token}`]) {
      const { headers } = seen(await call(gateway.port, { headers: ["X-Token", value] }));
      assert.deepEqual(valuesOf(headers, "X-Token"), []);
    }
    assert.equal(codeOf(await get(token)), "401 missing_credentials");
  });
  test("only in the configured header: Authorization with Basic is ignored", async () => {
    await start(PEM);
    assert.equal(
      codeOf(await call(gateway.port, { headers: ["Authorization", "Basic YTpi"] })),
      "401 missing_credentials",
    );
  });
});

describe("a WebSocket handshake", LIMIT, () => {
  before(() => start({ ...PEM, cookieName: "token" }, { websocket: { allowedOrigins: ["https://app.example"] } }));
  after(() => gateway.kill());

  const agreed = async (protocols: string[], headers: Record<string, string> = {}) => {
    const client = wsClient(gateway.port, "/ws", { headers }, protocols);
    await soon(once(client, "open"), "an open connection");
    const { protocol } = client;
    client.terminate();
    return { protocol, offered: sockets.requests.at(-1)!.headers };
  };
  test("may send its token as a subprotocol, which is not forwarded", async () => {
    const token = await signed(KEY, CLAIMS);
    const alone = await agreed(["bearer", token]);
    assert.deepEqual([alone.protocol, alone.offered["sec-websocket-protocol"]], ["bearer", undefined]);
    assert.equal(alone.offered["x-auth-subject"], "alice");
    const beside = await agreed(["bearer", token, "chat"]);
    assert.deepEqual([beside.protocol, beside.offered["sec-websocket-protocol"]], ["chat", "chat"]);
  });
  test("is rejected without a token, and with an invalid one", async () => {
    assert.equal((await refusalOf(wsClient(gateway.port, "/ws"))).status, 401);
    assert.equal((await refusalOf(wsClient(gateway.port, "/ws", {}, ["bearer", "x.y.z"]))).status, 401);
    assert.equal((await refusalOf(wsClient(gateway.port, "/ws", {}, ["bearer"]))).status, 401);
  });
  test("with a token in a cookie must come from an allowed origin", async () => {
    const token = await signed(KEY, CLAIMS);
    const cookie = { Cookie: `token=${token}` };
    for (const origin of [{}, { Origin: "https://evil.example" }, { Origin: "null" }]) {
      const { status, body } = await refusalOf(wsClient(gateway.port, "/ws", { headers: { ...cookie, ...origin } }));
      assert.deepEqual([status, /"code":"(\w+)"/.exec(body)?.[1]], [403, "origin_not_allowed"]);
    }
    for (const origin of ["https://app.example", `http://127.0.0.1:${gateway.port}`])
      await agreed([], { ...cookie, Origin: origin });
    await agreed([], { Authorization: `Bearer ${token}`, Origin: "https://evil.example" });
  });
  test("with an API key in a cookie must, too", async () => {
    const apikey = {
      cookieName: "key",
      keys: { browser: { hashedKey: createHash("sha256").update("k").digest("hex") } },
    };
    await start(PEM, { auth: { apikey }, websocket: { allowedOrigins: ["https://app.example"] } });
    const cookie = { Cookie: "key=k" };
    const headers = { ...cookie, Origin: "https://evil.example" };
    assert.equal((await refusalOf(wsClient(gateway.port, "/ws", { headers }))).status, 403);
    await agreed([], { ...cookie, Origin: "https://app.example" });
    await agreed([], { "X-API-Key": "k", Origin: "https://evil.example" });
  });
  test("forwards allowed subprotocols, without the token", async () => {
    await start(PEM, { websocket: { subprotocols: ["chat"] } });
    const token = await signed(KEY, CLAIMS);
    const { protocol, offered } = await agreed(["bearer", token, "chat", "other"]);
    assert.deepEqual([protocol, offered["sec-websocket-protocol"]], ["chat", "chat"]);
  });
});

test("calls of gRPC bring tokens as metadata, and are refused as UNAUTHENTICATED", LIMIT, async (t) => {
  const server = await InteropServer.start();
  const rules = [{ id: "all", path: "/*", serviceName: "up", protocol: "grpc", authRequired: true }];
  const calls = await withGrpcPort(
    await startGateway(grpcText({ rules, services: { up: server.port }, more: { auth: { jwt: PEM } } })),
  );
  const client = new InteropClient(calls.grpcPort);
  t.after(async () => {
    client.close();
    await calls.kill();
    server.kill();
  });
  const token = await signed(KEY, CLAIMS);
  const { status } = await client.unary(order({}), { metadata: [["authorization", `Bearer ${token}`]] });
  assert.equal(status.code, 0);
  assert.equal(server.calls.at(-1)!.metadata.get("x-auth-subject")[0], "alice");
  assert.equal((await errorOf(client.list(order({})))).code, 16);
});

describe("keys of an issuer", LIMIT, () => {
  let published: PublishedKeys;
  const jwks = (more: Block = {}) => ({
    jwksEndpoint: published.url,
    issuer: ISS,
    audience: "api",
    signingMethod: ["RS256", "ES256"],
    ...more,
  });
  before(async () => {
    published = await publishKeys([KEY]);
  });
  after(() => Promise.all([gateway.kill(), published.close()]));

  test("are fetched, and again when they change in between", async () => {
    await start(jwks());
    const token = await signed(KEY, CLAIMS);
    assert.equal((await get(token)).status, 200);
    published.keys = [NEXT];
    assert.equal((await get(await signed(NEXT, CLAIMS))).status, 200);
    assert.equal(codeOf(await get(token)), "401 invalid_credentials");
  });
  test("are kept across a reload, after which all tokens are verified again", async () => {
    await start(jwks({ jwksCacheDuration: "3h" }));
    const token = await signed(NEXT, CLAIMS);
    assert.equal((await get(token)).status, 200);
    const before = published.asked;
    await reload(gateway, text(jwks({ jwksCacheDuration: "3h", requiredClaims: ["dept"] })));
    assert.equal(codeOf(await get(token)), "401 invalid_credentials");
    assert.equal((await get(await signed(NEXT, { ...CLAIMS, dept: "x" }))).status, 200);
    assert.equal(published.asked, before);
  });
  test("that are unknown cause one fetch for any number of tokens", async () => {
    await start(jwks({ jwksCacheDuration: "2h" }));
    await get(await signed(NEXT, CLAIMS));
    const before = published.asked;
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => signed(KEY, CLAIMS, { kid: `x${i}` })));
    const replies = await Promise.all(tokens.map((token) => get(token)));
    assert.deepEqual(new Set(replies.map(codeOf)), new Set(["401 invalid_credentials"]));
    assert.equal(published.asked, before + 1);
  });
  test("of several issuers verify only their own tokens", async () => {
    const provider = (name: string, key: SigningKey, more: Block = {}) => ({
      name,
      issuer: `https://${name}.example`,
      publicKey: key.pem,
      signingMethod: key.alg,
      audience: "api",
      ...more,
    });
    const customClaims = { roles: "https://app.example/roles", team: "org.team" };
    await start({
      providers: [
        provider("a", KEY, { customClaims }),
        provider("b", NEXT, { subjectClaim: "uid", scopeClaim: "scp" }),
      ],
    });
    const more = { aud: "api", "https://app.example/roles": ["x"], org: { team: "blue" } };
    const a = seen(await get(await signed(KEY, { ...more, iss: "https://a.example" })));
    assert.deepEqual(valuesOf(a.headers, "X-Auth-Provider"), ["a"]);
    assert.match(valuesOf(a.headers, "X-Auth-Claims")[0]!, /"roles":\["x"\],"team":"blue"/);
    const b = seen(await get(await signed(NEXT, { aud: "api", iss: "https://b.example", uid: "u7", scp: ["s"] })));
    assert.deepEqual([valuesOf(b.headers, "X-Auth-Subject"), valuesOf(b.headers, "X-Auth-Scopes")], [["u7"], ["s"]]);
    assert.equal(
      codeOf(await get(await signed(NEXT, { aud: "api", iss: "https://a.example" }))),
      "401 invalid_credentials",
    );
  });
  test("claimsMapping maps claims to attributes, and subject, type and scopes to claims", async () => {
    await start({ ...PEM, claimsMapping: { "org.team": "team", subject: "uid", type: "kind", scopes: "scp" } });
    const claims = { ...CLAIMS, org: { team: "blue" }, uid: "u1", kind: "device", scp: "a b" };
    const { headers } = seen(await get(await signed(KEY, claims)));
    assert.deepEqual(valuesOf(headers, "X-Auth-Subject"), ["u1"]);
    assert.deepEqual(valuesOf(headers, "X-Auth-Type"), ["device"]);
    assert.deepEqual(valuesOf(headers, "X-Auth-Scopes"), ["a,b"]);
    assert.match(valuesOf(headers, "X-Auth-Claims")[0]!, /"team":"blue"/);
  });
  test("in files are re-read when these change", async () => {
    const file = join(gateway.folder, "keys.json");
    writeFileSync(file, JSON.stringify({ keys: [KEY.jwk] }));
    await start({ jwksFile: file, issuer: ISS, audience: "api" });
    assert.equal((await get(await signed(KEY, CLAIMS))).status, 200);
    const other = signingKey("RS256", "k3");
    writeFileSync(file, JSON.stringify({ keys: [other.jwk] }));
    await reload(gateway, text({ jwksFile: file, issuer: ISS, audience: "api" }));
    assert.equal(codeOf(await get(await signed(KEY, CLAIMS))), "401 invalid_credentials");
    assert.equal((await get(await signed(other, CLAIMS))).status, 200);
  });
  test("that cannot be fetched do not prevent the start, and cause 503 until they are available", async (t) => {
    const late = await publishKeys([KEY]);
    t.after(() => late.close());
    late.answer = (response) => void response.writeHead(500).end();
    await start(jwks({ jwksEndpoint: late.url }), { rule: { authRequired: "optional" } });
    assert.equal((await get("")).status, 200);
    const refused = await get(await signed(KEY, CLAIMS));
    assert.deepEqual([codeOf(refused), refused.headers["retry-after"]], ["503 auth_unavailable", "1"]);
    late.answer = null;
    await eventually("the keys are there", async () => (await get(await signed(KEY, CLAIMS))).status === 200);
  });
});

test("no token or secret is ever in a log, an error or a metric", LIMIT, async (t) => {
  const secret = "the-secret-that-nobody-may-ever-read";
  const own = await startGateway(
    text({
      secret,
      signingMethod: "HS256",
      issuer: ISS,
      audience: "api",
      cookieName: "token",
      tokenQuery: "at",
    }).replace('"shutdown"', '"metrics": { "enabled": true }, "shutdown"'),
    { args: ["-log-level", "debug"] },
  );
  t.after(() => own.kill());
  const good = await signedWithSecret(secret, CLAIMS);
  const bad = await signedWithSecret("another secret of thirty-two bytes", CLAIMS);
  const over = await signedWithSecret(secret, { ...CLAIMS, exp: 1 });
  const bodies: string[] = [];
  for (const token of [good, bad, over]) {
    for (const options of [
      { headers: bearer(token) },
      { headers: ["Cookie", `token=${token}`] },
      { path: `/?at=${token}` },
    ]) {
      const reply = await call(own.port, options);
      if (reply.status !== 200) bodies.push(reply.text);
    }
  }
  assert.equal(bodies.length, 6);
  const metrics = (await call(own.port, { path: "/metrics" })).text;
  await own.line((line) => line.msg === "request" && line.status === 401);
  const all = `${JSON.stringify(own.lines)}${bodies.join("")}${metrics}`;
  for (const token of [good, bad, over]) {
    for (const piece of token.split(".").slice(1)) assert.ok(!all.includes(piece), "a piece of a token is in the log");
  }
  assert.ok(!all.includes(secret));
});
