// Compiles `auth.jwt` and `auth.oauth2` into one method, since the issuer is only known from the token.
import type { Authenticator } from "../../auth/authenticator.ts";
import type { CredentialPlaces } from "../../auth/credential-places.ts";
import {
  type BearerIdentity,
  type BearerSettings,
  bearer,
  bearerIdentity,
  type Introspect,
} from "../../auth/jwt/authenticator.ts";
import { Issuer, type TokenMethod } from "../../auth/jwt/issuer.ts";
import type { JwtSettings } from "../../auth/jwt/settings.ts";
import { TokenVerifier } from "../../auth/jwt/verifier.ts";
import { inTurn } from "../../auth/oauth2/opaque-tokens.ts";
import type { OAuth2Settings, ProviderSettings } from "../../auth/oauth2/settings.ts";
import type { AuthConfig, RuleAuthConfig } from "../../config/meaning/auth-config.ts";
import type { AuthMethod } from "../../core/identity.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";
import { providerIntrospection, providerIssuer } from "./oauth2.ts";
import { keySource } from "./token-keys.ts";

/** The settings of a rule for tokens. */
export type TokenRule = Pick<RuleAuthConfig, "methods" | "jwt" | "oauth2">;

/** Whether credentials of the method are tokens. */
export function isTokenMethod(method: AuthMethod): method is TokenMethod {
  return method === "jwt" || method === "oauth2";
}

/** Equal for rules that accept the same tokens. */
export function tokenRuleKey({ methods, jwt, oauth2 }: TokenRule): string {
  return JSON.stringify([methods.filter(isTokenMethod), jwt, oauth2]);
}

/** The rule of a key, without methods that are no longer configured; null: none of its methods is. */
export function tokenRuleOf(key: string, auth: AuthConfig): TokenRule | null {
  const [methods, jwt, oauth2] = JSON.parse(key) as [readonly TokenMethod[], string, TokenRule["oauth2"]];
  const isOn = { jwt: jwt === "" ? auth.jwt !== null : Object.hasOwn(auth.ruleJwt, jwt), oauth2: auth.oauth2 !== null };
  const left = methods.filter((method) => isOn[method]);
  return left.length === 0 ? null : { methods: left, jwt, oauth2 };
}

/** How tokens are verified. */
interface Verification {
  readonly verifier: TokenVerifier<BearerIdentity>;
  readonly introspect: Introspect | null;
}

/** Makes the methods of rules that accept `jwt`, `oauth2`, or both. */
export class TokenMethods {
  readonly #build: Build;
  /** Rules with the same issuers share cached tokens, even if their other requirements differ. */
  readonly #verifications = new Map<string, Verification>();

  constructor(build: Build) {
    this.#build = build;
  }

  make(rule: TokenRule): Authenticator {
    const { auth } = this.#build.config;
    const methods = rule.methods.filter(isTokenMethod);
    const issuers = methods.map((method) => (method === "jwt" ? jwtSettings(rule.jwt, auth) : rule.oauth2?.provider));
    const key = digest([methods, issuers]);
    let made = this.#verifications.get(key);
    if (made === undefined) this.#verifications.set(key, (made = verificationOf(methods, rule, this.#build)));
    return bearer(bearerSettings(methods, rule, auth), made.verifier, made.introspect);
  }
}

function verificationOf(methods: readonly TokenMethod[], rule: TokenRule, build: Build): Verification {
  const issuers = methods.flatMap((method) => ISSUERS[method](rule, build));
  const providers = methods.includes("oauth2") ? providersOf(rule, build.config.auth) : [];
  const introspections = providers.flatMap((provider) => providerIntrospection(provider, build) ?? []);
  return {
    verifier: new TokenVerifier(issuers, bearerIdentity),
    introspect: introspections.length === 0 ? null : inTurn(introspections),
  };
}

/** Where a rule accepts tokens. */
export function tokenPlaces(rule: TokenRule, auth: AuthConfig): readonly CredentialPlaces[] {
  return settingsOf(rule, auth).map(({ places }) => places);
}

const ISSUERS: Readonly<Record<TokenMethod, (rule: TokenRule, build: Build) => readonly Issuer[]>> = {
  jwt: ({ jwt }, build) => {
    const { issuers } = jwtSettings(jwt, build.config.auth);
    return issuers.map(({ keys, ...issuer }) => new Issuer(issuer, keySource(keys, build)));
  },
  oauth2: (rule, build) =>
    providersOf(rule, build.config.auth).flatMap((provider) => providerIssuer(provider, build) ?? []),
};

function settingsOf({ methods, jwt }: TokenRule, auth: AuthConfig): readonly (JwtSettings | OAuth2Settings)[] {
  return methods.filter(isTokenMethod).map((method) => (method === "jwt" ? jwtSettings(jwt, auth) : auth.oauth2!));
}

function jwtSettings(key: string, { jwt, ruleJwt }: AuthConfig): JwtSettings {
  return key === "" ? jwt! : ruleJwt[key]!;
}

function providersOf({ oauth2: own }: TokenRule, { oauth2 }: AuthConfig): readonly ProviderSettings[] {
  return oauth2!.providers.filter(({ name }) => own === null || own.provider === "" || own.provider === name);
}

function bearerSettings(methods: readonly TokenMethod[], rule: TokenRule, auth: AuthConfig): BearerSettings {
  const settings = settingsOf(rule, auth);
  const of = [auth.oauth2, rule.oauth2].filter((each) => each !== null);
  const scopes = of.flatMap((each) => each.scopes);
  const audiences = of.map((each) => each.audience).filter((names) => names.length > 0);
  return {
    method: methods[0]!,
    variant: tokenRuleKey(rule),
    places: settings.map(({ places }) => places),
    strips: settings.filter(({ forward }) => !forward).map(({ places }) => places),
    requirement: { method: "oauth2", scopes, audiences },
  };
}
