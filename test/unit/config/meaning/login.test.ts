// `auth.session` and the keys of providers for logins: what they mean, what is refused, and that no secret is shown.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Config } from "../../../../src/config/config.ts";
import { loadConfig } from "../../../../src/config/load.ts";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { type ConfigError, oneLine } from "../../../../src/config/text/problem.ts";

type Block = Readonly<Record<string, unknown>>;

const SECRET = "0123456789abcdef0123456789abcdef";
const PROVIDER = {
  ...{ name: "main", clientId: "app", issuerUrl: "https://id.example" },
  redirectURL: "https://app.example/auth/callback",
};

interface Given {
  readonly provider?: Block;
  readonly providers?: readonly Block[];
  readonly session?: Block;
  readonly auth?: Block;
  readonly rule?: Block;
  readonly more?: Block;
}

function loaded({ provider, providers = [], session, auth, rule, more }: Given = {}) {
  const all = [{ ...PROVIDER, ...provider }, ...providers];
  const gateway = {
    auth: { oauth2: { providers: all }, session: { secrets: SECRET, ...session }, ...auth },
    router: { rules: [{ id: "r", path: "/*", serviceName: "_internal", ...rule }] },
    ...more,
  };
  return loadConfig({ file: "t.yaml", text: JSON.stringify({ gateway }, null, 1), env: {} });
}

const load = (given: Given = {}): Config => loaded(given).config;
const warnings = (given: Given = {}) => loaded(given).warnings.map(oneLine).join("\n");

/** What is said of a configuration that is refused. */
function why(given: Given): string {
  try {
    load(given);
  } catch (error) {
    return (error as ConfigError).text;
  }
  return "";
}

describe("logins", () => {
  test("are enabled if a provider has redirectURL, and everything else has a default", () => {
    const { session, oauth2 } = load().auth;
    assert.deepEqual(session, {
      secrets: [SECRET],
      cookie: { name: "__Host-auth_token", secure: true, idleMs: 0 },
      paths: {
        ...{ login: "/auth/authorize", callbacks: ["/auth/callback"], logout: "/auth/logout" },
        ...{ afterLogin: "", afterLogout: "/" },
      },
      lifetimeMs: 43_200_000,
      defaultProvider: "main",
      store: null,
    });
    assert.deepEqual(oauth2!.providers[0]!.login, {
      redirectUrl: "https://app.example/auth/callback",
      scopes: ["openid", "profile", "email"],
      parameters: {},
      hasIdTokens: true,
      asksUserInfo: false,
    });
    assert.equal(load({ provider: { redirectURL: "" }, session: { secrets: [] } }).auth.session, null);
  });
  test("are accepted by rules that accept tokens of providers, and by those that name them", () => {
    const methods = (rule: Block, auth: Block = {}) =>
      load({ rule, auth: { mtls: true, ...auth } }).rules[0]!.auth?.methods;
    assert.deepEqual(methods({}), ["oauth2", "session", "mtls"]);
    assert.deepEqual(methods({ authType: "oauth2" }), ["oauth2", "session"]);
    assert.deepEqual(methods({ authType: "session" }), ["session"]);
    assert.deepEqual(methods({ authType: ["mtls", "oauth2"] }), ["mtls", "oauth2", "session"]);
    assert.deepEqual(methods({ authType: "mtls" }), ["mtls"]);
    assert.deepEqual(methods({}, { providers: ["oauth2"] }), ["oauth2", "session"]);
    const other = { name: "other", clientId: "app", issuerUrl: "https://other.example" };
    const rule = { auth: { oauth2: { provider: "other" } } };
    assert.deepEqual(load({ rule, providers: [other] }).rules[0]!.auth!.methods, ["oauth2"], "nobody can log in there");
    assert.match(
      why({ provider: { redirectURL: "" }, rule: { authType: "session" } }),
      /no method of session is enabled/,
    );
  });
  test("over http have other cookie names, and cause a warning for other machines", () => {
    const provider = { redirectURL: "http://localhost:8080/auth/callback" };
    const { cookie } = load({ provider }).auth.session!;
    assert.deepEqual(cookie, { name: "auth_token", secure: false, idleMs: 0 });
    assert.equal(warnings({ provider }), "");
    assert.match(
      warnings({ provider: { redirectURL: "http://app.example/cb" } }),
      /without https, others on the network/,
    );
  });
  test("may have the cookie name in tokenCookie", () => {
    const oauth2 = (tokenCookie: string) => ({ oauth2: { providers: [PROVIDER], tokenCookie } });
    const { session, oauth2: tokens } = load({ auth: oauth2("sid") }).auth;
    assert.equal(session!.cookie.name, "sid");
    assert.equal(tokens!.places.cookie, "", "in which no token is looked for");
    assert.equal(load({ auth: oauth2("sid"), session: { cookieName: "other" } }).auth.session!.cookie.name, "other");
  });
  test("accept an older spelling of their secret", () => {
    const auth = { oauth2: { providers: [PROVIDER], sessionSecret: SECRET }, session: {} };
    assert.deepEqual(load({ auth }).auth.session!.secrets, [SECRET]);
    assert.match(warnings({ auth }), /auth\.session\.secrets/);
  });
  test("store sessions in a configured Redis", () => {
    const redis = { host: "r.example" };
    assert.equal(load({ session: { store: "redis" }, more: { redis } }).auth.session!.store!.name, "redis");
    const stores = { rateLimitStorage: { stores: { mine: { redis } } } };
    assert.equal(load({ session: { store: "mine" }, more: stores }).auth.session!.store!.redis.host, "r.example");
    assert.match(why({ session: { store: "redis" } }), /unknown store "redis"; it needs a redis block at the top/);
    assert.match(why({ session: { store: "cokie" } }), /unknown store "cokie".*did you mean "cookie"/s);
    assert.match(why({ session: { store: "memory" } }), /in the memory of one process/);
  });
});

