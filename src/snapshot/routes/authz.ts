// `authz.rbac` and what rules require → filters. Routes of equal demands share one.
import type { Authenticator } from "../../auth/authenticator.ts";
import { claimAt } from "../../auth/jwt/claim-path.ts";
import { type AuthzShared, authorize, type PermissionDemand } from "../../authz/authorize.ts";
import { NotedDenials } from "../../authz/noted-denials.ts";
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

/** Permissions of one configuration. */
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
    const stranger = strangerTo(this.#auth.methodsOf(rule.auth), this.#build);
    return authorize({ ...demandOf(rule, authz), stranger }, shared);
  }
}

/** What a rule demands of authenticated clients. */
export function demandOf(
  { pattern, protocol, auth }: RuleConfig,
  { permissions, requireAll, skipPaths }: RuleAuthzConfig,
): Omit<PermissionDemand, "stranger"> {
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
  const denials = new NotedDenials((message, facts) => runtime.log.warn(message, { ...facts }));
  return {
    rbac: new Rbac(settings, claimAt),
    enforces: settings.enforces,
    decided: (allowed) => authz.decided(allowed ? "allowed" : "denied", mode),
    wouldDeny: (ctx, subject, why) => denials.note({ route: ctx.route?.id ?? "", subject, why }),
  };
}

/** Asks for a credential, as authentication does where one is required. */
function strangerTo(methods: readonly Authenticator[], { runtime }: Build): (ctx: RequestContext) => Verdict {
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
