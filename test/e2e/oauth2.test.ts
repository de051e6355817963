// Tokens of real OpenID providers: who is let in, by whose keys or answers, and what holds when a provider is gone or lies.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Backend, type Mirrored, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { call, type Reply } from "../support/client.ts";
import { type ConnectProxy, startConnectProxy } from "../support/connect-proxy.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { type ApiProvider, GATEWAY_CLIENT, startApis } from "../support/oidc-apis.ts";
import { freePort } from "../support/ports.ts";
import { type Block, configText, eventually, reload } from "../support/setup.ts";
import { nowS, signed, signedWithSecret, signingKey } from "../support/tokens.ts";
import {
  closeOf,
  echo,
  messageOf,
  opened,
  refusalOf,
  type WsBackend,
  wsBackend,
  wsClient,
} from "../support/websocket.ts";

const LIMIT = { timeout: 120_000 };
const API = "urn:api:orders";
const OTHER_API = "urn:api:other";
const OPAQUE = "urn:opaque:orders";
const KEYS = "/jwks";
const INTROSPECTION = "/token/introspection";
const gateways = new GatewayPool();
let backend: Backend;
let main: ApiProvider;
let other: ApiProvider;
let gateway: GatewayProcess;

before(async () => {
  [backend, main, other] = await Promise.all([startBackend(mirror), startApis(), startApis()]);
});
after(() => Promise.all([backend.close(), main.oidc.close(), other.oidc.close()]));

/** What is configured of a provider. */
function provider(name: string, { oidc }: Pick<ApiProvider, "oidc">, more: Block = {}): Block {
  return { name, issuerUrl: oidc.issuer, audience: [API, OPAQUE], ...GATEWAY_CLIENT, ...more };
}

function text(oauth2: Block, rules: readonly Block[] = [{}], auth: Block = {}): string {
  return configText({
    rules: rules.map((rule, i) => ({ id: `r${i}`, path: i === 0 ? "/*" : `/${i}/*`, serviceName: "up", ...rule })),
    services: { up: backend.port },
    more: { auth: { failures: { max: 0 }, oauth2, ...auth } },
  });
}

async function start(...args: Parameters<typeof text>): Promise<void> {
  gateway = await gateways.take(text(...args));
}

function bearer(token: string): readonly string[] {
  return ["Authorization", `Bearer ${token}`];
}

function get(token: string, path = "/", headers = bearer(token)): Promise<Reply> {
  return call(gateway.port, { path, headers: token === "" ? [] : headers });
}

function codeOf({ status, text: body }: Reply): string {
  return `${status} ${/"code":"(\w+)"/.exec(body)?.[1] ?? ""}`.trim();
}

function seen(reply: Reply): Mirrored {
  assert.equal(reply.status, 200, reply.text);
  return JSON.parse(reply.text) as Mirrored;
}

function told(reply: Reply, field: string): string {
  return valuesOf(seen(reply).headers, field).join();
}

/** Claims of a token that the gateway should accept, but for what a test changes. */
function claims({ oidc }: ApiProvider, more: Block = {}): Record<string, unknown> {
  return { iss: oidc.issuer, aud: API, ...more };
}

