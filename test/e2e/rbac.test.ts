// Role-based access control in every protocol: decisions, answers, logs, and reloads.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { keyDigest } from "../../src/auth/api-keys.ts";
import { startGrpc } from "../../src/demo/grpc.ts";
import type { DemoServer } from "../../src/demo/server.ts";
import { type Backend, type Mirrored, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { type Call, call, type Reply } from "../support/client.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { errorOf, InteropClient, InteropServer, order } from "../support/grpc.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { ask as manage, managementPort, TOKEN } from "../support/management.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { exchange } from "../support/raw.ts";
import { accessLine, type Block, configText, reload, soon } from "../support/setup.ts";
import { signedWithSecret } from "../support/tokens.ts";
import { echo, refusalOf, type WsBackend, wsBackend, wsClient } from "../support/websocket.ts";

const LIMIT = { timeout: 60_000 };
const SECRET = "a secret of at least thirty-two bytes";
const API_KEY = "key-of-the-build-server-0123456789";
const gateways = new GatewayPool();
let backend: Backend;
let sockets: WsBackend;
let interop: InteropServer;
let greeter: DemoServer;
let gateway: GatewayProcess;

before(async () => {
  [backend, sockets, interop, greeter] = await Promise.all([
    startBackend(mirror),
    wsBackend(echo),
    InteropServer.start(),
    startGrpc(0),
  ]);
});
after(async () => {
  interop.kill();
  await Promise.all([backend.close(), sockets.close(), greeter.stop()]);
});

const ROLES: Block = {
  reader: { permissions: ["orders:*:read"] },
  writer: { permissions: ["orders:*"], inherits: ["reader"] },
  paths: { permissions: ["/files/*:read", "/files/own/*"] },
  chat: { permissions: ["*:connect"] },
  caller: { permissions: ["/test.v1.Interop/Unary:call"] },
  greeted: { permissions: ["/v1/hello/*:read"] },
};
const BINDINGS: Block = {
  "user:ann": ["reader"],
  "group:editors": ["writer"],
  "scope:files": ["paths"],
  "claim:team=chat": ["chat", "caller"],
  "apikey:ci": ["writer"],
  "user:gil": ["greeted"],
};
const RULES: readonly Block[] = [
  { id: "orders", path: "/orders/{id}", serviceName: "up", requiredPermissions: ["orders:{id}:{action}"] },
  { id: "files", path: "/files/*", serviceName: "up" },
  { id: "ws", path: "/ws", serviceName: "sockets", requiredPermissions: ["rooms:{action}"] },
  { id: "open", path: "/open/*", serviceName: "up", metadata: { skipAuth: true, skipAuthz: true } },
  { id: "closed", path: "/closed/*", serviceName: "up", authRequired: false },
  { id: "maybe", path: "/maybe/*", serviceName: "up", authRequired: "optional" },
  { id: "grpc", path: "/test.v1.Interop/*", serviceName: "interop", protocol: "grpc" },
  {
    id: "json",
    path: "/v1/*",
    serviceName: "greeter",
    grpc: { enableTranscoding: true, protoFiles: ["protos/demo/greeter.proto"] },
  },
];

function text(rbac: Block = {}, rules = RULES): string {
  const apikey = { keys: { ci: { hashedKey: keyDigest(API_KEY) } } };
  return configText({
    rules,
    services: {
      up: backend.port,
      sockets: sockets.port,
      interop: [{ address: "127.0.0.1", port: interop.port, protocol: "grpc" }],
      greeter: [{ address: "127.0.0.1", port: greeter.port, protocol: "grpc" }],
    },
    more: {
      auth: { failures: { max: 0 }, jwt: { secret: SECRET, signingMethod: "HS256", claimsMapping: {} }, apikey },
      authz: { rbac: { policies: [{ name: "all", roles: ROLES, bindings: BINDINGS }], ...rbac } },
      metrics: { enabled: true },
      management: { enabled: true, port: 0, auth: { type: "token", token: TOKEN } },
    },
  });
}

async function start(...given: Parameters<typeof text>): Promise<void> {
  gateway = await gateways.take(text(...given));
}

/** @param claims of the client; null: it brings nothing */
async function send(claims: Block | null, path: string, more: Call = {}): Promise<Reply> {
  const credential =
    claims === null ? [] : ["Authorization", `Bearer ${await signedWithSecret(SECRET, { ...claims })}`];
  return call(gateway.port, { ...more, path, headers: [...credential, ...(more.headers ?? [])] });
}

function codeOf({ status, text: body }: Reply): string | number {
  return /"code":"(\w+)"/.exec(body)?.[1] ?? status;
}

const ANN = { sub: "ann" };
const ED = { sub: "ed", groups: ["editors"] };

describe("a request", LIMIT, () => {
  before(() => start());
  after(() => gateway.kill());

  const method = async (claims: Block, name: string, path = "/orders/7") =>
    codeOf(await send(claims, path, { method: name }));

  test("is allowed if a role of the client grants the permission for the method", async () => {
    for (const name of ["GET", "HEAD"]) assert.equal(await method(ANN, name), 200, name);
    for (const name of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
      assert.deepEqual([await method(ANN, name), await method(ED, name)], ["permission_denied", 200], name);
    assert.equal(codeOf(await send(null, "/orders/7", { headers: ["X-API-Key", API_KEY], method: "PUT" })), 200);
  });
  test("with another method never has the action read", async () => {
    for (const name of ["PROPFIND", "SEARCH", "LOCK", "QUERY"])
      assert.equal(await method(ANN, name), "permission_denied", name);
  });
  test("of a client without bound roles is denied, whatever roles its token contains", async () => {
    assert.equal(await method({ sub: "eve", roles: ["writer", "reader"] }, "GET"), "permission_denied");
    assert.equal(await method({ sub: "Ann" }, "GET"), "permission_denied");
    assert.equal(await method({ sub: "user:ann" }, "GET"), "permission_denied");
  });
  test("without authentication is answered 401, with the challenges of the rule", async () => {
    for (const path of ["/orders/7", "/files/x", "/maybe/x"]) {
      const reply = await send(null, path);
      assert.deepEqual([reply.status, codeOf(reply)], [401, "missing_credentials"], path);
      assert.equal(reply.headers["www-authenticate"], 'Bearer realm="gateway", ApiKey realm="gateway"', path);
    }
    assert.deepEqual(codeOf(await send(ANN, "/closed/x")), "missing_credentials");
    assert.equal(codeOf(await send(null, "/open/x")), 200);
  });
  test("that is denied does not learn the permission; the access log has it, with the subject", async () => {
    const reply = await send(ANN, "/orders/7?secret=1", { method: "DELETE", headers: ["X-Request-ID", "denied"] });
    assert.deepEqual([reply.status, codeOf(reply)], [403, "permission_denied"]);
    assert.doesNotMatch(reply.text, /orders|delete|ann/);
    const line = await accessLine(gateway, "denied");
    assert.deepEqual([line.subject, line.error], ["ann", "permission_denied"]);
    assert.equal(line.detail, 'rbac: "ann": permission "orders:7:delete" is missing');
  });
  test("is counted by decision and mode", async () => {
    const metrics = await scrape(gateway.port);
    assert.ok(sumOf(metrics, "gateway_authz_decisions_total", { decision: "allowed", mode: "enforce" }) > 0);
    assert.ok(sumOf(metrics, "gateway_authz_decisions_total", { decision: "denied", mode: "enforce" }) > 0);
  });
  test("over HTTP/2 is decided in the same way", async () => {
    const session = await openSession(gateway.port);
    const authorization = `Bearer ${await signedWithSecret(SECRET, ANN)}`;
    const statusOf = async (name: string) =>
      (await ask(session, { ":path": "/orders/7", ":method": name, authorization })).status;
    assert.deepEqual([await statusOf("GET"), await statusOf("DELETE")], [200, 403]);
    session.close();
  });
  test("is forwarded without fields that override method or path", async () => {
    const names = [
      "X-HTTP-Method-Override",
      "X-HTTP-Method",
      "X-Method-Override",
      "X_HTTP.Method-Override",
      "X-Original-URL",
    ];
    const headers = [...names, "X-Rewrite-URL"].flatMap((name) => [name, "DELETE"]);
    for (const path of ["/orders/7", "/files/x"]) {
      const reply = await send({ ...ANN, scope: "files" }, path, { headers: [...headers, "X-Method", "kept"] });
      const { headers: seen } = JSON.parse(reply.text) as Mirrored;
      for (const name of [...names, "X-Rewrite-URL"]) assert.deepEqual(valuesOf(seen, name), [], name);
      assert.deepEqual(valuesOf(seen, "X-Method"), ["kept"]);
    }
  });
});

describe("a path with several interpretations", LIMIT, () => {
  before(() => start());
  after(() => gateway.kill());
  const FILES = { sub: "fay", scope: "files" };
  /** Paths reach the gateway as they are written. */
  const codeAt = async (claims: Block, path: string) => {
    const token = await signedWithSecret(SECRET, { ...claims });
    const head = `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(gateway.port, head);
    return /"code":"(\w+)"/.exec(answer)?.[1] ?? Number(answer.slice(9, 12));
  };

  test("is rejected if one leads to a route with other requirements", async () => {
    const rows: readonly (readonly [path: string, code: string | number])[] = [
      ["/open/..;/files/x", "invalid_path"],
      ["/open/..;a=b/files/x", "invalid_path"],
      ["/open/..%3B/files/x", "invalid_path"],
      ["/open/..%3b/orders/7", "invalid_path"],
      ["/open/..;/admin/..%3B/open", "invalid_path"],
      ["/open/..;/nowhere", "invalid_path"],
      ["/files/..;/open/x", "invalid_path"],
      ["/open/..%2Ffiles/x", "invalid_path"],
      ["/open/..%5cfiles/x", "invalid_path"],
      ["/open/%252e%252e/files/x", "invalid_path"],
      ["/open/%EF%BC%8E%EF%BC%8E%EF%BC%8Ffiles/x", "invalid_path"],
      ["/open/..%00/files/x", "invalid_path"],
      ["/open/..%09/files/x", "invalid_path"],
      ["/open/%3B%2F../files/x", "invalid_path"],
      ["/open;/x", "no_route"],
      ["/open/a;b=c/d", 200],
      ["/open/a%2Fb/100%25/caf%C3%A9", 200],
    ];
    for (const [path, code] of rows) assert.equal(await codeAt(FILES, path), code, path);
  });
  test("is rejected if only one of them is permitted", async () => {
    assert.equal(await codeAt(ANN, "/orders/7;v=1"), 200);
    const roles = { a: { permissions: ["orders:7:read", "/files/a/*:read"] } };
    await reload(gateway, text({ policies: [{ roles, bindings: { "group:one": ["a"] } }] }));
    const rows: readonly (readonly [path: string, code: string | number])[] = [
      ["/orders/7", 200],
      ["/orders/%37", 200],
      ["/orders/8", "permission_denied"],
      ["/orders/7;v=1", "invalid_path"],
      ["/orders/7%3Bv", "invalid_path"],
      ["/orders/7:x", "permission_denied"],
      ["/orders/7:read", "permission_denied"],
      ["/orders/*", "permission_denied"],
      ["/files/a/b", 200],
      ["/files//a/./b", 200],
      ["/files/b/../a/b", 200],
      ["/files/a/b;c", 200],
      ["/files/a/b%2Fc", 200],
      ["/files/a/caf%C3%A9", 200],
      ["/files/a/..%2Fb", "invalid_path"],
      ["/files/a/..%5cb", "invalid_path"],
      ["/files/a/%2e%2e%2Fb", "invalid_path"],
      ["/files/a/%252e%252e%252fb", "invalid_path"],
      ["/files/a/..%2F..%2F..%2Fb", "invalid_path"],
      ["/files/a/..%2F..%2F..%2F..%2Fb", "invalid_path"],
      ["/files/a/%EF%BC%8E%EF%BC%8E%EF%BC%8Fb", "invalid_path"],
      ["/files/a;/b", "invalid_path"],
      ["/files/a/..;x/b", "invalid_path"],
      ["/files/a/%3B%2F../b", "invalid_path"],
      ["/files/a/x;y%2Fz/..%2F..%2Fb", "invalid_path"],
      ["/files/a/x%5Cy/..%2F..%2Fb", "invalid_path"],
      ["/files/%EF%BD%81/b", "invalid_path"],
      ["/files/A/b", "permission_denied"],
      ["/files/a", "permission_denied"],
      ["/files/a%CC%81/b", "permission_denied"],
      ["/FILES/a/b", "no_route"],
    ];
    for (const [path, code] of rows) assert.equal(await codeAt({ sub: "one", groups: ["one"] }, path), code, path);
  });
});

test("without access restrictions, such paths and fields are forwarded", LIMIT, async () => {
  const rules = [
    { id: "open", path: "/open/*", serviceName: "up" },
    { id: "maybe", path: "/maybe/*", serviceName: "up", authRequired: "optional" },
  ];
  await start({ enabled: false }, rules);
  const headers = ["X-HTTP-Method-Override", "DELETE"];
  const { url, headers: seen } = JSON.parse((await send(null, "/open/..;/x", { headers })).text) as Mirrored;
  assert.deepEqual([url, valuesOf(seen, "X-HTTP-Method-Override")], ["/open/..;/x", ["DELETE"]]);
  await start({ enforcementMode: "permissive", skipPaths: ["/open/public"] }, rules);
  for (const path of ["/open/public/..;/x", "/open/..;/x", "/open/..%2Fx"])
    assert.equal(codeOf(await send(null, path)), 200, path);
  await gateway.kill();
});

describe("a WebSocket", LIMIT, () => {
  before(() => start());
  after(() => gateway.kill());
  test("requires the action connect, not read", async () => {
    const headersOf = async (claims: Block) => ({ Authorization: `Bearer ${await signedWithSecret(SECRET, claims)}` });
    const { status, body } = await refusalOf(wsClient(gateway.port, "/ws", { headers: await headersOf(ANN) }));
    assert.deepEqual([status, /"code":"(\w+)"/.exec(body)?.[1]], [403, "permission_denied"]);
    const client = wsClient(gateway.port, "/ws", { headers: await headersOf({ sub: "cy", team: ["chat"] }) });
    await soon(once(client, "open"), "an open WebSocket");
    client.terminate();
  });
  test("that its service answers like any request needs the permission for that, too", async () => {
    const handshake = async (claims: Block) => {
      const headers = { Authorization: `Bearer ${await signedWithSecret(SECRET, claims)}`, "X-Request-ID": "plain" };
      const { status, body } = await refusalOf(wsClient(gateway.port, "/orders/7", { headers }));
      return [status, body.includes("/orders/7")];
    };
    assert.deepEqual(await handshake({ sub: "cy", team: ["chat"] }), [403, false]);
    const { error, detail } = await accessLine(gateway, "plain");
    assert.deepEqual([error, detail], ["permission_denied", 'rbac: "cy": permission "orders:7:read" is missing']);
    assert.deepEqual(await handshake({ sub: "ann", team: ["chat"] }), [200, true]);
  });
});

describe("a call of gRPC", LIMIT, () => {
  before(() => start());
  after(() => gateway.kill());
  test("requires the action call, and is denied with PERMISSION_DENIED", async () => {
    const client = new InteropClient(gateway.port);
    const metadata = [
      ["authorization", `Bearer ${await signedWithSecret(SECRET, { sub: "cy", team: "chat" })}`],
    ] as const;
    assert.equal((await client.unary(order({}), { metadata })).status.code, 0);
    const before = interop.calls.length;
    assert.equal((await errorOf(client.list(order({}), { metadata }))).code, 7);
    assert.equal((await errorOf(client.list(order({})))).code, 16);
    assert.equal(interop.calls.length, before);
    client.close();
  });
  test("through gRPC-Web has the same action, and through JSON that of its method", async () => {
    const web = { method: "POST", headers: ["Content-Type", "application/grpc-web+proto"], body: "\0\0\0\0\0" };
    const caller = { sub: "cy", team: "chat" };
    const statusOf = async (path: string) => (await send(caller, path, web)).headers["grpc-status"];
    assert.notEqual(await statusOf("/test.v1.Interop/Unary"), "7");
    assert.equal(await statusOf("/test.v1.Interop/List"), "7");
    const gil = { sub: "gil" };
    assert.equal(codeOf(await send(gil, "/v1/hello/ann")), 200);
    assert.equal(codeOf(await send(gil, "/v1/hello/ann", { method: "DELETE" })), "permission_denied");
    assert.equal(codeOf(await send(caller, "/v1/hello/ann")), "permission_denied");
  });
});

test("the management API lists the filter for each rule, and shows the bindings", LIMIT, async () => {
  await start();
  const port = await managementPort(gateway);
  const { routes } = await manage<{ routes: { id: string; middleware: string[] }[] }>(port, "/routes");
  const named = (id: string) => routes.find((route) => route.id === id)!.middleware;
  assert.ok(named("orders").includes("rbac") && named("orders").includes("path-guard"));
  assert.ok(!named("open").includes("rbac") && named("open").includes("path-guard"));
  assert.match(JSON.stringify(await manage(port, "/config")), /"user:ann":\["reader"\]/);
  await gateway.kill();
});

test("a reload changes decisions at once, including cached ones", LIMIT, async () => {
  await start();
  const code = async () => codeOf(await send(ANN, "/orders/7", { method: "DELETE" }));
  const remembered = await signedWithSecret(SECRET, ANN);
  const again = async () =>
    codeOf(
      await call(gateway.port, {
        path: "/orders/7",
        method: "DELETE",
        headers: ["Authorization", `Bearer ${remembered}`],
      }),
    );
  for (let i = 0; i < 3; i++) {
    assert.deepEqual([await code(), await again()], ["permission_denied", "permission_denied"]);
    await reload(gateway, text({ policies: [{ roles: ROLES, bindings: { ann: ["writer"] } }] }));
    assert.deepEqual([await code(), await again()], [200, 200]);
    await reload(gateway, text());
  }
  await gateway.kill();
});

describe("authz.rbac", LIMIT, () => {
  after(() => gateway.kill());
  test("enforcementMode permissive forwards everything, and logs each denial once", async () => {
    await start({ enforcementMode: "permissive" });
    const counted = async () =>
      sumOf(await scrape(gateway.port), "gateway_authz_decisions_total", { decision: "denied", mode: "permissive" });
    const before = await counted();
    const said = () => gateway.lines.filter(({ msg }) => msg === "A request would be denied");
    for (let i = 0; i < 3; i++) assert.equal(codeOf(await send(ANN, "/orders/7", { method: "DELETE" })), 200);
    assert.equal(codeOf(await send(null, "/files/x")), 200);
    assert.equal(codeOf(await send({ sub: "x" }, "/files/a;b", { headers: ["X-Request-ID", "last"] })), 200);
    assert.match(String((await accessLine(gateway, "last")).detail), /permission "\/files\/a;b:read" is missing/);
    assert.deepEqual(
      said().map(({ level, route, subject, why }) => [level, route, subject, why]),
      [
        ["warn", "orders", "ann", 'permission "orders:7:delete" is missing'],
        ["warn", "files", "", "not authenticated"],
        ["warn", "files", "x", 'permission "/files/a;b:read" is missing'],
      ],
    );
    assert.equal((await counted()) - before, 5);
  });
  test("defaultAllow allows authenticated clients what no role grants", async () => {
    await start({ defaultAllow: true });
    assert.equal(codeOf(await send({ sub: "eve" }, "/files/x", { method: "DELETE" })), 200);
    assert.equal(codeOf(await send({ sub: "eve" }, "/files/x")), "permission_denied");
    assert.equal(codeOf(await send({ sub: "eve" }, "/files/own/x", { method: "DELETE" })), "permission_denied");
    assert.equal(codeOf(await send(null, "/files/x", { method: "DELETE" })), "missing_credentials");
  });
  test("skipPaths need no permission, and no credential unless something else requires it", async () => {
    await start({ skipPaths: ["/files/public"] });
    for (const path of ["/files/public", "/files/public/x", "/files/public/a%2Fx"])
      assert.equal(codeOf(await send(null, path)), 200, path);
    for (const path of ["/files/publicx", "/files/Public/x"])
      assert.equal(codeOf(await send(null, path)), "missing_credentials", path);
    for (const path of ["/files/public/..;/x", "/files/public/..%2Fx"])
      assert.equal(codeOf(await send(null, path)), "invalid_path", path);
  });
  test("subjectKey selects the attribute that is the subject; e-mail addresses must be verified", async () => {
    const bindings = { "user:ann@example.org": ["writer"], "claim:email=bob@example.org": ["writer"] };
    await start({ subjectKey: "email", policies: [{ roles: ROLES, bindings }] });
    const codeFor = async (claims: Block) => codeOf(await send({ sub: "s", ...claims }, "/orders/7"));
    for (const email of ["ann@example.org", "bob@example.org"]) {
      assert.equal(await codeFor({ email, email_verified: true }), 200);
      for (const email_verified of [false, undefined, "true"])
        assert.equal(await codeFor({ email, email_verified }), "permission_denied");
    }
    assert.equal(await codeFor({ email: "x@evil@example.org", email_verified: true }), "permission_denied");
    assert.equal(await codeFor({ sub: "ann@example.org" }), "permission_denied");
  });
  test("requireAllPermissions: false requires any one permission", async () => {
    const rule = { id: "r", path: "/*", serviceName: "up", requiredPermissions: ["orders:1:read", "billing:read"] };
    await start({}, [rule]);
    assert.equal(codeOf(await send(ANN, "/")), "permission_denied");
    await start({}, [{ ...rule, requireAllPermissions: false }]);
    assert.deepEqual([codeOf(await send(ANN, "/")), codeOf(await send({ sub: "x" }, "/"))], [200, "permission_denied"]);
  });
  test("resourcePrefix and {subject} replace the path", async () => {
    const roles = { own: { permissions: ["home:ann:*", "shop:read"] } };
    await start({ policies: [{ roles, bindings: { ann: ["own"], "user:ann:x": ["own"] } }] }, [
      { id: "shop", path: "/shop/*", serviceName: "up", metadata: { resourcePrefix: "shop" } },
      { id: "home", path: "/home/*", serviceName: "up", requiredPermissions: ["home:{subject}:{method}"] },
    ]);
    assert.deepEqual([codeOf(await send(ANN, "/shop/x")), codeOf(await send(ANN, "/home/x"))], [200, 200]);
    assert.equal(codeOf(await send(ANN, "/shop/x", { method: "POST" })), "permission_denied");
    assert.equal(codeOf(await send({ sub: "ann:x" }, "/home/x")), "permission_denied");
  });
});
