// `adaptiveConcurrency`, `overload` and a rule's tier: what becomes of requests when there are too many.
import { TIERS } from "../../core/limiter.ts";
import { mapOf, object } from "./fields.ts";
import { overrides, type Settings } from "./inherited.ts";
import { bool, dur, int, num, oneOf } from "./scalars.ts";

const limits = {
  minLimit: int("never fewer requests under way than this", 5, 1),
  maxLimit: int("never more", 1_000, 1),
  initialLimit: int("the limit to begin with", 100, 1),
  tolerance: num("how many times slower than unloaded a service may get before its limit falls", 1.5, 1, 10),
};

/** Limits of one service. */
export type ConcurrencySettings = Settings<typeof limits>;

/** `adaptiveConcurrency`. */
export const adaptiveConcurrency = object(
  "Bounds the requests under way to a service by what it takes before they only wait for each other; more are answered 503",
  {
    enabled: bool("switches it on, for every service that says nothing else", false),
    default: object("For all", limits),
    services: mapOf("service → what differs for it", overrides("One service", limits)),
  },
);

/** `overload`. */
export const overload = object(
  "Refuses requests when the gateway itself has more to do than it can, least important first",
  {
    enabled: bool("switches it on", false),
    maxLoopDelay: dur("how late the event loop may be, on average, before requests are refused", 10),
    maxHeld: int(
      "refusals held back at once, so that clients which come again at once come more slowly; 0 = none",
      1_000,
    ),
    holdTime: dur("how long a refusal is held back at most", 500),
  },
);

/** `rules[].tier`. */
export const ruleTier = oneOf(
  "importance: under overload and at a service's limit, `low` is refused first and `high` last",
  TIERS,
  "normal",
);
