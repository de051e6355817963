// `outlierDetection`: instances that do worse than their peers sit out for a while.
import { mapOf, object } from "./fields.ts";
import { overrides } from "./inherited.ts";
import { bool, dur, int, num } from "./scalars.ts";

const settings = {
  connectFailures: int(
    "failures to connect within 10 s that take an instance out until it can be connected to, also while `enabled` is false; 0 = off",
    2,
  ),
  consecutiveFailures: int("failures in a row that eject at once; 0 = off", 5),
  interval: dur("how often instances are compared", 10_000),
  ejectionTime: dur("first time out; doubled with each further one", 30_000),
  maxEjectionTime: dur("longest time out", 300_000),
  maxEjectedShare: num(
    "largest share of a service's instances that is out at once; one of several may always go, 0 = none",
    0.5,
    0,
    1,
  ),
  successRateMinRequests: int("requests in an interval an instance must have had to be compared", 100, 1),
  successRateFactor: num("standard deviations below the success rate of its peers that eject; 0 = off", 1.9),
  latencyFactor: num("times the median latency of its peers that eject, above 1; 0 = off", 0),
};

/** `outlierDetection`. */
export const outlierDetection = object("Instances that do worse than their peers sit out for a while", {
  enabled: bool("compare how the requests to the instances of every service end", false),
  default: object("For all", settings),
  services: mapOf("service → what differs for it", overrides("One service", settings)),
});