describe("signed tokens of providers", LIMIT, () => {
  before(() => start({ providers: [provider("main", main), provider("other", other)] }));
  after(() => gateway.kill());

  test("are verified with the published keys, and describe their subject to services", async () => {
    const token = await main.token(API, "read");
    const reply = await get(token);
    assert.equal(told(reply, "X-Auth-Subject"), "job");
    assert.equal(told(reply, "X-Auth-Provider"), "main");
    assert.equal(told(reply, "X-Auth-Scopes"), "read");
    assert.equal(told(reply, "Authorization"), `Bearer ${token}`);
    assert.equal(main.asked(INTROSPECTION), 0);
  });
  test("are verified by the provider that issued them", async () => {
    assert.equal(told(await get(await other.token(API)), "X-Auth-Provider"), "other");
    assert.equal(told(await get(await main.token(API)), "X-Auth-Provider"), "main");
  });
  test("of one provider are not accepted by keys of another", async () => {
    const token = await signed(other.oidc.key, claims(main));
    assert.equal(codeOf(await get(token)), "401 invalid_credentials");
    assert.equal(told(await get(await signed(main.oidc.key, claims(main))), "X-Auth-Provider"), "main");
  });
  test("must have the right audience, be valid now, and be present", async () => {
    const rows = [
      [await main.token(OTHER_API), "401 invalid_credentials"],
      [await signed(main.oidc.key, claims(main, { exp: nowS() - 1 })), "401 expired_credentials"],
      [await signed(main.oidc.key, claims(main, { exp: undefined })), "401 invalid_credentials"],
      [await signed(main.oidc.key, claims(main, { nbf: nowS() + 60 })), "401 invalid_credentials"],
      [await signedWithSecret(GATEWAY_CLIENT.clientSecret, claims(main)), "401 invalid_credentials"],
      ["", "401 missing_credentials"],
    ] as const;
    for (const [token, code] of rows) assert.equal(codeOf(await get(token)), code);
  });
  test("of a new key are accepted at once, and those of the old one while it is published", async () => {
    const old = [await main.token(API), await main.token(API)];
    assert.equal((await get(old[0]!)).status, 200);
    main.oidc.rotateKeys(true);
    const fresh = await main.token(API);
    const replies = await Promise.all([fresh, fresh, ...old].map((token) => get(token)));
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 200, 200, 200],
    );
  });
});

describe("opaque tokens", LIMIT, () => {
  const byClient = { subjectClaim: "client_id" };
  before(() => start({ providers: [provider("main", main, byClient), provider("other", other, byClient)] }));
  after(() => gateway.kill());

  test("are introspected once at their provider", async () => {
    const token = await main.token(OPAQUE, "read");
    const before = main.asked(INTROSPECTION);
    const replies = await Promise.all([get(token), get(token), get(token)]);
    for (const reply of [...replies, await get(token)]) assert.equal(told(reply, "X-Auth-Subject"), "job");
    assert.deepEqual([told(replies[0]!, "X-Auth-Provider"), told(replies[0]!, "X-Auth-Scopes")], ["main", "read"]);
    assert.equal(main.asked(INTROSPECTION), before + 1);
  });
  test("are introspected at each provider in turn, until one knows them", async () => {
    const token = await other.token(OPAQUE);
    assert.equal(told(await get(token), "X-Auth-Provider"), "other");
  });
  test("that are unknown are rejected, and not introspected again at once", async () => {
    const before = main.asked(INTROSPECTION);
    for (const _ of [1, 2]) assert.equal(codeOf(await get("nobody-knows-this")), "401 invalid_credentials");
    assert.equal(main.asked(INTROSPECTION), before + 1);
  });
  test("that were revoked, or have another audience, are rejected", async () => {
    const token = await main.token(OPAQUE);
    await main.revoke(token);
    assert.equal(codeOf(await get(token)), "401 invalid_credentials");
    assert.equal(codeOf(await get(await main.token("urn:opaque:other"))), "401 invalid_credentials");
  });
  test("are unavailable while a provider is down, except cached ones", async () => {
    const token = await main.token(OPAQUE);
    assert.equal((await get(token)).status, 200);
    const unheard = await main.token(OPAQUE);
    main.oidc.answer = (_, response) => response.writeHead(500).end();
    try {
      assert.equal(codeOf(await get(unheard)), "503 auth_unavailable");
      assert.equal((await get(token)).status, 200);
      assert.equal(told(await get(await other.token(OPAQUE)), "X-Auth-Provider"), "other");
    } finally {
      main.oidc.answer = null;
    }
    await eventually("it is asked again", async () => (await get(unheard)).status === 200);
  });
  test("are not introspected if a configured issuer has signed them", async () => {
    const before = main.asked(INTROSPECTION);
    const forged = await signed(signingKey("RS256", "k1"), claims(main));
    assert.equal(codeOf(await get(forged)), "401 invalid_credentials");
    assert.equal(codeOf(await get("x".repeat(9000))), "401 invalid_credentials");
    assert.equal(main.asked(INTROSPECTION), before);
  });
  test("do not appear in a log, nor does the client secret", async () => {
    const token = await main.token(OPAQUE);
    await get(token);
    await get(`${token}x`);
    const logged = JSON.stringify(gateway.lines);
    for (const secret of [token, GATEWAY_CLIENT.clientSecret, encodeURIComponent(GATEWAY_CLIENT.clientSecret)])
      assert.ok(!logged.includes(secret));
  });
});

