// `retry` → the rule of each route and service, with budgets that live through reloads.
import type { RetryConfig, RuleConfig } from "../../config/config.ts";
import { retryOf } from "../../config/meaning/resilience.ts";
import type { RetryBudget, RetryRule } from "../../core/retry.ts";
import { WindowedBudget } from "../../resilience/retry-budget.ts";
import { GRPC_STATUSES } from "../../wire/grpc.ts";
import type { Build } from "../runtime.ts";

/** Makes the retry rules of one configuration. */
export class Retries {
  readonly #build: Build;

  constructor(build: Build) {
    this.#build = build;
  }

  /** Settings of a rule's requests to a service, or of a service by itself; null: only what no backend has looked at. */
  settings(service: string, rule: RuleConfig | null): RetryConfig | null {
    return retryOf(this.#build.config, service, rule);
  }

  /** The rule with these settings. Rules to one service with the same bounds share its budget. */
  rule(service: string, settings: RetryConfig): RetryRule {
    const statuses = new Set(settings.retryableStatusCodes);
    const calls = new Set(settings.retryableGrpcStatuses.map((name) => GRPC_STATUSES.indexOf(name)));
    return {
      maxAttempts: Math.max(1, settings.maxAttempts),
      initialDelayMs: settings.initialDelay,
      maxDelayMs: settings.maxDelay,
      multiplier: settings.multiplier,
      jitter: settings.jitter,
      perTryMs: settings.perTryTimeout,
      hedgeAfterMs: settings.hedgeAfter,
      maxReplayBytes: settings.maxBodySize,
      budget: settings.budgetEnabled ? this.#budget(service, settings) : null,
      isRetryable: (status) => statuses.has(status),
      isRetryableCall: (status) => calls.has(status),
    };
  }

  #budget(service: string, { budgetRatio, minRetryTokens, budgetWindow }: RetryConfig): RetryBudget {
    return this.#build.leases.lease<RetryBudget>(
      `retry-budget|${service}|${budgetRatio}|${minRetryTokens}|${budgetWindow}`,
      () => new WindowedBudget(budgetRatio, minRetryTokens, budgetWindow, () => performance.now()),
      () => undefined,
    );
  }
}
