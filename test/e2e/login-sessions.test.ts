// Sessions over time: refreshed by rotating tokens, in one gateway and in two, through outages, rotated keys and restarts.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Mirrored, valuesOf } from "../support/backend.ts";
import { call, type Reply } from "../support/client.ts";
import { CookieClient } from "../support/cookie-client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { codeOf, type LoginText, type LoginWorld, SECRET, startLogin } from "../support/login.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { eventually, reload } from "../support/setup.ts";
import { echo, type WsBackend, wsBackend, wsClient } from "../support/websocket.ts";

const LIMIT = { timeout: 120_000 };
/** Lifetime of access tokens, ms. They are refreshed when a fifth of it is left. */
const TOKENS_MS = 3_000;
const DUE_MS = TOKENS_MS * 0.8 + 50;
let world: LoginWorld;
let gateway: GatewayProcess;

before(async () => {
  world = await startLogin({ accessTokenS: TOKENS_MS / 1000 });
});
after(() => world.close());

const at = (path: string) => world.at(path);
const beside = (path: string) => world.beside(path);

async function start(
  t: { after(run: () => Promise<void>): void },
  more?: LoginText,
  port?: number,
): Promise<GatewayProcess> {
  const started = await startGateway(world.text(more, port), { args: ["-hot-reload=false"] });
  t.after(() => started.kill());
  return started;
}

/** A browser that has logged in at the first gateway. */
async function loggedIn(): Promise<CookieClient> {
  const browser = new CookieClient();
  assert.equal((await browser.go(at("/"))).reply.status, 200);
  world.oidc.asked.length = 0;
  return browser;
}

function refreshes(): number {
  return world.oidc.asked.filter((what) => what === "/token refresh_token").length;
}

function subjectOf(reply: Reply): string | undefined {
  assert.equal(reply.status, 200, reply.text);
  return valuesOf((JSON.parse(reply.text) as Mirrored).headers, "X-Auth-Subject")[0];
}

/** Requests of one browser, all at once, with the cookies it has now. */
function burst(browser: CookieClient, urls: readonly string[]): Promise<readonly Reply[]> {
  const headers = ["Cookie", browser.line()];
  return Promise.all(urls.map((url) => call(Number(new URL(url).port), { path: "/", headers })));
}

