// Compiles `auth` and the settings of rules into filters. Routes with equal requirements share one.
import { apiKeys } from "../../auth/api-keys.ts";
import { assertedFields } from "../../auth/asserted-fields.ts";
import { type AuthShared, authenticate } from "../../auth/authenticate.ts";
import type { Authenticator } from "../../auth/authenticator.ts";
import { basic } from "../../auth/basic.ts";
import { assertedNames } from "../../auth/forward/settings.ts";
import type { TokenMethod } from "../../auth/jwt/issuer.ts";
import { mtls } from "../../auth/mtls.ts";
import { PasswordChecks } from "../../auth/password-checks.ts";
import { standingOf } from "../../auth/standing.ts";
import type { Config, RuleConfig } from "../../config/config.ts";
import type { AuthConfig, RuleAuthConfig } from "../../config/meaning/auth-config.ts";
import type { Standing } from "../../core/bound-stream.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Filter } from "../../core/filter.ts";
import type { AuthMethod } from "../../core/identity.ts";
import { fitsPattern } from "../../routing/pattern.ts";
import type { Revocation } from "../../tls/revocation.ts";
import type { Build } from "../runtime.ts";
import { admittedBy, type MethodRule } from "./admitted-by.ts";
import { failuresOf } from "./failures.ts";
import { forwardMethod } from "./forward.ts";
import { identifiedHandshakes } from "./identified-handshakes.ts";
import { loginOf } from "./login.ts";
import { isTokenMethod, TokenMethods, tokenPlaces, tokenRuleKey } from "./tokens.ts";

const NONE: readonly Filter[] = [];

/** The authentication filters of one configuration. */
export class AuthRules {
  readonly #build: Build;
  readonly #tokens: TokenMethods;
  readonly #methods = new Map<string, Authenticator>();
  readonly #made = new Map<string, readonly Filter[]>();
  /** Filters of every rule. */
  readonly #always: readonly Filter[];
  #shared: AuthShared | null = null;

  constructor(build: Build) {
    this.#build = build;
    this.#tokens = new TokenMethods(build);
    const login = loginOf(build);
    this.#always = login === null ? NONE : [login.filter];
  }

  filtersFor({ auth }: RuleConfig): readonly Filter[] {
    if (auth === null && this.#build.config.auth.forward === null) return this.#always;
    const key = JSON.stringify(auth);
    let made = this.#made.get(key);
    if (made === undefined) this.#made.set(key, (made = this.#filtersOf(auth)));
    return made;
  }

  /** The methods that a rule accepts. `jwt` and `oauth2` share one, in the place of the first. */
  methodsOf(auth: RuleAuthConfig | null): readonly Authenticator[] {
    return auth === null ? [] : [...new Set(auth.methods.map((name) => this.#method(name, auth)))];
  }

  /** Whether the credential of an accepted request is still valid in this configuration. */
  standing(ctx: RequestContext): Standing | Promise<Standing> {
    const { method } = ctx.admission!;
    const rule = admittedBy(ctx.admission!, this.#build.config.auth);
    return standingOf(ctx, rule === null ? null : this.#method(method, rule));
  }

  #filtersOf(auth: RuleAuthConfig | null): readonly Filter[] {
    const { config } = this.#build;
    const always = [...this.#always, ...assertedOf(config.auth, auth)];
    if (auth === null) return always;
    const { methods } = auth;
    return [...always, this.#filterOf(auth), ...identifiedHandshakes(config, methods, tokenPlaces(auth, config.auth))];
  }

  #filterOf(auth: RuleAuthConfig): Filter {
    const { optional, scopes, skipPaths } = auth;
    const skips =
      skipPaths.length === 0 ? null : (path: string) => skipPaths.some((pattern) => fitsPattern(pattern, path));
    this.#shared ??= sharedOf(this.#build);
    return authenticate({ optional, methods: this.methodsOf(auth), scopes, skips }, this.#shared);
  }

  #method(name: AuthMethod, rule: MethodRule): Authenticator {
    const key = keyOf(name, rule);
    let made = this.#methods.get(key);
    if (made === undefined) this.#methods.set(key, (made = this.#make(name, rule)));
    return made;
  }

  #make(name: AuthMethod, rule: MethodRule): Authenticator {
    if (isTokenMethod(name)) return this.#tokens.make(rule);
    if (name === "session") return loginOf(this.#build)!.method(rule.oauth2);
    return MAKERS[name](this.#build, rule.service ?? "");
  }
}

/** Rules with the same key share a method. */
function keyOf(name: AuthMethod, rule: MethodRule): string {
  if (isTokenMethod(name)) return tokenRuleKey(rule);
  if (name === "session") return `session ${JSON.stringify(rule.oauth2)}`;
  return name === "forward" ? `forward ${rule.service}` : name;
}

/** Drops fields that authorization services set, on every rule; credentials only on rules that use the service. */
function assertedOf({ forward }: AuthConfig, auth: RuleAuthConfig | null): readonly Filter[] {
  const names = Object.entries(forward ?? {}).flatMap(([name, service]) =>
    assertedNames(service, auth?.service === name),
  );
  return names.length === 0 ? NONE : [assertedFields([...new Set(names)].sort())];
}

/** Methods without settings per rule, and `forward`. */
type PlainMethod = Exclude<AuthMethod, TokenMethod | "session">;

const MAKERS: Readonly<Record<PlainMethod, (build: Build, service: string) => Authenticator>> = {
  apikey: ({ config }) => apiKeys(config.auth.apikey!),
  basic: (build) => {
    const checks = build.leases.lease(
      "password-checks",
      () => new PasswordChecks(() => performance.now()),
      () => undefined,
    );
    return basic(build.config.auth.basic!, checks, failuresOf(build));
  },
  mtls: ({ config }) => mtls(config.auth.mtls!, (name) => revocationLists(config, name)),
  forward: forwardMethod,
};

/** The revocation lists of all server names of a listener. */
function revocationLists({ listeners }: Config, name: string): readonly Revocation[] {
  const tls = listeners.find((listener) => listener.name === name)?.tls ?? null;
  const clients = tls === null ? [] : [tls.clients, ...tls.certificates.map((certificate) => certificate.clients)];
  return [...new Set(clients.flatMap(({ revocation }) => revocation ?? []))];
}

function sharedOf(build: Build): AuthShared {
  const { auth } = build.runtime.meters;
  return { failures: failuresOf(build), now: Date.now, refused: (method, code) => auth.refused(method, code) };
}
