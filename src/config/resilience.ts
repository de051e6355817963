// What `circuitBreaker` and `retry` name must exist, and each circuit must be able to open.
import type { RuleConfig, ServiceConfig } from "./config.ts";
import { checkInherited, inherit } from "./inherit.ts";
import { placeOf } from "./place.ts";
import type { Problems } from "./problem.ts";
import type { Written } from "./schema/root.ts";
import type { MapNode } from "./tree.ts";

/** Checks the sections against the rules and services there are. */
export function checkResilience(
  { circuitBreaker, retry }: Written,
  rules: readonly RuleConfig[],
  services: readonly ServiceConfig[],
  tree: MapNode,
  problems: Problems,
): void {
  const known = { services: new Set(services.map((s) => s.name)), routes: new Set(rules.map((r) => r.id)) };
  checkInherited("circuitBreaker", circuitBreaker, known, tree, problems);
  checkInherited("retry", retry, known, tree, problems);
  const resolved = [
    ...services.map(({ name }) => ({ of: `service "${name}"`, settings: inherit(circuitBreaker, name, null) })),
    ...rules.map(({ id, written }) => {
      const rule = { id, own: written.circuitBreaker };
      return { of: `rule "${id}"`, settings: inherit(circuitBreaker, written.serviceName, rule) };
    }),
  ];
  const idle = resolved.find(({ settings }) => settings?.maxFailures === 0 && settings.failureThreshold === 0);
  if (idle === undefined) return;
  const place = placeOf(tree, ["circuitBreaker"]);
  problems.error(place, `circuitBreaker: that of ${idle.of} would never open; set maxFailures or failureThreshold`);
}
