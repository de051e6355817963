// Logins of browsers at a real OpenID provider: from the requested page back to it, and everything that can go wrong on the way.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { Sealer } from "../../src/auth/login/sealing.ts";
import { type Mirrored, valuesOf } from "../support/backend.ts";
import { call, type Reply } from "../support/client.ts";
import { CookieClient } from "../support/cookie-client.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { codeOf, type LoginWorld, startLogin } from "../support/login.ts";
import { reload } from "../support/setup.ts";
import { echo, opened, refusalOf, type WsBackend, wsBackend, wsClient } from "../support/websocket.ts";

const LIMIT = { timeout: 120_000 };
const PAGE = ["Accept", "text/html", "Sec-Fetch-Mode", "navigate"];
const gateways = new GatewayPool();
let world: LoginWorld;
let sockets: WsBackend;
let gateway: GatewayProcess;

before(async () => {
  world = await startLogin();
  sockets = await wsBackend(echo);
});
after(() => Promise.all([world.close(), sockets.close()]));

const at = (path: string) => world.at(path);

function seen(reply: Reply): Mirrored {
  assert.equal(reply.status, 200, reply.text);
  return JSON.parse(reply.text) as Mirrored;
}

/** A browser that has logged in. */
async function loggedIn(): Promise<CookieClient> {
  const browser = new CookieClient();
  seen((await browser.go(at("/"))).reply);
  return browser;
}

/** Begins a login, and stops where the provider sends the browser back. @returns the URL of the callback */
async function untilCallback(browser: CookieClient, path: string): Promise<string> {
  const { url } = await browser.go(at(path), at("/auth/callback"));
  assert.ok(url.startsWith(at("/auth/callback?code=")), url);
  return url;
}

const isAtProvider = (url: string) => url.startsWith(world.oidc.issuer);