describe("a session whose tokens are over", LIMIT, () => {
  let sockets: WsBackend;
  before(async () => {
    sockets = await wsBackend(echo);
    const ws = { id: "ws", path: "/ws", serviceName: "sockets" };
    const text = world.text({ rules: [ws], services: { sockets: sockets.port } });
    gateway = await startGateway(text, { args: ["-hot-reload=false"] });
  });
  after(() => Promise.all([gateway.kill(), sockets.close()]));

  test("is refreshed for whatever comes with it: a WebSocket, and cookies in pieces over HTTP/2", async () => {
    const browser = await loggedIn();
    await pause(TOKENS_MS);
    const headers = { Cookie: browser.line(), Origin: at("") };
    const socket = wsClient(gateway.port, "/ws", { headers });
    const [[upgrade]] = (await Promise.all([once(socket, "upgrade"), once(socket, "open")])) as [
      [IncomingMessage],
      unknown,
    ];
    const [renewed] = upgrade.headers["set-cookie"] ?? [];
    assert.match(String(renewed), /^auth_token=s1\./);
    socket.close();
    const session = await openSession(gateway.port);
    const cookie = ["theme=dark", browser.line()];
    assert.equal((await ask(session, { ":path": "/", cookie })).status, 200);
    session.close();
    assert.equal(refreshes(), 1);
  });

  test("is refreshed by one call, however many requests come with it, and again by one", async () => {
    const browser = await loggedIn();
    for (const round of [1, 2]) {
      await pause(TOKENS_MS);
      const replies = await burst(browser, Array<string>(20).fill(at("/")));
      for (const reply of replies) assert.equal(subjectOf(reply), "ann");
      assert.equal(refreshes(), round);
      const renewed = replies[19]!.headers["set-cookie"]![0]!;
      assert.equal(replies[19]!.headers["cache-control"], "private, no-store");
      browser.set("auth_token", /^auth_token=([^;]+)/.exec(renewed)![1]!);
    }
  });
  test("waits for its turn where a hundred of them are due at once", async () => {
    const browsers = await Promise.all(Array.from({ length: 100 }, () => loggedIn()));
    await pause(TOKENS_MS);
    world.oidc.asked.length = 0;
    const replies = await Promise.all(browsers.map((browser) => browser.ask(at("/"))));
    assert.deepEqual(
      replies.filter(({ status }) => status !== 200).map(({ text }) => text),
      [],
    );
    assert.equal(refreshes(), 100);
  });
  test("goes on for a request that is late with the cookie of before", async () => {
    const browser = await loggedIn();
    const late = browser.copy();
    await pause(DUE_MS);
    assert.equal((await browser.ask(at("/"))).status, 200);
    assert.notEqual(browser.value("auth_token"), late.value("auth_token"));
    assert.equal((await late.ask(at("/"))).status, 200);
    assert.equal(refreshes(), 1);
    assert.equal((await browser.ask(at("/"))).headers["set-cookie"], undefined);
  });
  test("waits for a provider that is down, and logs nobody out", async () => {
    const browser = await loggedIn();
    world.oidc.answer = (_, response) => response.writeHead(500).end();
    await pause(DUE_MS);
    assert.equal((await browser.ask(at("/"))).status, 200, "the tokens are valid yet");
    await pause(TOKENS_MS - DUE_MS);
    const before = browser.value("auth_token");
    assert.equal(codeOf(await browser.ask(at("/"))), "503 auth_unavailable");
    const { reply } = await browser.go(at("/page"));
    assert.equal(codeOf(reply), "503 auth_unavailable", "nor is it led to a login");
    assert.equal(browser.value("auth_token"), before);
    world.oidc.answer = null;
    await eventually("the session goes on", async () => (await browser.ask(at("/"))).status === 200);
  });
  test("ends where the provider refuses, and a page leads to the login", async () => {
    const browser = await loggedIn();
    const script = browser.copy();
    world.oidc.answer = (_, response) => refuse(response);
    await pause(TOKENS_MS);
    assert.equal(codeOf(await script.ask(at("/"))), "401 expired_credentials");
    assert.deepEqual(script.names("auth_token"), []);
    world.oidc.answer = null;
    const { reply, hops } = await browser.go(at("/page"));
    assert.equal(subjectOf(reply), "ann");
    assert.ok(hops.some((hop) => hop.startsWith(world.oidc.issuer)));
  });
  test("goes on when the provider has changed its keys", async () => {
    const browser = await loggedIn();
    world.oidc.rotateKeys();
    await pause(TOKENS_MS);
    assert.equal(subjectOf(await browser.ask(at("/"))), "ann");
    assert.equal(subjectOf((await new CookieClient().go(at("/"))).reply), "ann");
  });
  test("goes on when a new secret is put before the old one, and ends when the old one is taken out", async () => {
    const browser = await loggedIn();
    const next = "the second secret of all gateways";
    await reload(gateway, world.text({ session: { secrets: [next, SECRET] } }));
    assert.equal((await browser.ask(at("/"))).status, 200);
    const old = browser.copy();
    await pause(DUE_MS);
    assert.equal((await browser.ask(at("/"))).status, 200);
    await reload(gateway, world.text({ session: { secrets: next } }));
    assert.equal((await browser.ask(at("/"))).status, 200, "its cookie was sealed anew");
    assert.equal(codeOf(await old.ask(at("/"))), "401 expired_credentials");
    await reload(gateway, world.text());
  });
});

function refuse(response: ServerResponse): void {
  response.writeHead(400, { "Content-Type": "application/json" }).end('{"error":"invalid_grant"}');
}

describe("a gateway that is started again", LIMIT, () => {
  test("keeps the sessions where it has the same secret", async (t) => {
    const first = await start(t);
    const browser = await loggedIn();
    const waiting = new CookieClient();
    const { url } = await waiting.go(at("/page"), at("/auth/callback"));
    await first.stop();
    await start(t);
    assert.equal((await browser.ask(at("/"))).status, 200);
    assert.equal((await waiting.go(url)).url, at("/page"), "and the logins under way");
  });
  test("makes users log in again where it has none", async (t) => {
    const first = await start(t, { session: { secrets: [] } });
    assert.ok(
      first.lines.some(({ msg, warning }) => `${msg} ${String(warning)}`.includes("without secrets")),
      JSON.stringify(first.lines),
    );
    const browser = await loggedIn();
    await first.stop();
    await start(t, { session: { secrets: [] } });
    const { url, hops } = await browser.go(at("/page"));
    assert.equal(url, at("/page"));
    assert.equal(hops.filter((hop) => hop.startsWith(at("/auth/callback"))).length, 1);
  });
  test("logs in nobody while the provider is down, and does when it is back", async (t) => {
    world.oidc.answer = (_, response) => response.destroy();
    await start(t);
    assert.equal(codeOf((await new CookieClient().go(at("/page"))).reply), "503 auth_unavailable");
    world.oidc.answer = null;
    await eventually("a login succeeds", async () => (await new CookieClient().go(at("/page"))).reply.status === 200);
  });
});

