// Checks the registered claims of a token (RFC 7519 §4.1) after its signature was verified.
import { type Claims, claimAt, type ReadClaim } from "./claim-path.ts";

/** Requirements on the claims of an issuer's tokens. */
export interface ClaimRules {
  /** The token must have one of these audiences; empty: any. */
  readonly audience: readonly string[];
  /** Name of the claim with the audience, such as `aud`. */
  readonly audienceClaim: string;
  /** Claims that must be present. */
  readonly requiredClaims: readonly string[];
  /** Whether `exp` is required and must not be in the past. */
  readonly validateExp: boolean;
  /** Whether `nbf` must not be in the future. */
  readonly validateNbf: boolean;
  /** Tolerated clock skew, ms. */
  readonly clockSkewMs: number;
}

/** Why claims are rejected: a code for the client, and a reason for the log that contains no text of the token. */
export interface ClaimRefusal {
  readonly code: "invalid_credentials" | "expired_credentials";
  readonly why: string;
}

/** Maximum nesting of claims, so that recursive code cannot overflow the stack. */
const MAX_DEPTH = 32;

/** The check of one issuer's tokens. */
export class ClaimChecks {
  readonly #rules: ClaimRules;
  readonly #audience: ReadClaim;
  readonly #required: readonly ReadClaim[];

  constructor(rules: ClaimRules) {
    this.#rules = rules;
    this.#audience = claimAt(rules.audienceClaim);
    this.#required = rules.requiredClaims.map(claimAt);
  }

  /** @param now wall clock, ms. @returns null: the claims are accepted */
  refusal(claims: Claims, now: number): ClaimRefusal | null {
    const wrong = wrongType(claims);
    if (wrong !== "") return invalid(`${wrong} has the wrong type`);
    if (isDeeperThan(claims, MAX_DEPTH)) return invalid("the claims are nested too deeply");
    const { validateExp, validateNbf, clockSkewMs } = this.#rules;
    const { exp, nbf } = claims as { exp?: number; nbf?: number };
    if (validateExp && exp === undefined) return invalid("exp is missing");
    if (validateExp && now >= exp! * 1000 + clockSkewMs)
      return { code: "expired_credentials", why: "the token has expired" };
    if (validateNbf && nbf !== undefined && now < nbf * 1000 - clockSkewMs)
      return invalid("the token is not valid yet");
    if (this.#required.some((read) => (read(claims) ?? null) === null)) return invalid("a required claim is missing");
    return this.#hasAudience(claims) ? null : invalid("the audience is not accepted");
  }

  /** Expiry of accepted claims, wall clock, ms; Infinity: never. */
  endOf({ exp }: Claims): number {
    const { validateExp, clockSkewMs } = this.#rules;
    return validateExp ? (exp as number) * 1000 + clockSkewMs : Number.POSITIVE_INFINITY;
  }

  /** The audience of the claims. */
  audienceOf(claims: Claims): readonly string[] {
    const value = this.#audience(claims);
    return (Array.isArray(value) ? value : [value]).filter((name) => typeof name === "string");
  }

  #hasAudience(claims: Claims): boolean {
    const { audience } = this.#rules;
    return audience.length === 0 || this.audienceOf(claims).some((name) => audience.includes(name));
  }
}

function invalid(why: string): ClaimRefusal {
  return { code: "invalid_credentials", why };
}

/** The first registered claim of the wrong type; "" = none. */
function wrongType({ exp, nbf, iat, iss, sub, aud }: Claims): string {
  if (exp !== undefined && !Number.isFinite(exp)) return "exp";
  if (nbf !== undefined && !Number.isFinite(nbf)) return "nbf";
  if (iat !== undefined && !Number.isFinite(iat)) return "iat";
  if (iss !== undefined && typeof iss !== "string") return "iss";
  if (sub !== undefined && typeof sub !== "string") return "sub";
  return aud === undefined || typeof aud === "string" || (Array.isArray(aud) && isTexts(aud)) ? "" : "aud";
}

function isTexts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) if (isDeeperThan((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}
