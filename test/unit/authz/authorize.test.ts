// The filter of role-based access control: identities, ambiguous paths, and permissive mode.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { claimAt } from "../../../src/auth/jwt/claim-path.ts";
import { authorize, type PermissionDemand } from "../../../src/authz/authorize.ts";
import { type Denial, DenialLog } from "../../../src/authz/denial-log.ts";
import { guardPath } from "../../../src/authz/path-guard.ts";
import { Rbac } from "../../../src/authz/rbac.ts";
import { BY_PATH, parseTemplate } from "../../../src/authz/template.ts";
import { identityOf } from "../../../src/core/identity.ts";
import type { Refusal } from "../../../src/core/reply.ts";
import { fitsPattern, parsePattern } from "../../../src/routing/pattern.ts";
import { ForwardedPeer } from "../../../src/wire/forwarded.ts";
import { contextOf, type GivenContext, SECURED } from "../../support/context.ts";

const ANN = identityOf({ subject: "ann", method: "jwt" });
const PATTERN = parsePattern("/o/{id}");

interface Outcome {
  readonly verdict: string | undefined;
  readonly detail: string;
  readonly decisions: readonly boolean[];
  readonly denials: readonly string[];
}

/** @param grants of ann @param texts of the rule; none = by path */
function run(
  grants: readonly string[],
  texts: readonly string[],
  given: GivenContext,
  more: Partial<PermissionDemand> & { permissive?: boolean } = {},
): Outcome {
  const { permissive = false, ...demand } = more;
  const role = { name: "r", description: "", permissions: grants, inherits: [] };
  const bindings = [{ principal: { kind: "subject", name: "", value: "ann" } as const, roles: ["r"] }];
  const settings = { enforces: true, defaultAllow: false, subjectKey: "", cacheSize: 9, cacheMs: 0 };
  const rbac = new Rbac({ ...settings, policies: [{ name: "p", roles: [role], bindings }] }, claimAt);
  const decisions: boolean[] = [];
  const denials: string[] = [];
  const filter = authorize(
    {
      permissions: texts.length === 0 ? [BY_PATH] : texts.map((text) => parseTemplate(text, ["", "id"])),
      requireAll: true,
      skips: null,
      fits: (path) => fitsPattern(PATTERN, path),
      grpc: false,
      certificates: false,
      unauthenticated: () => ({ code: "missing_credentials" }),
      ...demand,
    },
    {
      rbac,
      enforces: !permissive,
      decided: (allowed) => decisions.push(allowed),
      denied: (_ctx, subject, why) => denials.push(`${subject}: ${why}`),
    },
  );
  const ctx = contextOf({ identity: ANN, ...given });
  const verdict = filter.onRequest!(ctx) as Refusal | undefined;
  return { verdict: verdict?.code, detail: ctx.detail, decisions, denials };
}

const verdictAt = (path: string, grants: readonly string[], texts: readonly string[] = []) =>
  run(grants, texts, { path }).verdict;

describe("a client", () => {
  test("is identified by authentication, not by the certificate of the connection alone", () => {
    const certified = identityOf({ subject: "ann", method: "mtls", type: "service" });
    const peer = new ForwardedPeer("192.0.2.1", "http", { ...SECURED, identity: certified });
    const given = { peer, identity: certified, path: "/o/1" };
    assert.equal(run(["*"], [], given).verdict, "missing_credentials");
    assert.equal(run(["*"], [], given, { certificates: true }).verdict, undefined);
    assert.equal(run(["*"], [], { ...given, identity: ANN }).verdict, undefined);
    assert.equal(run(["*"], [], { identity: null, path: "/o/1" }).verdict, "missing_credentials");
  });
  test("needs all permissions, or any one", () => {
    const texts = ["a:read", "b:read"];
    const verdict = (grants: readonly string[], requireAll: boolean) => run(grants, texts, {}, { requireAll }).verdict;
    assert.deepEqual(
      [verdict(texts, true), verdict(["b:read"], true), verdict(["b:read"], false), verdict([], false)],
      [undefined, "permission_denied", undefined, "permission_denied"],
    );
  });
  test("does not learn which permission is missing; the log has the first, truncated", () => {
    const { detail, decisions } = run(["a:read"], ["a:read", "b:read", "c:read"], {});
    assert.deepEqual([detail, decisions], ['rbac: "ann": permission "b:read" is missing', [false]]);
    assert.ok(run([], [], { path: `/o/${"x".repeat(5000)}` }).detail.length < 320);
  });
});