describe("a browser", LIMIT, () => {
  before(async () => {
    const ws = { id: "ws", path: "/ws", serviceName: "sockets" };
    gateway = await gateways.take(world.text({ rules: [ws], services: { sockets: sockets.port } }));
  });
  after(() => gateway.kill());

  test("is led to the login and back to the very page, as its user", async () => {
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
  test("that asked for no page is told who it is", async () => {
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
  test("is sent to its provider with state, nonce and PKCE, and to the address of the configuration whatever its Host", async () => {
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
  test("is sent to no provider that there is not", async () => {
    for (const query of ["?provider=other", "?provider=main&provider=main", "?provider="])
      assert.equal(codeOf(await call(gateway.port, { path: `/auth/authorize${query}` })), "404 no_route", query);
    for (const method of ["POST", "HEAD", "PUT"])
      for (const path of ["/auth/authorize", "/auth/callback"])
        assert.equal((await call(gateway.port, { path, method })).status, 405);
  });
  test("never ends on another site, whatever it was told to return to", async () => {
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
  test("finishes five logins in whatever order, and forgets the oldest of more", async () => {
    const browser = new CookieClient();
    const callbacks: string[] = [];
    for (const tab of [1, 2, 3, 4, 5, 6]) callbacks.push(await untilCallback(browser, `/tab/${tab}`));
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
    const callback = await untilCallback(browser, "/page");
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
  test("that gives up half-way begins anew", async () => {
    const browser = new CookieClient();
    await untilCallback(browser, "/page");
    assert.equal((await browser.go(at("/page"))).reply.status, 200);
  });
  test("whose user refuses is told so, and begins again only when it asks to", async () => {
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

  test("of another browser, or of nobody, begins no session", async () => {
    const victim = new CookieClient();
    const stolen = await untilCallback(victim, "/page");
    const attacker = new CookieClient();
    await untilCallback(attacker, "/page");
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
  test("of another issuer, or of none, is refused (RFC 9207)", async () => {
    for (const iss of ["https://evil.example", null]) {
      const browser = new CookieClient();
      const url = new URL(await untilCallback(browser, "/page"));
      if (iss === null) url.searchParams.delete("iss");
      else url.searchParams.set("iss", iss);
      world.oidc.asked.length = 0;
      assert.equal(codeOf((await browser.go(url.href)).reply), "403 login_failed");
      assert.deepEqual(world.oidc.asked, []);
    }
  });
  test("with two values of anything is refused", async () => {
    const browser = new CookieClient();
    const url = await untilCallback(browser, "/page");
    assert.equal(codeOf((await browser.go(`${url}&state=x`)).reply), "400 login_expired");
    assert.equal(codeOf((await browser.go(`${url}&code=x`)).reply), "403 login_failed");
  });
  test("with a code that is none is refused, and too many of them hold the address off", async () => {
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

describe("requests without a session", LIMIT, () => {
  before(async () => {
    const ws = { id: "ws", path: "/ws", serviceName: "sockets" };
    gateway = await gateways.take(world.text({ rules: [ws], services: { sockets: sockets.port } }));
  });
  after(() => gateway.kill());

  test("are redirected only where a browser would show the answer as a page", async () => {
    const to = await call(gateway.port, { path: "/a/../x?y=1", headers: PAGE });
    assert.equal(to.status, 302);
    assert.equal(to.headers.location, "/auth/authorize?return=%2Fx%3Fy%3D1");
    assert.equal(to.headers["cache-control"], "no-store");
    const rows: { method?: string; headers: string[] }[] = [
      { headers: ["Accept", "application/json"] },
      { headers: ["Accept", "text/html", "Sec-Fetch-Mode", "cors"] },
      { headers: ["Accept", "text/html", "X-Requested-With", "XMLHttpRequest"] },
      { headers: PAGE, method: "POST" },
      { headers: [...PAGE, "Sec-Purpose", "prefetch"] },
    ];
    for (const row of rows) {
      const reply = await call(gateway.port, row);
      assert.equal(codeOf(reply), "401 missing_credentials", row.headers.join());
      assert.match(String(reply.headers["www-authenticate"]), /Session realm="gateway"/);
    }
  });
  test("of WebSockets and gRPC are refused", async () => {
    const { status } = await refusalOf(wsClient(gateway.port, "/ws"));
    assert.equal(status, 401);
    const session = await openSession(gateway.port);
    const reply = await ask(session, {
      ...{ ":path": "/p.S/M", ":method": "POST", "content-type": "application/grpc", te: "trailers" },
    });
    assert.equal(reply.headers["grpc-status"], "16");
    session.close();
  });
  test("pass as nobody where that is allowed, and not where a session is over", async () => {
    const browser = new CookieClient();
    assert.deepEqual(valuesOf(seen(await browser.ask(at("/maybe/x"))).headers, "X-Auth-Subject"), []);
    browser.set("auth_token", (await loggedIn()).value("auth_token").slice(0, -6) + "AAAAAA");
    assert.equal(codeOf(await browser.ask(at("/maybe/x"))), "401 expired_credentials");
    assert.deepEqual(browser.names("auth_token"), [], "and the next one passes again");
    assert.equal((await browser.ask(at("/maybe/x"))).status, 200);
  });
});

describe("a session cookie", LIMIT, () => {
  before(async () => {
    const ws = { id: "ws", path: "/ws", serviceName: "sockets" };
    gateway = await gateways.take(world.text({ rules: [ws], services: { sockets: sockets.port } }));
  });
  after(() => gateway.kill());

  test("that was changed, or sealed by somebody else, leads to one login and no loop", async () => {
    const good = (await loggedIn()).value("auth_token");
    const foreign = `s1.abcdef11.${new Sealer(["another secret of thirty-two chars"]).seal("session", "{}")}`;
    const hostile = [
      `${good.slice(0, -1)}${good.endsWith("A") ? "B" : "A"}`,
      good.slice(0, -10),
      `${good}AAAA`,
      good.replace("11.", "12."),
      foreign,
      "s1.abcdef11.AAAA",
    ];
    for (const value of hostile) {
      const browser = new CookieClient();
      browser.set("auth_token", value);
      assert.equal(codeOf(await browser.copy().ask(at("/"))), "401 expired_credentials", value.slice(0, 20));
      const { reply, hops } = await browser.go(at("/page"));
      assert.equal(reply.status, 200);
      assert.equal(hops.filter((hop) => hop.startsWith(at("/auth/callback"))).length, 1);
    }
  });
  test("of another application under that name is none", async () => {
    const browser = new CookieClient();
    for (const value of ["", "x", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.", "s1.", "%00"]) {
      browser.set("auth_token", value);
      assert.equal(codeOf(await browser.ask(at("/"))), "401 missing_credentials", value);
    }
  });
  test("is found beside others of its name, whichever come first", async () => {
    const line = (await loggedIn()).line();
    for (const Cookie of [
      `auth_token=junk; ${line}`,
      `${line}; auth_token=junk`,
      `auth_token=s1.abcdef11.AAAA; ${line}`,
    ]) {
      const { headers } = seen(await call(gateway.port, { headers: ["Cookie", Cookie] }));
      assert.deepEqual(valuesOf(headers, "X-Auth-Subject"), ["ann"]);
    }
  });
  test("that is stale says nothing of guessing: many of them hold no address off", async () => {
    const headers = ["Cookie", "auth_token=s1.abcdef11.AAAA"];
    for (let i = 0; i < 30; i++) assert.equal(codeOf(await call(gateway.port, { headers })), "401 expired_credentials");
  });
  test("stays between browser and gateway, on routes that ask for nothing, too", async () => {
    const browser = await loggedIn();
    browser.set("theme", "dark");
    await untilCallback(browser, "/auth/authorize");
    for (const path of ["/x", "/open/x", "/maybe/x"]) {
      const { headers } = seen(await browser.ask(at(path)));
      assert.ok(!JSON.stringify(headers).includes("auth_token"), path);
      assert.match(valuesOf(headers, "Cookie").join(), /theme=dark/);
    }
  });
  test("beside a token is legal, and the token decides", async () => {
    const browser = await loggedIn();
    const reply = await browser.ask(at("/"), { headers: ["Authorization", "Bearer x.y.z"] });
    assert.equal(codeOf(reply), "401 invalid_credentials");
    assert.equal((await browser.ask(at("/"), { headers: ["Authorization", "Basic eA=="] })).status, 200);
  });
  test("opens WebSockets for pages of the gateway's own origin alone", async () => {
    const Cookie = (await loggedIn()).line();
    const own = await opened(gateway.port, "/ws", { headers: { Cookie, Origin: at("") } });
    own.close();
    await once(own, "close");
    for (const Origin of ["https://evil.example", undefined]) {
      const headers = { Cookie, ...(Origin === undefined ? {} : { Origin }) };
      assert.equal((await refusalOf(wsClient(gateway.port, "/ws", { headers }))).status, 403);
    }
  });
});

describe("a logout", LIMIT, () => {
  before(async () => {
    gateway = await gateways.take(world.text({ session: { afterLogout: "/open/bye" } }));
  });
  after(() => gateway.kill());

  test("ends the session here and at the provider", async () => {
    const browser = await loggedIn();
    const { url, reply } = await browser.go(at("/auth/logout"), undefined, "same-origin");
    const end = new URL(url);
    assert.equal(end.origin + end.pathname, `${world.oidc.issuer}/session/end`);
    const { id_token_hint, ...rest } = Object.fromEntries(end.searchParams);
    assert.match(id_token_hint!, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.deepEqual(rest, { client_id: "app", post_logout_redirect_uri: at("/open/bye") });
    assert.deepEqual(browser.names("auth_token"), []);
    assert.match(reply.text, /<form/);
    // The form that the provider shows.
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(reply.text)![1]!;
    const done = await browser.ask(`${world.oidc.issuer}/session/end/confirm`, {
      method: "POST",
      headers: ["Content-Type", "application/x-www-form-urlencoded"],
      body: `xsrf=${xsrf}&logout=yes`,
    });
    assert.equal(done.headers.location, at("/open/bye"));
    world.oidc.user = null; // nobody logs in by himself any more
    assert.equal(codeOf((await browser.go(at("/page"))).reply), "403 login_failed");
    world.oidc.user = "ann";
  });
  test("makes the cookie of the session worthless, for whoever has a copy, too", async () => {
    const browser = await loggedIn();
    const copy = browser.copy();
    await browser.ask(at("/auth/logout"), { headers: ["Sec-Fetch-Site", "same-origin"] });
    assert.equal(codeOf(await copy.ask(at("/"))), "401 expired_credentials");
  });
  test("is not caused by other sites", async () => {
    const browser = await loggedIn();
    const link = await browser.ask(at("/auth/logout"), { headers: ["Sec-Fetch-Site", "cross-site"] });
    assert.match(link.text, /<form method="post">/);
    const form = await browser.ask(at("/auth/logout"), { method: "POST", headers: ["Origin", "https://evil.example"] });
    assert.equal(codeOf(form), "403 origin_not_allowed");
    const image = await browser.ask(at("/auth/logout"), { headers: ["Referer", "https://evil.example/"] });
    assert.equal(image.status, 200);
    assert.equal((await browser.ask(at("/"))).status, 200);
    const own = await browser.ask(at("/auth/logout"), { method: "POST", headers: ["Origin", at("")] });
    assert.equal(own.status, 302);
    assert.equal(codeOf(await browser.ask(at("/"))), "401 missing_credentials");
  });
  test("of nobody leads where every logout does", async () => {
    const { headers } = await new CookieClient().ask(at("/auth/logout"), { headers: ["Sec-Fetch-Site", "none"] });
    assert.equal(headers.location, "/open/bye");
    assert.equal((await call(gateway.port, { path: "/auth/logout", method: "DELETE" })).status, 405);
  });
});

describe("configured otherwise", LIMIT, () => {
  after(() => gateway.kill());

  test("paths and cookie have other names, and pages after a login without a page, too", async () => {
    const session = { loginPath: "/in", logoutPath: "/out", afterLogin: "/home", cookieName: "mine", lifetime: "1h" };
    gateway = await gateways.take(world.text({ session, provider: { redirectURL: at("/auth/other") } }));
    const browser = new CookieClient();
    const { url, hops } = await browser.go(at("/in"));
    assert.equal(url, at("/home"));
    assert.ok(hops.some((hop) => hop.startsWith(at("/auth/other?code="))));
    assert.deepEqual(browser.names("mine"), ["mine"]);
    assert.equal((await browser.ask(at("/out"), { headers: ["Sec-Fetch-Site", "none"] })).status, 302);
    assert.equal((await browser.ask(at("/auth/authorize"))).status, 401, "these are paths like others now");
    await gateway.kill();
  });
  test("a redirectURL may hold a query", async () => {
    gateway = await gateways.take(world.text({ provider: { redirectURL: at("/auth/callback?provider=main") } }));
    assert.equal((await new CookieClient().go(at("/page"))).url, at("/page"));
    await gateway.kill();
  });
  test("with https, cookies are bound to the host", async () => {
    const redirectURL = "https://app.example.org/auth/callback";
    gateway = await gateways.take(world.text({ provider: { redirectURL } }));
    const { headers } = await call(gateway.port, { path: "/auth/authorize" });
    assert.match(
      headers["set-cookie"]![0]!,
      /^__Host-auth_token\.login\.\S+ Max-Age=600; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    );
    await gateway.kill();
  });
  test("of several providers the rule says which, and further parameters go along", async () => {
    const other = {
      ...{
        name: "other",
        clientId: "app",
        clientSecret: "app-secret",
        discoveryUrl: `${world.oidc.issuer}/.well-known/openid-configuration`,
      },
      ...{ validateIssuer: false, redirectURL: at("/auth/other"), authorizationParams: { prompt: "login" } },
    };
    const rules = [{ id: "o", path: "/other/*", serviceName: "up", auth: { oauth2: { provider: "other" } } }];
    gateway = await gateways.take(world.text({ providers: [other], rules }));
    const browser = await loggedIn();
    assert.equal(codeOf(await browser.ask(at("/other/x"))), "401 invalid_credentials");
    const { url, reply, hops } = await browser.go(at("/other/x"));
    assert.equal(url, at("/other/x"));
    assert.ok(hops.some((hop) => hop.includes("prompt=login")));
    assert.deepEqual(valuesOf(seen(reply).headers, "X-Auth-Provider"), ["other"]);
    assert.equal((await browser.ask(at("/"))).status, 200);
    await gateway.kill();
  });
  test("scopes that a rule asks for must have been granted", async () => {
    const rules = [
      { id: "p", path: "/p/*", serviceName: "up", requiredScopes: ["profile"] },
      { id: "q", path: "/q/*", serviceName: "up", requiredScopes: ["orders"] },
    ];
    gateway = await gateways.take(world.text({ rules, session: { provider: "main" } }));
    const browser = await loggedIn();
    assert.equal((await browser.ask(at("/p/x"))).status, 200);
    assert.equal(codeOf(await browser.ask(at("/q/x"))), "403 insufficient_scope");
    await gateway.kill();
  });
  test("a session with more claims than one cookie holds takes several, and one whose ID token is too long is none", async () => {
    gateway = await gateways.take(world.text());
    world.oidc.user = "big";
    const browser = await loggedIn();
    assert.deepEqual(browser.names("auth_token"), ["auth_token", "auth_token.2"]);
    world.oidc.user = "huge";
    assert.equal(codeOf((await new CookieClient().go(at("/"))).reply), "403 login_failed");
    await gateway.line(({ detail }) => detail === "session: ID token: the token is too long");
    world.oidc.user = "ann";
    // In their place the smaller session of another user leaves no piece behind.
    assert.equal((await browser.go(at("/auth/logout"), world.oidc.issuer, "none")).reply.status, 302);
    assert.deepEqual(browser.names("auth_token"), []);
    await gateway.kill();
  });
  test("a session that nobody uses ends", async () => {
    gateway = await gateways.take(world.text({ session: { idleTimeout: "1s" } }));
    const browser = await loggedIn();
    const begun = Date.now();
    let kept = browser.value("auth_token.seen");
    while (Date.now() < begun + 1500) {
      assert.equal((await browser.ask(at("/"))).status, 200);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.notEqual(browser.value("auth_token.seen"), kept);
    kept = browser.value("auth_token.seen");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.equal(codeOf(await browser.ask(at("/"))), "401 expired_credentials");
    assert.deepEqual(browser.names("auth_token"), []);
    await gateway.kill();
  });
});
