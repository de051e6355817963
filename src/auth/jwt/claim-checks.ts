// Checks the registered claims of a token (RFC 7519 §4.1) once its signature is right.
import { type Claims, claimAt, type ReadClaim } from "./claim-path.ts";

/** What the claims of an issuer's tokens must be like. */
export interface ClaimRules {
  /** One of which the token must be meant for; empty: not asked. */
  readonly audience: readonly string[];
  /** Claim that holds the audience: `aud`. */
  readonly audienceClaim: string;
  /** Claims that must be there. */
  readonly requiredClaims: readonly string[];
  /** Whether the token must have an end, and must not have reached it. */
  readonly validateExp: boolean;
  /** Whether the token must have begun. */
  readonly validateNbf: boolean;
  /** How far clocks may differ, ms. */
  readonly clockSkewMs: number;
}

/** Why claims are refused: a code for the client, and words for the log that have no text of the token in them. */
export interface ClaimRefusal {
  readonly code: "invalid_credentials" | "expired_credentials";
  readonly why: string;
}

/** Deepest nesting of claims, so that whoever walks through them later cannot run out of stack. */
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

  /** @param now wall clock, ms. @returns null: they are accepted */
  refusal(claims: Claims, now: number): ClaimRefusal | null {
    const wrong = wrongType(claims);
    if (wrong !== "") return invalid(`${wrong} is of a wrong type`);
    if (isDeeperThan(claims, MAX_DEPTH)) return invalid("the claims are nested too deeply");
    const { validateExp, validateNbf, clockSkewMs } = this.#rules;
    const { exp, nbf } = claims as { exp?: number; nbf?: number };
    if (validateExp && exp === undefined) return invalid("exp is missing");
    if (validateExp && now >= exp! * 1000 + clockSkewMs)
      return { code: "expired_credentials", why: "the token has expired" };
    if (validateNbf && nbf !== undefined && now < nbf * 1000 - clockSkewMs)
      return invalid("the token is not valid yet");
    if (this.#required.some((read) => (read(claims) ?? null) === null)) return invalid("a required claim is missing");
    return this.#isMeantForUs(claims) ? null : invalid("the audience is another");
  }

  /** When claims that were accepted end, ms of the wall clock; Infinity: never. */
  endOf({ exp }: Claims): number {
    const { validateExp, clockSkewMs } = this.#rules;
    return validateExp ? (exp as number) * 1000 + clockSkewMs : Number.POSITIVE_INFINITY;
  }

  /** Whom they are meant for. */
  audienceOf(claims: Claims): readonly string[] {
    const said = this.#audience(claims);
    return (Array.isArray(said) ? said : [said]).filter((name) => typeof name === "string");
  }

  #isMeantForUs(claims: Claims): boolean {
    const { audience } = this.#rules;
    return audience.length === 0 || this.audienceOf(claims).some((name) => audience.includes(name));
  }
}

function invalid(why: string): ClaimRefusal {
  return { code: "invalid_credentials", why };
}

/** The first registered claim that is not of its type; "" = none. */
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
