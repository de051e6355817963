// The effective settings of authentication, part of a loaded configuration.
import type { ApiKeySettings } from "../../auth/api-keys.ts";
import type { BasicSettings } from "../../auth/basic.ts";
import type { FailureSettings } from "../../auth/failures.ts";
import type { ForwardService } from "../../auth/forward/settings.ts";
import type { JwtSettings } from "../../auth/jwt/settings.ts";
import type { SessionSettings } from "../../auth/login/settings.ts";
import type { MtlsSettings } from "../../auth/mtls.ts";
import type { OAuth2Settings } from "../../auth/oauth2/settings.ts";
import type { AuthMethod } from "../../core/identity.ts";
import type { Pattern } from "../../routing/pattern.ts";
import type { RedisSection } from "../schema/redis.ts";

/** How clients are authenticated; null: the method is disabled. */
export interface AuthConfig {
  readonly failures: FailureSettings;
  readonly jwt: JwtSettings | null;
  /** Settings of rules that replace `jwt`, by name, which is the id of the rule if it has one. */
  readonly ruleJwt: Readonly<Record<string, JwtSettings>>;
  readonly oauth2: OAuth2Settings | null;
  /** Logins of browsers; null: no provider is configured for logins. */
  readonly session: LoginConfig | null;
  readonly apikey: ApiKeySettings | null;
  readonly basic: BasicSettings | null;
  readonly mtls: MtlsSettings | null;
  /** Services by name; "" is the default. */
  readonly forward: Readonly<Record<string, ForwardService>> | null;
}

/** Logins of browsers, and the store of their sessions. */
export interface LoginConfig extends SessionSettings {
  /** A Redis store; null: sessions are in cookies. */
  readonly store: { readonly name: string; readonly redis: RedisSection } | null;
}

/** Which tokens of `auth.oauth2` a rule accepts. */
export interface RuleOAuth2Config {
  /** Name of the one provider; "" = any. */
  readonly provider: string;
  /** Scopes that they must have, all of them. */
  readonly scopes: readonly string[];
  /** Audiences of which they must have one; empty: not checked. */
  readonly audience: readonly string[];
}

/** The authentication requirements of a rule. */
export interface RuleAuthConfig {
  /** Whether requests without a credential are accepted as anonymous. */
  readonly optional: boolean;
  /** In the order in which they are tried; at least one. */
  readonly methods: readonly AuthMethod[];
  readonly scopes: readonly string[];
  /** Name in {@link AuthConfig.ruleJwt}; "" = `auth.jwt`. */
  readonly jwt: string;
  /** Further restrictions on `auth.oauth2`; null: none. */
  readonly oauth2: RuleOAuth2Config | null;
  /** Name of the service that `forward` uses; null: `forward` is not a method of the rule. */
  readonly service: string | null;
  /** Paths that are exempt. */
  readonly skipPaths: readonly Pick<Pattern, "segments" | "rest">[];
}
