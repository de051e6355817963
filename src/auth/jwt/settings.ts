// Settings of token authentication, as plain data.

import type { CredentialPlaces } from "../credential-places.ts";
import type { ProviderAccess } from "../provider-fetch.ts";
import type { IssuerSettings } from "./issuer.ts";

/** The keys of an issuer: their text, or the URL to fetch them from. */
export type KeySettings =
  | { readonly kind: "pem" | "secret" | "set"; readonly text: string }
  | {
      readonly kind: "url";
      readonly url: string;
      readonly access: ProviderAccess;
      /** How long keys are cached, ms. */
      readonly cacheMs: number;
    };

/** An issuer and its keys. */
export interface KeyedIssuer extends IssuerSettings {
  readonly keys: KeySettings;
}

/** Settings of the method. */
export interface JwtSettings {
  readonly places: CredentialPlaces;
  /** Whether the token is forwarded to backends. */
  readonly forward: boolean;
  /** At least one; their values of `iss` are disjoint, and an issuer without any is the only one. */
  readonly issuers: readonly KeyedIssuer[];
}
