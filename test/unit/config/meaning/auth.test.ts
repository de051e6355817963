// `auth` and what rules say of it: what it means, what is refused, and that no message shows a secret.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keyDigest } from "../../../../src/auth/api-keys.ts";
import { hashPassword } from "../../../../src/auth/password-hash.ts";
import type { Config } from "../../../../src/config/config.ts";
import { loadConfig } from "../../../../src/config/load.ts";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { type ConfigError, withSource } from "../../../../src/config/text/problem.ts";
import { fitsPattern } from "../../../../src/routing/pattern.ts";

type Block = Readonly<Record<string, unknown>>;

function textOf(auth: Block, rule: Block = {}): string {
  const rules = [{ id: "r", path: "/*", serviceName: "_internal", ...rule }];
  return JSON.stringify({ gateway: { auth, router: { rules } } }, null, 1);
}

function load(auth: Block, rule: Block = {}): Config {
  return loadConfig({ file: "t.yaml", text: textOf(auth, rule), env: {} }).config;
}

/** What is said of a configuration that is refused. */
function why(auth: Block, rule: Block = {}): string {
  try {
    load(auth, rule);
  } catch (error) {
    return (error as ConfigError).text;
  }
  return "";
}

const APIKEY = { keys: { ci: { hashedKey: keyDigest("k") } } };
const demand = (auth: Block, rule: Block = {}) => load({ apikey: APIKEY, mtls: true, ...auth }, rule).rules[0]!.auth;

describe("the requirements of a rule", () => {
  const none = { scopes: [], service: null, jwt: "", oauth2: null, skipPaths: [] };
  const open = { optional: false, methods: ["apikey", "mtls"], ...none };
  test("are those of auth, unless the rule has its own", () => {
    assert.equal(demand({}), null);
    assert.deepEqual(demand({ required: true }), open);
    assert.deepEqual(demand({ required: "optional" }), { ...open, optional: true });
    assert.equal(demand({ required: true }, { authRequired: false }), null);
    assert.deepEqual(demand({}, { authRequired: "optional" }), { ...open, optional: true });
    assert.equal(demand({ required: true }, { metadata: { skipAuth: true } }), null);
  });
  test("are implied by scopes and methods", () => {
    assert.deepEqual(demand({ requiredScopes: ["a"] }, { requiredScopes: ["b", "a"] })!.scopes, ["a", "b"]);
    assert.deepEqual(demand({}, { authType: "mtls" })!.methods, ["mtls"]);
    assert.deepEqual(demand({ providers: ["mtls", "apikey"] }, { authRequired: true })!.methods, ["mtls", "apikey"]);
  });
  test("have exempt paths only if auth alone requires authentication", () => {
    const [pattern] = demand({ required: true, skipPaths: ["/health"] })!.skipPaths;
    const fits = ["/health", "/health/", "/health/a", "/healthz", "/", "/a/health"].map((p) =>
      fitsPattern(pattern!, p),
    );
    assert.deepEqual(fits, [true, true, true, false, false, false]);
    assert.deepEqual(demand({ required: true, skipPaths: ["/health"] }, { authRequired: true })!.skipPaths, []);
  });
  test("must be consistent", () => {
    const said = (rule: Block, auth: Block = { apikey: APIKEY }) => why(auth, rule);
    assert.match(said({ authRequired: true }, {}), /rule "r" requires authentication, but no method is enabled/);
    assert.match(said({ authType: ["basic"] }), /no method of basic is enabled/);
    assert.match(said({ authType: ["oidc"] }), /unknown method "oidc"; OpenID Connect is "oauth2"/);
    assert.match(said({ authType: ["apikye"] }), /unknown method "apikye"; did you mean "apikey"/);
    assert.match(said({ authRequired: true, metadata: { skipAuth: true } }), /metadata.skipAuth conflicts/);
    assert.match(said({ requiredScopes: ["a"], metadata: { skipAuth: true } }), /metadata.skipAuth conflicts/);
    assert.match(said({ authRequired: false, requiredScopes: ["a"] }), /must not be false together with/);
    assert.match(said({ authRequired: "optional", requiredScopes: ["a"] }), /have no scopes/);
    assert.match(said({ authRequired: true, requiredScopes: ["a,b"] }), /"a,b" is not a valid scope/);
    assert.match(said({ authRequired: "maybe" }), /authRequired: expected true or false/);
    assert.match(said({}, { skipPaths: ["/"] }), /exempt every path/);
    assert.match(said({}, { oidc: { issuer: "x" } }), /"auth.oidc" is refused: write it as "auth.oauth2"/);
  });
});

