// One issuer of tokens: verifies signatures and claims, and maps claims to an identity.
import type { AuthMethod } from "../../core/identity.ts";
import { type AlgorithmName, isSignature } from "./algorithms.ts";
import { ClaimChecks, type ClaimRules } from "./claim-checks.ts";
import type { Claims } from "./claim-path.ts";
import type { CompactToken } from "./compact.ts";
import type { KeySource, VerificationKey } from "./keys.ts";
import { type MeaningSettings, type TokenMeaning, TokenReader } from "./token-meaning.ts";

/** Maximum number of keys tried for a token without `kid`. */
const MAX_TRIES = 8;

/** Methods whose credentials are tokens. */
export type TokenMethod = Extract<AuthMethod, "jwt" | "oauth2">;

/** Settings of an issuer, without its keys. */
export interface IssuerSettings extends ClaimRules, MeaningSettings {
  /** The method that accepts its tokens. */
  readonly method: TokenMethod;
  /** Its name in logs and in requests to backends. */
  readonly name: string;
  /** Accepted values of `iss` → required value of `tid`; "" = any. Empty: `iss` is not checked. */
  readonly issuers: Readonly<Record<string, string>>;
  readonly algorithms: readonly AlgorithmName[];
}

/** An accepted token. */
export interface AcceptedToken {
  readonly meaning: TokenMeaning;
  /** Its audience. */
  readonly audience: readonly string[];
  readonly method: TokenMethod;
  readonly provider: string;
  /** ms since 1970; 0 never. */
  readonly expiresAt: number;
}

/** A rejected token. */
export interface RefusedToken {
  /** `auth_unavailable`: it cannot be verified, because the keys of its issuer are not available. */
  readonly code: "invalid_credentials" | "expired_credentials" | "auth_unavailable";
  /** For the log. Contains no text of the token. */
  readonly why: string;
  /** Set if it is not from a configured issuer; a provider may still accept it by introspection. */
  readonly foreign?: true;
}

/** Accepted claims. */
interface Accepted {
  readonly token: AcceptedToken;
  /** ms since 1970; Infinity: never. */
  readonly endsAt: number;
}

/** Accepted claims of a token with a valid signature. */
interface Verified extends Accepted {
  readonly key: VerificationKey;
}

/** Verifies the tokens of one issuer. */
export class Issuer {
  readonly settings: IssuerSettings;
  readonly keys: KeySource;
  readonly #checks: ClaimChecks;
  readonly #reader: TokenReader;

  constructor(settings: IssuerSettings, keys: KeySource) {
    this.settings = settings;
    this.keys = keys;
    this.#checks = new ClaimChecks(settings);
    this.#reader = new TokenReader(settings);
  }

  /** @param now wall clock, ms. @returns null: the key is unknown, but may be found after a refresh */
  verify(compact: CompactToken, claims: Claims, now: number): Verified | RefusedToken | null {
    const { kid, algorithm, signed, signature } = compact;
    if (!this.settings.algorithms.includes(algorithm)) return invalid("the algorithm is not accepted from this issuer");
    const candidates = this.keys.find(kid, algorithm);
    for (let i = 0; i < Math.min(candidates.length, MAX_TRIES); i++) {
      const key = candidates[i]!;
      if (!isSignature(algorithm, signed, key.key, signature)) continue;
      const accepted = this.accept(claims, now);
      return "why" in accepted ? accepted : { ...accepted, key };
    }
    // A token without `kid` may be signed with a new key that has not been fetched yet.
    return kid === "" || candidates.length === 0 ? null : invalid("the signature is invalid");
  }

  /** Checks and maps authentic claims. @param claims may be modified @param now wall clock, ms */
  accept(claims: Claims, now: number): Accepted | RefusedToken {
    const { issuers, name, method } = this.settings;
    const refusal = this.#checks.refusal(claims, now);
    if (refusal !== null) return refusal;
    const iss = String(claims.iss);
    const tenant = Object.hasOwn(issuers, iss) ? issuers[iss] : "";
    if (tenant !== "" && claims.tid !== tenant) return invalid("tid is not the tenant of the issuer");
    const audience = this.#checks.audienceOf(claims);
    const meaning = this.#reader.read(claims);
    if (typeof meaning === "string") return invalid(meaning);
    const endsAt = this.#checks.endOf(claims);
    const expiresAt = Number.isFinite(endsAt) ? endsAt : 0;
    return { token: { meaning, audience, method, provider: name, expiresAt }, endsAt };
  }
}

function invalid(why: string): RefusedToken {
  return { code: "invalid_credentials", why };
}
