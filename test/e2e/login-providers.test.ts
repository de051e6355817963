// Logins at providers of other kinds, by the example that ships, and what of them is logged.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Mirrored, valuesOf } from "../support/backend.ts";
import { CookieClient } from "../support/cookie-client.ts";
import { startGateway } from "../support/gateway.ts";
import { codeOf, type LoginWorld, SECRET, startLogin, subjectOf } from "../support/login.ts";

const LIMIT = { timeout: 120_000 };
/** Lifetime of access tokens, ms. */
const TOKENS_MS = 3_000;
let world: LoginWorld;

before(async () => {
  world = await startLogin({ accessTokenS: TOKENS_MS / 1000 });
});
after(() => world.close());

const at = (path: string) => world.at(path);

describe("a provider without ID tokens", LIMIT, () => {
  test("identifies users by its userinfo", async (t) => {
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
    const own = await world.start(t, { provider });
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
    await world.start(t, { provider: { userInfoUrl: `${world.oidc.issuer}/me` } });
    const browser = await world.loggedIn();
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