describe("two gateways with one secret", LIMIT, () => {
  test("share sessions without anything between them; who loses a race for tokens goes on with those it has", async (t) => {
    await start(t);
    await start(t, {}, world.ports[1]);
    const browser = await loggedIn();
    assert.equal(subjectOf(await browser.ask(beside("/"))), "ann");
    const other = browser.copy();
    await pause(DUE_MS);
    assert.equal(subjectOf(await browser.ask(at("/"))), "ann");
    assert.equal(refreshes(), 1);
    const reply = await other.ask(beside("/"));
    assert.equal(subjectOf(reply), "ann");
    assert.equal(refreshes(), 2, "the second one was refused");
    assert.equal(reply.headers["set-cookie"], undefined, "the cookie of the winner stays");
    assert.equal(subjectOf(await browser.ask(beside("/"))), "ann", "and counts here, too");
  });
});

describe("two gateways with a shared store", LIMIT, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis.close());
  beforeEach(() => redis.cli("FLUSHALL"));
  const shared = () => ({ session: { store: "redis" }, more: { redis: { host: "127.0.0.1", port: redis.port } } });

  test("refresh a session by one call between them", async (t) => {
    await start(t, shared());
    await start(t, shared(), world.ports[1]);
    const browser = await loggedIn();
    assert.ok(browser.value("auth_token").length < 200, "the cookie is a name alone");
    assert.equal(subjectOf(await browser.ask(beside("/"))), "ann");
    await pause(TOKENS_MS);
    const replies = await burst(
      browser,
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? at("/") : beside("/"))),
    );
    for (const reply of replies) assert.equal(subjectOf(reply), "ann");
    assert.equal(refreshes(), 1);
  });
  test("go on with valid tokens while another gateway refreshes the session, and wait for it when they are over", async (t) => {
    await start(t, shared());
    const browser = await loggedIn();
    const [key = ""] = (await redis.cli("KEYS", "gateway:session:*")).split("\n");
    await redis.cli("SET", `${key}:refresh`, "another gateway");
    await pause(DUE_MS);
    assert.equal(subjectOf(await browser.ask(at("/"))), "ann");
    await pause(TOKENS_MS - DUE_MS);
    const waiting = browser.ask(at("/"));
    assert.equal(refreshes(), 0);
    await redis.cli("DEL", `${key}:refresh`);
    assert.equal(subjectOf(await waiting), "ann");
    assert.equal(refreshes(), 1);
    assert.equal(await redis.cli("DBSIZE"), "1", "and nothing is left locked");
  });
  test("end a session at both", async (t) => {
    await start(t, shared());
    await start(t, shared(), world.ports[1]);
    const browser = await loggedIn();
    const copy = browser.copy();
    assert.equal((await copy.ask(beside("/"))).status, 200);
    await browser.ask(at("/auth/logout"), { headers: ["Sec-Fetch-Site", "same-origin"] });
    assert.equal((await copy.copy().ask(at("/"))).status, 401);
    await eventually("the other one knows", async () => (await copy.copy().ask(beside("/"))).status === 401);
    assert.equal(await redis.cli("DBSIZE"), "0");
  });
  test("keep in it nothing that could be read, and for no longer than the session lasts", async (t) => {
    await start(t, { ...shared(), session: { store: "redis", lifetime: "1h" } });
    await loggedIn();
    const [key = ""] = (await redis.cli("KEYS", "gateway:session:*")).split("\n");
    assert.match(await redis.cli("GET", key), /^[\w-]+$/);
    const left = Number(await redis.cli("PTTL", key));
    assert.ok(left > 3_500_000 && left <= 3_600_000, String(left));
    await redis.cli("DEL", key);
  });
  test("answer 503 while it is down, and log nobody out", async (t) => {
    const own = await startRedis();
    t.after(() => own.close());
    const store = {
      session: { store: "mine" },
      more: { rateLimitStorage: { stores: { mine: { redis: { host: "127.0.0.1", port: own.port } } } } },
    };
    await start(t, store);
    const browser = await loggedIn();
    own.signal("SIGSTOP");
    await eventually("nothing is remembered", async () => (await browser.ask(at("/"))).status === 503);
    assert.equal(codeOf((await browser.go(at("/page"))).reply), "503 auth_unavailable");
    assert.deepEqual(browser.names("auth_token"), ["auth_token"]);
    own.signal("SIGCONT");
    await eventually("the session is there", async () => (await browser.ask(at("/"))).status === 200);
  });
});

