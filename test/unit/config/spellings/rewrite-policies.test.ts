// Old forms of RBAC policies and of a rule's permissions.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keyDigest } from "../../../../src/auth/api-keys.ts";
import { load } from "../../../support/load.ts";

type Block = Readonly<Record<string, unknown>>;

function outcome(policy: Block, rule: Block = {}, place: "authz" | "middleware" = "authz") {
  const rbac = { rbac: { policies: [policy] } };
  const keys = { ci: { hashedKey: keyDigest("a") }, cd: { hashedKey: keyDigest("b") } };
  const rules = [{ id: "r", path: "/*", serviceName: "_internal", ...rule }];
  const sections = place === "authz" ? { authz: rbac } : { middleware: { authz: rbac } };
  return load(JSON.stringify({ gateway: { auth: { apikey: { keys } }, ...sections, router: { rules } } }));
}

/** The hash of the configuration, which is the same for policies of the same meaning. */
function hashOf(policy: Block, warnings: number): string {
  const { config, ...said } = outcome(policy);
  assert.deepEqual(said.errors, []);
  assert.equal(said.warnings.length, warnings, said.warnings.join("\n"));
  return config!.hash;
}

const ROLES = { a: { permissions: ["x:read"] }, b: { permissions: ["x:*"], inherits: ["a"] } };

describe("a policy", () => {
  test("may list its roles as blocks with names", () => {
    const roles = Object.entries(ROLES).map(([name, role]) => ({ name, ...role }));
    const named = { a: { name: "a", ...ROLES.a }, b: { name: "b", ...ROLES.b } };
    assert.equal(hashOf({ roles, bindings: { ci: ["b"] } }, 1), hashOf({ roles: named, bindings: { ci: ["b"] } }, 0));
  });
  test("may list subjects, each of which has all roles", () => {
    const bindings = { "service:ci": ["a", "b"], "service:cd": ["a", "b"] };
    assert.equal(
      hashOf({ roles: ROLES, subjects: ["service:ci", "service:cd"] }, 1),
      hashOf({ roles: ROLES, bindings }, 0),
    );
    const one = { "service:ci": ["a", "b"] };
    assert.equal(hashOf({ roles: ROLES, subjects: "service:ci" }, 1), hashOf({ roles: ROLES, bindings: one }, 0));
  });
  test("may list subjects, role names and their permissions", () => {
    const roles = { admin: { permissions: ["x:*"] }, ops: { permissions: ["x:*"] } };
    const old = { id: "p", subjects: ["service:ci"], roles: ["admin", "ops"], permissions: ["x:*"] };
    assert.equal(hashOf(old, 3), hashOf({ name: "p", roles, bindings: { "service:ci": ["admin", "ops"] } }, 0));
  });
  test("may list subjects and permissions only", () => {
    const roles = { p: { permissions: ["x:*"] } };
    const old = { name: "p", subjects: ["service:ci"], permissions: "x:*" };
    assert.equal(
      hashOf(old, 2),
      hashOf({ name: "p", roles: { p: { permissions: "x:*" } }, bindings: { "service:ci": ["p"] } }, 0),
    );
    assert.deepEqual(outcome(old).config!.rbac!.policies[0]!.roles[0]!.permissions, roles.p.permissions);
  });
  test("may contain null", () => {
    const empty = { roles: null, subjects: null, permissions: null, bindings: null };
    assert.deepEqual(outcome(empty).errors, []);
  });
  test("must not mix the forms", () => {
    const said = (policy: Block) => outcome(policy).errors.join("\n");
    assert.match(said({ roles: ["a"] }), /role "a" has no permissions/);
    assert.match(said({ roles: [{ permissions: ["x"] }] }), /expected a name, or a block with a name/);
    assert.match(said({ roles: [7, null] }), /expected a name, or a block with a name/);
    assert.match(said({ roles: ["a", "a"], permissions: ["x"] }), /role "a" occurs twice/);
    assert.match(said({ roles: [{ name: "a" }], permissions: ["x"] }), /move them to a role/);
    assert.match(said({ roles: ROLES, permissions: ["x"] }), /move them to a role/);
    assert.match(
      said({ roles: ROLES, subjects: ["ci"], bindings: { cd: ["a"] } }),
      /subjects and bindings exclude each other/,
    );
    assert.match(said({ roles: ROLES, subjects: [{ a: 1 }] }), /expected text/);
  });
});

describe("a rule", () => {
  const policy = { roles: ROLES, bindings: { ci: ["b"] } };
  const written = (middleware: unknown) => outcome(policy, { middleware });
  test("may have its permissions in middleware: rbac", () => {
    const block = { requiredPermissions: ["x:read", "x:write"], requireAll: false };
    const canonical = outcome(policy, { requiredPermissions: ["x:read", "x:write"], requireAllPermissions: false });
    for (const middleware of [[{ rbac: block }], { rbac: block }, [{ rbac: { enabled: true, ...block } }]]) {
      const { config, errors, warnings } = written(middleware);
      assert.deepEqual(errors, []);
      assert.equal(warnings.length, 2);
      assert.equal(config!.hash, canonical.config!.hash);
    }
  });
  test("may list rbac without permissions, without effect", () => {
    assert.match(written(["rbac"]).warnings.join(), /middleware: rbac" has no effect: it is enabled for all rules/);
    assert.deepEqual(
      written([{ rbac: { enabled: false, requiredPermissions: ["y"] } }]).config!.rules[0]!.authz!.permissions.map(
        ({ text }) => text,
      ),
      ["{path}:{action}"],
    );
  });
  test("must not have other keys there", () => {
    assert.match(
      written([{ rbac: { requiredPermission: ["x"] } }]).errors.join(),
      /"router.rules\[\].middleware: rbac.requiredPermission" is not available/,
    );
  });
  test("may have metadata.requiredPermission", () => {
    const { config, warnings } = outcome(policy, { metadata: { requiredPermission: "x:read" } });
    assert.deepEqual(
      config!.rules[0]!.authz!.permissions.map(({ text }) => text),
      ["x:read"],
    );
    assert.equal(warnings.length, 1);
  });
});

test("the section may be below middleware", () => {
  const policy = { roles: ROLES, bindings: { ci: ["b"] } };
  assert.equal(outcome(policy, {}, "middleware").config!.hash, outcome(policy).config!.hash);
});
