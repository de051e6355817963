// One issuer of tokens: its keys and algorithms, and what its claims must be like and mean.
import type { AuthMethod } from "../../core/identity.ts";
import { type AlgorithmName, isSignature } from "./algorithms.ts";
import { ClaimChecks, type ClaimRules } from "./claim-checks.ts";
import type { Claims } from "./claim-path.ts";
import type { CompactToken } from "./compact.ts";
import type { KeySource, VerificationKey } from "./keys.ts";
import { type MeaningSettings, type TokenMeaning, TokenReader } from "./token-meaning.ts";

/** Most keys that are tried for a token that names none. */
const MAX_TRIES = 8;

/** Methods whose credentials are tokens. */
export type TokenMethod = Extract<AuthMethod, "jwt" | "oauth2">;

/** What is configured of an issuer, besides its keys. */
export interface IssuerSettings extends ClaimRules, MeaningSettings {
  /** The method that accepts its tokens. */
  readonly method: TokenMethod;
  /** Names it in logs and to backends. */
  readonly name: string;
  /** Values of `iss` that are its own → value that `tid` must have; "" = none is asked. Empty: `iss` is not asked. */
  readonly issuers: Readonly<Record<string, string>>;
  readonly algorithms: readonly AlgorithmName[];
}

/** A token that was accepted. */
export interface AcceptedToken {
  readonly meaning: TokenMeaning;
  /** Whom it is meant for. */
  readonly audience: readonly string[];
  readonly method: TokenMethod;
  readonly provider: string;
  /** ms since 1970; 0 never. */
  readonly expiresAt: number;
}

/** A token that was not. */
export interface RefusedToken {
  /** `auth_unavailable`: whether it is good cannot be told, because the keys of its issuer are not to be had. */
  readonly code: "invalid_credentials" | "expired_credentials" | "auth_unavailable";
  /** For the log; has no text of the token in it. */
  readonly why: string;
  /** It is no token of the issuers that are known here; others may know it. */
  readonly foreign?: true;
}

/** Claims that were accepted. */
interface Accepted {
  readonly token: AcceptedToken;
  /** ms since 1970; Infinity: never. */
  readonly endsAt: number;
}

/** The same of a token whose signature is right. */
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

  /** @param now wall clock, ms. @returns null: the key is not known, and may be after a refresh */
  verify(compact: CompactToken, claims: Claims, now: number): Verified | RefusedToken | null {
    const { kid, algorithm, signed, signature } = compact;
    if (!this.settings.algorithms.includes(algorithm)) return invalid("the algorithm is not one of its issuer's");
    const candidates = this.keys.find(kid, algorithm);
    for (let i = 0; i < Math.min(candidates.length, MAX_TRIES); i++) {
      const key = candidates[i]!;
      if (!isSignature(algorithm, signed, key.key, signature)) continue;
      const accepted = this.accept(claims, now);
      return "why" in accepted ? accepted : { ...accepted, key };
    }
    // A token that names no key may be signed with one that is too new to be known.
    return kid === "" || candidates.length === 0 ? null : invalid("the signature is wrong");
  }

  /** Says what claims mean that come from the issuer for sure. @param claims which may be changed @param now wall clock, ms */
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