describe("a provider", LIMIT, () => {
  after(() => gateway.kill());

  test("that is down at the start does not affect other requests", async (t) => {
    const port = await freePort();
    const oidc = { issuer: `http://127.0.0.1:${port}` } as ApiProvider["oidc"];
    await start({ providers: [provider("late", { oidc }), provider("main", main)] }, [{}, { authRequired: false }]);
    const key = signingKey("RS256", "k1");
    assert.equal(codeOf(await get(await signed(key, { iss: oidc.issuer, aud: API }))), "503 auth_unavailable");
    assert.equal((await get("", "/1/x")).status, 200);
    assert.equal((await get(await main.token(API))).status, 200);
    const late = await startApis({ port });
    t.after(() => late.oidc.close());
    const token = await late.token(API);
    await eventually("its keys are there", async () => (await get(token)).status === 200);
  });
  test("that goes down leaves its keys in use, also for new tokens", async () => {
    const mortal = await startApis();
    await start({ providers: [provider("mortal", mortal, { jwksCacheDuration: "1s" })] });
    const tokens = [await mortal.token(API), await mortal.token(API)];
    assert.equal((await get(tokens[0]!)).status, 200);
    await mortal.oidc.close();
    await gateway.line(({ msg }) => msg === "Keys of an issuer cannot be fetched");
    assert.equal((await get(tokens[1]!)).status, 200);
    await reload(gateway, text({ providers: [provider("mortal", mortal, { jwksCacheDuration: "1s" })] }, [{}, {}]));
    assert.equal((await get(tokens[1]!)).status, 200);
  });

  const hostile: readonly (readonly [what: string, (path: string, response: ServerResponse) => void])[] = [
    ["leads to another origin", (path, r) => r.writeHead(302, { Location: `${other.oidc.issuer}${path}` }).end()],
    ["says two megabytes", (_, r) => r.end(`{"issuer":"${" ".repeat(2 * 1024 * 1024)}"}`)],
    ["says nested JSON", (_, r) => r.end("[".repeat(500_000))],
    ["says nested keys", (path, r) => r.end(path === KEYS ? nestedKeys() : discovery())],
    ["says it is another", (_, r) => r.end(discovery({ issuer: other.oidc.issuer }))],
    ["has keys of secrets", (path, r) => r.end(path === KEYS ? '{"keys":[{"kty":"oct","k":"AA"}]}' : discovery())],
    ["has its keys elsewhere without TLS", (_, r) => r.end(discovery({ jwks_uri: "http://id.example/keys" }))],
    ["breaks off", (_, r) => r.socket!.destroy()],
    ["is silent", () => undefined],
  ];
  let liar: ApiProvider;
  const nestedKeys = () => `{"keys":[{"kty":"RSA","n":${"[".repeat(200_000)}${"]".repeat(200_000)}}]}`;
  const discovery = (more: Block = {}) => {
    const { issuer } = liar.oidc;
    return JSON.stringify({ issuer, jwks_uri: `${issuer}${KEYS}`, ...more });
  };
  for (const [what, answer] of hostile) {
    test(`that ${what} is not believed, and the gateway serves on`, async (t) => {
      liar = await startApis();
      t.after(() => liar.oidc.close());
      const token = await signed(liar.oidc.key, claims(liar));
      liar.oidc.answer = (request, response) => answer(request.url!, response);
      await start({ providers: [provider("liar", liar, { jwksCacheDuration: "1s" }), provider("main", main)] });
      const refused = get(token);
      assert.equal((await get(await main.token(API))).status, 200);
      assert.match(codeOf(await refused), /^(503 auth_unavailable|401 invalid_credentials)$/);
      liar.oidc.answer = null;
      await eventually("it is believed again", async () => (await get(token)).status === 200);
      await gateway.kill();
    });
  }
});

