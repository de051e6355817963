// Decisions by role: bindings, inheritance, the cache, and agreement with a naive evaluation.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { claimAt } from "../../../src/auth/jwt/claim-path.ts";
import { Decisions } from "../../../src/authz/decisions.ts";
import { cycleIn, withInherited } from "../../../src/authz/inheritance.ts";
import { readGrant } from "../../../src/authz/permission.ts";
import { parsePrincipal } from "../../../src/authz/principal.ts";
import { Rbac } from "../../../src/authz/rbac.ts";
import type { RbacSettings } from "../../../src/authz/settings.ts";
import { type Identity, identityOf } from "../../../src/core/identity.ts";
import { everyRow } from "../../support/rows.ts";

interface WrittenRole {
  readonly permissions?: readonly string[];
  readonly inherits?: readonly string[];
}
interface WrittenPolicy {
  readonly roles: Readonly<Record<string, WrittenRole>>;
  readonly bindings: Readonly<Record<string, readonly string[]>>;
}

function settingsOf(policies: readonly WrittenPolicy[], more: Partial<RbacSettings> = {}): RbacSettings {
  return {
    enforces: true,
    defaultAllow: false,
    subjectKey: "",
    cacheSize: 100,
    cacheMs: 0,
    policies: policies.map(({ roles, bindings }, i) => ({
      name: `p${i}`,
      roles: Object.entries(roles).map(([name, { permissions = [], inherits = [] }]) => {
        return { name, description: "", permissions: permissions.map(readGrant), inherits };
      }),
      bindings: Object.entries(bindings).map(([who, names]) => ({ principal: parsePrincipal(who), roles: names })),
    })),
    ...more,
  };
}

const rbacOf = (policies: readonly WrittenPolicy[], more: Partial<RbacSettings> = {}) =>
  new Rbac(settingsOf(policies, more), claimAt);
const user = (more: Partial<Identity> = {}) => identityOf({ subject: "ann", method: "jwt", provider: "corp", ...more });

describe("a binding", () => {
  const rows: readonly (readonly [who: string, identity: Identity, holds: boolean])[] = [
    ["ann", user(), true],
    ["ann", user({ type: "service" }), true],
    ["ann", user({ subject: "Ann" }), false],
    ["ann", user({ subject: "ann " }), false],
    ["user:ann", user(), true],
    ["user:ann", user({ type: "service" }), false],
    ["user:a:b", user({ subject: "a:b" }), true],
    ["service:ann", user({ type: "service" }), true],
    ["device:ann", user({ type: "device" }), true],
    ["group:ann", user(), false],
    ["group:ops", user({ groups: ["x", "ops"] }), true],
    ["group:ops", user({ roles: ["ops"], scopes: ["ops"] }), false],
    ["role:ops", user({ roles: ["ops"] }), true],
    ["role:ops", user({ groups: ["ops"] }), false],
    ["scope:ops", user({ scopes: ["ops"] }), true],
    ["claim:team=web", user({ claims: { team: "web" } }), true],
    ["claim:team=web", user({ claims: { team: ["ops", "web"] } }), true],
    ["claim:team=web", user({ claims: { team: ["ops", ["web"]] } }), false],
    ["claim:team=web", user({ claims: { team: { web: true } } }), false],
    ["claim:team=web", user({ claims: {} }), false],
    ["claim:admin=true", user({ claims: { admin: true } }), true],
    ["claim:level=3", user({ claims: { level: 3 } }), true],
    ["claim:org.team=web", user({ claims: { org: { team: "web" } } }), true],
    ["claim:https://a.test/team=a=b", user({ claims: { "https://a.test/team": "a=b" } }), true],
    ["claim:constructor=x", user({ claims: {} }), false],
    ["claim:__proto__=x", user({ claims: {} }), false],
    ["claim:email=a@b", user({ claims: { email: "a@b", email_verified: true } }), true],
    ["claim:email=a@b", user({ claims: { email: "a@b", email_verified: false } }), false],
    ["claim:email=a@b", user({ claims: { email: "a@b" } }), false],
    ["claim:email=a@b@c", user({ claims: { email: "a@b@c", email_verified: true } }), false],
    ["apikey:ci", identityOf({ subject: "build", method: "apikey", apiKey: "ci" }), true],
    ["apikey:ci", identityOf({ subject: "ci", method: "apikey", apiKey: "other" }), false],
    ["apikey:ci", user({ subject: "ci", apiKey: "ci" }), false],
    ["oauth2:corp:ann", user(), true],
    ["oauth2:corp:a:b", user({ subject: "a:b" }), true],
    ["oauth2:other:ann", user(), false],
    ["oauth2:apikey:ci", identityOf({ subject: "ci", method: "apikey", apiKey: "ci" }), false],
    ["oauth2:basic:ann", identityOf({ subject: "ann", method: "basic" }), false],
    ["oauth2:mtls:ann", identityOf({ subject: "ann", method: "mtls" }), false],
  ];
  test("assigns roles to exactly the identities it names", () =>
    everyRow(
      rows,
      ([who, identity]) => `${who} ${JSON.stringify(identity)}`,
      ([who, identity, holds]) => {
        const rbac = rbacOf([{ roles: { r: { permissions: ["x"] } }, bindings: { [who]: ["r"] } }]);
        assert.equal(rbac.allows(rbac.assignmentOf(identity), "x", 0), holds);
      },
    ));
  test("does not match names that contain the text of another principal", () => {
    const bindings = { "oauth2:a:b": ["r"], "group:x": ["r"], "claim:a=b": ["r"] };
    const rbac = rbacOf([{ roles: { r: { permissions: ["x"] } }, bindings }]);
    for (const subject of ["oauth2:a:b", "group:x", "a:b", "claim:a=b", "group 0 x", "oauth2 1 ab"])
      assert.equal(rbac.allows(rbac.assignmentOf(user({ subject, provider: "" })), "x", 0), false, subject);
    assert.equal(rbac.allows(rbac.assignmentOf(user({ subject: "", provider: "ab" })), "x", 0), false);
  });
  test("uses the attribute selected by subjectKey as the subject", () => {
    const policy = { roles: { r: { permissions: ["x"] } }, bindings: { "user:7": ["r"], "group:g": ["r"] } };
    const rbac = rbacOf([policy], { subjectKey: "employee" });
    const holds = (more: Partial<Identity>) => rbac.allows(rbac.assignmentOf(user(more)), "x", 0);
    assert.equal(holds({ claims: { employee: "7" } }), true);
    assert.equal(holds({ claims: { employee: 7 } }), false);
    assert.equal(holds({ subject: "7" }), false);
    assert.equal(holds({ groups: ["g"] }), true);
  });
});

