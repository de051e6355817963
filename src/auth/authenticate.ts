// The filter that authenticates requests and checks the scopes that their route requires.
import type { RequestContext } from "../core/context.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Filter } from "../core/filter.ts";
import type { Admission, AuthMethod, Identity } from "../core/identity.ts";
import type { Refusal, Verdict } from "../core/reply.ts";
import type { ReplyHead } from "../core/reply-head.ts";
import { getField } from "../wire/fields.ts";
import { isSkipped } from "../wire/skipped-paths.ts";
import {
  ADMITTED,
  AMBIGUOUS,
  type Authenticator,
  type AuthFailure,
  type AuthResult,
  isFailure,
} from "./authenticator.ts";
import { hasSeveralAuthorizations } from "./authorization.ts";
import type { FailedCredentials } from "./failures.ts";
import { addReplyFields, upstreamFields } from "./upstream-fields.ts";

/** The authentication requirements of a route. */
export interface AuthDemand {
  /** Whether requests without a credential are accepted as anonymous. */
  readonly optional: boolean;
  /** In the order in which they are tried. */
  readonly methods: readonly Authenticator[];
  /** Scopes that the identity must have, all of them. */
  readonly scopes: readonly string[];
  /** Whether a canonical path is exempt from authentication; null: no path is. */
  readonly skips: ((path: string) => boolean) | null;
}

/** Shared by all routes. */
export interface AuthShared {
  readonly failures: FailedCredentials;
  /** Wall clock, ms since 1970. */
  readonly now: () => number;
  /** Counts a rejected request. @param method "none" if no credential was evaluated */
  refused(method: AuthMethod | "none", code: ErrorCode): void;
}

/** Makes the filter of a route. */
export function authenticate(demand: AuthDemand, shared: AuthShared): Filter {
  const filter = new Authentication(demand, shared);
  return {
    name: "authenticate",
    phase: "authenticate",
    onRequest: (ctx) => filter.onRequest(ctx),
    onReply: (ctx, reply) => filter.onReply(ctx, reply),
  };
}

class Authentication {
  readonly #demand: AuthDemand;
  readonly #shared: AuthShared;
  readonly #challenges: readonly string[];
  /** Methods with an `onReply` hook. */
  readonly #repliers: readonly Authenticator[];
  readonly #admissions: ReadonlyMap<Authenticator, Admission>;

