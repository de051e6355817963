// `outlierDetection`: ejects instances that perform worse than their peers.
import { mapOf, object } from "./fields.ts";
import { overrides } from "./inherited.ts";
import { bool, dur, int, num } from "./scalars.ts";

const settings = {
  connectFailures: int(
    "failures to connect within 10 s that eject an instance until it can be connected to, even if `enabled` is false; 0 = off",
    2,
  ),
  consecutiveFailures: int("consecutive failures that eject at once; 0 = off", 5),
  interval: dur("how often instances are compared", 10_000),
  ejectionTime: dur("duration of the first ejection; doubled with each further one", 30_000),
  maxEjectionTime: dur("maximum duration of an ejection", 300_000),
  maxEjectedShare: num(
    "maximum share of a service's instances that is ejected at a time; one of several can always be ejected, 0 = none",
    0.5,
    0,
    1,
  ),
  successRateMinRequests: int("minimum requests in an interval for an instance to be compared", 100, 1),
  successRateFactor: num("eject below the success rate of its peers by this many standard deviations; 0 = off", 1.9),
  latencyFactor: num("eject above this multiple of the median latency of its peers, greater than 1; 0 = off", 0),
};

/** `outlierDetection`. */
export const outlierDetection = object("Ejects instances that perform worse than their peers", {
  enabled: bool("compare the outcome of requests to the instances of each service", false),
  default: object("Defaults for all", settings),
  services: mapOf("service → settings that differ", overrides("One service", settings)),
});
