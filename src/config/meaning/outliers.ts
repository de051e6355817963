// Settings of outlier detection for each service, and their errors.
import type { OutlierSettings } from "../../resilience/outlier-settings.ts";
import { checkInherited, inherit } from "../schema/inherit.ts";
import type { Written } from "../schema/root.ts";
import type { Draft } from "./draft.ts";
import type { Known } from "./known.ts";

/** Shortest times accepted, ms. Shorter ones are usually a wrong unit. */
const LEAST_MS = 10;

type Outliers = Pick<Written, "outlierDetection">;

/** The settings of a service; null when it is not watched. */
export function outlierSettings({ outlierDetection }: Outliers, service: string): OutlierSettings | null {
  const settings = inherit({ ...outlierDetection, routes: {} }, service, null);
  if (settings === null) return null;
  return {
    consecutiveFailures: settings.consecutiveFailures,
    intervalMs: settings.interval,
    ejectionMs: settings.ejectionTime,
    maxEjectionMs: settings.maxEjectionTime,
    maxEjectedShare: settings.maxEjectedShare,
    minRequests: settings.successRateMinRequests,
    successRateFactor: settings.successRateFactor,
    latencyFactor: settings.latencyFactor,
  };
}

/** Failures to connect that take an instance of a service out; 0: none is. Holds whether the rest is on or not. */
export function connectFailureLimit({ outlierDetection: section }: Outliers, service: string): number {
  const own = Object.hasOwn(section.services, service) ? section.services[service]!.connectFailures : null;
  return own ?? section.default.connectFailures;
}

/** Finds services that do not exist and times that contradict each other. */
export function checkOutliers(draft: Draft, { serviceNames }: Known): void {
  const { tree, problems } = draft;
  const { outlierDetection: section } = draft.written;
  const known = { services: serviceNames, routes: new Set<string>() };
  checkInherited("outlierDetection", { ...section, routes: {} }, known, tree, problems);
  for (const block of [["default"], ...Object.keys(section.services).map((name) => ["services", name])]) {
    const settings = outlierSettings({ outlierDetection: { ...section, enabled: true } }, block[1] ?? "");
    if (settings === null) continue;
    const wrong = (key: string, what: string) =>
      draft.error(["outlierDetection", ...block, key], `outlierDetection.${block.join(".")}: ${key} ${what}`);
    if (settings.intervalMs < LEAST_MS) wrong("interval", `is below ${LEAST_MS}ms`);
    if (settings.ejectionMs < LEAST_MS) wrong("ejectionTime", `is below ${LEAST_MS}ms`);
    if (settings.maxEjectionMs < settings.ejectionMs) wrong("maxEjectionTime", "is below ejectionTime");
    if (settings.latencyFactor > 0 && settings.latencyFactor <= 1) wrong("latencyFactor", "must be above 1, or 0");
  }
}
