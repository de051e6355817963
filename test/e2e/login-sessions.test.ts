// Sessions over time: refreshed by rotating tokens, through outages, rotated keys and secrets, and restarts of the gateway.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { CookieClient } from "../support/cookie-client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { burst, codeOf, type LoginWorld, SECRET, startLogin, subjectOf } from "../support/login.ts";
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

describe("a session with expired tokens", LIMIT, () => {
  let sockets: WsBackend;
  before(async () => {
    sockets = await wsBackend(echo);
    const ws = { id: "ws", path: "/ws", serviceName: "sockets" };
    const text = world.text({ rules: [ws], services: { sockets: sockets.port } });
    gateway = await startGateway(text, { args: ["-hot-reload=false"] });
  });
  after(() => Promise.all([gateway.kill(), sockets.close()]));

  test("is refreshed for any request: a WebSocket, and split cookies over HTTP/2", async () => {
    const browser = await world.loggedIn();
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
    assert.equal(world.refreshes(), 1);
  });

  test("is refreshed once for concurrent requests, and later once more", async () => {
    const browser = await world.loggedIn();
    for (const round of [1, 2]) {
      await pause(TOKENS_MS);
      const replies = await burst(browser, Array<string>(20).fill(at("/")));
      for (const reply of replies) assert.equal(subjectOf(reply), "ann");
      assert.equal(world.refreshes(), round);
      const set = new Set(replies.map(({ headers }) => headers["set-cookie"]![0]!.split(";")[0]!));
      assert.equal(set.size, 1, "all replies set the same cookie");
      assert.equal(replies[19]!.headers["cache-control"], "private, no-store");
      browser.set("auth_token", [...set][0]!.slice("auth_token=".length));
    }
  });
  test("is queued if a hundred of them are due at once", async () => {
    const browsers = await Promise.all(Array.from({ length: 100 }, () => world.loggedIn()));
    await pause(TOKENS_MS);
    world.oidc.asked.length = 0;
    const replies = await Promise.all(browsers.map((browser) => browser.ask(at("/"))));
    assert.deepEqual(
      replies.filter(({ status }) => status !== 200).map(({ text }) => text),
      [],
    );
    assert.equal(world.refreshes(), 100);
  });
  test("continues for a late request with the previous cookie", async () => {
    const browser = await world.loggedIn();
    const late = browser.copy();
    await pause(DUE_MS);
    assert.equal((await browser.ask(at("/"))).status, 200);
    assert.notEqual(browser.value("auth_token"), late.value("auth_token"));
    assert.equal((await late.ask(at("/"))).status, 200);
    assert.equal(world.refreshes(), 1);
    assert.equal((await browser.ask(at("/"))).headers["set-cookie"], undefined);
  });
  test("survives while the provider is down", async () => {
    const browser = await world.loggedIn();
    world.oidc.answer = (_, response) => response.writeHead(500).end();
    await pause(TOKENS_MS);
    const before = browser.value("auth_token");
    assert.equal(codeOf(await browser.ask(at("/"))), "503 auth_unavailable");
    const { reply } = await browser.go(at("/page"));
    assert.equal(codeOf(reply), "503 auth_unavailable", "nor is it led to a login");
    assert.equal(browser.value("auth_token"), before);
    world.oidc.answer = null;
    await eventually("the session goes on", async () => (await browser.ask(at("/"))).status === 200);
  });
  test("ends if the provider refuses, and a page load leads to the login", async () => {
    const browser = await world.loggedIn();
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
  test("continues when the provider has changed its keys", async () => {
    const browser = await world.loggedIn();
    world.oidc.rotateKeys();
    await pause(TOKENS_MS);
    assert.equal(subjectOf(await browser.ask(at("/"))), "ann");
    assert.equal(subjectOf((await new CookieClient().go(at("/"))).reply), "ann");
  });
  test("continues when a new secret is put before the old one, and ends when the old one is removed", async () => {
    const browser = await world.loggedIn();
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

describe("a restarted gateway", LIMIT, () => {
  test("keeps sessions if it has the same secret", async (t) => {
    const first = await world.start(t);
    const browser = await world.loggedIn();
    const waiting = new CookieClient();
    const { url } = await waiting.go(at("/page"), at("/auth/callback"));
    await first.stop();
    await world.start(t);
    assert.equal((await browser.ask(at("/"))).status, 200);
    assert.equal((await waiting.go(url)).url, at("/page"), "and the logins under way");
  });
  test("makes users log in again if it has none", async (t) => {
    const first = await world.start(t, { session: { secrets: [] } });
    assert.ok(
      first.lines.some(({ msg, warning }) => `${msg} ${String(warning)}`.includes("without secrets")),
      JSON.stringify(first.lines),
    );
    const browser = await world.loggedIn();
    await first.stop();
    await world.start(t, { session: { secrets: [] } });
    const { url, hops } = await browser.go(at("/page"));
    assert.equal(url, at("/page"));
    assert.equal(hops.filter((hop) => hop.startsWith(at("/auth/callback"))).length, 1);
  });
  test("cannot log users in while the provider is down, but can afterwards", async (t) => {
    world.oidc.answer = (_, response) => response.destroy();
    await world.start(t);
    assert.equal(codeOf((await new CookieClient().go(at("/page"))).reply), "503 auth_unavailable");
    world.oidc.answer = null;
    await eventually("a login succeeds", async () => (await new CookieClient().go(at("/page"))).reply.status === 200);
  });
});
