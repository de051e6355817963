// Checks the settings about trusted peers: `frontend.http.trustedProxies`, and `proxyProtocol` of listeners.
import { type Draft, dotted, type Place, placeOfKey } from "./draft.ts";
import { checkRanges } from "./ip-lists.ts";
import type { Known } from "./known.ts";

/** Every entry must be a valid address range, and every `timeout` above 0. */
export function checkProxies(draft: Draft, { listeners }: Known): void {
  checkTrusted(draft, ["frontend", "http", "trustedProxies"], draft.written.frontend.http.trustedProxies);
  for (const { key, proxyProtocol } of listeners) {
    const below = [...placeOfKey(key), "proxyProtocol"];
    checkTrusted(draft, [...below, "trustedPeers"], proxyProtocol.trustedPeers);
    if (proxyProtocol.timeout === 0) {
      draft.error([...below, "timeout"], `${dotted(below)}.timeout: 0 would wait indefinitely for silent peers`);
    }
  }
}

function checkTrusted(draft: Draft, place: Place, ranges: readonly string[]): void {
  checkRanges(draft, place, ranges);
  for (const [i, range] of ranges.entries()) {
    if (/\/0+$/.test(range))
      draft.warn([...place, i], `${dotted(place)}: ${range} allows any client to forge its address`);
  }
}
