// `authz.rbac` and the permissions of rules: effective values, errors and warnings.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keyDigest } from "../../../../src/auth/api-keys.ts";
import type { RuleConfig } from "../../../../src/config/config.ts";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { load, type Outcome } from "../../../support/load.ts";
import { everyRow } from "../../../support/rows.ts";

type Block = Readonly<Record<string, unknown>>;

const KEYS: Block = { ci: { hashedKey: keyDigest("k"), subject: "build", metadata: { team: "web" } } };
const POLICY: Block = { roles: { a: { permissions: ["x:read"] } }, bindings: { build: ["a"] } };

interface Given {
  readonly rbac?: unknown;
  readonly rule?: Block;
  readonly auth?: Block;
}

function outcome({ rbac = { policies: [POLICY] }, rule = {}, auth = {} }: Given): Outcome {
  const rules = [{ id: "r", path: "/o/{id}", serviceName: "_internal", ...rule }];
  const authz = rbac === undefined ? {} : { authz: { rbac } };
  const gateway = { auth: { apikey: { keys: KEYS }, ...auth }, ...authz, router: { rules } };
  return load(JSON.stringify({ gateway }, null, 1));
}

function ruleOf(given: Given): RuleConfig {
  const { config, errors } = outcome(given);
  assert.deepEqual(errors, []);
  return config!.rules[0]!;
}

const policy = (more: Block) => ({ policies: [{ ...POLICY, ...more }] });
const withoutPlace = (line: string) => line.replace(/^t\.yaml:\d+:\d+: /, "");