  constructor(demand: AuthDemand, shared: AuthShared) {
    this.#demand = demand;
    this.#shared = shared;
    this.#challenges = demand.methods.flatMap(({ challenge }) =>
      challenge === "" ? [] : ["WWW-Authenticate", challenge],
    );
    this.#repliers = demand.methods.filter((method) => method.onReply !== undefined);
    this.#admissions = new Map(
      demand.methods.map((each) => {
        const { method, variant = "" } = each;
        return [each, { method, variant, scopes: demand.scopes }];
      }),
    );
  }

  onRequest(ctx: RequestContext): Verdict | Promise<Verdict> {
    const { skips, methods, optional } = this.#demand;
    if (skips !== null) {
      const skipped = isSkipped(ctx.path, skips);
      if (skipped === null) {
        ctx.detail = "whether auth.skipPaths has the path is ambiguous";
        return { code: "invalid_path" };
      }
      if (skipped) return undefined;
    }
    // The identity of the client certificate applies only if mtls is one of the methods.
    ctx.identity = null;
    if (hasSeveralAuthorizations(ctx.fields))
      return this.#refuse(ctx, "none", "ambiguous_credentials", "several Authorization fields");
    for (const method of methods) {
      const credential = method.credentialOf(ctx);
      if (credential === null) continue;
      // Only the first credential present is evaluated: otherwise it would be unclear which one a backend relies on.
      return this.#decide(ctx, method, credential);
    }
    return optional
      ? undefined
      : (this.#invitation(ctx) ?? this.#refuse(ctx, "none", "missing_credentials", whyMissing(ctx)));
  }

  onReply(ctx: RequestContext, reply: ReplyHead): undefined {
    if (ctx.identity !== null) addReplyFields(reply.fields, ctx.identity);
    for (const method of this.#repliers) method.onReply!(ctx, reply);
  }

  #decide(
    ctx: RequestContext,
    method: Authenticator,
    credential: string | typeof AMBIGUOUS,
  ): Verdict | Promise<Verdict> {
    if (credential === AMBIGUOUS) {
      return this.#refuse(ctx, method.method, "ambiguous_credentials", "several different credentials");
    }
    const throttled = this.#throttled(ctx, method);
    if (throttled !== undefined) return throttled;
    ctx.credential = credential; // a request whose credential is rejected goes no further
    const result = method.identify(credential, ctx);
    // Checked again after the wait: otherwise an attacker could get around the limit with parallel requests.
    return result instanceof Promise
      ? result.then((late) => this.#throttled(ctx, method) ?? this.#judge(ctx, method, late))
      : this.#judge(ctx, method, result);
  }

  /** The refusal for an address with too many failures; undefined: it has not. */
  #throttled(ctx: RequestContext, method: Authenticator): Refusal | undefined {
    const waitMs = this.#shared.failures.waitFor(ctx.clientIp);
    if (waitMs === 0) return undefined;
    const refusal = this.#refuse(ctx, method.method, "too_many_failures", "too many invalid credentials");
    return { ...refusal, fields: ["Retry-After", String(Math.ceil(waitMs / 1000))] };
  }

  #judge(ctx: RequestContext, method: Authenticator, result: AuthResult): Verdict {
    if (result === ADMITTED) return this.#admit(ctx, method);
    if ("answer" in result) {
      if (result.code !== undefined) this.#shared.refused(method.method, result.code);
      return result.answer;
    }
    if (isFailure(result)) return this.#reject(ctx, method, result);
    const { expiresAt } = result;
    if (expiresAt !== 0 && expiresAt <= this.#shared.now()) {
      return this.#reject(ctx, method, {
        code: "expired_credentials",
        why: `credential of "${result.subject}" expired`,
      });
    }
    return this.#accept(ctx, method, result);
  }

  #accept(ctx: RequestContext, method: Authenticator, identity: Identity): Verdict {
    ctx.identity = identity;
    if (identity.tier !== null) ctx.tier = identity.tier;
    const refusal = this.#admit(ctx, method);
    if (refusal === undefined) ctx.edited().fields.push(...upstreamFields(identity));
    return refusal;
  }

  /** Accepts a request if its identity has the required scopes. An anonymous request has none. */
  #admit(ctx: RequestContext, method: Authenticator): Verdict {
    const { scopes, methods } = this.#demand;
    const { identity } = ctx;
    const lacks = (scope: string) => identity === null || !identity.scopes.includes(scope);
    const more = identity === null ? undefined : method.scopesFor?.(identity);
    const missing = scopes.find(lacks) ?? more?.find(lacks);
    if (missing !== undefined) {
      const fields = challengeOf(method, "insufficient_scope");
      return this.#refuse(ctx, method.method, "insufficient_scope", `scope "${missing}" is missing`, fields);
    }
    // Every method strips its credential, including those not tried: backends must not see unverified credentials.
    for (const each of methods) each.strip(ctx);
    ctx.admission = this.#admissions.get(method)!;
    return undefined;
  }

  #reject(ctx: RequestContext, method: Authenticator, { code, why, uncounted }: AuthFailure): Verdict {
    if (code === "auth_unavailable") return this.#refuse(ctx, method.method, code, why);
    if (uncounted !== true) this.#shared.failures.failed(ctx.clientIp);
    const refusal = this.#refuse(ctx, method.method, code, why, challengeOf(method, "invalid_token"));
    return method.invite?.(ctx) ?? refusal;
  }

  #invitation(ctx: RequestContext): Verdict {
    for (const method of this.#demand.methods) {
      const reply = method.invite?.(ctx) ?? null;
      if (reply !== null) return reply;
    }
    return undefined;
  }

  /** @param why for the log @param own fields of the method that was tried */
  #refuse(ctx: RequestContext, method: AuthMethod | "none", code: ErrorCode, why: string, own?: string[]): Refusal {
    this.#shared.refused(method, code);
    ctx.detail = method === "none" ? why : `${method}: ${why}`;
    if (own !== undefined) return { code, fields: own };
    return code.endsWith("_credentials") && code !== "ambiguous_credentials"
      ? { code, fields: this.#challenges }
      : { code };
  }
}

/** The challenge that explains why the method's credential was rejected; undefined: the method has none. */
function challengeOf(method: Authenticator, error: "invalid_token" | "insufficient_scope"): string[] | undefined {
  return method.rejection === undefined ? undefined : ["WWW-Authenticate", method.rejection(error)];
}

/** Why no method found a credential: clients often send one of another kind. */
function whyMissing({ fields }: RequestContext): string {
  const other = getField(fields, "authorization") !== undefined;
  return other ? "no credential; Authorization is not in a form that the rule accepts" : "no credential";
}
