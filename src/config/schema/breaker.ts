// `circuitBreaker`, and the same below a rule: when a service that fails is left alone for a while.
import { optional } from "./fields.ts";
import { inherited, overrides } from "./inherited.ts";
import { dur, int, ints, num, oneOf } from "./scalars.ts";

const settings = {
  scope: oneOf(
    "what has a circuit: the service as a whole, each of its instances, or both. With an instance broken off, the others go on",
    ["service", "endpoint", "both"],
    "service",
  ),
  maxFailures: int("failures within `interval` that open it; 0 = however many", 5),
  failureThreshold: num(
    "share of failures that opens it once `minRequests` were seen; 0 = whatever the share",
    0.5,
    0,
    1,
  ),
  minRequests: int("requests within `interval` before the share counts", 10, 1),
  timeout: dur("how long it stays open before trials are made", 60_000),
  interval: dur("what happened within this time counts; 0 = everything since it closed", 60_000),
  maxRequests: int("trials at once while it is half open", 1, 1),
  successThreshold: optional(int("successful trials that close it; default as `maxRequests`", undefined, 1)),
  failureStatusCodes: optional(ints("statuses that count as failures; default every 5xx except 501", [], 100, 599)),
};

/** `circuitBreaker`. */
export const circuitBreaker = inherited(
  "Circuit breakers: connect errors, resets, timeouts and bad statuses count, what clients do does not",
  settings,
);

/** `rules[].circuitBreaker`. */
export const ruleCircuitBreaker = overrides(
  "Circuit breaker of this rule alone, on unless it says otherwise; what it leaves out is as in `circuitBreaker`",
  settings,
);
