// Credentials made to get in without a right to: each through HTTP/1.1, HTTP/2, WebSocket and gRPC. All are refused, by the error
// that is meant for them, and the gateway is afterwards what it was before.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { type Backend, type Mirrored, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { Entrances, type Fields, rawTry } from "../support/entrances.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { InteropServer } from "../support/grpc.ts";
import { ask as askRaw } from "../support/hostile.ts";
import {
  anyToken,
  claimsOf,
  hostileTokens,
  issuerKeys,
  SECRET,
  trusting,
  uselessMembers,
} from "../support/hostile-tokens.ts";
import { ask, openRaw, openSession } from "../support/http2-client.ts";
import { FLAG, FRAME, fieldBlock, frame, framesOf, requestFields } from "../support/http2-frames.ts";
import { type PublishedKeys, publishKeys } from "../support/jwks.ts";
import { Pki } from "../support/pki.ts";
import { type Block, configText, residentBytes } from "../support/setup.ts";
import { ask as askSecurely, greet } from "../support/tls-client.ts";
import { nowS, signed, signedWithSecret } from "../support/tokens.ts";
import { echo, type WsBackend, wsBackend } from "../support/websocket.ts";

const LIMIT = { timeout: 120_000 };
const KEYS = issuerKeys();
const API_KEY = "key-of-the-build-server-0123456789";
const PASSWORD = "correct horse";
const PATHS = { http: "/any", webSocket: "/ws", grpc: "/test.v1.Interop/Unary" };

let backend: Backend;
let sockets: WsBackend;
let calls: InteropServer;
let published: PublishedKeys;
let gateway: GatewayProcess;
let entrances: Entrances;

before(async () => {
  backend = await startBackend(mirror);
  sockets = await wsBackend(echo);
  calls = await InteropServer.start();
  published = await publishKeys([KEYS.rsa, KEYS.ec, KEYS.ed]);
  published.extra = uselessMembers(KEYS);
  const input = { input: `${PASSWORD}\n` };
  const printed = execFileSync(process.execPath, ["dist/main.js", "hash-key", "-password"], input).toString();
  const passwordHash = /^passwordHash: (\S+)/.exec(printed)![1]!;
  gateway = await startGateway(text(passwordHash), { args: ["-log-level", "debug"] });
  entrances = await Entrances.open(gateway.port, PATHS);
});
after(async () => {
  entrances.close();
  await gateway.kill();
  calls.kill();
  await Promise.all([backend.close(), sockets.close(), published.close()]);
});

function text(passwordHash: string): string {
  const rules: Block[] = [
    { id: "grpc", path: `${PATHS.grpc.replace("/Unary", "")}/*`, serviceName: "calls", protocol: "grpc" },
    { id: "ws", path: PATHS.webSocket, serviceName: "sockets" },
    { id: "keys", path: "/keys/*", serviceName: "up", authType: ["apikey"] },
    { id: "maybe", path: "/maybe/*", serviceName: "up", authRequired: "optional" },
    { id: "open", path: "/open", serviceName: "up", authRequired: false },
    { id: "all", path: "/*", serviceName: "up" },
  ];
  return configText({
    rules,
    services: {
      up: backend.port,
      sockets: sockets.port,
      calls: calls.port,
    },
    more: {
      auth: {
        required: true,
        failures: { max: 0 },
        skipPaths: ["/public"],
        jwt: { ...trusting(KEYS, published.url), cookieName: "token", tokenQuery: "at", forward: false },
        apikey: { queryParam: "api_key", cookieName: "key", scheme: "ApiKey", keys: { ci: { key: API_KEY } } },
        basic: { users: { ann: passwordHash } },
      },
    },
  });
}

const bearer = (token: string): Fields => ["Authorization", `Bearer ${token}`];
const basic = (login: string | Buffer): Fields => ["Authorization", `Basic ${Buffer.from(login).toString("base64")}`];

/** The process is the same, good tokens of each issuer are let in everywhere, and nothing is wrong inside. */
async function assertUnmoved(): Promise<void> {
  const good = [
    await signed(KEYS.rsa, claimsOf("key")),
    await signed(KEYS.ec, claimsOf("set")),
    await signedWithSecret(SECRET, claimsOf("secret")),
  ];
  for (const token of good) assert.deepEqual(await entrances.try(bearer(token)), entrances.everywhere("passes"));
  assert.ok(residentBytes(gateway.pid) > 0);
  const wrong = gateway.lines.filter(({ level }) => level === "error");
  assert.deepEqual(wrong, []);
}

