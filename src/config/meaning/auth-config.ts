// What `auth` and the demands of rules mean: part of a loaded configuration.
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

/** How clients are authenticated; null: the method is off. */
export interface AuthConfig {
  readonly failures: FailureSettings;
  readonly jwt: JwtSettings | null;
  /** Keys of rules: name, which is the id of the rule if it has one → what holds for it in place of `jwt`. */
  readonly ruleJwt: Readonly<Record<string, JwtSettings>>;
  readonly oauth2: OAuth2Settings | null;
  /** Logins of browsers; null: no provider has what they need. */
  readonly session: LoginConfig | null;
  readonly apikey: ApiKeySettings | null;
  readonly basic: BasicSettings | null;
  readonly mtls: MtlsSettings | null;
  /** Services by name; "" the one for rules that name no other. */
  readonly forward: Readonly<Record<string, ForwardService>> | null;
}

/** Logins of browsers, and where their sessions are kept. */
export interface LoginConfig extends SessionSettings {
  /** A store in Redis; null: in cookies. */
  readonly store: { readonly name: string; readonly redis: RedisSection } | null;
}

/** Which tokens of `auth.oauth2` a rule accepts. */
export interface RuleOAuth2Config {
  /** Name of the one provider; "" = any. */
  readonly provider: string;
  /** Scopes that they must hold, all of them. */
  readonly scopes: readonly string[];
  /** One of which they must be meant for; empty: not asked. */
  readonly audience: readonly string[];
}

/** What a rule demands of its clients. */
export interface RuleAuthConfig {
  /** Whether requests without credential pass, from nobody. */
  readonly optional: boolean;
  /** In the order they are asked; at least one. */
  readonly methods: readonly AuthMethod[];
  readonly scopes: readonly string[];
  /** Name in {@link AuthConfig.ruleJwt}; "" = as `auth.jwt` has it. */
  readonly jwt: string;
  /** Narrows `auth.oauth2`; null: it does not. */
  readonly oauth2: RuleOAuth2Config | null;
  /** Name of the service that `forward` asks; null: it is no method of the rule. */
  readonly service: string | null;
  /** Paths that are exempt. */
  readonly skipPaths: readonly Pick<Pattern, "segments" | "rest">[];
}