describe("authz.rbac", () => {
  test("is off without a block, and on with one unless it says otherwise", () => {
    assert.equal(outcome({ rbac: false }).config!.rbac, null);
    assert.equal(outcome({ rbac: { enabled: false, policies: [POLICY] } }).config!.rbac, null);
    assert.equal(outcome({ rbac: { enabled: false } }).config!.rules[0]!.authz, null);
    assert.notEqual(outcome({}).config!.rbac, null);
  });
  test("has restrictive defaults and a bounded cache", () => {
    const { enforces, defaultAllow, subjectKey, cacheSize, cacheMs } = outcome({}).config!.rbac!;
    assert.deepEqual([enforces, defaultAllow, subjectKey, cacheSize, cacheMs], [true, false, "", 1000, 300_000]);
    const given = { cacheSize: 7, cacheTTL: "1m", subjectKey: "email", policies: [POLICY] };
    const { config } = outcome({ rbac: given });
    assert.deepEqual([config!.rbac!.cacheSize, config!.rbac!.cacheMs, config!.rbac!.subjectKey], [7, 60_000, "email"]);
  });
  test("has roles with inheritance, and generated names of policies", () => {
    const roles = {
      a: { name: "a", description: "reads", permissions: ["o:*", "/café/x:read"], metadata: { owner: "web" } },
      b: { inherits: ["a"] },
    };
    const { policies } = outcome({ rbac: policy({ roles, description: "of orders" }) }).config!.rbac!;
    assert.deepEqual(policies[0]!.roles, [
      { name: "a", description: "reads", permissions: ["o:*", "/caf%C3%A9/x:read"], inherits: [] },
      { name: "b", description: "", permissions: [], inherits: ["a"] },
    ]);
    assert.equal(policies[0]!.name, "policy-1");
  });
  test("is rejected if it is invalid, with the position of the error", () => {
    const roles = (more: Block) => policy({ roles: { a: {}, ...more } });
    const rows: readonly (readonly [rbac: Block, message: RegExp])[] = [
      [
        roles({ b: { inherits: ["bb"] } }),
        /^role "b" inherits from role "bb", which the policy does not have; did you mean "b"\?$/,
      ],
      [roles({ b: { inherits: ["b"] } }), /^policy "policy-1": cycle in the inheritance of roles: b → b$/],
      [roles({ b: { inherits: ["c"] }, c: { inherits: ["a", "d"] }, d: { inherits: ["b"] } }), /: b → c → d → b$/],
      [roles({ b: { name: "c" } }), /^role "b": its name says "c"$/],
      [
        policy({ bindings: { build: ["admin"] } }),
        /^"build" has role "admin", which the policy does not have; it has: a$/,
      ],
      [policy({ bindings: { "gruop:x": ["a"] } }), /unknown prefix "gruop:"; did you mean "group"\?$/],
      [policy({ bindings: { "spiffe://x": ["a"] } }), /write "user:spiffe:\/\/x" for a subject that contains a colon$/],
      [policy({ bindings: { "subject:x": ["a"] } }), /unknown prefix "subject:"/],
      [policy({ bindings: { "group:": ["a"] } }), /the name is empty$/],
      [policy({ bindings: { "*": ["a"] } }), /"\*" is not a wildcard here/],
      [policy({ bindings: { "group:*": ["a"] } }), /"\*" is not a wildcard here/],
      [policy({ bindings: { "claim:team": ["a"] } }), /the form is claim:<name>=<value>$/],
      [policy({ bindings: { "claim:=x": ["a"] } }), /the form is claim:<name>=<value>$/],
      [policy({ bindings: { "oauth2:x": ["a"] } }), /the form is oauth2:<provider>:<subject>$/],
      [roles({ b: { permissions: [""] } }), /^role "b": permission "": it is empty$/],
      [roles({ b: { permissions: ["o:(read|write)"] } }), /it contains "\|"; the only wildcard is "\*"/],
      [roles({ b: { permissions: ["o:[rw]"] } }), /it contains "\["/],
      [roles({ b: { permissions: ["o:?"] } }), /it contains "\?"/],
      [roles({ b: { permissions: ["o: read"] } }), /it contains " "/],
      [roles({ b: { permissions: ["o:{id}"] } }), /it contains "\{"/],
      [roles({ b: { permissions: ["/a/../b:read"] } }), /the part before its last colon is not a valid path$/],
      [roles({ b: { permissions: ["/a%2:read"] } }), /the part before its last colon is not a valid path$/],
      [roles({ b: { permissions: ["x".repeat(513)] } }), /more than 512 characters/],
      [{ policies: [{ name: "p" }, { name: "p" }] }, /^duplicate policy "p"/],
      [{ skipPaths: ["/"] }, /^authz\.rbac\.skipPaths: "\/": it would exempt every path/],
      [{ skipPaths: ["health"] }, /a path pattern begins with/],
      [{ enforcementMode: "permisive" }, /did you mean "permissive"/],
    ];
    everyRow(
      rows,
      ([rbac]) => JSON.stringify(rbac),
      ([rbac, message]) => {
        const { errors } = outcome({ rbac });
        assert.equal(errors.length, 1, errors.join("\n"));
        assert.match(errors[0]!, /^t\.yaml:\d+:\d+: /);
        assert.match(withoutPlace(errors[0]!), message);
      },
    );
  });
  test("warns about settings without effect", () => {
    const rows: readonly (readonly [given: Given, warning: RegExp | null])[] = [
      [{}, null],
      [{ rbac: true }, /there are no bindings, so every request is rejected/],
      [{ rbac: { defaultAllow: true } }, null],
      [
        { rbac: { ...policy({ roles: { a: { permissions: ["*:*"] } } }), defaultAllow: true } },
        /defaultAllow has no effect: role "a" grants every permission/,
      ],
      [
        { rbac: policy({ bindings: { biuld: ["a"] } }) },
        /"biuld": matches no client that auth lists; did you mean "build"\?$/,
      ],
      [{ rbac: policy({ bindings: { "service:build": ["a"] } }) }, null],
      [{ rbac: policy({ bindings: { "user:build": ["a"] } }) }, /"build" has the type service$/],
      [{ rbac: policy({ bindings: { "claim:team=web": ["a"] } }) }, null],
      [{ rbac: policy({ bindings: { "claim:team=ops": ["a"] } }) }, /matches no client that auth lists/],
      [{ rbac: policy({ bindings: { "group:x": ["a"] } }) }, /matches no client that auth lists/],
      [{ rbac: { ...policy({ bindings: { x: ["a"] } }), subjectKey: "email" } }, null],
      [
        {
          rbac: policy({ bindings: { x: ["a"], "group:x": ["a"] } }),
          auth: { forward: { url: "http://127.0.0.1:1" } },
        },
        null,
      ],
      [
        { rbac: policy({ bindings: { "apikey:cj": ["a"] } }), auth: { forward: { url: "http://127.0.0.1:1" } } },
        /unknown API key; did you mean "ci"\?$/,
      ],
      [{ rbac: policy({ bindings: { "apikey:name:cj": ["a"] } }) }, /unknown API key; did you mean "ci"\?$/],
      [{ rbac: policy({ bindings: { "oauth2:corp:ann": ["a"] } }) }, /unknown provider "corp"$/],
      [
        { auth: { skipPaths: ["/health"] } },
        /"\/health" requires no credential, but authz\.rbac rejects unauthenticated requests/,
      ],
      [{ auth: { skipPaths: ["/health"] }, rbac: { ...policy({}), skipPaths: ["/health"] } }, null],
    ];
    everyRow(
      rows,
      ([given]) => JSON.stringify(given),
      ([given, warning]) => {
        const { warnings: all, errors } = outcome(given);
        const warnings = all.filter((each) => !each.includes(" auth.mtls: no listener"));
        assert.deepEqual(errors, []);
        assert.equal(warnings.length, warning === null ? 0 : 1, warnings.join("\n"));
        if (warning !== null) assert.match(warnings[0]!, warning);
      },
    );
  });
  test("is shown unmasked, except for secrets in metadata", () => {
    const roles = { "token-admin": { permissions: ["x:read"], metadata: { password: "hidden", owner: "web" } } };
    const { config } = outcome({ rbac: policy({ roles, bindings: { "apikey:ci": ["token-admin"] } }) });
    const shown = printConfiguration(config!);
    assert.match(shown, /apikey:ci: \[ token-admin \]/);
    assert.match(shown, /permissions: \[ x:read \]/);
    assert.doesNotMatch(shown, /hidden/);
  });
  test("can bind API keys by name", () => {
    const keys = [
      { id: "k1", name: "build server", hashedKey: keyDigest("a") },
      { id: "k2", name: "build server", hashedKey: keyDigest("b") },
    ];
    const rbac = policy({ bindings: { "apikey:name:build server": ["a"] } });
    const { config, warnings } = outcome({ rbac, auth: { apikey: { keys } } });
    assert.deepEqual(warnings, []);
    const values = config!.rbac!.policies[0]!.bindings.map(({ principal }) => principal.value);
    assert.deepEqual(values, ["k1", "k2"]);
  });
});

