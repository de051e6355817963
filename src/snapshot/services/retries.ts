// Compiles `retry` into the retry rules of routes and services. Budgets are leased and survive a reload.
import type { RetryConfig, RuleConfig } from "../../config/config.ts";
import { retryOf } from "../../config/meaning/resilience.ts";
import type { RetryBudget, RetryRule } from "../../core/retry.ts";
import { WindowedBudget } from "../../resilience/retry-budget.ts";
import type { Build } from "../runtime.ts";

/** Makes the retry rules of one configuration. */
export class Retries {
  readonly #build: Build;

  constructor(build: Build) {
    this.#build = build;
  }

  /**
   * Settings for a rule's requests to a service, or for a service in general; null when only requests that no backend
   * has processed are sent again.
   */
  settings(service: string, rule: RuleConfig | null): RetryConfig | null {
    return retryOf(this.#build.config, service, rule);
  }

  /** The rule with these settings. Rules to one service with the same bounds share its budget. */
  rule(service: string, settings: RetryConfig): RetryRule {
    const { statuses, grpcStatuses, budget, ...rule } = settings;
    const answers = new Set(statuses);
    const calls = new Set(grpcStatuses);
    return {
      ...rule,
      budget: budget && this.#budget(service, budget),
      isRetryable: (status) => answers.has(status),
      isRetryableCall: (status) => calls.has(status),
    };
  }

  #budget(service: string, { ratio, minRetries, windowMs }: NonNullable<RetryConfig["budget"]>): RetryBudget {
    return this.#build.leases.lease<RetryBudget>(
      `retry-budget|${service}|${ratio}|${minRetries}|${windowMs}`,
      () => new WindowedBudget(ratio, minRetries, windowMs, () => performance.now()),
      () => undefined,
    );
  }
}
