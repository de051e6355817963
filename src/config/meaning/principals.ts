// Principals as they are written in bindings: parsed, and compared with the clients that `auth` knows.
import { PREFIXES, type Principal, PrincipalError, parsePrincipal } from "../../authz/principal.ts";
import { didYouMean } from "../text/suggest.ts";
import type { AuthConfig } from "./auth-config.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { KnownPrincipals } from "./known-principals.ts";

/** Reads principals that are keys of a mapping. */
export class PrincipalReader {
  readonly #draft: Draft;
  readonly #known: KnownPrincipals | null;

  /** @param auth null if that section could not be read @param subjectKey attribute that contains the subject; "" for the authenticated subject */
  constructor(draft: Draft, auth: AuthConfig | null, subjectKey: string) {
    this.#draft = draft;
    this.#known = auth === null ? null : new KnownPrincipals(auth, subjectKey);
  }

  /** The principals that a text stands for; none, and an error, if it is invalid. @param place of the key */
  read(who: string, place: Place): readonly Principal[] {
    const above = dotted(place.slice(0, -1));
    try {
      const principal = parsePrincipal(who);
      const mismatch = this.#known?.mismatch(principal) ?? null;
      if (mismatch !== null) this.#draft.warn(place, `${above}: "${who}": ${mismatch}`);
      return this.#known?.resolve(principal) ?? [principal];
    } catch (error) {
      if (!(error instanceof PrincipalError)) throw error;
      const hint =
        error.prefix === ""
          ? ""
          : didYouMean(error.prefix, PREFIXES) || `; write "user:${who}" for a subject that contains a colon`;
      this.#draft.error(place, `${above}: "${who}": ${error.message}${hint}`);
      return [];
    }
  }
}
