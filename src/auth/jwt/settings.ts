// What is configured of tokens, as plain data.
import type { ProviderAccess } from "../provider-fetch.ts";
import type { IssuerSettings } from "./issuer.ts";
import type { TokenPlaces } from "./token-places.ts";

/** Where keys come from: their text, or where it is to be fetched. */
export type KeySettings =
  | { readonly kind: "pem" | "secret" | "set"; readonly text: string }
  | {
      readonly kind: "url";
      readonly url: string;
      readonly access: ProviderAccess;
      /** How long the keys are good, ms. */
      readonly cacheMs: number;
    };

/** An issuer and its keys. */
export interface KeyedIssuer extends IssuerSettings {
  readonly keys: KeySettings;
}

/** Settings of the method. */
export interface JwtSettings {
  readonly places: TokenPlaces;
  /** Whether backends get the token, too. */
  readonly forward: boolean;
  /** At least one; no two have a value of `iss` in common, and one that has none is alone. */
  readonly issuers: readonly KeyedIssuer[];
}
