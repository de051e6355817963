// Authorization services as they are configured: identities, several of them, TLS, trusted proxies, loops, reloads.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { keyDigest } from "../../src/auth/api-keys.ts";
import { type Answer, type Backend, type Mirrored, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { call, type Reply } from "../support/client.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { exchange } from "../support/raw.ts";
import { accessLine, type Block, configText, eventually, reload, soon } from "../support/setup.ts";
import { tlsBackend } from "../support/tls-backend.ts";

const LIMIT = { timeout: 60_000 };
const gateways = new GatewayPool();
let backend: Backend;
let service: Backend;
let decide: Answer;
let checked: IncomingMessage | null = null;

const pass: Answer = (_, response) => void response.writeHead(204).end();
const answer =
  (...fields: readonly string[]): Answer =>
  (_, response) =>
    void response.writeHead(200, [...fields]).end();

before(async () => {
  backend = await startBackend(mirror);
  service = await startBackend((request, response) => {
    checked = request;
    decide(request, response);
  });
});
after(() => Promise.all([backend.close(), service.close()]));
beforeEach(() => {
  decide = pass;
  checked = null;
});

const url = (path = "/") => `http://127.0.0.1:${service.port}${path}`;
const ALL: readonly Block[] = [{ id: "all", path: "/*", serviceName: "up" }];

function textWith(forward: Block, rules: readonly Block[] = ALL, auth: Block = {}, front: Block = {}): string {
  return configText({
    rules,
    services: { up: backend.port },
    front,
    more: { auth: { required: true, failures: { max: 0 }, forward, ...auth }, metrics: { enabled: true } },
  });
}

async function withGateway(text: string, use: (gateway: GatewayProcess) => Promise<void>): Promise<void> {
  const gateway = await gateways.take(text);
  await use(gateway);
  await gateway.kill();
}

const mirrored = (reply: Reply) => JSON.parse(reply.text) as Mirrored;
const outcome = (reply: Reply) =>
  reply.status === 200 ? 200 : (JSON.parse(reply.text) as { error: { code: string } }).error.code;
const told = (name: string) => valuesOf(checked!.rawHeaders, name);

describe("an identity", LIMIT, () => {
  const HEADERS = {
    subjectHeader: "X-User",
    scopesHeader: "X-Scopes",
    groupsHeader: "X-Groups",
    rolesHeader: "X-Roles",
  };
  const rules = [{ id: "write", path: "/write", serviceName: "up", requiredScopes: ["write"] }, ...ALL];
  test("is what the fields of the answer say, and passes scopes and limits like any other", async () => {
    const limited = [...rules.slice(0, 1), { ...rules[1], rateLimits: [{ rate: 1, period: "1h", key: "subject" }] }];
    await withGateway(textWith({ url: url(), ...HEADERS }, limited), async (gateway) => {
      const get = (path: string, id = "") =>
        call(gateway.port, { path, headers: ["X-Request-ID", id, "X-User", "root"] });
      decide = answer("X-User", "ann", "X-Scopes", "read, write");
      const { headers } = mirrored(await get("/write"));
      const seen = (name: string) => valuesOf(headers, name);
      assert.deepEqual([seen("X-Auth-Subject"), seen("X-Auth-Type")], [["ann"], ["user"]]);
      assert.deepEqual([seen("X-Auth-Provider"), seen("X-Auth-Scopes")], [["forward"], ["read,write"]]);
      assert.deepEqual([seen("X-User"), seen("X-Scopes")], [[], []]);
      decide = answer("X-User", "bob");
      assert.equal(outcome(await get("/write")), "insufficient_scope");
      const told = await get("/x", "first");
      assert.deepEqual([outcome(told), told.headers["x-auth-subject"]], [200, "bob"]);
      assert.equal(outcome(await get("/x")), "rate_limited");
      const { subject, auth } = await accessLine(gateway, "first");
      assert.deepEqual([subject, auth], ["bob", "forward"]);
    });
  });
  test("is text, and one", async () => {
    await withGateway(textWith({ url: url(), ...HEADERS }), async (gateway) => {
      const get = () => call(gateway.port, { path: "/x" });
      const subject = async () => valuesOf(mirrored(await get()).headers, "X-Auth-Subject");
      decide = answer("X-User", Buffer.from("Zoë").toString("latin1"));
      assert.deepEqual(await subject(), ["Zo%C3%AB"]);
      decide = answer("X-User", "");
      assert.deepEqual(await subject(), []);
      decide = answer("X-User", "\xff\xfe");
      assert.equal(outcome(await get()), "auth_unavailable");
      decide = answer("X-User", "ann", "X-User", "bob");
      assert.equal(outcome(await get()), "auth_unavailable");
    });
  });
});

describe("several services", LIMIT, () => {
  test("are asked by the rules that name them, and none where another method decides", async () => {
    const services = { second: { url: url("/second"), responseHeaders: ["X-Two"], subjectHeader: "X-Two" } };
    const rules = [
      { id: "two", path: "/two", serviceName: "up", authService: "second" },
      { id: "none", path: "/none", serviceName: "up", authType: ["apikey"] },
      { id: "either", path: "/either", serviceName: "up", authType: ["apikey", "forward"] },
      ...ALL,
    ];
    const apikey = { keys: { ci: { hashedKey: keyDigest("key-0123456789") } } };
    await withGateway(textWith({ url: url("/first"), services }, rules, { apikey }), async (gateway) => {
      const get = (path: string, headers: readonly string[] = []) => call(gateway.port, { path, headers });
      decide = answer("X-Two", "ann");
      const key = ["X-API-Key", "key-0123456789"];
      const { headers } = mirrored(await get("/two", ["X-Two", "root", "X-API-Key", "wrong"].slice(0, 2)));
      assert.deepEqual([checked!.url, valuesOf(headers, "X-Two")], ["/second", ["ann"]]);
      assert.deepEqual(valuesOf(headers, "X-Auth-Provider"), ["second"]);
      const first = mirrored(await get("/x", ["X-Two", "root"]));
      assert.deepEqual([checked!.url, valuesOf(first.headers, "X-Two")], ["/first", []]);
      checked = null;
      assert.equal(outcome(await get("/none")), "missing_credentials");
      assert.equal(outcome(await get("/none", key)), 200);
      assert.equal(outcome(await get("/either", key)), 200);
      assert.equal(outcome(await get("/either", ["X-API-Key", "wrong"])), "invalid_credentials");
      assert.equal(checked, null);
      assert.equal(outcome(await get("/either")), 200);
      assert.equal(checked!.url, "/first");
      const denied = await get("/either", ["X-API-Key", "wrong"]);
      assert.equal(denied.headers["www-authenticate"], 'ApiKey realm="gateway"');
    });
  });
});

describe("check requests", LIMIT, () => {
  test("have the client's headers that are named, and no others", async () => {
    const requestHeaders = ["Cookie", "X-Tenant", "If-Match", "X-User", "Accept-Encoding"];
    const forward = { url: url(), requestHeaders, responseHeaders: ["X-User"] };
    await withGateway(textWith(forward), async (gateway) => {
      const sent = [
        "Authorization",
        "Bearer t",
        "x-tenant",
        "7",
        "If-Match",
        "*",
        "X-User",
        "own",
        "Accept-Encoding",
        "br",
      ];
      const { headers } = mirrored(await call(gateway.port, { path: "/x", headers: sent }));
      const names = checked!.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
      const own = names.filter((name) => !/^(host|x-forwarded-.*|x-real-ip|x-gateway|x-request-id)$/.test(name));
      assert.deepEqual(own.sort(), ["accept-encoding", "if-match", "x-tenant", "x-user"]);
      assert.deepEqual([told("X-User"), valuesOf(headers, "X-User")], [["own"], []]);
    });
  });

  test("name the client that a trusted proxy reports, and the host that was routed", async () => {
    const front = { trustedProxies: ["127.0.0.1"] };
    await withGateway(textWith({ url: url() }, ALL, {}, front), async (gateway) => {
      const lines = [
        ...["GET /a/%2e%2e/b?c HTTP/1.1", "Host: app.example.org", "Connection: close"],
        ...["X-Forwarded-For: 6.6.6.6, 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example.org"],
        ...["X-Forwarded-Uri: /public", "X-Forwarded-Method: HEAD", "X-Forwarded-Prefix: /evil", "X-Forwarded-Port: 1"],
      ];
      assert.match(await exchange(gateway.port, `${lines.join("\r\n")}\r\n\r\n`), /^HTTP\/1.1 200 /);
      assert.deepEqual(
        ["For", "Proto", "Host", "Method", "Uri", "Prefix", "Port"].map((name) => told(`X-Forwarded-${name}`).join()),
        ["192.0.2.7", "https", "app.example.org", "GET", "/b?c", "", ""],
      );
      assert.deepEqual(told("X-Real-IP"), ["192.0.2.7"]);
    });
  });

  test("use a connection of their own where credentials authenticate the connection", async () => {
    await withGateway(textWith({ url: url() }), async (gateway) => {
      const get = (authorization: string) =>
        call(gateway.port, { path: "/x", headers: ["Authorization", authorization] });
      await get("Bearer t");
      const connections = service.accepted;
      assert.equal((await get("Negotiate YQ==")).status, 200);
      assert.equal((await get("Negotiate YQ==")).status, 200);
      assert.equal((await get("Bearer t")).status, 200);
      assert.equal(service.accepted, connections + 2);
    });
  });

  test("that come back to the gateway are cut, and no request passes", async () => {
    const first = await gateways.take(textWith({ url: url() }));
    await reload(first, textWith({ url: `http://127.0.0.1:${first.port}/` }));
    assert.equal(outcome(await call(first.port, { path: "/x" })), "auth_unavailable");
    await first.kill();
  });

  test("wait for a connection where all are in use, as long as a check may take", async () => {
    await withGateway(textWith({ url: url(), maxConnections: 2, timeout: "20s" }), async (gateway) => {
      const held: (() => void)[] = [];
      decide = (_, response) => void held.push(() => response.writeHead(204).end());
      const replies = Promise.all(Array.from({ length: 6 }, () => call(gateway.port, { path: "/x" })));
      for (let answered = 0; answered < 6; answered++) {
        await eventually("a check", () => held.length > 0);
        assert.ok(service.active <= 2);
        held.shift()!();
      }
      assert.ok((await replies).every(({ status }) => status === 200));
    });
  });
});

describe("a service with TLS", LIMIT, () => {
  test("is verified by its own authorities", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "forward-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const authority = makeAuthority(folder, "authority");
    const secure = await tlsBackend(t, makeCertificate(folder, "auth", authority, ["DNS:localhost"]));
    const at = `https://localhost:${secure.port}/`;
    await withGateway(textWith({ url: at, caFile: authority.cert }), async (gateway) => {
      assert.equal((await call(gateway.port, { path: "/x" })).status, 200);
      assert.equal(secure.requests, 1);
    });
    await withGateway(textWith({ url: at }), async (gateway) => {
      assert.equal(outcome(await call(gateway.port, { path: "/x" })), "auth_unavailable");
      assert.equal(secure.requests, 1);
    });
  });
});

