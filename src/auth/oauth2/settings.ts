// Settings of OAuth 2 and OpenID Connect providers, as plain data.

import type { CredentialPlaces } from "../credential-places.ts";
import type { IssuerSettings } from "../jwt/issuer.ts";
import type { LoginSettings } from "../login/settings.ts";
import type { ProviderAccess } from "../provider-fetch.ts";

/** URLs of a provider; "" = none or unknown. */
export interface ProviderEndpoints {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly userInfoEndpoint: string;
  readonly introspectionEndpoint: string;
  readonly endSessionEndpoint: string;
  readonly jwksUri: string;
}

/** Settings of a provider's metadata. */
export interface MetadataSettings {
  /** The `iss` of its tokens; "" = not configured. */
  readonly issuer: string;
  /** URL of the discovery document; "" = no discovery. */
  readonly discoveryUrl: string;
  /** Accepted values of `issuer` in the document. */
  readonly documentIssuers: readonly string[];
  /** These take precedence over discovered ones. */
  readonly endpoints: ProviderEndpoints;
  readonly access: ProviderAccess;
}

/** One provider. */
export interface ProviderSettings {
  readonly name: string;
  readonly clientId: string;
  /** "" = none. */
  readonly clientSecret: string;
  readonly metadata: MetadataSettings;
  /** Requirements on its tokens, and the mapping of their claims. */
  readonly issuer: IssuerSettings;
  /** How signatures are verified; `none`: the gateway cannot verify its tokens. */
  readonly keys: "published" | "secret" | "none";
  /** How long published keys are cached, ms. */
  readonly keysMs: number;
  /** Whether opaque tokens are introspected, if it has an endpoint for that. */
  readonly introspects: boolean;
  /** null: no login. */
  readonly login: LoginSettings | null;
}

/** Settings of the method. */
export interface OAuth2Settings {
  readonly places: CredentialPlaces;
  /** Whether the token is forwarded to backends. */
  readonly forward: boolean;
  /** Scopes that each token must have. */
  readonly scopes: readonly string[];
  /** Each token must have one of these audiences; empty: any. */
  readonly audience: readonly string[];
  /** Names and values of `iss` are unique; at most one accepts any `iss`. */
  readonly providers: readonly ProviderSettings[];
}