describe("a provider without ID tokens", LIMIT, () => {
  test("says by its userinfo who a user is", async (t) => {
    let user: unknown = { id: 4711, login: "ann", teams: ["blue"] };
    const tokens: string[] = [];
    const users = createServer((request, response) => {
      tokens.push(request.headers.authorization ?? "");
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(user));
    }).listen(0, "127.0.0.1");
    await once(users, "listening");
    t.after(() => users.close());
    const userInfoUrl = `http://127.0.0.1:${(users.address() as AddressInfo).port}/user`;
    const provider = {
      ...{ issuerUrl: "", authorizationUrl: `${world.oidc.issuer}/auth`, tokenUrl: `${world.oidc.issuer}/token` },
      ...{ userInfoUrl, scopes: ["profile"], claimsMapping: { subject: "id", teams: "groups" } },
    };
    const own = await start(t, { provider });
    const browser = new CookieClient();
    const { headers } = JSON.parse((await browser.go(at("/page"))).reply.text) as Mirrored;
    assert.deepEqual(valuesOf(headers, "X-Auth-Subject"), ["4711"]);
    assert.match(valuesOf(headers, "X-Auth-Claims")[0]!, /"groups":\["blue"\]/);
    assert.match(tokens[0]!, /^Bearer [\w-]+$/);
    user = { login: "ann" };
    assert.equal(codeOf((await new CookieClient().go(at("/page"))).reply), "403 login_failed");
    user = { id: 1, text: "x".repeat(20_000) };
    assert.equal(codeOf((await new CookieClient().go(at("/page"))).reply), "403 login_failed");
    await own.line(({ detail }) => String(detail).includes("auth.session.store: redis"));
    user = null;
    assert.equal(codeOf((await new CookieClient().go(at("/page"))).reply), "403 login_failed");
  });
  test("is asked by others, too, where it is named", async (t) => {
    await start(t, { provider: { userInfoUrl: `${world.oidc.issuer}/me` } });
    const browser = await loggedIn();
    assert.equal((await browser.ask(at("/"))).status, 200);
    assert.ok(world.oidc.asked.length === 0);
    await browser.go(at("/auth/authorize?return=/x"));
    assert.ok(world.oidc.asked.includes("/me"), world.oidc.asked.join());
  });
});

test("the example logs users in, lets others into its shop, and says goodbye", LIMIT, async (t) => {
  const example = readFileSync("configs/examples/login.yaml", "utf8")
    .replace("port: 8080", `host: 127.0.0.1, port: ${world.ports[0]}`)
    .replace("port: 3000", `port: ${world.backend.port}`);
  const env = {
    OIDC_ISSUER: world.oidc.issuer,
    OIDC_CLIENT_ID: "app",
    OIDC_CLIENT_SECRET: "app-secret",
    OIDC_REDIRECT_URL: at("/auth/callback"),
    SESSION_SECRET: SECRET,
  };
  const own = await startGateway(example, { env });
  t.after(() => own.kill());
  const browser = new CookieClient();
  assert.equal(subjectOf(await browser.ask(at("/shop/shoes"))), undefined);
  assert.equal(codeOf(await browser.ask(at("/api/orders/7"))), "401 missing_credentials");
  const { url, reply } = await browser.go(at("/orders?page=2"));
  assert.equal(url, at("/orders?page=2"));
  assert.equal(subjectOf(reply), "ann");
  for (const path of ["/shop/shoes", "/api/orders/7"]) assert.equal(subjectOf(await browser.ask(at(path))), "ann");
  await browser.go(at("/auth/logout"), world.oidc.issuer);
  assert.equal(subjectOf(await browser.ask(at("/goodbye"))), undefined);
  assert.equal(codeOf(await browser.ask(at("/"))), "401 missing_credentials");
});

test("nothing of a login is logged, at debug either", LIMIT, async (t) => {
  const own = await startGateway(world.text(), { args: ["-log-level", "debug"] });
  t.after(() => own.kill());
  const browser = new CookieClient();
  const callback = new URL((await browser.go(at("/page?token=in-the-query"), at("/auth/callback"))).url);
  const attempt = browser.value(browser.names("auth_token.login.")[0]!);
  await browser.go(callback.href);
  await browser.go(callback.href);
  await new CookieClient().go(callback.href);
  const session = browser.value("auth_token");
  await pause(TOKENS_MS);
  await browser.ask(at("/"));
  const end = await browser.go(at("/auth/logout"), world.oidc.issuer);
  const { searchParams } = callback;
  const secrets = [
    ...[searchParams.get("code")!, searchParams.get("state")!, attempt, "in-the-query", "app-secret", SECRET],
    ...[session, new URL(end.url).searchParams.get("id_token_hint")!],
  ];
  await own.stop();
  const log = own.lines.map((line) => JSON.stringify(line)).join("\n");
  assert.match(log, /"path":"\/auth\/callback"/);
  assert.match(log, /"subject":"ann","auth":"session"/);
  for (const secret of secrets) for (const part of [secret, secret.slice(-16)]) assert.ok(!log.includes(part), part);
});
