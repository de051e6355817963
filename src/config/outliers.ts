// Settings of outlier detection, service by service, and what is wrong with them.
import type { OutlierSettings } from "../resilience/outlier-settings.ts";
import type { ServiceConfig } from "./config.ts";
import { placeOf } from "./place.ts";
import type { Problems } from "./problem.ts";
import type { OutlierSection } from "./schema/outliers.ts";
import type { Written } from "./schema/root.ts";
import { didYouMean } from "./suggest.ts";
import type { MapNode } from "./tree.ts";

/** Shorter times are a mistake of units, ms. */
const LEAST_MS = 10;

/** The settings of a service; null when it is not watched. */
export function outlierSettings(section: OutlierSection, service: string): OutlierSettings | null {
  const own = Object.hasOwn(section.services, service) ? section.services[service]! : null;
  if (!section.enabled || own?.enabled === false) return null;
  const base = section.default;
  return {
    consecutiveFailures: own?.consecutiveFailures ?? base.consecutiveFailures,
    intervalMs: own?.interval ?? base.interval,
    ejectionMs: own?.ejectionTime ?? base.ejectionTime,
    maxEjectionMs: own?.maxEjectionTime ?? base.maxEjectionTime,
    maxEjectedShare: own?.maxEjectedShare ?? base.maxEjectedShare,
    minRequests: own?.successRateMinRequests ?? base.successRateMinRequests,
    successRateFactor: own?.successRateFactor ?? base.successRateFactor,
    latencyFactor: own?.latencyFactor ?? base.latencyFactor,
  };
}

/** Finds services that do not exist and times that contradict each other. */
export function checkOutliers(
  { outlierDetection: section }: Written,
  tree: MapNode,
  services: readonly ServiceConfig[],
  problems: Problems,
): void {
  const names = services.map(({ name }) => name);
  const blocks = Object.keys(section.services).map((name) => ["services", name]);
  for (const [, name = ""] of blocks) {
    if (names.includes(name)) continue;
    const at = placeOf(tree, ["outlierDetection", "services", name]);
    problems.error(at, `outlierDetection: unknown service "${name}"${didYouMean(name, names)}`);
  }
  for (const block of [["default"], ...blocks]) {
    const settings = outlierSettings({ ...section, enabled: true }, block[1] ?? "");
    if (settings === null) continue;
    const wrong = (key: string, what: string) =>
      problems.error(
        placeOf(tree, ["outlierDetection", ...block, key]),
        `outlierDetection.${block.join(".")}: ${what}`,
      );
    if (settings.intervalMs < LEAST_MS) wrong("interval", `interval: at least ${LEAST_MS}ms`);
    if (settings.ejectionMs < LEAST_MS) wrong("ejectionTime", `ejectionTime: at least ${LEAST_MS}ms`);
    if (settings.maxEjectionMs < settings.ejectionMs) wrong("maxEjectionTime", "maxEjectionTime is below ejectionTime");
    if (settings.latencyFactor > 0 && settings.latencyFactor <= 1)
      wrong("latencyFactor", "latencyFactor is above 1, or 0");
  }
}
