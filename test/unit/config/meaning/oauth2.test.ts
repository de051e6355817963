// auth.oauth2 as it is written, in the section and in rules: what it means, what is refused, what is warned of.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { load, loadFine } from "../../../support/load.ts";
import type { Block } from "../../../support/setup.ts";
import { signingKey } from "../../../support/tokens.ts";

const KEY = signingKey("RS256", "k1");
const URL = "https://id.example";
const PROVIDER = { name: "main", clientId: "api", issuerUrl: URL };

function text(auth: Block, rule: Block = {}): string {
  const rules = [{ id: "r", path: "/*", serviceName: "_internal", ...rule }];
  return JSON.stringify({ gateway: { auth, router: { rules } } });
}

const withProvider = (more: Block): Block => ({ oauth2: { providers: [{ ...PROVIDER, ...more }] } });
const read = (auth: Block, rule: Block = {}) => loadFine(text(auth, rule));
const provider = (more: Block) => read(withProvider(more)).auth.oauth2!.providers[0]!;
const demand = (auth: Block, rule: Block = {}) => read(auth, rule).rules[0]!.auth;
const OAUTH2 = withProvider({});
const JWT = { issuer: "https://jwt.example", audience: "api", publicKey: KEY.pem };

/** Messages without their places. */
function said(auth: Block, rule: Block = {}) {
  const bare = (lines: readonly string[]) => lines.map((line) => line.replace(/^t\.yaml:\d+:\d+: /, ""));
  const { errors, warnings } = load(text(auth, rule));
  return { errors: bare(errors), warnings: bare(warnings) };
}

