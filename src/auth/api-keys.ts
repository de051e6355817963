// Authentication by API key. Only digests are stored and looked up, so the time a lookup takes reveals nothing about a key.
import { hash } from "node:crypto";
import type { Identity } from "../core/identity.ts";
import { type Authenticator, type AuthResult, invalid } from "./authenticator.ts";
import { type CredentialPlaces, credentialIn, removeCredential } from "./credential-places.ts";

/** One key. */
export interface ApiKey {
  /** Its id, unless it has a name. */
  readonly name: string;
  /** SHA-256 of the key, 64 hexadecimal digits, lower-case. */
  readonly digest: string;
  readonly disabled: boolean;
  readonly identity: Identity;
}

/** Settings of the method. */
export interface ApiKeySettings {
  readonly places: readonly CredentialPlaces[];
  /** Scheme of `WWW-Authenticate`. */
  readonly scheme: string;
  /** Whether the key is forwarded to backends. */
  readonly forward: boolean;
  readonly keys: readonly ApiKey[];
}

/** Maximum length of a key, in characters. */
const MAX_KEY = 1024;

/** Digest by which a key is looked up. */
export function keyDigest(key: string): string {
  return hash("sha256", key, "hex");
}

/** Makes the method. */
export function apiKeys({ places, scheme, forward, keys }: ApiKeySettings): Authenticator {
  const known = new Map(keys.map((key) => [key.digest, key]));
  return {
    method: "apikey",
    challenge: `${scheme} realm="gateway"`,
    credentialOf: (ctx) => credentialIn(places, ctx),
    identify(credential): AuthResult {
      if (credential.length > MAX_KEY) return invalid("the key is too long");
      const key = known.get(keyDigest(credential));
      if (key === undefined) return invalid("unknown key");
      return key.disabled ? invalid(`key "${key.identity.apiKey}" is disabled`) : key.identity;
    },
    strip(ctx) {
      if (!forward) for (const place of places) removeCredential(place, ctx);
    },
  };
}
