// Keys, users and issuers that the configuration names, to detect bindings that can never match.
import { claimAt } from "../../auth/jwt/claim-path.ts";
import { type Principal, principalKey, principalsOf } from "../../authz/principal.ts";
import { type Identity, SUBJECT_TYPES } from "../../core/identity.ts";
import { didYouMean } from "../text/suggest.ts";
import type { AuthConfig } from "./auth-config.ts";

/** Prefix of the name of an API key; without it, the text is an id. */
const BY_NAME = /^name:(?=.)/;
/** Methods whose clients are all listed in the configuration. */
const LISTED: ReadonlySet<string> = new Set(["apikey", "basic"]);

/** The principals known when the configuration is loaded. */
export class KnownPrincipals {
  readonly #auth: AuthConfig;
  readonly #identities: readonly Identity[];
  /** All possible principals except claims; null if other methods are enabled, or another subject is used. */
  readonly #all: ReadonlySet<string> | null;

  /** @param subjectKey attribute that contains the subject; "" for the authenticated subject */
  constructor(auth: AuthConfig, subjectKey: string) {
    this.#auth = auth;
    this.#identities = [...(auth.apikey?.keys ?? []), ...(auth.basic?.users ?? [])].map(({ identity }) => identity);
    const { failures: _, ruleJwt, ...methods } = auth;
    const unlisted = Object.entries(methods).some(([method, settings]) => settings !== null && !LISTED.has(method));
    const open = unlisted || Object.keys(ruleJwt).length > 0;
    const principals = this.#identities.flatMap((identity) => principalsOf(identity, identity.subject));
    this.#all = open || subjectKey !== "" ? null : new Set(principals.map(principalKey));
  }

  /** Replaces the name of API keys by their ids. */
  resolve(principal: Principal): readonly Principal[] {
    if (principal.kind !== "apikey" || !BY_NAME.test(principal.value)) return [principal];
    const name = principal.value.replace(BY_NAME, "");
    const ids = (this.#auth.apikey?.keys ?? []).flatMap((key) => (key.name === name ? [key.identity.apiKey] : []));
    return [...new Set(ids)].map((value) => ({ ...principal, value }));
  }

  /** Why a principal can never match; null if it may. */
  mismatch(principal: Principal): string | null {
    const { kind, value } = principal;
    if (kind === "apikey") return this.#unknownKey(value);
    if (kind === "oauth2") return this.#unknownIssuer(principal.name);
    if (this.#all === null || this.#all.has(principalKey(principal))) return null;
    if (kind === "claim") return this.#identities.some((identity) => hasClaim(identity, principal)) ? null : NOBODY;
    const same = this.#identities.find(({ subject }) => subject === value);
    if (same !== undefined && isSubjectType(kind)) return `"${value}" has the type ${same.type}`;
    return NOBODY + didYouMean(value, new Set(this.#identities.map(({ subject }) => subject)));
  }

  #unknownKey(value: string): string | null {
    const keys = this.#auth.apikey?.keys ?? [];
    const byName = BY_NAME.test(value);
    const known = new Set(keys.map(({ name, identity }) => (byName ? name : identity.apiKey)));
    const asked = value.replace(BY_NAME, "");
    return known.has(asked) ? null : `unknown API key${didYouMean(asked, known)}`;
  }

  #unknownIssuer(name: string): string | null {
    const { jwt, oauth2, forward, ruleJwt } = this.#auth;
    if (forward !== null) return null;
    const issuers = [jwt, ...Object.values(ruleJwt)].flatMap((settings) => settings?.issuers ?? []);
    const known = [...issuers, ...(oauth2?.providers ?? [])].map((each) => each.name);
    return known.includes(name) ? null : `unknown provider "${name}"${didYouMean(name, known)}`;
  }
}

function isSubjectType(kind: string): boolean {
  return (SUBJECT_TYPES as readonly string[]).includes(kind);
}

const NOBODY = "matches no client that auth lists";

function hasClaim({ claims }: Identity, { name, value }: Principal): boolean {
  return [claimAt(name)(claims)].flat().map(String).includes(value);
}
