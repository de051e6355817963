// What a permission check costs a request: the whole filter, with decisions that are cached and with ones that are not.
import { claimAt } from "../../src/auth/jwt/claim-path.ts";
import { authorize } from "../../src/authz/authorize.ts";
import { parsePrincipal } from "../../src/authz/principal.ts";
import { Rbac } from "../../src/authz/rbac.ts";
import { BY_PATH, parseTemplate, type Template } from "../../src/authz/template.ts";
import { RequestContext } from "../../src/core/context.ts";
import { type Identity, identityOf } from "../../src/core/identity.ts";
import { NullDownstream } from "../../src/core/null-upstream.ts";
import { ForwardedPeer } from "../../src/wire/forwarded.ts";

const REQUESTS = 200_000;
const ROLES = 200;

const roles = Array.from({ length: ROLES }, (_, i) => ({
  name: `r${i}`,
  description: "",
  permissions: [`area${i}:*:read`, `area${i}:*:update`, `*:${i}:delete`, `/area${i}/*:read`],
  inherits: i > 0 && i % 4 !== 0 ? [`r${i - 1}`] : [],
}));
const bindings = roles.map(({ name }) => ({ principal: parsePrincipal(`group:${name}`), roles: [name] }));

function rbacWith(cacheSize: number): Rbac {
  const policies = [{ name: "p", roles, bindings }];
  return new Rbac(
    { enforces: true, defaultAllow: false, subjectKey: "", cacheSize, cacheMs: 300_000, policies },
    claimAt,
  );
}

const identities = Array.from({ length: 50 }, (_, i) =>
  identityOf({ subject: `user-${i}`, method: "jwt", groups: ["staff", `r${i}`, `r${i + 100}`] }),
);

/** A request of each identity for something it may read. */
function contexts(pathOf: (i: number) => string): readonly RequestContext[] {
  return identities.map((identity, i) => {
    const peer = new ForwardedPeer("192.0.2.1", "http", null);
    const ctx = new RequestContext(new NullDownstream(), peer, "GET", pathOf(i), [], "1.1", false, performance.now());
    return Object.assign(ctx, { path: ctx.rawPath, identity });
  });
}

/** µs a request, the lowest of five runs. @param fresh makes the identity of each request anew */
function cost(template: Template, requests: readonly RequestContext[], cacheSize: number, fresh = false): string {
  const rbac = rbacWith(cacheSize);
  const filter = authorize(
    {
      permissions: [template],
      requireAll: true,
      skips: null,
      fits: () => true,
      grpc: false,
      certificates: false,
      unauthenticated: () => ({ code: "missing_credentials" }),
    },
    { rbac, enforces: true, decided: () => undefined, denied: () => undefined },
  );
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const from = performance.now();
    for (let i = 0; i < REQUESTS; i++) {
      const ctx = requests[i % requests.length]!;
      if (fresh) ctx.identity = { ...(ctx.identity as Identity) };
      if (filter.onRequest!(ctx) !== undefined) throw new Error(`${ctx.path} was denied`);
    }
    best = Math.min(best, performance.now() - from);
  }
  return ((best / REQUESTS) * 1000).toFixed(2);
}

const ids = contexts((i) => `/area${i}/7`);
const byId = (i: number) => parseTemplate(`area${i}:{id}:{action}`, ["", "id"]);
const one = [ids[3]!];
const rows = [
  ["cached, orders:{id}:{action}", cost(byId(3), one, 1000)],
  ["cached, {path}:{action}, 50 clients", cost(BY_PATH, ids, 1000)],
  [
    "cached, {path}:{action}, path of 120 characters",
    cost(
      BY_PATH,
      contexts((i) => `/area${i}/${"x".repeat(112)}`),
      1000,
    ),
  ],
  ["not cached, {path}:{action}, 50 clients", cost(BY_PATH, ids, 0)],
  ["not cached, client not seen before", cost(BY_PATH, ids, 0, true)],
  [
    "with path parameters, cached",
    cost(
      BY_PATH,
      contexts((i) => `/area${i}/7;v=1/x`),
      1000,
    ),
  ],
] as const;
for (const [what, us] of rows) process.stdout.write(`${what}: ${us} µs\n`);
