// Checks `maxHeaderSize` and `maxHeaders` of rules, which can only be stricter than what holds before a rule is known.
import { showSize } from "../text/units.ts";
import { type Draft, dotted } from "./draft.ts";

/** Refuses limits that have no effect, and one that lets nothing pass. */
export function checkHeadLimits(draft: Draft): void {
  const { http } = draft.written.frontend;
  for (const [i, rule] of draft.written.router.rules.entries()) {
    for (const key of ["maxHeaderSize", "maxHeaders"] as const) {
      const own = rule[key];
      const place = ["router", "rules", i, key];
      if (own === 0) draft.error(place, `${dotted(place)}: 0 would refuse every request; remove the key`);
      if (own === null || !(own > http[key])) continue; // one that cannot be read is reported already
      const bound = key === "maxHeaders" ? http[key] : showSize(http[key]);
      draft.error(place, `${dotted(place)}: has no effect above frontend.http.${key}, ${bound}, which applies first`);
    }
  }
}