describe("a provider", () => {
  test("is discovered where URLs are not configured", () => {
    const { metadata, keys, issuer } = provider({});
    assert.equal(metadata.discoveryUrl, `${URL}/.well-known/openid-configuration`);
    assert.deepEqual([keys, issuer.issuers, issuer.audience], ["published", { [URL]: "" }, ["api"]]);
    assert.ok(issuer.algorithms.includes("EdDSA") && !issuer.algorithms.includes("HS256"));
    assert.deepEqual(said(OAUTH2), { errors: [], warnings: [] });
  });
  test("has the configured URLs, without discovery if useDiscovery is false", () => {
    const urls = {
      authorizationUrl: `${URL}/a`,
      tokenUrl: `${URL}/t`,
      userInfoUrl: `${URL}/u`,
      introspectionUrl: `${URL}/i`,
      endSessionUrl: `${URL}/e`,
      jwksEndpoint: `${URL}/j`,
    };
    const { metadata, introspects } = provider({ ...urls, clientSecret: "s", useDiscovery: false });
    assert.equal(metadata.discoveryUrl, "");
    assert.deepEqual(Object.values(metadata.endpoints), Object.values(urls));
    assert.equal(introspects, true);
  });
  test("may be reached by an internal name, which may also be in its document", () => {
    const discoveryUrl = "https://inner.example/realm/.well-known/openid-configuration";
    const { metadata } = provider({ discoveryUrl });
    assert.equal(metadata.discoveryUrl, discoveryUrl);
    assert.ok(metadata.documentIssuers.includes(URL));
    assert.ok(metadata.documentIssuers.includes("https://inner.example/realm"));
    assert.deepEqual(said(withProvider({ discoveryUrl, issuerUrl: "http://id:8080/realm" })).errors, []);
  });
  test("represents several tenants if issuerUrl has a placeholder", () => {
    const tenants = { issuerUrl: `${URL}/{tenantid}/v2.0`, allowedTenants: ["a", "b"], discoveryUrl: `${URL}/d` };
    assert.deepEqual(provider(tenants).issuer.issuers, { [`${URL}/a/v2.0`]: "a", [`${URL}/b/v2.0`]: "b" });
  });
  test("configures the mapping of claims and the cache duration of keys", () => {
    const { issuer, keysMs } = provider({
      subjectClaim: "oid",
      scopeClaim: "scp",
      audienceClaim: "client_id",
      audience: ["x", "y"],
      claimsMapping: { "realm.roles": "roles", type: "kind" },
      clockSkew: "3s",
      jwksCacheDuration: "5m",
    });
    assert.deepEqual(
      [issuer.subjectClaim, issuer.scopeClaim, issuer.audienceClaim, issuer.typeClaim, issuer.clockSkewMs, keysMs],
      ["oid", "scp", "client_id", "kind", 3000, 300_000],
    );
    assert.deepEqual([issuer.audience, issuer.attributes], [["x", "y"], { roles: "realm.roles" }]);
  });
  test("uses its secret with HS algorithms", () => {
    const hs = { clientSecret: "a secret of at least thirty-two bytes", signingMethod: "HS256" };
    assert.equal(provider(hs).keys, "secret");
  });
  test("without keys and issuer is only for logins", () => {
    const urls = { authorizationUrl: `${URL}/a`, tokenUrl: `${URL}/t`, userInfoUrl: `${URL}/u`, issuerUrl: "" };
    assert.equal(provider(urls).keys, "none");
    assert.deepEqual(said(withProvider(urls)).warnings, []);
  });
  test("that is disabled is not a method", () => {
    assert.equal(read({ oauth2: { enabled: false, providers: [PROVIDER] } }).auth.oauth2, null);
  });

  const refused: readonly (readonly [more: Block, error: RegExp])[] = [
    [{ name: "a:b" }, /providers\[0\]\.name: must consist of letters, digits/],
    [{ name: "jwt" }, /"jwt" is the name of another method/],
    [{ signingMethod: "HS256", clientSecret: "${NO_SUCH_SECRET}" }, /HS algorithms need clientSecret/],
    [{ introspectionUrl: `${URL}/i`, clientSecret: "${NO_SUCH_SECRET}" }, /introspectionUrl: needs/],
    [{ issuerUrl: "http://id.example" }, /issuerUrl: "http:.*must be https/],
    [{ tokenUrl: "https://u:p@id.example" }, /tokenUrl: "https:\/\/\*\*\*@id\.example"/],
    [{ issuerUrl: `${URL}/{tenantid}`, discoveryUrl: `${URL}/d` }, /needs allowedTenants/],
    [{ issuerUrl: `${URL}/{tenantid}`, allowedTenants: ["t"] }, /needs discoveryUrl/],
    [{ allowedTenants: ["t"] }, /allowedTenants: has no effect, because issuerUrl does not contain/],
    [{ useDiscovery: false, discoveryUrl: `${URL}/d` }, /no effect with useDiscovery: false/],
    [{ signingMethod: "HS256" }, /HS algorithms need clientSecret/],
    [
      { signingMethod: "HS256", clientSecret: "s", jwksEndpoint: `${URL}/k` },
      /HS algorithms need clientSecret, not jwksEndpoint/,
    ],
    [{ signingMethod: "none" }, /"none" is not a signature algorithm/],
    [{ clientId: "" }, /set audience or clientId/],
    [{ introspectionUrl: `${URL}/i` }, /introspectionUrl: needs clientId, clientSecret/],
    [{ jwksCacheDuration: "1ms" }, /at least one second/],
    [{ proxy: "proxy:3128" }, /proxy: must have the form http:/],
    [{ caFile: "/nowhere.pem" }, /caFile: .*no such file/],
  ];
  for (const [more, error] of refused) {
    test(`is rejected: ${error.source}`, () => {
      const { errors } = said(withProvider(more));
      assert.match(errors.join("\n"), error);
      assert.equal(errors.length, 1, errors.join("\n"));
    });
  }
  const warned: readonly (readonly [more: Block, warning: RegExp])[] = [
    [{ validateIssuer: false }, /without issuerUrl and validateIssuer, the iss of tokens is not checked/],
    [{ signingMethod: "HS256", clientSecret: "short" }, /clientSecret: a secret of fewer than 32 bytes/],
    [{ validateAudience: false }, /without validateAudience, tokens for other recipients/],
  ];
  for (const [more, warning] of warned) {
    test(`causes a warning: ${warning.source}`, () => {
      const { errors, warnings } = said(withProvider(more));
      assert.deepEqual([errors, warnings.length], [[], 1]);
      assert.match(warnings[0]!, warning);
    });
  }

  test("shows its URLs, but neither its secret nor the proxy", () => {
    const more = { clientSecret: "s3cret", tokenUrl: `${URL}/t`, proxy: "http://u:pw@proxy:3128" };
    const shown = printConfiguration(read(withProvider(more)));
    assert.match(shown, /tokenUrl: https:\/\/id\.example\/t/);
    assert.ok(!shown.includes("s3cret") && !shown.includes("pw@"));
  });
});

test("providers have unique names and issuers", () => {
  const both = (more: Block) => said({ oauth2: { providers: [PROVIDER, { ...PROVIDER, ...more }] } }).errors.join();
  assert.match(both({ issuerUrl: `${URL}/other` }), /"main" is configured twice/);
  assert.match(both({ name: "other" }), /issuer ".*" is configured twice/);
  const any = { ...PROVIDER, validateIssuer: false };
  assert.match(
    said({ oauth2: { providers: [any, { ...any, name: "other" }] } }).errors.join(),
    /"main" takes tokens of any issuer already/,
  );
  assert.match(said({ oauth2: true }).warnings.join(), /no providers are configured/);
});
test("an issuer that is also in auth.jwt causes a warning", () => {
  const { warnings } = said({ ...OAUTH2, jwt: { ...JWT, issuer: URL } });
  assert.match(warnings.join(), /the issuer of "main" is also configured in auth\.jwt/);
});
test("tokens are accepted in the configured places", () => {
  const places = { tokenHeader: "X-Token", bearerPrefix: "", tokenCookie: "ck", tokenQuery: "at" };
  const { oauth2 } = read({ oauth2: { ...places, forward: false, providers: [PROVIDER] } }).auth;
  assert.deepEqual(oauth2!.places, { header: "x-token", prefix: "", cookie: "ck", query: "at", subprotocol: true });
  assert.equal(oauth2!.forward, false);
  assert.match(
    said({ oauth2: { tokenHeader: "Cookie" } }).errors.join(),
    /oauth2\.tokenHeader: "Cookie" cannot contain/,
  );
});

describe("a rule", () => {
  const methods = (auth: Block, rule: Block = {}) => demand(auth, rule)?.methods ?? null;
  test("requires a token if oauth2 is enabled, unless auth.required or the rule says otherwise", () => {
    assert.deepEqual(methods(OAUTH2), ["oauth2"]);
    assert.equal(methods({ ...OAUTH2, required: false }), null);
    assert.equal(methods(OAUTH2, { authRequired: false }), null);
    assert.equal(methods(OAUTH2, { auth: { oauth2: false } }), null);
    assert.deepEqual(methods({ ...OAUTH2, mtls: true, required: true }, { auth: { oauth2: false } }), ["mtls"]);
    assert.deepEqual(methods({ ...OAUTH2, mtls: true }), ["oauth2", "mtls"]);
  });
  test("accepts the methods of its blocks, or authType", () => {
    const all = { ...OAUTH2, jwt: JWT, mtls: true };
    assert.deepEqual(methods(all, { authRequired: true }), ["jwt", "oauth2", "mtls"]);
    assert.deepEqual(methods(all, { auth: { oauth2: {} } }), ["oauth2"]);
    assert.deepEqual(methods(all, { auth: { jwt: {}, oauth2: true } }), ["jwt", "oauth2"]);
    assert.deepEqual(methods(all, { auth: { oauth2: true }, authType: ["mtls", "oauth2"] }), ["mtls", "oauth2"]);
    assert.deepEqual(methods(all, { authType: "oauth2" }), ["oauth2"]);
  });
  test("may restrict tokens", () => {
    const own = { provider: "main", requireScopes: ["s"], requireAudience: ["a"] };
    const auth = { oauth2: { ...(OAUTH2.oauth2 as Block), requireScopes: ["g"], requireAudience: ["h"] } };
    assert.deepEqual(demand(auth, { auth: { oauth2: own } })!.oauth2, {
      provider: "main",
      scopes: ["s"],
      audience: ["a"],
    });
    const { oauth2 } = read(auth).auth;
    assert.deepEqual([oauth2!.scopes, oauth2!.audience], [["g"], ["h"]]);
  });
  test("may have its own keys instead of those of auth.jwt", () => {
    const own = { publicKey: KEY.pem, issuer: "https://own.example", audience: "own" };
    for (const auth of [{ mtls: true }, { mtls: true, jwt: JWT }]) {
      const config = read(auth, { auth: { jwt: own } });
      const { methods: accepted, jwt } = config.rules[0]!.auth!;
      assert.deepEqual([accepted, jwt], [["jwt"], "r"]);
      assert.deepEqual(config.auth.ruleJwt[jwt]!.issuers[0]!.issuers, { "https://own.example": "" });
    }
  });
  test("may be configured in middleware, as a list or a mapping", () => {
    const rows: readonly (readonly [middleware: unknown, expected: unknown])[] = [
      [[{ oauth2: { provider: "main", requiredScopes: ["s"] } }], { provider: "main", scopes: ["s"], audience: [] }],
      [["oauth2"], { provider: "", scopes: [], audience: [] }],
      [
        { auth: { oauth2: { enabled: true, requireScopes: ["s"], requireAudience: "a" } } },
        { provider: "", scopes: ["s"], audience: ["a"] },
      ],
    ];
    for (const [middleware, expected] of rows) {
      const own = demand({ ...OAUTH2, mtls: true }, { middleware })!;
      assert.deepEqual([own.methods, own.oauth2], [["oauth2"], expected]);
    }
    assert.equal(demand(OAUTH2, { middleware: { auth: { oauth2: { enabled: false } } } }), null);
    const jwt = [{ jwt: { publicKey: KEY.pem, algorithm: "RS256", issuer: "i", audience: "a" } }];
    assert.equal(demand({ mtls: true }, { middleware: jwt })!.jwt, "r");
  });

  const refused: readonly (readonly [rule: Block, error: RegExp])[] = [
    [{ auth: { oauth2: { provider: "mian" } } }, /unknown provider "mian"; did you mean.*main/],
    [{ auth: { oauth2: { enabled: false, provider: "main" } } }, /auth\.oauth2 has requirements on tokens/],
    [{ auth: { oauth2: true }, authRequired: false }, /authRequired|must not be false together with/],
    [{ auth: { oauth2: true }, metadata: { skipAuth: true } }, /skipAuth conflicts/],
    [{ auth: { jwt: { issuer: "x" } } }, /auth\.jwt\.issuer: has no effect without a key in this block/],
    [{ auth: { oauth2: { requireScopes: ["a b"] } } }, /"a b" is not a valid scope/],
    [{ auth: "yes", middleware: ["oauth2"] }, /auth: expected a mapping/],
  ];
  for (const [rule, error] of refused) {
    test(`is rejected: ${error.source}`, () => {
      const { errors } = said({ ...OAUTH2, jwt: JWT }, rule);
      assert.match(errors.join("\n"), error);
      assert.equal(errors.length, 1, errors.join("\n"));
    });
  }
  test("that requires oauth2 while it is disabled is rejected", () => {
    assert.match(said({ mtls: true }, { auth: { oauth2: true } }).errors.join(), /no method of oauth2 is enabled/);
  });
});
