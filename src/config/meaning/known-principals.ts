// Whom the configuration itself names: keys, users and issuers, so that bindings of nobody are noticed.
import { claimAt } from "../../auth/jwt/claim-path.ts";
import { type Principal, principalKey, principalsOf } from "../../authz/principal.ts";
import type { Identity } from "../../core/identity.ts";
import { didYouMean } from "../text/suggest.ts";
import type { AuthConfig } from "./auth-config.ts";

/** Before the name of an API key, where its id is written without. */
const BY_NAME = /^name:(?=.)/;
/** Methods whose clients the configuration lists, each of them. */
const LISTED: ReadonlySet<string> = new Set(["apikey", "basic"]);

/** Who can be known beforehand. */
export class KnownPrincipals {
  readonly #auth: AuthConfig;
  readonly #identities: readonly Identity[];
  /** Everybody there can be; null: methods are enabled whose clients are not listed. */
  readonly #all: ReadonlySet<string> | null;

  /** @param subjectKey attribute that names subjects; "" = they are those of authentication */
  constructor(auth: AuthConfig, subjectKey: string) {
    this.#auth = auth;
    this.#identities = [...(auth.apikey?.keys ?? []), ...(auth.basic?.users ?? [])].map(({ identity }) => identity);
    const { failures: _, ruleJwt, ...methods } = auth;
    const unlisted = Object.entries(methods).some(([method, settings]) => settings !== null && !LISTED.has(method));
    const open = unlisted || Object.keys(ruleJwt).length > 0;
    const principals = this.#identities.flatMap((identity) => principalsOf(identity, identity.subject));
    this.#all = open || subjectKey !== "" ? null : new Set(principals.map(principalKey));
  }

  /** What is meant where a key is bound by its name: the keys of that name, by their ids. */
  resolve(principal: Principal): readonly Principal[] {
    if (principal.kind !== "apikey" || !BY_NAME.test(principal.value)) return [principal];
    const name = principal.value.replace(BY_NAME, "");
    const ids = (this.#auth.apikey?.keys ?? []).flatMap((key) => (key.name === name ? [key.identity.apiKey] : []));
    return [...new Set(ids)].map((value) => ({ ...principal, value }));
  }

  /** What is odd about a principal that nobody is; null: somebody may be. */
  oddity(principal: Principal): string | null {
    const { kind, value } = principal;
    if (kind === "apikey") return this.#oddKey(value);
    if (kind === "oauth2") return this.#oddIssuer(principal.name);
    if (this.#all === null || this.#all.has(principalKey(principal))) return null;
    if (kind === "claim") return this.#identities.some((identity) => hasClaim(identity, principal)) ? null : NOBODY;
    const same = this.#identities.find(({ subject }) => subject === value);
    if (same !== undefined && same.type !== kind) return `"${value}" is of type ${same.type}`;
    return NOBODY + didYouMean(value, new Set(this.#identities.map(({ subject }) => subject)));
  }

  #oddKey(value: string): string | null {
    const keys = this.#auth.apikey?.keys ?? [];
    const byName = BY_NAME.test(value);
    const known = new Set(keys.map(({ name, identity }) => (byName ? name : identity.apiKey)));
    const asked = value.replace(BY_NAME, "");
    return known.has(asked) ? null : `there is no such API key${didYouMean(asked, known)}`;
  }

  #oddIssuer(name: string): string | null {
    const { jwt, oauth2, forward, ruleJwt } = this.#auth;
    if (forward !== null) return null;
    const issuers = [jwt, ...Object.values(ruleJwt)].flatMap((settings) => settings?.issuers ?? []);
    const known = [...issuers, ...(oauth2?.providers ?? [])].map((each) => each.name);
    return known.includes(name) ? null : `there is no provider "${name}"${didYouMean(name, known)}`;
  }
}

const NOBODY = "nobody whom auth lists is meant by this";

function hasClaim({ claims }: Identity, { name, value }: Principal): boolean {
  return [claimAt(name)(claims)].flat().map(String).includes(value);
}
