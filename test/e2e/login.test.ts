// Logins of browsers at a real OpenID provider: from the requested page back to it, and everything that can go wrong on the way.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { valuesOf } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { CookieClient } from "../support/cookie-client.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { codeOf, type LoginWorld, seen, startLogin } from "../support/login.ts";
import { reload } from "../support/setup.ts";

const LIMIT = { timeout: 120_000 };
const gateways = new GatewayPool();
let world: LoginWorld;
let gateway: GatewayProcess;

before(async () => {
  world = await startLogin();
});
after(() => world.close());

const at = (path: string) => world.at(path);

const isAtProvider = (url: string) => url.startsWith(world.oidc.issuer);

describe("a browser", LIMIT, () => {
  before(async () => {
    gateway = await gateways.take(world.text());
  });
  after(() => gateway.kill());

  test("is redirected to the login and back to the requested page, as its user", async () => {
    const browser = new CookieClient();
    const { url, reply, hops } = await browser.go(at("/orders/7?x=1&y=%2Fz"));
    assert.equal(url, at("/orders/7?x=1&y=%2Fz"));
    assert.ok(hops.some(isAtProvider), hops.join());
    const { headers } = seen(reply);
    assert.deepEqual(valuesOf(headers, "X-Auth-Subject"), ["ann"]);
    assert.deepEqual(valuesOf(headers, "X-Auth-Provider"), ["main"]);
    assert.deepEqual(valuesOf(headers, "X-Auth-Scopes"), ["openid,email,profile"]);
    assert.match(valuesOf(headers, "X-Auth-Claims")[0]!, /"email":"ann@example.org"/);
    assert.deepEqual(browser.names("auth_token"), ["auth_token"]);
    assert.equal((await browser.ask(at("/api"))).status, 200, "scripts of the page are let in, too");
    assert.ok(!(await browser.go(at("/next"))).hops.some(isAtProvider));
  });
  test("that requested no page gets its identity as JSON", async () => {
    const { reply, url } = await new CookieClient().go(at("/auth/authorize?provider=main"));
    assert.ok(url.startsWith(at("/auth/callback?")));
    const { success, provider, user } = JSON.parse(reply.text);
    assert.deepEqual(
      { success, provider, subject: user.subject, name: user.claims.name },
      {
        ...{ success: true, provider: "main", subject: "ann", name: "The ann" },
      },
    );
    assert.equal(reply.headers["cache-control"], "no-store");
  });
  test("is redirected to its provider with state, nonce and PKCE, and the configured redirect URL with any Host", async () => {
    const { headers, status } = await call(gateway.port, {
      path: "/auth/authorize?return=/x",
      headers: ["Host", "evil.example", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https"],
    });
    assert.equal(status, 302);
    const url = new URL(headers.location!);
    assert.equal(url.origin + url.pathname, `${world.oidc.issuer}/auth`);
    const { state, nonce, code_challenge, ...rest } = Object.fromEntries(url.searchParams);
    assert.match(state!, /^[0-9a-z]{6,8}-[\w-]{43}$/);
    assert.match(nonce!, /^[\w-]{43}$/);
    assert.match(code_challenge!, /^[\w-]{43}$/);
    assert.deepEqual(rest, {
      ...{ client_id: "app", redirect_uri: at("/auth/callback"), response_type: "code" },
      ...{ scope: "openid profile email", code_challenge_method: "S256" },
    });
  });
  test("is not redirected to an unknown provider", async () => {
    for (const query of ["?provider=other", "?provider=main&provider=main", "?provider="])
      assert.equal(codeOf(await call(gateway.port, { path: `/auth/authorize${query}` })), "404 no_route", query);
    for (const method of ["POST", "HEAD", "PUT"])
      for (const path of ["/auth/authorize", "/auth/callback"])
        assert.equal((await call(gateway.port, { path, method })).status, 405);
  });
  test("never ends on another site, whatever the return path", async () => {
    for (const wanted of [
      "//evil.example",
      "/\\evil.example",
      "https://evil.example",
      "/%0d%0aX: y",
      "/auth/logout",
      "x",
    ]) {
      const path = `/auth/authorize?return=${encodeURIComponent(wanted)}`;
      const { url, reply } = await new CookieClient().go(at(path));
      const { host } = new URL(url);
      assert.equal(host, new URL(at("/")).host, wanted);
      assert.equal(reply.status, 200, wanted);
    }
    assert.equal((await new CookieClient().go(at("/auth/authorize?return=/a/..//b"))).url, at("/b"));
  });
  test("finishes five logins in any order, and drops the oldest of more", async () => {
    const browser = new CookieClient();
    const callbacks: string[] = [];
    for (const tab of [1, 2, 3, 4, 5, 6]) callbacks.push(await world.untilCallback(browser, `/tab/${tab}`));
    assert.equal(browser.names("auth_token.login.").length, 5);
    for (const tab of [6, 5, 4, 3, 2]) {
      const { url, reply } = await browser.go(callbacks[tab - 1]!);
      assert.equal(url, at(`/tab/${tab}`));
      assert.equal(reply.status, 200);
    }
    assert.deepEqual(browser.names("auth_token.login."), []);
    const lost = new CookieClient();
    assert.equal(codeOf((await lost.go(callbacks[0]!)).reply), "400 login_expired");
  });
  test("that reloads in the middle of a login uses its code once", async () => {
    const browser = new CookieClient();
    const callback = await world.untilCallback(browser, "/page");
    world.oidc.asked.length = 0;
    const other = browser.copy();
    const both = await Promise.all([browser.go(callback), other.go(callback)]);
    for (const { url, reply } of both) {
      assert.equal(url, at("/page"));
      assert.equal(reply.status, 200);
    }
    assert.deepEqual(
      world.oidc.asked.filter((what) => what.startsWith("/token")),
      ["/token authorization_code"],
    );
    // Its login is over by now, and its session is there.
    assert.equal((await browser.go(callback)).url, at("/"));
  });
  test("that gives up can start again", async () => {
    const browser = new CookieClient();
    await world.untilCallback(browser, "/page");
    assert.equal((await browser.go(at("/page"))).reply.status, 200);
  });
  test("whose user refuses gets an error, and starts again only on request", async () => {
    world.oidc.user = null;
    const browser = new CookieClient();
    const { reply } = await browser.go(at("/page"));
    assert.equal(codeOf(reply), "403 login_failed");
    assert.deepEqual(browser.names("auth_token"), []);
    world.oidc.user = "ann";
    assert.equal((await browser.go(at("/page"))).reply.status, 200);
  });
});

describe("a callback", LIMIT, () => {
  before(async () => {
    gateway = await gateways.take(world.text());
  });
  after(() => gateway.kill());

  test("of another browser, or without a login, starts no session", async () => {
    const victim = new CookieClient();
    const stolen = await world.untilCallback(victim, "/page");
    const attacker = new CookieClient();
    await world.untilCallback(attacker, "/page");
    world.oidc.asked.length = 0;
    for (const url of [
      stolen,
      at("/auth/callback"),
      at("/auth/callback?code=c"),
      at("/auth/callback?code=c&state=s"),
    ]) {
      assert.equal(codeOf((await attacker.go(url)).reply), "400 login_expired");
      assert.deepEqual(
        attacker.names("auth_token").filter((name) => !name.includes(".login.")),
        [],
      );
    }
    assert.deepEqual(world.oidc.asked, []);
    assert.equal((await victim.go(stolen)).url, at("/page"));
  });
  test("of another issuer, or without one, is rejected (RFC 9207)", async () => {
    for (const iss of ["https://evil.example", null]) {
      const browser = new CookieClient();
      const url = new URL(await world.untilCallback(browser, "/page"));
      if (iss === null) url.searchParams.delete("iss");
      else url.searchParams.set("iss", iss);
      world.oidc.asked.length = 0;
      assert.equal(codeOf((await browser.go(url.href)).reply), "403 login_failed");
      assert.deepEqual(world.oidc.asked, []);
    }
  });
  test("with a repeated parameter is rejected", async () => {
    const browser = new CookieClient();
    const url = await world.untilCallback(browser, "/page");
    assert.equal(codeOf((await browser.go(`${url}&state=x`)).reply), "400 login_expired");
    assert.equal(codeOf((await browser.go(`${url}&code=x`)).reply), "403 login_failed");
  });
  test("with an invalid code is rejected, and too many of them throttle the address", async () => {
    // Counted apart from the other tests.
    await reload(gateway, world.text({ auth: { failures: { window: "61s" } } }));
    const browser = new CookieClient();
    const { reply } = await browser.go(at("/auth/authorize"), world.oidc.issuer);
    const state = new URL(reply.headers.location!).searchParams.get("state");
    const url = `/auth/callback?code=x&state=${state}&iss=${encodeURIComponent(world.oidc.issuer)}`;
    const again = () => call(gateway.port, { path: url, headers: ["Cookie", browser.line()] });
    assert.equal(codeOf(await again()), "403 login_failed");
    for (let i = 0; i < 19; i++) await again();
    const { headers, status } = await again();
    assert.equal(status, 429);
    assert.ok(Number(headers["retry-after"]) > 0);
  });
});
