// Checks the settings about trusted peers: `frontend.http.trustedProxies`, and `proxyProtocol` of listeners.
import { compileCidrs } from "../../wire/cidr.ts";
import { cidrMeant } from "../cures/meant-match.ts";
import { type Draft, dotted, type Place, placeOfKey } from "./draft.ts";
import type { Known } from "./known.ts";

/** Every entry must be a valid address range, and every `timeout` above 0. */
export function checkProxies(draft: Draft, { listeners }: Known): void {
  checkRanges(draft, ["frontend", "http", "trustedProxies"], draft.written.frontend.http.trustedProxies);
  for (const { key, proxyProtocol } of listeners) {
    const below = [...placeOfKey(key), "proxyProtocol"];
    checkRanges(draft, [...below, "trustedPeers"], proxyProtocol.trustedPeers);
    if (proxyProtocol.timeout === 0) {
      draft.error([...below, "timeout"], `${dotted(below)}.timeout: 0 would wait for silent peers without limit`);
    }
  }
}

function checkRanges(draft: Draft, place: Place, ranges: readonly string[]): void {
  for (const [i, range] of ranges.entries()) {
    try {
      compileCidrs([range]);
      if (range.endsWith("/0"))
        draft.warn([...place, i], `${dotted(place)}: with ${range} any client may name its address`);
    } catch (error) {
      draft.error([...place, i], `${(error as Error).message}${cidrMeant(range)}`);
    }
  }
}