describe("rules", LIMIT, () => {
  const KEY = signingKey("ES256", "own");
  const jwt = { issuer: "https://jwt.example", audience: "jwt", publicKey: KEY.pem, signingMethod: "ES256" };
  const ownToken = (more: Block = {}) => signed(KEY, { iss: "https://jwt.example", aud: "jwt", ...more });
  before(() =>
    start(
      {
        providers: [provider("main", main, { subjectClaim: "client_id" }), provider("other", other)],
        requireScopes: ["read"],
        tokenCookie: "tok",
        tokenQuery: "at",
        forward: false,
      },
      [
        {},
        { authType: "jwt" },
        { middleware: [{ oauth2: { provider: "other" } }] },
        { auth: { oauth2: { requireAudience: ["urn:api:third", OPAQUE], requireScopes: ["write"] } } },
        {
          auth: { jwt: { publicKey: KEY.pem, signingMethod: "ES256", issuer: "https://rule.example", audience: "r" } },
        },
        { middleware: { auth: { oauth2: { enabled: false } } } },
      ],
      { jwt, required: true },
    ),
  );
  after(() => gateway.kill());

  test("that accept jwt and oauth2 accept both, and services get the provider", async () => {
    assert.equal(told(await get(await ownToken()), "X-Auth-Provider"), "jwt");
    assert.equal(told(await get(await main.token(API)), "X-Auth-Provider"), "main");
    assert.equal(told(await get(await main.token(OPAQUE)), "X-Auth-Provider"), "main");
  });
  test("that accept one method, or one provider, reject tokens of others", async () => {
    assert.equal(codeOf(await get(await main.token(API), "/1/")), "401 invalid_credentials");
    assert.equal((await get(await ownToken(), "/1/")).status, 200);
    assert.equal((await get(await other.token(API), "/2/")).status, 200);
    for (const token of [await main.token(API), await main.token(OPAQUE), await ownToken()])
      assert.equal(codeOf(await get(token, "/2/")), "401 invalid_credentials");
    assert.equal(codeOf(await get(await main.token(API), "/5/")), "401 invalid_credentials");
    assert.equal((await get(await ownToken(), "/5/")).status, 200);
  });
  test("check scopes and audiences for every request, of oauth2 tokens only", async () => {
    const weak = await main.token(API, "write");
    assert.equal(codeOf(await get(weak)), "403 insufficient_scope");
    const strong = await main.token(API);
    for (const _ of [1, 2]) {
      assert.equal((await get(strong)).status, 200);
      assert.equal(codeOf(await get(strong, "/3/")), "401 invalid_credentials");
    }
    assert.equal((await get(await main.token(OPAQUE), "/3/")).status, 200);
    const reader = await get(await main.token(OPAQUE, "read"), "/3/");
    assert.equal(codeOf(reader), "403 insufficient_scope");
    assert.equal(reader.headers["www-authenticate"], 'Bearer realm="gateway", error="insufficient_scope"');
  });
  test("may have keys of their own", async () => {
    const token = await signed(KEY, { iss: "https://rule.example", aud: "r" });
    assert.equal(told(await get(token, "/4/"), "X-Auth-Provider"), "jwt");
    assert.equal(codeOf(await get(token, "/1/")), "401 invalid_credentials");
    assert.equal(codeOf(await get(await ownToken(), "/4/")), "401 invalid_credentials");
  });
  test("find tokens in the places of both methods, and strip those of oauth2", async () => {
    const token = await main.token(API);
    const inCookie = await call(gateway.port, { headers: ["Cookie", `a=b; tok=${token}`] });
    assert.deepEqual([told(inCookie, "X-Auth-Provider"), told(inCookie, "Cookie")], ["main", "a=b"]);
    const inQuery = await call(gateway.port, { path: `/?at=${token}&x=1` });
    assert.equal(seen(inQuery).url, "/?x=1");
    const twice = await call(gateway.port, { path: `/?at=${token}`, headers: bearer(await ownToken()) });
    assert.equal(codeOf(twice), "400 ambiguous_credentials");
  });
});

