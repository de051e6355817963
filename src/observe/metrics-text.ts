// Formats metrics from plain data for Prometheus.
import { type Metric, Registry } from "prom-client";
import type { MetricFamily } from "../core/questions.ts";

/** Prometheus text format 0.0.4. */
export async function metricsText(
  families: readonly MetricFamily[],
): Promise<{ readonly contentType: string; readonly text: string }> {
  const registry = new Registry();
  for (const family of families) {
    const metric = { name: family.name, get: () => Promise.resolve(family) };
    registry.registerMetric(metric as unknown as Metric<string>);
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}