describe("a rule", () => {
  const permissionsOf = (rule: Block) => ruleOf({ rule }).authz!.permissions.map(({ text }) => text);
  test("requires requiredPermissions, otherwise resourcePrefix, otherwise its path", () => {
    assert.deepEqual(permissionsOf({}), ["{path}:{action}"]);
    assert.deepEqual(permissionsOf({ metadata: { resourcePrefix: "shop" } }), ["shop:{action}"]);
    assert.deepEqual(permissionsOf({ requiredPermissions: "o:{id}" }), ["o:{id}"]);
    assert.deepEqual(permissionsOf({ requiredPermissions: ["a:b", "{method}:{subject}"] }), [
      "a:b",
      "{method}:{subject}",
    ]);
  });
  test("may require any one of its permissions", () => {
    const all = (rule: Block) => ruleOf({ rule: { requiredPermissions: ["a:b"], ...rule } }).authz!.requireAll;
    assert.deepEqual([all({}), all({ requireAllPermissions: false })], [true, false]);
  });
  test("is exempt by skipPaths unless it has requiredPermissions", () => {
    const rbac = { policies: [POLICY], skipPaths: ["/o/health"] };
    assert.equal(ruleOf({ rbac }).authz!.skipPaths.length, 1);
    assert.equal(ruleOf({ rbac, rule: { requiredPermissions: ["a:b"] } }).authz!.skipPaths.length, 0);
    assert.equal(ruleOf({ rule: { metadata: { skipAuthz: "yes" } } }).authz, null);
  });
  test("requires authentication if it requires permissions, unless it says otherwise", () => {
    const need = (given: Given) => ruleOf(given).auth && (ruleOf(given).auth!.optional ? "optional" : "required");
    const permissive = { policies: [POLICY], enforcementMode: "permissive" };
    assert.equal(need({}), "required");
    assert.equal(need({ rbac: false }), null);
    assert.equal(need({ rbac: permissive }), "optional");
    assert.equal(need({ rbac: permissive, rule: { requiredPermissions: ["a:b"] } }), "required");
    assert.equal(need({ rule: { metadata: { skipAuthz: true } } }), null);
    assert.equal(need({ rule: { authRequired: "optional" } }), "optional");
    assert.equal(need({ rule: { authRequired: "optional", requiredPermissions: ["a:b"] } }), "optional");
    assert.equal(need({ auth: { required: "optional" } }), "optional");
    assert.equal(need({ rule: { authRequired: false } }), null);
    assert.equal(need({ rule: { metadata: { skipAuth: true } } }), null);
  });
  test("requires no credential on skipPaths if only permissions imply authentication", () => {
    const rbac = { policies: [POLICY], skipPaths: ["/o/health"] };
    assert.equal(ruleOf({ rbac }).auth!.skipPaths.length, 1);
    assert.equal(ruleOf({ rbac, auth: { required: true } }).auth!.skipPaths.length, 0);
    assert.equal(ruleOf({ rbac, rule: { authRequired: true } }).auth!.skipPaths.length, 0);
  });
  test("is reported if it rejects every request", () => {
    for (const rule of [{ authRequired: false }, { metadata: { skipAuth: true } }])
      assert.match(outcome({ rule }).warnings.join(), /without authentication, authz\.rbac rejects all/);
    assert.deepEqual(outcome({ rule: { metadata: { skipAuth: true, skipAuthz: true } } }).warnings, []);
    const prefixed = outcome({ rule: { requiredPermissions: ["a:b"], metadata: { resourcePrefix: "x" } } });
    assert.match(prefixed.warnings.join(), /resourcePrefix has no effect beside requiredPermissions/);
    const off = outcome({ rbac: { enabled: false }, rule: { requiredPermissions: ["a:b"] } });
    assert.match(off.warnings.join(), /requiredPermissions have no effect while authz\.rbac is disabled/);
  });
  test("is rejected if its settings are invalid or contradictory", () => {
    const rows: readonly (readonly [rule: Block, message: RegExp])[] = [
      [
        { requiredPermissions: ["o:{ID}"] },
        /unknown placeholder \{ID\}; known are \{id\}, \{path\}, \{action\}, \{method\}, \{subject\}$/,
      ],
      [{ requiredPermissions: ["o:{}"] }, /unknown placeholder \{\}/],
      [{ requiredPermissions: ["o:{id"] }, /it contains "\{"/],
      [{ requiredPermissions: ["o:*"] }, /it contains "\*", which only permissions of roles may$/],
      [{ requiredPermissions: [""] }, /it is empty$/],
      [{ requiredPermissions: ["a b"] }, /it contains " "/],
      [{ path: "/o/{id}/{id}", requiredPermissions: ["o:{id}"] }, /\{id\} is ambiguous/],
      [{ path: "/o/{action}", requiredPermissions: ["o:{action}"] }, /\{action\} is ambiguous/],
      [{ metadata: { resourcePrefix: "x:*" } }, /it contains "\*"/],
      [{ metadata: { resourcePrefix: 7 } }, /metadata\.resourcePrefix: expected text$/],
      [{ metadata: { resourcePrefix: "" } }, /metadata\.resourcePrefix: expected text$/],
      [{ requiredPermissions: ["a:b"], metadata: { skipAuthz: true } }, /skipAuthz contradicts requiredPermissions/],
      [{ requiredPermissions: ["a:b"], authRequired: false }, /requiredScopes or requiredPermissions/],
      [{ requiredPermissions: ["a:b"], metadata: { skipAuth: true } }, /skipAuth conflicts/],
    ];
    everyRow(
      rows,
      ([rule]) => JSON.stringify(rule),
      ([rule, message]) => assert.match(outcome({ rule }).errors.join("\n"), message),
    );
    const without = load(
      JSON.stringify({
        gateway: {
          auth: { mtls: true },
          router: { rules: [{ id: "r", path: "/", serviceName: "_internal", requiredPermissions: "a:b" }] },
        },
      }),
    );
    assert.match(
      without.errors.join(),
      /rule "r": requiredPermissions need roles, which are configured in authz\.rbac$/,
    );
    const nobody = outcome({ auth: { apikey: false } });
    assert.match(nobody.errors.join(), /rule "r" requires authentication, but no method is enabled/);
  });
});
