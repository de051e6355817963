// Pages of other origins: preflights are answered before anything else, and every reply says who may read it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { after, before, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { exchange } from "../support/raw.ts";
import { type Block, configText } from "../support/setup.ts";
import { signingKey } from "../support/tokens.ts";

const LIMIT = { timeout: 60_000 };
const PAGE = "https://page.test";
const gateways = new GatewayPool();
let backend: Backend;
let gateway: GatewayProcess;

before(async () => {
  backend = await startBackend((request, response) => {
    response.setHeader("Access-Control-Allow-Origin", "https://inside.test");
    response.setHeader("Vary", "Accept-Encoding");
    if (request.method === "OPTIONS") response.setHeader("X-Service-Preflight", "yes");
    response.end("fine");
  });
});
after(() => backend.close());

async function start(cors: Block, rules: readonly Block[] = [], more: Block = {}): Promise<void> {
  const all = [...rules, { id: "all", path: "/*", serviceName: "up", methods: ["GET"] }];
  gateway = await gateways.take(
    configText({
      rules: all,
      services: { up: backend.port, dead: 1 },
      more: { cors: { enabled: true, allowedOrigins: [PAGE], ...cors }, ...more },
    }),
  );
}

/** Status and the CORS fields of an answer, with `Vary`. */
async function ask(path: string, headers: Record<string, string>, method = "GET"): Promise<Record<string, unknown>> {
  const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, { method, headers, redirect: "manual" });
  const names = [...answer.headers].filter(([name]) => name.startsWith("access-control-") || name === "vary");
  await answer.arrayBuffer();
  return { status: answer.status, ...Object.fromEntries(names) };
}

/** Sends a preflight; fetch would not set these fields. */
async function preflight(
  path: string,
  more: Record<string, string> = {},
): Promise<{ status: number; fields: Record<string, string> }> {
  const headers = { Origin: PAGE, "Access-Control-Request-Method": "GET", ...more };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = await exchange(
    gateway.port,
    `OPTIONS ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines.join("")}\r\n`,
  );
  const [first, ...rest] = text.split("\r\n\r\n")[0]!.split("\r\n");
  const fields = rest.map((line) => [
    line.slice(0, line.indexOf(":")).toLowerCase(),
    line.slice(line.indexOf(":") + 2),
  ]);
  return { status: Number(first!.split(" ")[1]), fields: Object.fromEntries(fields) };
}

const ALLOWED = { "access-control-allow-origin": PAGE, vary: "Accept-Encoding, Origin" };

