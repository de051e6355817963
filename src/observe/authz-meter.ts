// Counts authorization decisions.
import { type OwnMetric, own } from "./metric.ts";

const DECISIONS = ["allowed", "denied"] as const;
const MODES = ["enforce", "permissive"] as const;

/** Decisions by outcome and mode, so that clients cannot create series. */
export class AuthzMeter {
  readonly #counts = { enforce: { allowed: 0, denied: 0 }, permissive: { allowed: 0, denied: 0 } };

  decided(decision: (typeof DECISIONS)[number], mode: (typeof MODES)[number]): void {
    this.#counts[mode][decision]++;
  }

  /** What is scraped of it. */
  metric(): OwnMetric {
    return own("gateway_authz_decisions_total", "Authorization decisions", "counter", () =>
      MODES.filter((mode) => DECISIONS.some((decision) => this.#counts[mode][decision] > 0)).flatMap((mode) =>
        DECISIONS.map((decision) => ({ labels: { decision, mode }, value: this.#counts[mode][decision] })),
      ),
    );
  }
}