describe("a hostile token", LIMIT, () => {
  test("is refused wherever it comes in, and nothing is fetched for it", async () => {
    let fetched = 0;
    const trap = createServer((_, response) => {
      fetched++;
      response.end(JSON.stringify({ keys: [] }));
    }).listen(0, "127.0.0.1");
    await once(trap, "listening");
    await assertUnmoved();
    const rows = await hostileTokens(KEYS, `http://127.0.0.1:${(trap.address() as AddressInfo).port}`);
    const found: string[] = [];
    for (const [name, token, code] of rows) {
      const tried = await entrances.try(bearer(token));
      for (const [entrance, outcome] of Object.entries(tried)) {
        if (outcome !== code) found.push(`${name}, by ${entrance}: ${outcome} instead of ${code}`);
      }
    }
    assert.deepEqual(found, []);
    assert.equal(fetched, 0);
    await assertUnmoved();
    trap.close();
  });

  test("is refused in a cookie and in the query as in a field, without bytes that a field could not hold", async () => {
    for (const [name, token, code] of await hostileTokens(KEYS, "http://127.0.0.1:1")) {
      const [cookie, query] = await Promise.all([
        rawTry(gateway.port, "GET /any HTTP/1.1\r\nHost: x\r\n", ["Cookie", `token=${token}`]),
        rawTry(gateway.port, `GET /any?at=${encodeURIComponent(token)} HTTP/1.1\r\nHost: x\r\n`, []),
      ]);
      assert.deepEqual([cookie, query], [code, code], name);
    }
    await assertUnmoved();
  });

  test("larger than any head is refused before it is read", async () => {
    const token = "a".repeat(40_000);
    assert.equal(await rawTry(gateway.port, "GET /any HTTP/1.1\r\nHost: x\r\n", bearer(token)), "headers_too_large");
    await assertUnmoved();
  });

  test("with the other of two ECDSA signatures is no other token: it says the same of the same holder", async () => {
    const [header, claims, signature] = (await signed(KEYS.ec, claimsOf("set"))).split(".");
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const bytes = Buffer.from(signature!, "base64url");
    const s = n - BigInt(`0x${bytes.subarray(32).toString("hex")}`);
    const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]);
    const { status, body } = await askRaw(
      gateway.port,
      `GET /any HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${header}.${claims}.${twin.toString("base64url")}\r\n\r\n`,
    );
    assert.equal(status, 200);
    assert.deepEqual(valuesOf((JSON.parse(body) as Mirrored).headers, "X-Auth-Subject"), ["alice"]);
  });

  test("is refused in the second in which it ends, also when it was let in before", async () => {
    const token = await signed(KEYS.rsa, claimsOf("key", { exp: nowS() + 2 }));
    let last = "passes";
    let passed = 0;
    while (last === "passes") {
      const begun = Date.now();
      last = await rawTry(gateway.port, "GET /any HTTP/1.1\r\nHost: x\r\n", bearer(token));
      const exp = (JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as { exp: number }).exp;
      if (last === "passes") passed++;
      if (last === "passes") assert.ok(begun < exp * 1000, "it passed when it had ended");
    }
    assert.equal(last, "expired_credentials");
    assert.ok(passed > 0);
  });
});

/** Rows of what is refused: its name, its fields, the code, and the path if it is not `/any`. */
type Rows = readonly (readonly [name: string, fields: Fields, code: string, path?: string])[];

