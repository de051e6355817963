// The filter that checks whether the client has the permissions a rule requires.
import type { RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { Identity } from "../core/identity.ts";
import type { Verdict } from "../core/reply.ts";
import type { BodyFilter, ReplyHead } from "../core/reply-head.ts";
import { hasReadings, otherReadings } from "../wire/path-readings.ts";
import { isSkipped } from "../wire/skipped-paths.ts";
import { actionOf, actionOfMethod } from "./action.ts";
import type { Assignment, Rbac } from "./rbac.ts";
import { dependsOnPath, fill, hasSegments, type Template } from "./template.ts";

/** What a route requires. */
export interface PermissionDemand {
  /** At least one. */
  readonly permissions: readonly Template[];
  /** Whether all of them are required, or any one. */
  readonly requireAll: boolean;
  /** Whether a canonical path is exempt; null if none is. */
  readonly skips: ((path: string) => boolean) | null;
  /** Whether a path matches the route's pattern. */
  readonly fits: (path: string) => boolean;
  /** Whether the route serves gRPC. */
  readonly grpc: boolean;
  /** Whether the route authenticates by client certificate. If not, the certificate of the connection does not count. */
  readonly certificates: boolean;
  /** The answer to a client that is not authenticated. */
  readonly unauthenticated: (ctx: RequestContext) => Verdict;
}

/** What all routes of a configuration share. */
export interface AuthzShared {
  readonly rbac: Rbac;
  /** false: denials are only reported. */
  readonly enforces: boolean;
  decided(allowed: boolean): void;
  /** Reports a denial that is not enforced. @param subject "" if the client is not authenticated @param why for the log */
  denied(ctx: RequestContext, subject: string, why: string): void;
}

/** Longest permission in a log line, characters. */
const MAX_SHOWN = 256;

/** Makes the filter of a route. */
export function authorize(demand: PermissionDemand, shared: AuthzShared): Filter {
  const filter = new Authorization(demand, shared);
  return {
    name: "rbac",
    phase: "authorize",
    onRequest: (ctx) => filter.decide(ctx, actionOf(ctx, demand.grpc)),
    onReply: (ctx, reply) => (ctx.upgrade ? filter.onHandshakeReply(ctx, reply) : undefined),
  };
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

  /** A backend may answer a handshake like any GET: a successful answer requires the permission of one. */
  onHandshakeReply(ctx: RequestContext, reply: ReplyHead): BodyFilter | undefined {
    const succeeds = reply.made === "backend" && reply.status >= 200 && reply.status < 300;
    if (!succeeds || this.decide(ctx, actionOfMethod(ctx.method)) === undefined) return undefined;
    ctx.error = "permission_denied";
    reply.status = 403;
    reply.fields.length = 0;
    return withoutBody;
  }

  /** @param action what the request does */
  decide(ctx: RequestContext, action: string): Verdict {
    const { skips } = this.#demand;
    const skipped = skips === null ? false : isSkipped(ctx.path, skips);
    if (skipped === true) return undefined;
    const identity = this.#identityOf(ctx);
    const subject = identity === null ? "" : identity.subject;
    if (skipped === null) return this.#deny(ctx, subject, "whether the path is exempt is ambiguous", INVALID);
    if (identity === null) return this.#deny(ctx, "", "not authenticated", () => this.#demand.unauthenticated(ctx));
    const assignment = this.#shared.rbac.assignmentOf(identity);
    const missing = this.#missing(ctx, assignment, ctx.path, action);
    if (this.#byPath && hasReadings(ctx.path) && !this.#isUnambiguous(ctx, assignment, action, missing === null))
      return this.#deny(ctx, subject, "the permission for the path is ambiguous", INVALID);
    if (missing !== null)
      return this.#deny(ctx, subject, `permission "${missing.slice(0, MAX_SHOWN)}" is missing`, DENIED);
    this.#shared.decided(true);
    return undefined;
  }

  /** The identity that authentication established on this route. */
  #identityOf({ identity, peer }: RequestContext): Identity | null {
    const ofConnection = identity !== null && identity === peer.secured?.identity;
    return ofConnection && !this.#demand.certificates ? null : identity;
  }

  /** The first permission that is missing; null if none is. */
  #missing(ctx: RequestContext, assignment: Assignment, path: string, action: string): string | null {
    const { permissions, requireAll } = this.#demand;
    const { rbac } = this.#shared;
    const values = { path, action, method: ctx.method, subject: assignment.subject };
    let missing: string | null = null;
    for (const template of permissions) {
      const permission = fill(template, values);
      const allowed = permission !== null && rbac.allows(assignment, permission, ctx.startedAt);
      if (allowed && !requireAll) return null;
      if (allowed) continue;
      missing ??= permission ?? template.text;
      if (requireAll) break;
    }
    return missing;
  }

  /** Whether the decision is the same for all interpretations of the path. */
  #isUnambiguous(ctx: RequestContext, assignment: Assignment, action: string, allowed: boolean): boolean {
    return otherReadings(ctx.path).every((reading) => {
      if (reading === null) return false;
      // A path that does not match has no such segments; the path guard has checked where it leads.
      if (this.#bySegments && !this.#demand.fits(reading)) return true;
      return (this.#missing(ctx, assignment, reading, action) === null) === allowed;
    });
  }

  #deny(ctx: RequestContext, subject: string, why: string, verdict: () => Verdict): Verdict {
    this.#shared.decided(false);
    ctx.detail = subject === "" ? `rbac: ${why}` : `rbac: "${subject}": ${why}`;
    if (this.#shared.enforces) return verdict();
    this.#shared.denied(ctx, subject, why);
    return undefined;
  }
}

const DENIED = (): Verdict => ({ code: "permission_denied" });
const INVALID = (): Verdict => ({ code: "invalid_path" });

const withoutBody: BodyFilter = (next) => ({
  write(_chunk, release) {
    release?.();
    return true;
  },
  end: () => next.end(null, []),
  flush: () => next.flush(),
});
