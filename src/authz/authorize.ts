// The filter that lets a request pass if whoever it is from may do what it asks for.
import type { RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { Identity } from "../core/identity.ts";
import type { Verdict } from "../core/reply.ts";
import { hasReadings, otherReadings } from "../wire/path-readings.ts";
import { isSkipped } from "../wire/skipped-paths.ts";
import { actionOf } from "./action.ts";
import type { Holder, Rbac } from "./rbac.ts";
import { dependsOnPath, fill, hasSegments, type Template } from "./template.ts";

/** What a route demands. */
export interface PermissionDemand {
  /** At least one. */
  readonly permissions: readonly Template[];
  /** Whether all of them are needed, or any. */
  readonly requireAll: boolean;
  /** Whether a canonical path is exempt; null: none is. */
  readonly skips: ((path: string) => boolean) | null;
  /** Whether a path fits the route's pattern. */
  readonly fits: (path: string) => boolean;
  /** Whether the route takes calls of gRPC. */
  readonly grpc: boolean;
  /** Whether it asks for client certificates; otherwise that of the connection is nobody's word. */
  readonly certificates: boolean;
  /** What a client is told that nobody knows. */
  readonly stranger: (ctx: RequestContext) => Verdict;
}

/** What all routes share. */
export interface AuthzShared {
  readonly rbac: Rbac;
  /** Whether what is denied is refused. */
  readonly enforces: boolean;
  decided(allowed: boolean): void;
  /** Something is let pass that would be denied. @param subject "" = nobody @param why for the log */
  wouldDeny(ctx: RequestContext, subject: string, why: string): void;
}

/** Longest permission that is logged, characters. */
const MAX_SHOWN = 256;

/** Makes the filter of a route. */
export function authorize(demand: PermissionDemand, shared: AuthzShared): Filter {
  const filter = new Authorization(demand, shared);
  return { name: "rbac", phase: "authorize", onRequest: (ctx) => filter.onRequest(ctx) };
}

class Authorization {
  readonly #demand: PermissionDemand;
  readonly #shared: AuthzShared;
  readonly #byPath: boolean;
  readonly #bySegments: boolean;

  constructor(demand: PermissionDemand, shared: AuthzShared) {
    this.#demand = demand;
    this.#shared = shared;
    this.#byPath = demand.permissions.some(dependsOnPath);
    this.#bySegments = demand.permissions.some(hasSegments);
  }

  onRequest(ctx: RequestContext): Verdict {
    const { skips } = this.#demand;
    if (skips !== null) {
      const skipped = isSkipped(ctx.path, skips);
      if (skipped === null) return { code: "invalid_path" };
      if (skipped) return undefined;
    }
    const identity = this.#identityOf(ctx);
    if (identity === null) return this.#deny(ctx, "", "nobody is known", () => this.#demand.stranger(ctx));
    const holder = this.#shared.rbac.holderOf(identity);
    const missing = this.#missing(ctx, holder, ctx.path);
    if (this.#byPath && hasReadings(ctx.path) && !this.#isUnambiguous(ctx, holder, missing === null))
      return this.#deny(ctx, identity.subject, "what it may do depends on how its path is read", AMBIGUOUS);
    if (missing === null) {
      this.#shared.decided(true);
      return undefined;
    }
    return this.#deny(ctx, identity.subject, `permission "${missing.slice(0, MAX_SHOWN)}" is missing`, DENIED);
  }

  /** Whoever authentication has found. */
  #identityOf(ctx: RequestContext): Identity | null {
    const { identity } = ctx;
    const ofConnection = identity !== null && identity === ctx.peer.secured?.identity;
    return ofConnection && !this.#demand.certificates ? null : identity;
  }

  /** A permission that is missing; null: none is. */
  #missing(ctx: RequestContext, holder: Holder, path: string): string | null {
    const { permissions, requireAll, grpc } = this.#demand;
    const { rbac } = this.#shared;
    const values = { path, action: actionOf(ctx, grpc), method: ctx.method, subject: holder.subject };
    let missing: string | null = null;
    for (const template of permissions) {
      const permission = fill(template, values);
      const allowed = permission !== null && rbac.allows(holder, permission, ctx.startedAt);
      if (allowed && !requireAll) return null;
      if (allowed) continue;
      missing ??= permission ?? template.text;
      if (requireAll) break;
    }
    return missing;
  }

  /** Whether every way in which a backend may read the path leads to the same decision. */
  #isUnambiguous(ctx: RequestContext, holder: Holder, allowed: boolean): boolean {
    return otherReadings(ctx.path).every((reading) => {
      if (reading === null) return false;
      // A path that leads to another route is seen to before.
      if (this.#bySegments && !this.#demand.fits(reading)) return true;
      return (this.#missing(ctx, holder, reading) === null) === allowed;
    });
  }

  #deny(ctx: RequestContext, subject: string, why: string, verdict: () => Verdict): Verdict {
    this.#shared.decided(false);
    ctx.detail = subject === "" ? `rbac: ${why}` : `rbac: "${subject}": ${why}`;
    if (this.#shared.enforces) return verdict();
    this.#shared.wouldDeny(ctx, subject, why);
    return undefined;
  }
}

const DENIED = (): Verdict => ({ code: "permission_denied" });
const AMBIGUOUS = (): Verdict => ({ code: "invalid_path" });
