// `auth` and what rules demand → filters. Routes of equal demands share one.
import { apiKeys } from "../../auth/api-keys.ts";
import { type AuthShared, authenticate } from "../../auth/authenticate.ts";
import type { Authenticator } from "../../auth/authenticator.ts";
import { basic } from "../../auth/basic.ts";
import { FailedCredentials } from "../../auth/failures.ts";
import { mtls } from "../../auth/mtls.ts";
import { PasswordChecks } from "../../auth/password-checks.ts";
import type { AuthConfig, RuleConfig } from "../../config/config.ts";
import type { Filter } from "../../core/filter.ts";
import type { AuthMethod } from "../../core/identity.ts";
import { fitsPattern } from "../../routing/pattern.ts";
import type { Build } from "../runtime.ts";
import { identifiedHandshakes } from "./identified-handshakes.ts";
import { jwtMethod } from "./jwt.ts";

const NONE: readonly Filter[] = [];

/** Authentication of one configuration. */
export class AuthRules {
  readonly #build: Build;
  readonly #methods = new Map<AuthMethod, Authenticator>();
  readonly #made = new Map<string, readonly Filter[]>();
  #shared: AuthShared | null = null;

  constructor(build: Build) {
    this.#build = build;
  }

  filtersFor({ auth }: RuleConfig): readonly Filter[] {
    if (auth === null) return NONE;
    const key = JSON.stringify(auth);
    let made = this.#made.get(key);
    if (made === undefined) this.#made.set(key, (made = this.#filtersOf(auth)));
    return made;
  }

  #filtersOf(auth: NonNullable<RuleConfig["auth"]>): readonly Filter[] {
    return [this.#filterOf(auth), ...identifiedHandshakes(this.#build.config, auth.methods)];
  }

  #filterOf({ optional, methods, scopes, skipPaths }: NonNullable<RuleConfig["auth"]>): Filter {
    const skips =
      skipPaths.length === 0 ? null : (path: string) => skipPaths.some((pattern) => fitsPattern(pattern, path));
    this.#shared ??= sharedOf(this.#build);
    return authenticate({ optional, methods: methods.map((name) => this.#method(name)), scopes, skips }, this.#shared);
  }

  #method(name: AuthMethod): Authenticator {
    let made = this.#methods.get(name);
    if (made === undefined) this.#methods.set(name, (made = MAKERS[name](this.#build)));
    return made;
  }
}

const MAKERS: Readonly<Record<AuthMethod, (build: Build) => Authenticator>> = {
  jwt: jwtMethod,
  apikey: ({ config }) => apiKeys(config.auth.apikey!),
  basic: (build) => {
    const checks = build.leases.lease(
      "password-checks",
      () => new PasswordChecks(() => performance.now()),
      () => undefined,
    );
    return basic(build.config.auth.basic!, checks, failuresOf(build));
  },
  mtls: ({ config }) => mtls(config.auth.mtls!),
};

function sharedOf(build: Build): AuthShared {
  const { auth } = build.runtime.meters;
  return { failures: failuresOf(build), now: Date.now, refused: (method, code) => auth.refused(method, code) };
}

/** What has failed outlives a reload that does not change how it counts. */
function failuresOf({ config, leases }: Build): FailedCredentials {
  const { failures }: AuthConfig = config.auth;
  return leases.lease(
    `auth-failures|${failures.max}|${failures.windowMs}`,
    () => new FailedCredentials(failures, () => performance.now()),
    (counted) => counted.close(),
  );
}