describe("roles", () => {
  test("inherit transitively, over several paths", () => {
    const roles = new Map([
      ["a", { inherits: ["b", "c"] }],
      ["b", { inherits: ["d"] }],
      ["c", { inherits: ["d"] }],
      ["d", { inherits: [] }],
    ]);
    assert.deepEqual(withInherited("a", roles), ["a", "b", "c", "d"]);
    assert.equal(cycleIn(roles), null);
  });
  test("can form long chains", () => {
    const chain = (end: readonly string[]) =>
      new Map(Array.from({ length: 20_000 }, (_, i) => [`${i}`, { inherits: i === 19_999 ? end : [`${i + 1}`] }]));
    assert.equal(withInherited("0", chain([])).length, 20_000);
    assert.equal(cycleIn(chain([])), null);
    assert.match(cycleIn(chain(["19998"]))!, /^19998 → 19999 → 19998$/);
  });
  test("with the same name in two policies are different", () => {
    const rbac = rbacOf([
      { roles: { r: { permissions: ["a"] } }, bindings: { ann: ["r"] } },
      { roles: { r: { permissions: ["b"] } }, bindings: { bob: ["r"] } },
    ]);
    const holder = rbac.assignmentOf(user());
    assert.deepEqual([rbac.allows(holder, "a", 0), rbac.allows(holder, "b", 0)], [true, false]);
    assert.deepEqual(rbac.grantFor(holder, "a")?.role.policy, "p0");
  });
});

test("defaultAllow allows what no role grants, bound or not", () => {
  const roles = { r: { permissions: ["a:*"] }, unbound: { permissions: ["b:read"] } };
  const rbac = rbacOf([{ roles, bindings: { bob: ["r"] } }], { defaultAllow: true });
  const holder = rbac.assignmentOf(user());
  assert.deepEqual(
    ["a:x", "b:read", "b:write", "c"].map((text) => rbac.allows(holder, text, 0)),
    [false, false, true, true],
  );
});

