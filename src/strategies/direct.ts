// The strategy of rules that name their service: every request has the same plan.
import type { Strategy, Target } from "../core/strategy.ts";

/** A strategy that sends every request to `target`. */
export function direct(target: Target): Strategy {
  return { plan: () => target };
}
