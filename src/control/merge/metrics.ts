// Metrics of several data planes as one scrape: series with equal labels become one, as their metric says.
import type { MetricFamily, MetricSample } from "../../core/questions.ts";
import { mergeByKey } from "./by-key.ts";

type Aggregate = (values: readonly number[]) => number;

/** By the names that `prom-client` has for them. */
const AGGREGATES: Readonly<Record<string, Aggregate>> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  average: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  first: ([first]) => first!,
};

/** Metrics by name. Those that say `omit` make no sense for several processes together and are left out. */
export function mergeMetrics(answers: readonly (readonly MetricFamily[])[]): readonly MetricFamily[] {
  const families = mergeByKey(
    answers,
    ({ name }) => name,
    (same) => ({ ...same[0]!, values: mergeSamples(same) }),
  );
  return families.filter(({ aggregator }) => aggregator !== "omit");
}

function mergeSamples(families: readonly MetricFamily[]): readonly MetricSample[] {
  const aggregate = AGGREGATES[families[0]!.aggregator] ?? AGGREGATES.sum!;
  return mergeByKey(
    families.map(({ values }) => values),
    keyOf,
    (samples) => ({ ...samples[0]!, value: aggregate(samples.map(({ value }) => value)) }),
  );
}

/** The same for equal labels, in whatever order they stand. */
function keyOf({ metricName = "", labels }: MetricSample): string {
  return JSON.stringify([metricName, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
