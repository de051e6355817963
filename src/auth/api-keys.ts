// Authentication by API keys. Only their digests are kept, and looked up: what time tells of a digest tells nothing of a key.
import { hash } from "node:crypto";
import type { Identity } from "../core/identity.ts";
import { type Authenticator, type AuthResult, invalid } from "./authenticator.ts";
import { type KeyPlaces, keyIn, removeKey } from "./key-places.ts";

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
export interface ApiKeySettings extends KeyPlaces {
  /** Whether backends get the key, too. */
  readonly forward: boolean;
  readonly keys: readonly ApiKey[];
}

/** Longest key that is looked at, characters. */
const MAX_KEY = 1024;

/** Digest under which a key is kept. */
export function keyDigest(key: string): string {
  return hash("sha256", key, "hex");
}

/** Makes the method. */
export function apiKeys(settings: ApiKeySettings): Authenticator {
  const known = new Map(settings.keys.map((key) => [key.digest, key]));
  return {
    method: "apikey",
    challenge: `${settings.scheme || "ApiKey"} realm="gateway"`,
    credentialOf: (ctx) => keyIn(settings, ctx),
    identify(credential): AuthResult {
      if (credential.length > MAX_KEY) return invalid("longer than any key");
      const key = known.get(keyDigest(credential));
      if (key === undefined) return invalid("unknown key");
      return key.disabled ? invalid(`key "${key.identity.apiKey}" is disabled`) : key.identity;
    },
    strip(ctx) {
      if (!settings.forward) removeKey(settings, ctx);
    },
  };
}
