// Checks `circuitBreaker`, `retry` and `overload`: services and rules must exist, circuits must be able to open, and windows
// must not be 0. Finds the settings of a rule or service.

import { GRPC_STATUSES } from "../../wire/grpc.ts";
import type { BreakerConfig, RetryConfig, RuleConfig } from "../config.ts";
import { checkInherited, inherit, standsApart } from "../schema/inherit.ts";
import type { Written } from "../schema/root.ts";
import type { Draft } from "./draft.ts";
import type { Known } from "./known.ts";

/** Circuits of a rule's requests to a service, or of a service by itself; null: none. @param rule null: without a rule */
export function breakerOf(
  { circuitBreaker }: Pick<Written, "circuitBreaker">,
  service: string,
  rule: RuleConfig | null,
): BreakerConfig | null {
  const settings = inherit(circuitBreaker, service, rule && { id: rule.id, own: rule.circuitBreaker });
  if (settings === null) return null;
  return {
    scope: settings.scope,
    failureStatuses: settings.failureStatusCodes,
    options: {
      maxFailures: settings.maxFailures,
      failureRatio: settings.failureThreshold,
      minRequests: settings.minRequests,
      windowMs: settings.interval,
      openMs: settings.timeout,
      maxTrials: settings.maxRequests,
      successesToClose: settings.successThreshold ?? settings.maxRequests,
    },
  };
}

/** Whether the rule has circuits of its own, apart from those of other rules to the same service. */
export function hasOwnBreaker({ circuitBreaker }: Pick<Written, "circuitBreaker">, rule: RuleConfig): boolean {
  return standsApart(circuitBreaker, { id: rule.id, own: rule.circuitBreaker });
}

/** Retries of a rule's requests to a service, or of a service by itself; null: none. @param rule null: without a rule */
export function retryOf(
  { retry }: Pick<Written, "retry">,
  service: string,
  rule: RuleConfig | null,
): RetryConfig | null {
  const settings = inherit(retry, service, rule && { id: rule.id, own: rule.retry });
  if (settings === null) return null;
  const { budgetEnabled, budgetRatio, minRetryTokens, budgetWindow } = settings;
  return {
    maxAttempts: Math.max(1, settings.maxAttempts),
    initialDelayMs: settings.initialDelay,
    maxDelayMs: settings.maxDelay,
    multiplier: settings.multiplier,
    jitter: settings.jitter,
    perTryMs: settings.perTryTimeout,
    hedgeAfterMs: settings.hedgeAfter,
    maxReplayBytes: settings.maxBodySize,
    statuses: settings.retryableStatusCodes,
    grpcStatuses: settings.retryableGrpcStatuses.map((name) => GRPC_STATUSES.indexOf(name)),
    budget: budgetEnabled ? { ratio: budgetRatio, minRetries: minRetryTokens, windowMs: budgetWindow } : null,
  };
}

/** Checks the sections against the rules and services there are. */
export function checkResilience(draft: Draft, { services, serviceNames, rules }: Known): void {
  const { written, tree, problems } = draft;
  const { circuitBreaker, retry, overload } = written;
  const known = { services: serviceNames, routes: new Set(rules.map((r) => r.id)) };
  checkInherited("circuitBreaker", circuitBreaker, known, tree, problems);
  checkInherited("retry", retry, known, tree, problems);
  const users = [
    ...services.map(({ name, at }) => ({ of: `service "${name}"`, at, service: name, rule: null })),
    ...rules.map((rule) => ({ of: `rule "${rule.id}"`, at: rule.at, service: rule.serviceName, rule })),
  ];
  const fault = (key: string, message: string, at = draft.at([key])) => problems.error(at, `${key}: ${message}`);
  // Said once of the files, where the section is, and of each user in a fragment.
  const faults = (key: string, wrong: typeof users, message: (of: string) => string) => {
    const first = wrong.find(({ at }) => at.fragment === undefined);
    if (first !== undefined) fault(key, message(first.of));
    for (const { of, at } of wrong) if (at.fragment !== undefined) fault(key, message(of), at);
  };
  const idle = users.filter(({ service, rule }) => {
    const options = breakerOf(written, service, rule)?.options;
    return options?.maxFailures === 0 && options.failureRatio === 0;
  });
  faults("circuitBreaker", idle, (of) => `the circuit of ${of} would never open; set maxFailures or failureThreshold`);
  const timeless = users.filter(({ service, rule }) => retryOf(written, service, rule)?.budget?.windowMs === 0);
  faults("retry", timeless, (of) => `budgetWindow of ${of} must be above 0`);
  if (overload.enabled && overload.maxLoopDelay === 0) fault("overload", "maxLoopDelay must be above 0");
}