describe("claims of a provider", LIMIT, () => {
  after(() => gateway.kill());

  test("are mapped as configured", async () => {
    const mapped = {
      audienceClaim: "client",
      audience: "gw",
      subjectClaim: "oid",
      scopeClaim: "scp",
      claimsMapping: { "realm.roles": "roles", "https://app.example/team": "team" },
    };
    await start({ providers: [provider("main", main, mapped)] });
    const token = await signed(main.oidc.key, {
      iss: main.oidc.issuer,
      client: ["gw"],
      oid: "o1",
      scp: ["a", "b"],
      realm: { roles: ["admin"] },
      "https://app.example/team": "web",
    });
    const reply = await get(token);
    assert.deepEqual([told(reply, "X-Auth-Subject"), told(reply, "X-Auth-Scopes")], ["o1", "a,b"]);
    const { roles, team } = JSON.parse(told(reply, "X-Auth-Claims")) as Block;
    assert.deepEqual([roles, team], [["admin"], "web"]);
  });
  test("need no issuer and audience if the checks are disabled", async () => {
    const off = { validateIssuer: false, validateAudience: false };
    await start({ providers: [provider("main", main, off)] });
    assert.equal((await get(await signed(main.oidc.key, { iss: "https://any.example", aud: "any" }))).status, 200);
    assert.equal(codeOf(await get(await main.token(OPAQUE))), "401 invalid_credentials");
  });
  test("may be signed with the client secret if an HS algorithm is configured", async () => {
    const secret = "a secret of at least thirty-two bytes";
    await start({ providers: [provider("main", main, { clientSecret: secret, signingMethod: "HS256" })] });
    assert.equal((await get(await signedWithSecret(secret, claims(main)))).status, 200);
    assert.equal(codeOf(await get(await signed(main.oidc.key, claims(main)))), "401 invalid_credentials");
  });
  test("must have an allowed tenant in iss and tid", async () => {
    const { issuer } = main.oidc;
    const tenants = {
      issuerUrl: `${issuer}/{tenantid}/v2.0`,
      allowedTenants: ["a", "b"],
      discoveryUrl: `${issuer}/.well-known/openid-configuration`,
    };
    await start({ providers: [provider("main", main, tenants)] });
    const of = async (iss: string, tid: string) =>
      codeOf(await get(await signed(main.oidc.key, { iss: `${issuer}/${iss}/v2.0`, tid, aud: API })));
    assert.deepEqual(
      [await of("a", "a"), await of("b", "b"), await of("a", "b"), await of("c", "c"), await of("{tenantid}", "a")],
      ["200", "200", "401 invalid_credentials", "401 invalid_credentials", "401 invalid_credentials"],
    );
  });
  test("have the public issuer if the provider is reached by an internal name", async () => {
    const outer = "https://id.example.org";
    const inner = {
      issuerUrl: outer,
      discoveryUrl: `${main.oidc.issuer}/.well-known/openid-configuration`,
    };
    await start({ providers: [provider("main", main, inner)] });
    assert.equal((await get(await signed(main.oidc.key, { iss: outer, aud: API }))).status, 200);
    assert.equal(codeOf(await get(await main.token(API))), "401 invalid_credentials");
  });
});

