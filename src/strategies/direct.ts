// The service named by the rule.
import type { Service } from "../core/service.ts";
import type { Strategy } from "../core/strategy.ts";

/** Always the same service. */
export function direct(service: Service): Strategy {
  return { choose: () => service };
}
