// `outlierDetection`: endpoints that do worse than their peers sit out for a while.
import { type Infer, mapOf, object, optional } from "../kit.ts";
import { bool, dur, int, num } from "../scalars.ts";

const DOCS = {
  consecutiveFailures: "failures in a row that eject at once; 0 = off",
  interval: "how often instances are compared",
  ejectionTime: "first time out; doubled with each further one",
  maxEjectionTime: "longest time out",
  maxEjectedShare: "largest share of a service's instances that is out at once; one of several may always go, 0 = none",
  successRateMinRequests: "requests in an interval an instance must have had to be compared",
  successRateFactor: "standard deviations below the success rate of its peers that eject; 0 = off",
  latencyFactor: "times the median latency of its peers that eject; 0 = off",
};

/** Settings of one service; what is absent is inherited. */
const inherited = object("Settings of one service; what is absent is inherited from `default`", {
  enabled: bool("false: this service is not watched", true),
  consecutiveFailures: optional(int(DOCS.consecutiveFailures)),
  interval: optional(dur(DOCS.interval)),
  ejectionTime: optional(dur(DOCS.ejectionTime)),
  maxEjectionTime: optional(dur(DOCS.maxEjectionTime)),
  maxEjectedShare: optional(num(DOCS.maxEjectedShare, undefined, 0, 1)),
  successRateMinRequests: optional(int(DOCS.successRateMinRequests, undefined, 1)),
  successRateFactor: optional(num(DOCS.successRateFactor)),
  latencyFactor: optional(num(DOCS.latencyFactor)),
});

/** `outlierDetection`. */
export const outlierDetection = object("Instances that do worse than their peers sit out for a while", {
  enabled: bool("watch how requests end", false),
  default: object("Settings of every service", {
    consecutiveFailures: int(DOCS.consecutiveFailures, 5),
    interval: dur(DOCS.interval, 10_000),
    ejectionTime: dur(DOCS.ejectionTime, 30_000),
    maxEjectionTime: dur(DOCS.maxEjectionTime, 300_000),
    maxEjectedShare: num(DOCS.maxEjectedShare, 0.5, 0, 1),
    successRateMinRequests: int(DOCS.successRateMinRequests, 100, 1),
    successRateFactor: num(DOCS.successRateFactor, 1.9),
    latencyFactor: num(DOCS.latencyFactor, 0),
  }),
  services: mapOf("by service", inherited),
});

/** Effective `outlierDetection`. */
export type OutlierSection = Infer<typeof outlierDetection>;