describe("decisions", () => {
  test("are cached however many roles a client has", () => {
    const roles = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`r${i}`, { permissions: [`p:${i}:*`] }]));
    const bindings = { ann: Object.keys(roles), bob: Object.keys(roles).slice(1) };
    const rbac = rbacOf([{ roles, bindings }]);
    const [ann, bob] = ["ann", "bob"].map((subject) => rbac.assignmentOf(user({ subject })));
    assert.ok(ann!.key.length <= 64, "long keys are not cached");
    assert.notEqual(ann!.key, bob!.key);
    assert.deepEqual([rbac.allows(ann!, "p:0:x", 0), rbac.allows(bob!, "p:0:x", 0)], [true, false]);
  });
  test("are cached by set of roles and permission, without collisions", () => {
    const roles = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`r${i}`, { permissions: [`p${i}`] }]));
    const bindings = Object.fromEntries(Object.keys(roles).map((name) => [`group:${name}`, [name]]));
    const rbac = rbacOf([{ roles, bindings }]);
    const keyOf = (...groups: string[]) => rbac.assignmentOf(user({ groups })).key;
    assert.equal(keyOf("r2", "r11"), keyOf("r11", "r2", "r2", "unknown"));
    const keys = [keyOf(), keyOf("r1"), keyOf("r1", "r2"), keyOf("r12"), keyOf("r1", "r12"), keyOf("r11", "r2")];
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(rbac.allows(rbac.assignmentOf(user({ groups: ["r1"] })), "p1", 0), true);
    // A permission cannot be written so that it reads as another's roles and permission.
    assert.equal(rbac.allows(rbac.assignmentOf(user()), "1|p1", 0), false);
    assert.equal(rbac.allows(rbac.assignmentOf(user({ groups: ["r1"] })), "2|p1", 0), false);
  });
  test("use the roles determined once per identity", () => {
    const rbac = rbacOf([{ roles: { r: {} }, bindings: { ann: ["r"] } }]);
    const ann = user();
    assert.equal(rbac.assignmentOf(ann), rbac.assignmentOf(ann));
  });
  test("are evicted when they expire, or are the least recently used", () => {
    const decisions = new Decisions(2, 100);
    decisions.set("a", true, 0);
    decisions.set("b", false, 0);
    assert.deepEqual([decisions.get("a", 99), decisions.get("b", 99)], [true, false]);
    decisions.get("a", 99);
    decisions.set("c", true, 50);
    assert.deepEqual(
      ["a", "b", "c"].map((key) => decisions.get(key, 99)),
      [true, undefined, true],
    );
    assert.deepEqual(
      ["a", "c"].map((key) => decisions.get(key, 100)),
      [undefined, true],
    );
    assert.equal(decisions.size, 1);
  });
  test("with long keys, or without a cache, are not kept", () => {
    const none = new Decisions(0, 0);
    none.set("a", true, 0);
    const some = new Decisions(9, 0);
    some.set("a".repeat(513), true, 0);
    some.set("b", true, 0);
    assert.deepEqual([none.size, some.size, some.get("b", 1e12)], [0, 1, true]);
  });
});

/** Numbers that look random and are the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** As the documentation says it, in the fewest words: no indexes, no memory. */
function naive(policies: readonly WrittenPolicy[], groups: readonly string[], permission: string): boolean {
  const covers = (grant: string, text: string): boolean => {
    if (grant === "") return text === "";
    if (grant[0] !== "*") return text[0] === grant[0] && covers(grant.slice(1), text.slice(1));
    return covers(grant.slice(1), text) || (text !== "" && covers(grant, text.slice(1)));
  };
  return policies.some(({ roles, bindings }) => {
    const given = (name: string): readonly string[] => {
      const { permissions = [], inherits = [] } = roles[name]!;
      return [...permissions, ...inherits.flatMap(given)];
    };
    const held = groups.flatMap((group) => bindings[`group:${group}`] ?? []);
    return held.flatMap(given).some((grant) => covers(grant, permission));
  });
}

test("a request is allowed if and only if a naive evaluation allows it", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const below = numbers(seed);
    const text = (letters: string, most: number) =>
      Array.from({ length: 1 + below(most) }, () => letters[below(letters.length)]).join("");
    const list = <T>(most: number, make: (i: number) => T) =>
      Array.from({ length: below(most + 1) }, (_, i) => make(i));
    const policies = list(3, () => {
      const names = ["a", "b", "c", "d", "e"].slice(0, 1 + below(5));
      const roles = Object.fromEntries(
        names.map((name, i) => [
          name,
          {
            permissions: list(3, () => text("xy:*", 6)),
            inherits: list(2, () => names[i + 1 + below(5)]).filter((n) => n !== undefined),
          },
        ]),
      );
      const bindings = Object.fromEntries(
        list(3, () => [`group:${text("gh", 1)}`, list(2, () => names[below(names.length)]!)]),
      );
      return { roles, bindings };
    });
    const rbac = rbacOf(policies, { cacheSize: below(2) * 8 });
    const identities = [["g"], ["h"], ["g", "h"], []].map((groups) => user({ groups }));
    for (let i = 0; i < 60; i++) {
      const identity = identities[below(4)]!;
      const permission = text("xy:", 5);
      const expected = naive(policies, identity.groups, permission);
      const message = JSON.stringify({ seed, policies, groups: identity.groups, permission });
      assert.equal(rbac.allows(rbac.assignmentOf(identity), permission, i), expected, message);
    }
  }
});
