// What the claims of a token say of its holder.
import { type Claims, claimAt, type ReadClaim, verifiedEmail } from "./claim-path.ts";

/** Which claims say what. */
export interface MeaningSettings {
  readonly subjectClaim: string;
  readonly scopeClaim: string;
  readonly typeClaim: string;
  /** Attribute → the claim it is read from. `groups` and `roles` are attributes, too. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Types of subjects that a token can tell. */
type TokenSubject = "user" | "service" | "device";

/** The holder of a token. */
export interface TokenMeaning {
  readonly subject: string;
  readonly type: TokenSubject;
  readonly scopes: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  /** The claims and, by their names, the attributes. An `email` is among them only if the issuer has verified it. */
  readonly claims: Claims;
}

const TYPES: readonly string[] = ["user", "service", "device"] satisfies TokenSubject[];
const CONTROL = /[\0-\x1f\x7f-\x9f\u2028\u2029]/;

/** Reads claims as settings say. */
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

  /** @param claims which become those of the result @returns why they name nobody, for the log */
  read(claims: Claims): TokenMeaning | string {
    const subject = this.#subject(claims);
    if (typeof subject !== "string" || subject === "") return "the subject is missing";
    if (CONTROL.test(subject)) return "the subject has control characters";
    const scopes = textsOf(this.#scopes(claims));
    if (scopes === null) return "the scopes are of a wrong type";
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

  /** Changes the claims themselves: a copy would take longer than all the rest of reading them. */
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

/** Texts of a list, or between the blanks of one text; null: neither. */
function textsOf(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return value.split(" ").filter((text) => text !== "");
  return Array.isArray(value) && value.every((text) => typeof text === "string") ? value : null;
}
