// `circuitBreaker`, and the same below a rule: when to stop calling a failing service for a while.
import { optional } from "./fields.ts";
import { inherited, overrides } from "./inherited.ts";
import { dur, int, ints, num, oneOf } from "./scalars.ts";

const settings = {
  scope: oneOf(
    "what has a circuit: the service as a whole, each of its instances, or both. With circuits per instance, the other instances stay in use",
    ["service", "endpoint", "both"],
    "service",
  ),
  maxFailures: int("failures within `interval` that open the circuit; 0 = no such limit", 5),
  failureThreshold: num(
    "share of failures that opens the circuit after at least `minRequests`; 0 = no such limit",
    0.5,
    0,
    1,
  ),
  minRequests: int("minimum number of requests within `interval` before the share applies", 10, 1),
  timeout: dur("how long the circuit stays open before trial requests", 60_000),
  interval: dur("sliding window for counting; 0 = everything since the circuit closed", 60_000),
  maxRequests: int("concurrent trial requests while half-open", 1, 1),
  successThreshold: optional(int("successful trials that close the circuit; default `maxRequests`", undefined, 1)),
  failureStatusCodes: optional(ints("statuses that count as failures; default every 5xx except 501", [], 100, 599)),
};

/** `circuitBreaker`. */
export const circuitBreaker = inherited(
  "Circuit breakers: connect errors, resets, timeouts and error statuses count as failures, client errors and disconnects do not",
  settings,
);

/** `rules[].circuitBreaker`. */
export const ruleCircuitBreaker = overrides(
  "Circuit breaker of this rule, enabled unless `enabled` is false; missing keys are inherited from `circuitBreaker`",
  settings,
);