describe("a reply", LIMIT, () => {
  test("names the origin that may read it, instead of what the service says, and tells caches", async () => {
    await start({ exposedHeaders: ["X-Total", "X-Page"] });
    const exposed = { "access-control-expose-headers": "X-Total, X-Page" };
    assert.deepEqual(await ask("/", { Origin: PAGE }), { status: 200, ...ALLOWED, ...exposed });
    assert.deepEqual(await ask("/", { Origin: "https://evil.test" }), { status: 200, vary: "Accept-Encoding, Origin" });
    assert.deepEqual(await ask("/", {}), { status: 200, vary: "Accept-Encoding, Origin" });
    await gateway.kill();
  });

  test("of the gateway's own is readable, too: errors, limits, and what has no route", async () => {
    const rules = [
      { id: "dead", path: "/dead", serviceName: "dead" },
      { id: "limited", path: "/limited", serviceName: "up", rateLimits: [{ rate: 1, period: "1h", burst: 1 }] },
      { id: "small", path: "/small", serviceName: "up", maxRequestSize: "5b" },
    ];
    await start({}, rules);
    const readable = { "access-control-allow-origin": PAGE, vary: "Origin" };
    await ask("/limited", { Origin: PAGE });
    assert.deepEqual(await ask("/dead", { Origin: PAGE }), { status: 502, ...readable });
    assert.deepEqual(await ask("/limited", { Origin: PAGE }), { status: 429, ...readable });
    assert.deepEqual(await ask("/x", { Origin: PAGE }, "DELETE"), { status: 405, ...readable });
    const text = await exchange(
      gateway.port,
      `POST /small HTTP/1.1\r\nHost: a\r\nOrigin: ${PAGE}\r\nContent-Length: 9\r\n\r\n`,
    );
    assert.match(text, /^HTTP\/1.1 413 [\s\S]*Access-Control-Allow-Origin: https:\/\/page.test/);
    await gateway.kill();
  });

  test("that refuses a client is readable, too, and its preflight needs no credential", async () => {
    const jwt = { publicKey: signingKey("RS256").pem, issuer: "i", audience: "a" };
    const published = { issuer: "j", jwksEndpoint: "http://127.0.0.1:1/", audience: "a" };
    const auth = {
      failures: { max: 3, window: "1h" },
      jwt: {
        providers: [
          { name: "i", ...jwt },
          { name: "j", ...published },
        ],
      },
      apikey: { keys: { ci: { key: "right" } } },
    };
    const rules = [
      { id: "known", path: "/known", serviceName: "up", authRequired: true },
      { id: "scoped", path: "/scoped", serviceName: "up", requiredScopes: ["write"] },
      { id: "denied", path: "/denied", serviceName: "up", deniedIPs: ["0.0.0.0/0"] },
    ];
    await start({ allowCredentials: true, allowedHeaders: ["Authorization"] }, rules, { auth });
    const asks = { "Access-Control-Request-Headers": "authorization" };
    for (const path of ["/known", "/scoped"]) {
      const { status, fields } = await preflight(path, asks);
      assert.deepEqual([status, fields["access-control-allow-headers"]], [204, "authorization"], path);
    }
    const claims = Buffer.from('{"iss":"j"}').toString("base64url");
    const rows: readonly (readonly [status: number, path: string, fields: Record<string, string>])[] = [
      [401, "/known", {}],
      [401, "/known", { "X-API-Key": "wrong" }],
      [403, "/scoped", { "X-API-Key": "right" }],
      [403, "/denied", {}],
      [503, "/known", { Authorization: `Bearer eyJhbGciOiJSUzI1NiJ9.${claims}.AAAA` }],
      [400, "/known/..;/denied", {}],
      [401, "/known", { "X-API-Key": "wrong" }],
      [401, "/known", { "X-API-Key": "wrong" }],
      [429, "/known", { "X-API-Key": "right" }],
    ];
    const readable = {
      "access-control-allow-origin": PAGE,
      "access-control-allow-credentials": "true",
      vary: "Origin",
    };
    for (const [status, path, fields] of rows)
      assert.deepEqual(await ask(path, { Origin: PAGE, ...fields }), { status, ...readable }, `${status} ${path}`);
    await gateway.kill();
  });

  test("lets credentials be shown to listed origins alone", async () => {
    await start({ allowedOrigins: [PAGE, "null", "*"], allowCredentials: true });
    const shown = { ...ALLOWED, "access-control-allow-credentials": "true" };
    assert.deepEqual(await ask("/", { Origin: PAGE }), { status: 200, ...shown });
    assert.deepEqual(await ask("/", { Origin: "null" }), {
      status: 200,
      ...ALLOWED,
      "access-control-allow-origin": "null",
    });
    assert.equal((await ask("/", { Origin: "https://any.test" }))["access-control-allow-origin"], "*");
    await gateway.kill();
  });

  test("does not depend on the origin where all may read it", async () => {
    await start({ allowedOrigins: ["*"] });
    const open = { status: 200, "access-control-allow-origin": "*", vary: "Accept-Encoding" };
    assert.deepEqual(await ask("/", { Origin: PAGE }), open);
    await gateway.kill();
  });

  test("to two Origin fields is for nobody", async () => {
    await start({});
    const text = await exchange(
      gateway.port,
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: ${PAGE}\r\nOrigin: ${PAGE}\r\n\r\n`,
    );
    assert.doesNotMatch(text, /Access-Control-Allow-Origin/i);
    await gateway.kill();
  });
});

describe("a preflight", LIMIT, () => {
  test("is answered for a rule that lists GET alone, before limits, without the service", async () => {
    const rules = [
      {
        id: "one",
        path: "/one",
        serviceName: "up",
        methods: ["GET"],
        rateLimits: [{ rate: 1, period: "1h", burst: 1 }],
      },
    ];
    await start({ maxAge: "10m" }, rules);
    const before = backend.requests;
    for (let i = 0; i < 3; i++) {
      const { status, fields } = await preflight("/one", { "Access-Control-Request-Headers": "X-Token,content-type" });
      assert.equal(status, 204);
      assert.equal(fields["access-control-allow-origin"], PAGE);
      assert.match(fields["access-control-allow-methods"]!, /\bGET\b/);
      assert.equal(fields["access-control-allow-headers"], "x-token, content-type");
      assert.equal(fields["access-control-max-age"], "600");
      assert.equal(fields.vary, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    }
    assert.equal(backend.requests, before);
    await gateway.kill();
  });

  test("that asks for what is not allowed gets no permission", async () => {
    await start({ allowedHeaders: ["x-token"], allowedMethods: ["GET"], optionsSuccessStatus: 200 }, [
      { id: "any", path: "/any", serviceName: "up" },
    ]);
    const refused = [
      { Origin: "https://evil.test" },
      { "Access-Control-Request-Method": "DELETE" },
      { "Access-Control-Request-Method": "GET, POST" },
      { "Access-Control-Request-Headers": "x-token, x-other" },
    ];
    for (const headers of refused) {
      const { status, fields } = await preflight("/any", headers);
      assert.equal(status, 200);
      assert.deepEqual(
        Object.keys(fields).filter((name) => name.startsWith("access-control")),
        [],
        JSON.stringify(headers),
      );
    }
    assert.equal((await preflight("/any")).fields["access-control-allow-origin"], PAGE);
    await gateway.kill();
  });

  test("of a method that no rule has is a request of its own: 405", async () => {
    await start({});
    assert.equal((await preflight("/x", { "Access-Control-Request-Method": "DELETE" })).status, 405);
    await gateway.kill();
  });

  test("from a public network to this private one is allowed where it says so", async () => {
    const asks = { "Access-Control-Request-Private-Network": "true" };
    await start({ allowPrivateNetwork: true });
    assert.equal((await preflight("/", asks)).fields["access-control-allow-private-network"], "true");
    assert.equal((await preflight("/")).fields["access-control-allow-private-network"], undefined);
    await gateway.kill();
    await start({});
    assert.equal((await preflight("/", asks)).fields["access-control-allow-private-network"], undefined);
    await gateway.kill();
  });

  test("goes to the service where it is passed through, and the answer stays as it is", async () => {
    await start({ optionsPassthrough: true });
    const { status, fields } = await preflight("/");
    assert.deepEqual([status, fields["x-service-preflight"]], [200, "yes"]);
    assert.equal(fields["access-control-allow-origin"], "https://inside.test");
    await gateway.kill();
  });

  test("is answered over HTTP/2", async () => {
    await start({});
    const session = connectHttp2(`http://127.0.0.1:${gateway.port}`);
    const stream = session.request({
      ":method": "OPTIONS",
      ":path": "/",
      origin: PAGE,
      "access-control-request-method": "GET",
    });
    const [headers] = await once(stream, "response");
    assert.deepEqual([headers[":status"], headers["access-control-allow-origin"]], [204, PAGE]);
    session.destroy();
    await gateway.kill();
  });
});

test("a rule has settings of its own, and may switch CORS on or off", LIMIT, async () => {
  const other = "https://other.test";
  await start({ exposedHeaders: ["X-All"] }, [
    { id: "off", path: "/off", serviceName: "up", cors: { enabled: false } },
    { id: "own", path: "/own", serviceName: "up", cors: { allowedOrigins: [other] } },
  ]);
  assert.equal((await ask("/off", { Origin: PAGE }))["access-control-allow-origin"], "https://inside.test");
  assert.equal((await ask("/own", { Origin: PAGE }))["access-control-allow-origin"], undefined);
  const own = await ask("/own", { Origin: other });
  assert.deepEqual([own["access-control-allow-origin"], own["access-control-expose-headers"]], [other, "X-All"]);
  await gateway.kill();
  await start({ enabled: false }, [{ id: "own", path: "/own", serviceName: "up", cors: {} }]);
  assert.equal((await ask("/own", { Origin: PAGE }))["access-control-allow-origin"], PAGE);
  assert.equal((await ask("/x", { Origin: PAGE }))["access-control-allow-origin"], "https://inside.test");
  assert.equal((await preflight("/x")).status, 405);
  await gateway.kill();
});