describe("a path", () => {
  test("must be decided alike in all interpretations", () => {
    assert.equal(verdictAt("/o/1;x", ["/o/1*"]), undefined);
    assert.equal(verdictAt("/o/1;x", ["/o/1;*"]), "invalid_path");
    assert.equal(verdictAt("/o/1;x", ["/o/1:*"]), "invalid_path");
    assert.equal(verdictAt("/o/1;x", ["/o/2*"]), "permission_denied");
    assert.equal(verdictAt("/o/1%2F..%2F2", ["/o/1*"]), "invalid_path");
    assert.equal(verdictAt("/o/a%2Fb", ["/o/a*"]), undefined);
    assert.equal(verdictAt("/..;/o", ["*"]), "invalid_path");
  });
  test("is irrelevant for permissions that do not depend on it", () => {
    assert.equal(verdictAt("/..;/o", ["a:read"], ["a:{action}"]), undefined);
  });
  test("provides its segments, also in other interpretations that match the pattern", () => {
    assert.equal(verdictAt("/o/7", ["o:7:read"], ["o:{id}:{action}"]), undefined);
    assert.equal(verdictAt("/o/7:x", ["o:7:*"], ["o:{id}:{action}"]), "permission_denied");
    assert.equal(verdictAt("/o/1%2F..%2F2", ["o:1*"], ["o:{id}:{action}"]), "invalid_path");
    assert.equal(verdictAt("/o/a%2Fb", ["o:a*"], ["o:{id}:{action}"]), undefined);
  });
  test("that is exempt needs nothing; one that is ambiguously exempt is rejected", () => {
    const skips = (path: string) => path.startsWith("/o/free");
    const given = (path: string) => run([], [], { path, identity: null }, { skips });
    assert.deepEqual(
      [given("/o/free").verdict, given("/o/free;x").verdict, given("/o/x").verdict],
      [undefined, undefined, "missing_credentials"],
    );
    assert.equal(given("/o/free/..;/x").verdict, "invalid_path");
  });
});

test("in permissive mode, denials are reported and not enforced", () => {
  const denied = run([], [], { path: "/o/1" }, { permissive: true });
  assert.deepEqual(
    [denied.verdict, denied.decisions, denied.denials],
    [undefined, [false], ['ann: permission "/o/1:read" is missing']],
  );
  const ambiguous = run(["/o/1;*"], [], { path: "/o/1;x" }, { permissive: true });
  assert.deepEqual(
    [ambiguous.verdict, ambiguous.denials],
    [undefined, ["ann: the permission for the path is ambiguous"]],
  );
});

test("denials are logged once each, up to a limit", () => {
  const told: [string, Denial][] = [];
  const denials = new DenialLog((...args) => told.push(args));
  for (let i = 0; i < 3; i++) denials.add({ route: "r", subject: "a", why: "b" });
  denials.add({ route: "r", subject: "", why: "ab" });
  assert.equal(told.length, 2);
  for (let i = 0; i < 5000; i++) denials.add({ route: "r", subject: "a", why: `${i}` });
  assert.equal(told.length, 1001);
  assert.match(told.at(-1)![0], /only in the access log/);
});

test("a path that may lead to other requirements is rejected, and not modified", () => {
  const guard = guardPath(({ path }) =>
    path.startsWith("/open") ? "nothing" : path.startsWith("/files") ? "all" : null,
  );
  const verdict = (path: string) => {
    const ctx = contextOf({ path });
    const { code } = (guard.onRequest!(ctx) ?? { code: undefined }) as Partial<Refusal>;
    assert.equal(ctx.path, path);
    return code;
  };
  for (const path of ["/open/a", "/open/a;b", "/none;x", "/open/a%2Fb", "/open/a%2F.%2F..b", "/open/%252E"])
    assert.equal(verdict(path), undefined, path);
  for (const path of [
    "/open/..;/files",
    "/files/..;/open",
    "/files/..;/files/x",
    "/open/a%2F..%2Fb",
    "/open/%3B%2F../files",
    "/open/..;/x",
    "/..;/open",
    "/open/..%3B/files",
    "/open/..;/files/..%3B/open",
  ])
    assert.equal(verdict(path), "invalid_path", path);
});

test("requests are allowed if and only if a naive evaluation of method and path allows them", () => {
  const methods = {
    GET: "read",
    HEAD: "read",
    POST: "create",
    PUT: "update",
    PATCH: "update",
    DELETE: "delete",
    LOCK: "lock",
  };
  const covers = (grant: string, text: string): boolean => {
    if (grant === "") return text === "";
    if (grant[0] !== "*") return text[0] === grant[0] && covers(grant.slice(1), text.slice(1));
    return covers(grant.slice(1), text) || (text !== "" && covers(grant, text.slice(1)));
  };
  let state = 7;
  const below = (n: number) => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % n;
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  for (let i = 0; i < 3000; i++) {
    const id = Array.from({ length: 1 + below(4) }, () => pick(["a", "b", ":", "*", "~", "read", "delete"])).join("");
    const [method, action] = pick(Object.entries(methods));
    const grants = Array.from({ length: below(4) }, () => {
      return pick([
        "o:*",
        "o:a*:read",
        "o:*:delete",
        "*:read",
        "o:a:*",
        "o:%3A:*",
        "o:*%2A*:update",
        "/o/*:read",
        "/o/a:*",
      ]);
    });
    const byPath = below(2) === 0;
    const value = id.replaceAll(":", "%3A").replaceAll("*", "%2A");
    const permission = byPath ? `/o/${value}:${action}` : `o:${value}:${action}`;
    const expected = grants.some((grant) => covers(grant, permission));
    const { verdict } = run(grants, byPath ? [] : ["o:{id}:{action}"], { method, path: `/o/${id}` });
    assert.equal(verdict, expected ? undefined : "permission_denied", JSON.stringify({ grants, permission }));
  }
});
