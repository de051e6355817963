// The strategy of rules that name their service: every request has the same plan.
import type { Plan, Strategy } from "../core/strategy.ts";

/** A strategy that returns `plan` for every request. */
export function direct(plan: Plan): Strategy {
  return { plan: () => plan };
}
