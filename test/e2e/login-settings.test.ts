// Logins that are configured otherwise: paths, cookies, providers, scopes, and how long sessions last.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { valuesOf } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { CookieClient } from "../support/cookie-client.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { codeOf, type LoginWorld, seen, startLogin } from "../support/login.ts";

const LIMIT = { timeout: 120_000 };
const gateways = new GatewayPool();
let world: LoginWorld;
let gateway: GatewayProcess;

before(async () => {
  world = await startLogin();
});
after(() => world.close());

const at = (path: string) => world.at(path);

describe("with other settings", LIMIT, () => {
  after(() => gateway.kill());

  test("paths and cookie have other names, as has the page after a login", async () => {
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
  test("a redirectURL may contain a query", async () => {
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
  test("a rule selects one of several providers, with further parameters", async () => {
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
    const browser = await world.loggedIn();
    assert.equal(codeOf(await browser.ask(at("/other/x"))), "401 invalid_credentials");
    const { url, reply, hops } = await browser.go(at("/other/x"));
    assert.equal(url, at("/other/x"));
    assert.ok(hops.some((hop) => hop.includes("prompt=login")));
    assert.deepEqual(valuesOf(seen(reply).headers, "X-Auth-Provider"), ["other"]);
    assert.equal((await browser.ask(at("/"))).status, 200);
    await gateway.kill();
  });
  test("scopes that a rule requires must have been granted", async () => {
    const rules = [
      { id: "p", path: "/p/*", serviceName: "up", requiredScopes: ["profile"] },
      { id: "q", path: "/q/*", serviceName: "up", requiredScopes: ["orders"] },
    ];
    gateway = await gateways.take(world.text({ rules, session: { provider: "main" } }));
    const browser = await world.loggedIn();
    assert.equal((await browser.ask(at("/p/x"))).status, 200);
    assert.equal(codeOf(await browser.ask(at("/q/x"))), "403 insufficient_scope");
    await gateway.kill();
  });
  test("a session with many claims is split into several cookies, and rejected if its ID token is too long", async () => {
    gateway = await gateways.take(world.text());
    world.oidc.user = "big";
    const browser = await world.loggedIn();
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
  test("an idle session ends", async () => {
    gateway = await gateways.take(world.text({ session: { idleTimeout: "1s" } }));
    const browser = await world.loggedIn();
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