async function assertRefused(rows: Rows): Promise<void> {
  for (const [name, fields, code, path = "/any"] of rows)
    assert.equal(await rawTry(gateway.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n`, fields), code, name);
  await assertUnmoved();
}

describe("credentials in several places", LIMIT, () => {
  test("are refused unless they are one", async () => {
    const [a, b] = [await signed(KEYS.rsa, claimsOf("key")), await signed(KEYS.rsa, claimsOf("key", { sub: "bob" }))];
    const one = "ambiguous_credentials";
    await assertRefused([
      ["two fields, the same", [...bearer(a), ...bearer(a)], one],
      ["two fields, a good one first", [...bearer(a), ...bearer("x")], one],
      ["two fields, a good one last", ["authorization", "x", ...bearer(a)], one],
      ["two fields of two schemes", [...bearer(a), ...basic(`ann:${PASSWORD}`)], one],
      ["two fields, one of them empty", [...bearer(a), "Authorization", ""], one],
      ["two fields where nobody need be known", [...bearer(a), ...bearer(a)], one, "/maybe/x"],
      ["two tokens in one field", bearer(`${a}, Bearer ${b}`), "invalid_credentials"],
      ["field and cookie", [...bearer(a), "Cookie", `token=${b}`], one],
      ["field and query", bearer(a), one, `/any?at=${b}`],
      ["field and query in escapes", bearer(a), one, `/any?%61t=${b}`],
      ["field and an empty query", bearer(a), one, "/any?at="],
      ["two cookies in a field", ["Cookie", `token=${a}; token=${b}`], one],
      ["two cookies, one with a blank before its =", ["Cookie", `token=${a}; token =${b}`], one],
      ["two cookies in two fields", ["Cookie", `token=${a}`, "Cookie", `token=${b}`], one],
      ["two in the query", [], one, `/any?at=${a}&at=${b}`],
      ["field and subprotocol", [...bearer(a), ...upgrade(`bearer, ${b}`)], one, "/ws"],
      ["two keys in fields", ["X-API-Key", API_KEY, "X-API-Key", "x"], one],
      ["key in field and query", ["X-API-Key", API_KEY], one, "/any?api_key=x"],
      ["key in field and Authorization", ["X-API-Key", API_KEY, "Authorization", "ApiKey x"], one, "/keys/x"],
      ["a good key beside a bad token", ["X-API-Key", API_KEY, ...bearer("x")], "invalid_credentials"],
      ["a good token beside bad ones that come later", [...bearer("x"), "X-API-Key", API_KEY], "invalid_credentials"],
    ]);
  });

  test("are refused over HTTP/2, too, where fields may be sent that no client library sends", async () => {
    const token = await signed(KEYS.rsa, claimsOf("key"));
    const client = await openRaw(gateway.port);
    const twice = requestFields("/any", ["authorization", `Bearer ${token}`], ["authorization", `Bearer ${token}`]);
    client.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, fieldBlock(twice)));
    const isHead = (received: string) => framesOf(received).some(({ type }) => type === FRAME.headers);
    const head = framesOf(await client.until(isHead)).find(({ type }) => type === FRAME.headers)!;
    assert.equal(head.payload[0], 0x80 | 12, "`:status: 400` (RFC 7541 appendix A)");
    client.socket.destroy();
  });
});

function upgrade(protocols: string): Fields {
  const fields = ["Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13"];
  return [...fields, "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol", protocols];
}

describe("a field that a service could read in another way", LIMIT, () => {
  test("is read so, or refused, where nobody need be known: what was not verified is not sent on", async () => {
    const bad = anyToken();
    const invalid = "invalid_credentials";
    const path = "/maybe/x";
    await assertRefused([
      ["a tab behind the scheme", ["Authorization", `Bearer\t${bad}`], invalid, path],
      ["a blank beyond ASCII behind the scheme", ["Authorization", `Bearer\xa0${bad}`], invalid, path],
      ["a comma behind the scheme", ["Authorization", `Bearer,${bad}`], invalid, path],
      ["a scheme in other letters", ["AUTHORIZATION", `bEARER ${bad}`], invalid, path],
      ["blanks before the scheme", ["Authorization", `  \t Bearer ${bad}`], invalid, path],
      ["a scheme alone", ["Authorization", "Bearer"], invalid, path],
      ["a blank before the = of a cookie", ["Cookie", `token =${bad}`], invalid, path],
      ["a tab before the = of a cookie", ["Cookie", `a=b;\ttoken\t=${bad}`], invalid, path],
      ["a cookie in quotes", ["Cookie", `token="${bad}"`], invalid, path],
      ["an empty cookie", ["Cookie", "token="], invalid, path],
      ["a name in escapes", [], invalid, `${path}?%61%74=${bad}`],
      ["a name without a value", [], invalid, `${path}?at`],
      ["a field folded over two lines", ["Authorization", `Bearer\r\n ${bad}`], "bad_request", path],
      ["a blank before the colon", ["Authorization ", `Bearer ${bad}`], "bad_request", path],
      ["a NUL in the field", ["Authorization", `Bearer ${bad}\0`], "bad_request", path],
    ]);
  });

  test("does not take from services what the gateway tells of the client", async () => {
    const token = await signed(KEYS.rsa, claimsOf("key"));
    const names = ["X-Auth-Subject", "X-Auth-Scopes", "x_auth_subject", "X-Auth.Subject", "X-AUTH-SUBJECT"];
    const forged = names.flatMap((name) => [name, "root"]);
    const nominated = ["Connection", "X-Auth-Subject, X-Auth-Claims, X-Auth-Type, close"];
    const head = [...bearer(token), ...forged, ...nominated].map((part, i) =>
      i % 2 === 0 ? `${part}: ` : `${part}\r\n`,
    );
    const { body } = await askRaw(gateway.port, `GET /any HTTP/1.1\r\nHost: x\r\n${head.join("")}\r\n`);
    const { headers } = JSON.parse(body) as Mirrored;
    const told = headers.filter((_, i) => i % 2 === 1 && /^x[-_]auth[-_.]/i.test(headers[i - 1]!));
    assert.ok(!told.includes("root"));
    assert.deepEqual(valuesOf(headers, "X-Auth-Subject"), ["alice"]);
    assert.deepEqual(valuesOf(headers, "X-Auth-Type"), ["user"]);
  });
});

describe("a hostile key or password", LIMIT, () => {
  test("is refused", async () => {
    const invalid = "invalid_credentials";
    const key = (value: string): Fields => ["X-API-Key", value];
    await assertRefused([
      ...[
        "",
        API_KEY.toUpperCase(),
        `${API_KEY}x`,
        API_KEY.slice(1),
        `"${API_KEY}"`,
        "ci",
        "__proto__",
        "constructor",
      ].map((value) => [`the key ${value}`, key(value), invalid, "/keys/x"] as const),
      ["a key of 20 KB", key("k".repeat(20_000)), invalid, "/keys/x"],
      ["a key that is cut by a NUL", [], invalid, `/keys/x?api_key=${API_KEY}%00`],
      ["a key in escapes that are none", [], invalid, "/keys/x?api_key=%zz%ff"],
      ["a key of another method's place", bearer(API_KEY), "missing_credentials", "/keys/x"],
      ...["", ":", "ann", "ann:", `:${PASSWORD}`, `ann\0:${PASSWORD}`, `ANN:${PASSWORD}`, `ann:${PASSWORD}\n`].map(
        (login) => [`the login ${JSON.stringify(login)}`, basic(login), invalid] as const,
      ),
      ["a user of prototypes", basic("__proto__:x"), invalid],
      ["a login that is no UTF-8", basic(Buffer.from([0x61, 0x3a, 0xff])), invalid],
      ["a login of 8 KB", basic(`ann:${"x".repeat(6000)}`), invalid],
      ["a login that is no base64", ["Authorization", "Basic ann:password"], invalid],
      ["a login in base64url", ["Authorization", "Basic YW5uOj8_Pw"], invalid],
    ]);
  });
});

describe("a hostile certificate", LIMIT, () => {
  test("is nobody's, whatever it says, and fields that claim one are none", async (t) => {
    const pki = new Pki();
    const [ca, otherCa] = [pki.authority("ca"), pki.authority("other-ca")];
    const server = pki.certificate("server", { signer: ca, extensions: ["subjectAltName=DNS:main.test"] });
    const extensions = ["subjectAltName=URI:spiffe://x/job"];
    const clients = {
      right: pki.certificate("right", { signer: ca, extensions }),
      "of another authority": pki.certificate("foreign", { signer: otherCa, extensions }),
      "signed by itself": pki.certificate("selfish", { extensions }),
      "that has ended": pki.certificate("ended", { signer: ca, extensions, days: -1 }),
      "signed by a certificate that is no authority's": pki.certificate("deeper", {
        signer: pki.certificate("leaf", { signer: ca }),
        extensions,
      }),
    };
    const tls = { enabled: true, certFile: server.cert, keyFile: server.key, clientCAFile: [ca.cert] };
    const secured = await startGateway(
      configText({
        rules: [{ id: "all", path: "/*", serviceName: "up", authRequired: true }],
        services: { up: backend.port },
        front: { tls: { ...tls, clientAuth: "request" } },
        more: { auth: { mtls: true } },
      }),
    );
    t.after(() => secured.kill());
    const fields = [`Client-Cert: :${Buffer.from("x").toString("base64")}:`, "X-Auth-Subject: spiffe://x/job"];
    const statuses: Record<string, number> = {};
    for (const [name, { cert, key }] of Object.entries({ none: { cert: "", key: "" }, ...clients })) {
      const socket = await greet(secured.port, cert === "" ? {} : { cert: readFileSync(cert), key: readFileSync(key) });
      statuses[name] = (await askSecurely(socket, "main.test", "/", fields)).status;
      socket.destroy();
    }
    pki.remove();
    const refused = Object.fromEntries(Object.keys(statuses).map((name) => [name, 401]));
    assert.deepEqual(statuses, { ...refused, right: 200 });
  });
});

describe("a path that could be taken for an exempt one", LIMIT, () => {
  test("needs a credential, or is no path", async () => {
    const refused: Readonly<Record<string, readonly string[]>> = {
      // Paths of their own.
      missing_credentials: [
        ...["/public/../any", "/public/%2e%2e/any", "/public/.%2E/any", "/public/%2e./any", "/public//../any"],
        ...["/public/./../any", "/public/x/../../any", "/public/..", "http://x/public/../any", "http://public/any"],
        ...[
          "/PUBLIC",
          "/Public/x",
          "/publicx",
          "/public.",
          "/public%20",
          "/public%e2%80%8b",
          "/x/public",
          "/any?/public",
        ],
        ...["/any?x=/../public", "/public/%c0%ae%c0%ae/any", "/public/%e0%80%ae/any", "/public/%ff"],
      ],
      // Paths that others read as another path, or that are none.
      invalid_path: [
        ...["/public/..;/any", "/public/..;x=y/any", "/public/%2e%2e;/any", "/public/..%3b/any", "/public;/any"],
        ...["/any/..;/public", "/public%3bx", "/;/public", "/public/x;/..;/..;/any", "/public%2fx", "/%2fpublic"],
        ...[
          "/public%2f..%2fany",
          "/public/..%2fany",
          "/public/..%5cany",
          "/public/%2e%2e%5c%2e%2e%5cany",
          "/public\\..\\any",
        ],
        ...["/public/%252e%252e/any", "/public/%252e%252e%252fany", "/public/%25%32%65%25%32%65/any"],
        ...["/public/%ef%bc%8e%ef%bc%8e/any", "/public/..%ef%bc%8fany", "/public/%e2%80%a5/any", "/public/.%09./any"],
        ...[
          "/public/%00",
          "/public/%zz",
          "/public/%",
          "/public/%u002e%u002e/any",
          "/public/../../any",
          "/public#/../any",
        ],
      ],
    };
    for (const [code, paths] of Object.entries(refused))
      await assertRefused(paths.map((path) => [path, [], code, path]));
    for (const path of [
      "/public",
      "/public/",
      "/public/x",
      "//public",
      "/public/a%20b",
      "/public/x;v=1",
      "/%70ublic/x",
    ])
      assert.equal(await rawTry(gateway.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n`, []), "passes", path);
  });
});