describe("keys", () => {
  const keysOf = (apikey: Block) => load({ apikey }).auth.apikey!.keys;
  test("can be a mapping or a list, with a hash, or two for rotation", () => {
    const digests = [keyDigest("a"), `SHA256:${keyDigest("b").toUpperCase()}`];
    const [first, second] = keysOf({ keys: { ci: { hashedKey: digests, type: "device" } } });
    assert.deepEqual([first!.digest, second!.digest], [keyDigest("a"), keyDigest("b")]);
    assert.equal(first!.identity.apiKey, "ci");
    const listed = { name: "ci", key: keyDigest("a"), subject: "build", expiresAt: "2027-01-31", metadata: { a: 1 } };
    const [key] = keysOf({ hashKeys: true, defaultScopes: ["x"], keys: [{ ...listed, scopes: ["y", "x"] }] });
    const { subject, scopes, expiresAt, claims, type } = key!.identity;
    assert.deepEqual(
      { subject, scopes, expiresAt, claims, type },
      {
        subject: "build",
        scopes: ["x", "y"],
        expiresAt: Date.UTC(2027, 0, 31),
        claims: { a: 1 },
        type: "service",
      },
    );
  });
  test("in plain text cause a warning unless they are inserted by placeholders", () => {
    const warnings = (key: string) =>
      loadConfig({
        file: "t.yaml",
        text: textOf({ required: false, apikey: { keys: { ci: { key } } } }),
        env: { KEY: "from-elsewhere" },
      }).warnings;
    assert.match(warnings("plain")[0]!.message, /keys in plain text/);
    assert.deepEqual(warnings("${KEY}"), []);
  });
  test("with an unset variable are never accepted", () => {
    for (const name of ["key", "hashedKey"]) {
      const keys = { ci: { [name]: "${NOT_SET}" }, other: { hashedKey: keyDigest("k") } };
      const { config, warnings } = loadConfig({ file: "t.yaml", text: textOf({ apikey: { keys } }), env: {} });
      assert.deepEqual(
        config.auth.apikey!.keys.map(({ identity }) => identity.apiKey),
        ["other"],
      );
      assert.ok(
        warnings.some(({ message }) => message.includes('key "ci" is never accepted')),
        name,
      );
    }
  });
  test("are hashed if an older file sets hashAlgorithm", () => {
    const [key] = keysOf({ hashAlgorithm: "sha256", keys: { ci: { key: keyDigest("a") } } });
    assert.equal(key!.digest, keyDigest("a"));
    assert.match(why({ apikey: { hashAlgorithm: "md5", keys: {} } }), /hashKeys: expected true or false/);
  });
  test("may be sent in several headers, and with a scheme", () => {
    const { auth } = load({
      apikey: { headerName: ["X-API-Key", "X-Goog-Api-Key"], scheme: "Bearer", ...APIKEY },
    });
    assert.deepEqual(
      auth.apikey!.places.map(({ header, prefix }) => header + prefix),
      ["x-api-key", "x-goog-api-key", "authorizationbearer"],
    );
  });
  test("must be distinct and valid", () => {
    const said = (keys: unknown, more: Block = {}) => why({ apikey: { keys, ...more } });
    assert.match(said({ a: { key: "same" }, b: { key: "same" } }), /keys "a" and "b" are the same/);
    assert.match(said({ a: { key: "same" }, b: { hashedKey: keyDigest("same") } }), /are the same/);
    assert.match(said([{ id: "a", key: ["same", "same"] }]), /key "a" is configured twice/);
    assert.match(said([{ key: "x" }]), /needs an id/);
    assert.match(said({ a: {} }), /no key and no hashedKey/);
    assert.match(said({ a: { hashedKey: "abc" } }), /64 hexadecimal digits/);
    assert.match(said({ a: { key: "a b" } }), /printable ASCII/);
    assert.match(said({ a: { key: "x", expiresAt: "soon" } }), /expiresAt is not a valid time/);
    assert.match(said({ a: { key: "x", metadata: { text: "x".repeat(5000) } } }), /larger than 4096 bytes/);
    assert.match(said({ a: { key: "x", scopes: ["a b"] } }), /not a valid scope/);
    assert.match(
      said({}, { keysFile: "/nonexistent/keys.yaml" }),
      /keysFile: "\/nonexistent\/keys.yaml": no such file/,
    );
    for (const headerName of ["Authorization", "Cookie", "Host", "X-Auth-Key", "a b"])
      assert.match(said(APIKEY.keys, { headerName }), /auth.apikey.headerName/, headerName);
    assert.match(said(APIKEY.keys, { headerName: "" }), /keys need a header/);
    assert.match(said(APIKEY.keys, { scheme: "basic" }), /Basic is for user names/);
  });
});