describe("a reload", LIMIT, () => {
  test("during a check leaves it alone: the request ends as it began, and the next goes by the new configuration", async () => {
    await withGateway(textWith({ url: url("/old"), responseHeaders: ["X-User"] }), async (gateway) => {
      let finish = (): void => undefined;
      const begun = new Promise<void>((resolve) => {
        decide = (_, response) => {
          finish = () => response.writeHead(200, ["X-User", "ann"]).end();
          resolve();
        };
      });
      const early = call(gateway.port, { path: "/x" });
      await soon(begun, "the check");
      await reload(gateway, textWith({ url: url("/new"), responseHeaders: ["X-New"] }));
      finish();
      assert.deepEqual(valuesOf(mirrored(await early).headers, "X-User"), ["ann"]);
      decide = answer("X-New", "bob", "X-User", "bob");
      const late = mirrored(await call(gateway.port, { path: "/x", headers: ["X-User", "own"] }));
      assert.deepEqual([checked!.url, valuesOf(late.headers, "X-New")], ["/new", ["bob"]]);
      assert.deepEqual(valuesOf(late.headers, "X-User"), ["own"]);
    });
  });

  test("that changes nothing about the service keeps its connections", async () => {
    const own = await startBackend(pass);
    const at = `http://127.0.0.1:${own.port}/`;
    await withGateway(textWith({ url: at }), async (gateway) => {
      await call(gateway.port, { path: "/x" });
      await reload(gateway, textWith({ url: at, responseHeaders: ["X-User"] }));
      await call(gateway.port, { path: "/x" });
      assert.equal(own.accepted, 1);
      await reload(gateway, configText({ rules: ALL, services: { up: backend.port } }));
      await eventually("no connection is left", () => own.open.size === 0);
    });
    await own.close();
  });
});
