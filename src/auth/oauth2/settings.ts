// What is configured of providers of OAuth 2 and OpenID Connect, as plain data.
import type { IssuerSettings } from "../jwt/issuer.ts";
import type { TokenPlaces } from "../jwt/token-places.ts";
import type { LoginSettings } from "../login/settings.ts";
import type { ProviderAccess } from "../provider-fetch.ts";

/** URLs of a provider; "" = there is none, or it is not known. */
export interface ProviderEndpoints {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly userInfoEndpoint: string;
  readonly introspectionEndpoint: string;
  readonly endSessionEndpoint: string;
  readonly jwksUri: string;
}

/** Where the metadata of a provider come from. */
export interface MetadataSettings {
  /** What `iss` of its tokens is; "" = not configured. */
  readonly issuer: string;
  /** The discovery document; "" = it is not asked for. */
  readonly discoveryUrl: string;
  /** Values of `issuer` that the document may have. */
  readonly documentIssuers: readonly string[];
  /** These win over what is discovered. */
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
  /** What its tokens must be like and mean. */
  readonly issuer: IssuerSettings;
  /** What signatures are verified with; `none`: it signs no tokens that the gateway could verify. */
  readonly keys: "published" | "secret" | "none";
  /** How long published keys are good, ms. */
  readonly keysMs: number;
  /** Whether it is asked about opaque tokens, if it has an endpoint for that. */
  readonly introspects: boolean;
  /** null: no logins. */
  readonly login: LoginSettings | null;
}

/** Settings of the method. */
export interface OAuth2Settings {
  readonly places: TokenPlaces;
  /** Whether backends get the token, too. */
  readonly forward: boolean;
  /** Scopes that each token must hold. */
  readonly scopes: readonly string[];
  /** One of which each token must be meant for; empty: not asked. */
  readonly audience: readonly string[];
  /** No two have a name, or a value of `iss`, in common; at most one takes any `iss`. */
  readonly providers: readonly ProviderSettings[];
}