describe("WebSockets", LIMIT, () => {
  let sockets: WsBackend;
  const configured = (names: readonly string[]) =>
    configText({
      rules: [{ id: "ws", path: "/*", serviceName: "ws" }],
      services: { ws: sockets.port },
      more: {
        frontend: { http: { host: "127.0.0.1", port: 0 }, websocket: { tokenCheckInterval: "200ms" } },
        auth: {
          failures: { max: 0 },
          oauth2: {
            tokenCookie: "tok",
            providers: [provider("main", main, { subjectClaim: "client_id" }), provider("other", other)].filter(
              ({ name }) => names.includes(name as string),
            ),
          },
        },
      },
    });
  before(async () => {
    sockets = await wsBackend(echo);
    gateway = await gateways.take(configured(["main", "other"]));
  });
  after(async () => {
    await gateway.kill();
    await sockets.close();
  });
  const open = (token: string) => opened(gateway.port, "/", { headers: { Authorization: `Bearer ${token}` } });

  test("end when their opaque token expires", async (t) => {
    const brief = await startApis({ accessTokenS: 3 });
    t.after(() => brief.oidc.close());
    const { oauth2 } = { oauth2: { providers: [provider("brief", brief, { subjectClaim: "client_id" })] } };
    const own = await startGateway(
      text(oauth2, [{ serviceName: "up" }]).replaceAll(String(backend.port), String(sockets.port)),
    );
    t.after(() => own.kill());
    const client = await opened(own.port, "/", { headers: { Authorization: `Bearer ${await brief.token(OPAQUE)}` } });
    assert.deepEqual(await closeOf(client), { code: 4401, reason: "authentication expired" });
  });
  test("end when their provider is removed from the configuration, and others do not", async () => {
    const [stays, ends] = [await open(await main.token(OPAQUE)), await open(await other.token(API))];
    const ended = closeOf(ends);
    await reload(gateway, configured(["main"]));
    assert.equal((await ended).code, 4401);
    stays.send("still here");
    assert.equal((await messageOf(stays)).data.toString(), "still here");
    stays.close();
    await closeOf(stays);
  });
  test("that are authenticated by a cookie alone must come from the gateway's own origin", async () => {
    const headers = { Cookie: `tok=${await main.token(API)}`, Origin: "https://evil.example" };
    const { status, body } = await refusalOf(wsClient(gateway.port, "/", { headers }));
    assert.equal(status, 403);
    assert.match(body, /origin_not_allowed/);
  });
});

describe("a provider behind a proxy", LIMIT, () => {
  const HOST = "https://id.example";
  const folder = mkdtempSync(join(tmpdir(), "oauth2-test-"));
  const key = signingKey("ES256", "k1");
  let server: Server;
  let proxy: ConnectProxy;
  let caFile: string;
  before(async () => {
    const authority = makeAuthority(folder, "authority");
    caFile = authority.cert;
    const { cert, key: privateKey } = makeCertificate(folder, "id", authority, ["DNS:id.example"]);
    const discovery = { issuer: HOST, jwks_uri: `${HOST}/keys` };
    server = createServer({ cert: readFileSync(cert), key: readFileSync(privateKey) }, ({ url }, response) => {
      response.end(JSON.stringify(url === "/keys" ? { keys: [key.jwk] } : discovery));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    proxy = await startConnectProxy((server.address() as AddressInfo).port);
  });
  after(async () => {
    await gateway.kill();
    await proxy.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test("is reached through it, as are issuers of auth.jwt, with the authorities of caFile", async () => {
    const way = { caFile, proxy: `http://user:pass@127.0.0.1:${proxy.port}` };
    const jwt = {
      issuer: "https://jwt.example",
      audience: API,
      signingMethod: "ES256",
      jwksEndpoint: `${HOST}/keys`,
      ...way,
    };
    const oauth2 = { providers: [{ name: "main", issuerUrl: HOST, clientId: "g", audience: API, ...way }] };
    await start(oauth2, [{}], { jwt });
    for (const iss of [HOST, "https://jwt.example"]) {
      const token = await signed(key, { iss, aud: API });
      await eventually("its keys are there", async () => (await get(token)).status === 200);
    }
    assert.ok(proxy.asked.length >= 3);
    const credentials = Buffer.from("user:pass").toString("base64");
    for (const asked of proxy.asked) assert.equal(asked, `id.example:443 Basic ${credentials}`);
    assert.ok(!JSON.stringify(gateway.lines).includes("user:pass"));
  });
});
