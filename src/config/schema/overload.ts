// `adaptiveConcurrency`, `overload` and a rule's tier: which requests are refused when there are too many.
import { TIERS } from "../../core/limiter.ts";
import { mapOf, object } from "./fields.ts";
import { overrides, type Settings } from "./inherited.ts";
import { bool, dur, int, num, oneOf } from "./scalars.ts";

const limits = {
  minLimit: int("minimum of the limit", 5, 1),
  maxLimit: int("maximum of the limit", 1_000, 1),
  initialLimit: int("initial limit", 100, 1),
  tolerance: num("latency, as a multiple of the unloaded latency, above which the limit falls", 1.5, 1, 10),
};

/** Limits of one service. */
export type ConcurrencySettings = Settings<typeof limits>;

/** `adaptiveConcurrency`. */
export const adaptiveConcurrency = object(
  "Limits the concurrent requests to a service to what it can process without queueing; more are answered 503",
  {
    enabled: bool("enable it for all services that do not override it", false),
    default: object("Defaults for all", limits),
    services: mapOf("service → settings that differ", overrides("One service", limits)),
  },
);

/** `overload`. */
export const overload = object("Refuses requests when the gateway itself is overloaded, least important first", {
  enabled: bool("enable it", false),
  maxLoopDelay: dur("average delay of the event loop above which requests are refused", 10),
  maxHeld: int("maximum refusals that are delayed at a time, to slow down clients that retry at once; 0 = none", 1_000),
  holdTime: dur("maximum delay of a refusal", 500),
});

/** `rules[].tier`. */
export const ruleTier = oneOf(
  "priority: under overload and at a service's limit, `low` is refused first and `high` last",
  TIERS,
  "normal",
);
