// What `adaptiveConcurrency` names must exist, and its limits must be in order.
import type { ServiceConfig } from "../config.ts";
import { checkInherited, inherit } from "../schema/inherit.ts";
import type { ConcurrencySettings } from "../schema/overload.ts";
import type { Written } from "../schema/root.ts";
import { placeOf } from "../text/position.ts";
import type { Problems } from "../text/problem.ts";
import type { MapNode } from "../text/tree.ts";

/** Limits of a service's requests; null: none. */
export function concurrencyOf(
  { adaptiveConcurrency }: Pick<Written, "adaptiveConcurrency">,
  service: string,
): ConcurrencySettings | null {
  return inherit({ ...adaptiveConcurrency, routes: {} }, service, null);
}

/** Checks the section against the services there are. */
export function checkConcurrency(
  written: Written,
  services: readonly ServiceConfig[],
  tree: MapNode,
  problems: Problems,
): void {
  const known = { services: new Set(services.map((s) => s.name)), routes: new Set<string>() };
  checkInherited("adaptiveConcurrency", { ...written.adaptiveConcurrency, routes: {} }, known, tree, problems);
  for (const { name } of services) {
    const limits = concurrencyOf(written, name);
    if (limits === null || (limits.minLimit <= limits.initialLimit && limits.initialLimit <= limits.maxLimit)) continue;
    const place = placeOf(tree, ["adaptiveConcurrency", "services", name]);
    problems.error(
      place,
      `adaptiveConcurrency of "${name}": minLimit, initialLimit and maxLimit must be in this order`,
    );
    return; // said once: most often it is the default
  }
}
