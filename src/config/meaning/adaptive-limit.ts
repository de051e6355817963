// Checks `adaptiveConcurrency`: services must exist, and minLimit ≤ initialLimit ≤ maxLimit. Finds the settings of a
// service.
import { checkInherited, inherit } from "../schema/inherit.ts";
import type { ConcurrencySettings } from "../schema/overload.ts";
import type { Written } from "../schema/root.ts";
import { blamedPlace } from "../text/position.ts";
import type { Draft } from "./draft.ts";
import type { Known } from "./known.ts";

/** Limits of a service's requests; null: none. */
export function adaptiveLimitOf(
  { adaptiveConcurrency }: Pick<Written, "adaptiveConcurrency">,
  service: string,
): ConcurrencySettings | null {
  return inherit({ ...adaptiveConcurrency, routes: {} }, service, null);
}

/** Checks the section against the services there are. */
export function checkAdaptiveLimits(draft: Draft, { services, serviceNames }: Known): void {
  const { written, tree, problems } = draft;
  const known = { services: serviceNames, routes: new Set<string>() };
  checkInherited("adaptiveConcurrency", { ...written.adaptiveConcurrency, routes: {} }, known, tree, problems);
  for (const { name, at } of services) {
    const limits = adaptiveLimitOf(written, name);
    if (limits === null || (limits.minLimit <= limits.initialLimit && limits.initialLimit <= limits.maxLimit)) continue;
    problems.error(
      blamedPlace(at, draft.at(["adaptiveConcurrency", "services", name])),
      `adaptiveConcurrency of "${name}": minLimit, initialLimit and maxLimit must be in this order`,
    );
    if (at.fragment === undefined) return; // said once: most often it is the default
  }
}