describe("a thousand requests at once", LIMIT, () => {
  test("are each judged by their own credential, while keys of the issuer change and it answers slowly", async () => {
    const session = await openSession(gateway.port);
    const next = { ...issuerKeys().rsa, kid: "next", jwk: { ...issuerKeys().rsa.jwk } };
    const newKey = { ...next, jwk: { ...next.jwk, ...next.publicKey.export({ format: "jwk" }), kid: "next" } };
    const good = await Promise.all(
      Array.from({ length: 10 }, (_, i) => signed(KEYS.ec, claimsOf("set", { sub: `u${i}` }))),
    );
    const late = await signed(newKey, claimsOf("set", { sub: "late" }));
    const statusOf = async (token: string) =>
      (await ask(session, { ":path": "/any", authorization: `Bearer ${token}` })).status;
    published.keys = [KEYS.ec, newKey];
    published.extra = [];
    published.answer = (response) => {
      setTimeout(() => response.end(JSON.stringify({ keys: published.keys.map(({ jwk }) => jwk) })), 200);
    };
    const asked = published.asked;
    const all = await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        if (i % 3 === 0) return [await statusOf(good[i % 10]!), 200];
        return i % 3 === 1 ? [await statusOf(anyToken()), 401] : [await statusOf(late), -1];
      }),
    );
    for (const [status, expected] of all) if (expected !== -1) assert.equal(status, expected);
    // The token of the new key is refused until the key is known, which is asked for once, if at all within the cooldown.
    for (const [status, expected] of all) if (expected === -1) assert.ok(status === 200 || status === 401);
    assert.ok(published.asked - asked <= 1);
    session.close();
    published.answer = null;
  });
});

describe("tens of thousands of bad tokens, each another one", LIMIT, () => {
  test("leave no memory behind", async () => {
    const session = await openSession(gateway.port);
    const flood = async (count: number) => {
      let left = count;
      const one = async () => {
        while (left-- > 0) {
          const kid = `k${left}`;
          const token = left % 2 === 0 ? anyToken() : await signedWithSecret("x".repeat(32), claimsOf("set", { kid }));
          assert.equal((await ask(session, { ":path": "/any", authorization: `Bearer ${token}` })).status, 401);
        }
      };
      await Promise.all(Array.from({ length: 50 }, one));
    };
    await flood(4000);
    const before = residentBytes(gateway.pid);
    await flood(12_000);
    const grown = residentBytes(gateway.pid) - before;
    assert.ok(grown < 48 * 1024 * 1024, `${grown} bytes`);
    session.close();
  });
});
