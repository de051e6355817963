// `authz.rbac` and the permissions of rules → filters. Routes with equal requirements share one.
import type { Authenticator } from "../../auth/authenticator.ts";
import { claimAt } from "../../auth/jwt/claim-path.ts";
import { type AuthzShared, authorize, type PermissionDemand } from "../../authz/authorize.ts";
import { DenialLog } from "../../authz/denial-log.ts";
import { Rbac } from "../../authz/rbac.ts";
import type { RbacSettings } from "../../authz/settings.ts";
import type { RuleConfig } from "../../config/config.ts";
import type { RuleAuthzConfig } from "../../config/meaning/authz-config.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Filter } from "../../core/filter.ts";
import type { Verdict } from "../../core/reply.ts";
import { fitsPattern } from "../../routing/pattern.ts";
import type { Build } from "../runtime.ts";
import type { AuthRules } from "./auth.ts";

const NONE: readonly Filter[] = [];

/** Authorization of one configuration. */
export class AuthzRules {
  readonly #build: Build;
  readonly #auth: AuthRules;
  readonly #made = new Map<string, readonly Filter[]>();
  readonly #shared: AuthzShared | null;

  /** @param auth that of the same configuration */
  constructor(build: Build, auth: AuthRules) {
    this.#build = build;
    this.#auth = auth;
    this.#shared = build.config.rbac === null ? null : sharedOf(build, build.config.rbac);
  }

  filtersFor(rule: RuleConfig): readonly Filter[] {
    const { authz, auth, protocol, pattern } = rule;
    if (authz === null || this.#shared === null) return NONE;
    const key = JSON.stringify([authz, auth?.methods, protocol === "grpc", pattern.canonical]);
    let made = this.#made.get(key);
    if (made === undefined) this.#made.set(key, (made = [this.#filterOf(rule, authz, this.#shared)]));
    return made;
  }

  #filterOf(rule: RuleConfig, authz: RuleAuthzConfig, shared: AuthzShared): Filter {
    const unauthenticated = unauthenticatedAnswer(this.#auth.methodsOf(rule.auth), this.#build);
    return authorize({ ...demandOf(rule, authz), unauthenticated }, shared);
  }
}

/** What a rule requires of authenticated clients. */
export function demandOf(
  { pattern, protocol, auth }: RuleConfig,
  { permissions, requireAll, skipPaths }: RuleAuthzConfig,
): Omit<PermissionDemand, "unauthenticated"> {
  return {
    permissions,
    requireAll,
    skips: skipPaths.length === 0 ? null : (path) => skipPaths.some((skipped) => fitsPattern(skipped, path)),
    fits: (path) => fitsPattern(pattern, path),
    grpc: protocol === "grpc",
    certificates: auth?.methods.includes("mtls") ?? false,
  };
}

function sharedOf({ runtime }: Build, settings: RbacSettings): AuthzShared {
  const mode = settings.enforces ? "enforce" : "permissive";
  const { authz } = runtime.meters;
  const denials = new DenialLog((message, facts) => runtime.log.warn(message, { ...facts }));
  return {
    rbac: new Rbac(settings, claimAt),
    enforces: settings.enforces,
    decided: (allowed) => authz.decided(allowed ? "allowed" : "denied", mode),
    denied: (ctx, subject, why) => denials.add({ route: ctx.route?.id ?? "", subject, why }),
  };
}

/** Requests a credential, as authentication does if it is required. */
function unauthenticatedAnswer(
  methods: readonly Authenticator[],
  { runtime }: Build,
): (ctx: RequestContext) => Verdict {
  const fields = methods.flatMap(({ challenge }) => (challenge === "" ? [] : ["WWW-Authenticate", challenge]));
  const { auth } = runtime.meters;
  return (ctx) => {
    for (const method of methods) {
      const invitation = method.invite?.(ctx) ?? null;
      if (invitation !== null) return invitation;
    }
    auth.refused("none", "missing_credentials");
    return { code: "missing_credentials", fields };
  };
}
