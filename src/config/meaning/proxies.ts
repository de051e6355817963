// Checks `frontend.http.trustedProxies`.
import { compileCidrs } from "../../wire/cidr.ts";
import { cidrMeant } from "../cures/meant-match.ts";
import type { Draft } from "./draft.ts";

/** Every entry must be a range of addresses. */
export function checkTrustedProxies(draft: Draft): void {
  for (const [i, range] of draft.written.frontend.http.trustedProxies.entries()) {
    try {
      compileCidrs([range]);
    } catch (error) {
      const place = ["frontend", "http", "trustedProxies", i];
      draft.error(place, `${(error as Error).message}${cidrMeant(range)}`);
    }
  }
}