describe("users", () => {
  test("have names and hashes", async () => {
    const passwordHash = await hashPassword("secret");
    const users = [{ name: "ann", passwordHash, subject: "Ann", disabled: true }];
    const [user] = load({ basic: { users } }).auth.basic!.users;
    assert.deepEqual(
      [user!.name, user!.disabled, user!.identity.subject, user!.identity.type],
      ["ann", true, "Ann", "user"],
    );
    const said = (given: unknown) => why({ basic: { users: given } });
    assert.match(said({ ann: "secret" }), /user "ann" needs a passwordHash; gateway hash-key -password makes one/);
    assert.match(said({ "a:b": passwordHash }), /without colon/);
    assert.match(said([{ passwordHash }]), /needs a name/);
    assert.match(said([...users, ...users]), /is configured twice/);
    assert.match(why({ basic: { realm: 'a"b', users } }), /auth.basic.realm/);
  });
});

describe("secrets", () => {
  test("do not appear in messages and output", () => {
    const secret = "the-secret-itself-0123456789";
    const told = [
      why({ apikey: { keys: { a: { keey: secret } } } }),
      why({ apikey: { keys: { a: { key: `${secret} ` } } } }),
      why({ apikey: { keys: { a: { key: [secret, {}] } } } }),
      why({ apikey: { keys: secret } }),
      why({ apikey: secret }),
      why({ basic: { users: secret } }),
      why({ apikey: { keys: { a: `${secret} ` } } }),
      why({ apikey: { keys: { a: secret, b: secret } } }),
      why({ basic: { users: { ann: secret } } }),
      why({ basic: { users: { ann: { hash: secret } } } }),
      why({ basic: { users: [{ name: "ann", passwordHash: secret }] } }),
    ];
    for (const [i, text] of told.entries()) assert.ok(text !== "" && !text.includes(secret), `${i}: ${text}`);
    const text = textOf({ apikey: { keys: { a: secret, b: { key: `${secret}2`, metadata: { apiKey: "another" } } } } });
    const { config, warnings, sources } = loadConfig({ file: "t.yaml", text, env: {} });
    const shown = [printConfiguration(config), ...warnings.map((warning) => withSource(warning, sources))].join("\n");
    assert.ok(!shown.includes(secret), shown);
    assert.match(shown, /headerName: \[ X-API-Key \]/);
    assert.ok(!JSON.stringify({ ...config, written: null }).includes(secret), "the meaning has digests alone");
  });
});
