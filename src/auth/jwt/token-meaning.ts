// Maps the claims of a token to properties of its subject.
import { type Claims, claimAt, type ReadClaim, verifiedEmail } from "./claim-path.ts";

/** The claims to read. */
export interface MeaningSettings {
  readonly subjectClaim: string;
  readonly scopeClaim: string;
  readonly typeClaim: string;
  /** Attribute → claim. `groups` and `roles` are attributes, too. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Types of subjects that a token can specify. */
type TokenSubject = "user" | "service" | "device";

/** The subject of a token and its properties. */
export interface TokenMeaning {
  readonly subject: string;
  readonly type: TokenSubject;
  readonly scopes: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  /** The claims and the attributes. Contains `email` only if the issuer has verified it. */
  readonly claims: Claims;
}

const TYPES: readonly string[] = ["user", "service", "device"] satisfies TokenSubject[];
const CONTROL = /[\0-\x1f\x7f-\x9f\u2028\u2029]/;

/** Maps claims as configured. */
export class TokenReader {
  readonly #subject: ReadClaim;
  readonly #scopes: ReadClaim;
  readonly #type: ReadClaim;
  readonly #attributes: readonly (readonly [name: string, read: ReadClaim])[];

  constructor(settings: MeaningSettings) {
    this.#subject = claimAt(settings.subjectClaim);
    this.#scopes = claimAt(settings.scopeClaim);
    this.#type = claimAt(settings.typeClaim);
    this.#attributes = Object.entries(settings.attributes).map(([name, claim]) => [name, claimAt(claim)]);
  }

  /** @param claims are modified and become part of the result @returns if there is no valid subject, why, for the log */
  read(claims: Claims): TokenMeaning | string {
    const subject = this.#subject(claims);
    if (typeof subject !== "string" || subject === "") return "the subject is missing";
    if (CONTROL.test(subject)) return "the subject contains control characters";
    const scopes = textsOf(this.#scopes(claims));
    if (scopes === null) return "the scopes have the wrong type";
    const type = this.#type(claims);
    const all = this.#withAttributes(claims);
    return {
      subject,
      type: TYPES.includes(type as string) ? (type as TokenSubject) : "user",
      scopes,
      groups: textsOf(all.groups) ?? [],
      roles: textsOf(all.roles) ?? [],
      claims: all,
    };
  }

  /** Modifies the claims in place: a copy would take longer than everything else. */
  #withAttributes(claims: Claims): Claims {
    const all = claims as Record<string, unknown>;
    const values = this.#attributes.map(([, read]) => read(claims));
    if (all.email !== undefined && verifiedEmail(claims) === undefined) delete all.email;
    for (const [i, [name]] of this.#attributes.entries()) {
      if (values[i] !== undefined) all[name] = values[i];
      else if (Object.hasOwn(all, name)) delete all[name];
    }
    return all;
  }
}

/** The strings of a list, or the words of a string; null: neither. */
function textsOf(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return value.split(" ").filter((text) => text !== "");
  return Array.isArray(value) && value.every((text) => typeof text === "string") ? value : null;
}
