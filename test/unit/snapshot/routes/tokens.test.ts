// Published keys belong to the configurations that name them, and end with the last of these.
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { AuthMethod } from "../../../../src/core/identity.ts";
import { LeaseTable } from "../../../../src/core/lease.ts";
import { admittedBy } from "../../../../src/snapshot/routes/admitted-by.ts";
import { TokenMethods, tokenRuleKey } from "../../../../src/snapshot/routes/tokens.ts";
import { type PublishedKeys, publishKeys } from "../../../support/jwks.ts";
import { loadFine, withMore } from "../../../support/load.ts";
import { buildOf } from "../../../support/runtime.ts";
import { eventually } from "../../../support/setup.ts";
import { signingKey } from "../../../support/tokens.ts";

function compile(leases: LeaseTable, { url }: PublishedKeys, cache: string) {
  const jwt = { issuer: "https://id.example", audience: "api", jwksEndpoint: url, jwksCacheDuration: cache };
  const holder = leases.holder();
  const build = buildOf(loadFine(withMore(`  auth: ${JSON.stringify({ jwt })}\n`)), holder);
  new TokenMethods(build).make({ methods: ["jwt"], jwt: "", oauth2: null });
  return holder;
}

test("configurations that name the same keys share them, and the last one gives them back", async (t) => {
  const published = await publishKeys([signingKey("RS256", "k")]);
  t.after(() => published.close());
  const leases = new LeaseTable();
  const first = compile(leases, published, "1h");
  const second = compile(leases, published, "1h");
  assert.equal(leases.size, 1);
  const other = compile(leases, published, "2h");
  assert.equal(leases.size, 2);
  await eventually("both are fetched", () => published.asked === 2);
  for (const holder of [first, second, other]) holder.release();
  assert.equal(leases.size, 0);
});

describe("what lets a request in", () => {
  const KEY = signingKey("ES256");
  const jwt = { issuer: "https://jwt.example", audience: "a", publicKey: KEY.pem, signingMethod: "ES256" };
  const oauth2 = { providers: [{ name: "p", clientId: "c", issuerUrl: "https://id.example" }] };
  const own = [{ id: "own", path: "/own", serviceName: "_internal", auth: { jwt } }];
  const config = (auth: object, rules: readonly object[] = []) =>
    loadFine(
      JSON.stringify({
        gateway: { auth, router: { rules: [...rules, { id: "all", path: "/*", serviceName: "_internal" }] } },
      }),
    );
  const variantOf = (id: string) =>
    tokenRuleKey(config({ jwt, oauth2, required: true }, own).rules.find((rule) => rule.id === id)!.auth!);

  test("is what the configuration in effect has of it", () => {
    const both = variantOf("all");
    const left =
      (auth: object, rules: readonly object[] = []) =>
      (variant: string) =>
        admittedBy({ method: "jwt", variant, scopes: [] }, config(auth, rules).auth)?.methods ?? null;
    assert.deepEqual(left({ jwt, oauth2 })(both), ["jwt", "oauth2"]);
    assert.deepEqual(left({ oauth2 })(both), ["oauth2"]);
    assert.deepEqual(left({ jwt })(both), ["jwt"]);
    assert.equal(left({ mtls: true })(both), null);
    const ofRule = variantOf("own");
    assert.deepEqual(left({ mtls: true }, own)(ofRule), ["jwt"]);
    assert.equal(left({ jwt })(ofRule), null);
  });
  test("may be a method that has no variants, or one of several services", () => {
    const { auth } = config({ mtls: true, forward: { services: { shop: { url: "http://127.0.0.1:1/" } } } });
    const by = (method: AuthMethod, variant: string) => admittedBy({ method, variant, scopes: [] }, auth);
    assert.notEqual(by("mtls", ""), null);
    assert.equal(by("basic", ""), null);
    assert.equal(by("forward", "shop")!.service, "shop");
    assert.equal(by("forward", "other"), null);
  });
});

test("a fetch under way ends with the last configuration that names the keys", async (t) => {
  const published = await publishKeys([]);
  t.after(() => published.close());
  const left = new Promise((resolve) => {
    published.answer = (response) => void once(response, "close").then(resolve);
  });
  const holder = compile(new LeaseTable(), published, "1h");
  await eventually("it is asked", () => published.asked === 1);
  holder.release();
  await left;
});
