// Which models of a strategy a client may use, from `strategy.allow` to the decision.
import assert from "node:assert/strict";
import { test } from "node:test";
import { identityOf } from "../../../../src/core/identity.ts";
import { GrantedModels } from "../../../../src/snapshot/llm/model-access.ts";
import { load } from "../../../support/load.ts";

type Block = Readonly<Record<string, unknown>>;

const MODELS = ["a/big", "a/small", "b/big"];

function access(allow: Block, authz: Block = {}) {
  const strategy = { type: "llm", models: MODELS, allow };
  const { config, errors } = load(
    JSON.stringify({
      gateway: {
        llm: { providers: { a: { kind: "openai", apiKeys: ["k"] }, b: { kind: "openai", apiKeys: ["k"] } } },
        auth: {
          jwt: { secret: "s".repeat(32), signingMethod: "HS256" },
        },
        router: { rules: [{ path: "/v1/*", authRequired: "optional", strategy, metadata: { skipAuthz: true } }] },
        ...authz,
      },
    }),
  );
  assert.deepEqual(errors, []);
  const granted = new GrantedModels(config!.rules[0]!.strategy!.allow!, config!.rbac);
  return (given: Parameters<typeof identityOf>[0] | null) => {
    const identity = given === null ? null : identityOf(given);
    return MODELS.filter((model) => granted.allows({ identity }, model));
  };
}

const ANN = { subject: "ann", method: "jwt" } as const;

test("grants add up, and those of everyone hold for clients without a credential", () => {
  const allowed = access({ "*": ["*/small"], "group:staff": ["a/*"], ann: "b/big", "claim:team=web": "a/big" });
  assert.deepEqual(allowed(null), ["a/small"]);
  assert.deepEqual(allowed({ subject: "bob", method: "jwt" }), ["a/small"]);
  assert.deepEqual(allowed({ ...ANN }), ["a/small", "b/big"]);
  assert.deepEqual(allowed({ ...ANN, groups: ["staff"] }), ["a/big", "a/small", "b/big"]);
  assert.deepEqual(allowed({ subject: "c", method: "jwt", claims: { team: ["web", "ops"] } }), ["a/big", "a/small"]);
});

test("nobody may use what no grant names", () => {
  assert.deepEqual(access({ ann: ["a/big"] })({ subject: "bob", method: "jwt" }), []);
  assert.deepEqual(access({ ann: [] })({ ...ANN }), []);
});

test("subjects are those of role-based access control", () => {
  const authz = { authz: { rbac: { subjectKey: "email", policies: [{ roles: {}, bindings: {} }] } } };
  const allowed = access({ "ann@example.org": "a/big" }, authz);
  assert.deepEqual(
    allowed({ subject: "1", method: "jwt", claims: { email: "ann@example.org", email_verified: true } }),
    ["a/big"],
  );
  assert.deepEqual(allowed({ subject: "ann@example.org", method: "jwt" }), []);
});
