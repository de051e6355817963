// Checks lists of address ranges, those of `allowedIPs` and `deniedIPs` first.
import { hasIpLists, type IpLists } from "../../auth/ip-list.ts";
import { compileCidrs } from "../../wire/cidr.ts";
import { cidrMeant } from "../cures/meant-match.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import type { Known } from "./known.ts";

/** Every entry of rules and listeners must be a range, and a list must hold somebody off. */
export function checkIpLists(draft: Draft, { listeners }: Known): void {
  const { frontend, router } = draft.written;
  for (const [i, rule] of router.rules.entries()) checkLists(draft, ["router", "rules", i], rule);
  for (const [i, listener] of frontend.listeners.entries()) checkLists(draft, ["frontend", "listeners", i], listener);
  for (const name of ["http", "websocket", "grpc"] as const) {
    const place = ["frontend", name];
    checkLists(draft, place, frontend[name]);
    if (!hasIpLists(frontend[name]) || listeners.some(({ key }) => key === dotted(place))) continue;
    const key = frontend[name].allowedIPs.length > 0 ? "allowedIPs" : "deniedIPs";
    const message = `${dotted([...place, key])}: this listener is not enabled; set the list on one that is`;
    draft.error([...place, key], message);
  }
}

function checkLists(draft: Draft, place: Place, { allowedIPs, deniedIPs }: IpLists): void {
  checkRanges(draft, [...place, "allowedIPs"], allowedIPs);
  checkRanges(draft, [...place, "deniedIPs"], deniedIPs);
}

/** Reports every entry that is no address range. @param place of the list */
export function checkRanges(draft: Draft, place: Place, ranges: readonly string[]): void {
  for (const [i, range] of ranges.entries()) {
    try {
      compileCidrs([range]);
    } catch (error) {
      draft.error([...place, i], `${dotted(place)}: ${(error as Error).message}${cidrMeant(range)}`);
    }
  }
}
