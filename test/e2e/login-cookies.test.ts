// Session cookies: which requests are redirected to a login, which cookies are accepted, who sees them, and how they end.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { Sealer } from "../../src/auth/login/sealing.ts";
import { valuesOf } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { CookieClient } from "../support/cookie-client.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { codeOf, type LoginWorld, seen, startLogin } from "../support/login.ts";
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

describe("requests without a session", LIMIT, () => {
  before(async () => {
    const ws = { id: "ws", path: "/ws", serviceName: "sockets" };
    gateway = await gateways.take(world.text({ rules: [ws], services: { sockets: sockets.port } }));
  });
  after(() => gateway.kill());

  test("are redirected only if a browser would show the answer as a page", async () => {
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
  test("of WebSockets and gRPC are rejected", async () => {
    const { status } = await refusalOf(wsClient(gateway.port, "/ws"));
    assert.equal(status, 401);
    const session = await openSession(gateway.port);
    const reply = await ask(session, {
      ...{ ":path": "/p.S/M", ":method": "POST", "content-type": "application/grpc", te: "trailers" },
    });
    assert.equal(reply.headers["grpc-status"], "16");
    session.close();
  });
  test("are anonymous if authentication is optional, but not if their session has ended", async () => {
    const browser = new CookieClient();
    assert.deepEqual(valuesOf(seen(await browser.ask(at("/maybe/x"))).headers, "X-Auth-Subject"), []);
    browser.set("auth_token", `${(await world.loggedIn()).value("auth_token").slice(0, -6)}AAAAAA`);
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

  test("that was changed, or encrypted with another secret, causes one login and no loop", async () => {
    const good = (await world.loggedIn()).value("auth_token");
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
  test("of another application with the same name is ignored", async () => {
    const browser = new CookieClient();
    for (const value of ["", "x", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.", "s1.", "%00"]) {
      browser.set("auth_token", value);
      assert.equal(codeOf(await browser.ask(at("/"))), "401 missing_credentials", value);
    }
  });
  test("is found among others of its name, in any order", async () => {
    const line = (await world.loggedIn()).line();
    for (const Cookie of [
      `auth_token=junk; ${line}`,
      `${line}; auth_token=junk`,
      `auth_token=s1.abcdef11.AAAA; ${line}`,
    ]) {
      const { headers } = seen(await call(gateway.port, { headers: ["Cookie", Cookie] }));
      assert.deepEqual(valuesOf(headers, "X-Auth-Subject"), ["ann"]);
    }
  });
  test("that has expired does not count as a failure of its address", async () => {
    const headers = ["Cookie", "auth_token=s1.abcdef11.AAAA"];
    for (let i = 0; i < 30; i++) assert.equal(codeOf(await call(gateway.port, { headers })), "401 expired_credentials");
  });
  test("is not forwarded, even on routes without authentication", async () => {
    const browser = await world.loggedIn();
    browser.set("theme", "dark");
    await world.untilCallback(browser, "/auth/authorize");
    for (const path of ["/x", "/open/x", "/maybe/x"]) {
      const { headers } = seen(await browser.ask(at(path)));
      assert.ok(!JSON.stringify(headers).includes("auth_token"), path);
      assert.match(valuesOf(headers, "Cookie").join(), /theme=dark/);
    }
  });
  test("may be sent with a token, which takes precedence", async () => {
    const browser = await world.loggedIn();
    const reply = await browser.ask(at("/"), { headers: ["Authorization", "Bearer x.y.z"] });
    assert.equal(codeOf(reply), "401 invalid_credentials");
    assert.equal((await browser.ask(at("/"), { headers: ["Authorization", "Basic eA=="] })).status, 200);
  });
  test("opens WebSockets only for pages of the gateway's own origin", async () => {
    const Cookie = (await world.loggedIn()).line();
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
    const browser = await world.loggedIn();
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
  test("invalidates the session cookie, including copies", async () => {
    const browser = await world.loggedIn();
    const copy = browser.copy();
    await browser.ask(at("/auth/logout"), { headers: ["Sec-Fetch-Site", "same-origin"] });
    assert.equal(codeOf(await copy.ask(at("/"))), "401 expired_credentials");
  });
  test("cannot be caused by other sites", async () => {
    const browser = await world.loggedIn();
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
  test("without a session redirects like any other", async () => {
    const { headers } = await new CookieClient().ask(at("/auth/logout"), { headers: ["Sec-Fetch-Site", "none"] });
    assert.equal(headers.location, "/open/bye");
    assert.equal((await call(gateway.port, { path: "/auth/logout", method: "DELETE" })).status, 405);
  });
});