describe("secrets", () => {
  test("that are too short are rejected, and missing ones cause a warning", () => {
    assert.match(why({ session: { secrets: ["short"] } }), /each needs at least 32 characters/);
    assert.match(why({ session: { secrets: "${SESSION_SECRET}" } }), /each needs at least 32 characters/);
    assert.match(warnings({ session: { secrets: [] } }), /without secrets, users must log in again/);
    assert.match(warnings({ provider: { redirectURL: "" } }), /has no effect, because no provider/);
  });
  test("are not shown", () => {
    const shown = printConfiguration(load({ provider: { clientSecret: "the-client-secret" } }));
    assert.ok(!shown.includes(SECRET) && !shown.includes("the-client-secret"));
    for (const secret of ["shortsecretvalue", SECRET.slice(1)]) {
      const refusal = why({ session: { secrets: [SECRET, secret], lifetime: 0 } });
      assert.match(refusal, /lifetime/);
      assert.ok(!refusal.includes(secret), refusal);
    }
  });
});

describe("invalid settings are rejected:", () => {
  const other = { ...PROVIDER, name: "other", issuerUrl: "https://other.example" };
  const rows: readonly (readonly [what: string, given: Given, says: RegExp])[] = [
    [
      "a redirectURL that is no URL",
      { provider: { redirectURL: "/auth/callback" } },
      /is not a valid http:\/\/ or https:\/\/ URL/,
    ],
    ["one with a fragment", { provider: { redirectURL: "https://a.example/cb#x" } }, /is not a valid http/],
    ["one at the root", { provider: { redirectURL: "https://a.example" } }, /needs a path of its own/],
    [
      "one at a path that is another",
      { provider: { redirectURL: "https://a.example/a//b" } },
      /needs a path of its own/,
    ],
    ["no clientId", { provider: { clientId: "", audience: "x" } }, /logins need clientId/],
    [
      "no way to the endpoints",
      { provider: { issuerUrl: "", jwksEndpoint: "https://id.example/k" } },
      /authorizationUrl: logins need it/,
    ],
    [
      "nobody who says who it is",
      {
        provider: {
          scopes: [],
          issuerUrl: "",
          authorizationUrl: "https://a.example/a",
          tokenUrl: "https://a.example/t",
        },
      },
      /userInfoUrl: without the scope openid/,
    ],
    [
      "ID tokens of nobody",
      {
        provider: {
          scopes: ["openid"],
          issuerUrl: "",
          authorizationUrl: "https://a.example/a",
          tokenUrl: "https://a.example/t",
        },
      },
      /the scope openid needs issuerUrl/,
    ],
    [
      "ID tokens without keys",
      { provider: { useDiscovery: false, authorizationUrl: "https://a.example/a", tokenUrl: "https://a.example/t" } },
      /jwksEndpoint: logins need it/,
    ],
    [
      "several tenants",
      {
        provider: {
          issuerUrl: "https://id.example/{tenantid}",
          discoveryUrl: "https://id.example/d",
          allowedTenants: ["a", "b"],
        },
      },
      /logins need one tenant/,
    ],
    [
      "parameters that are the gateway's",
      { provider: { authorizationParams: { state: "x" } } },
      /the gateway sets state itself/,
    ],
    ["scopes that are none", { provider: { scopes: ["a b"] } }, /"a b" is not a valid scope/],
    [
      "a provider that is not there",
      { session: { provider: "man" } },
      /no provider "man" has redirectURL.*did you mean "main"/s,
    ],
    [
      "https here and http there",
      { providers: [{ ...other, redirectURL: "http://localhost/cb" }] },
      /must be https at all of them, or http/,
    ],
    [
      "a prefix that browsers refuse",
      { provider: { redirectURL: "http://localhost/cb" }, session: { cookieName: "__Host-x" } },
      /needs a redirectURL with https/,
    ],
    ["a cookie name that is none", { session: { cookieName: "a b" } }, /is not a valid cookie name/],
    [
      "the cookie of another method",
      { session: { cookieName: "key" }, auth: { apikey: { cookieName: "key", keys: {} } } },
      /is the cookie of another method/,
    ],
    [
      "paths that are none",
      { session: { loginPath: "login", logoutPath: "/" } },
      /"login" is not a valid path[\s\S]*"\/" is not a valid path/,
    ],
    ["one path for two", { session: { loginPath: "/auth/callback" } }, /must differ/],
    [
      "pages that are paths of the login",
      { session: { afterLogin: "/auth/authorize", afterLogout: "/auth/logout" } },
      /afterLogin[\s\S]*afterLogout/,
    ],
    ["nowhere to go after a logout", { session: { afterLogout: "" } }, /afterLogout: must not be empty/],
    ["sessions that end at once", { session: { lifetime: 0 } }, /lifetime: must be more than 0/],
  ];
  for (const [what, given, says] of rows) test(what, () => assert.match(why(given), says));
});
