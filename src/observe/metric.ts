// One of the gateway's metrics for prom-client's registry: a name, and values computed when it is scraped.
import type { Histogram } from "./histogram.ts";

/** Label → value. */
export type Labels = Record<string, string | number>;
/** One value of a metric. */
export interface Sample {
  readonly value: number;
  readonly labels: Labels;
  /** Of the parts of a histogram. */
  readonly metricName?: string;
}

/** A metric in the shape of `prom-client`. */
export interface OwnMetric {
  readonly name: string;
  get(): Promise<{ name: string; help: string; type: string; values: Sample[]; aggregator: string }>;
}

/** How the series of several processes become one, by the names that `prom-client` has for it. */
type Aggregator = "sum" | "min" | "max" | "average";

/**
 * @param type `counter`, `gauge` or `histogram`
 * @param values the samples now
 * @param aggregator what counts adds up; what every process sees or is for itself does not
 */
export function own(
  name: string,
  help: string,
  type: string,
  values: (name: string) => Sample[],
  aggregator: Aggregator = "sum",
): OwnMetric {
  return { name, get: () => Promise.resolve({ name, help, type, values: merged(values(name)), aggregator }) };
}

/** Without the path, method or status label several counters share one series: their values add up. */
function merged(samples: readonly Sample[]): Sample[] {
  const series = new Map<string, Sample>();
  for (const sample of samples) {
    const key = `${sample.metricName ?? ""}${JSON.stringify(sample.labels)}`;
    const before = series.get(key);
    series.set(key, before === undefined ? sample : { ...sample, value: before.value + sample.value });
  }
  return [...series.values()];
}

/** The cumulative buckets, sum and count of a histogram. */
export function histogramSamples(name: string, histogram: Histogram, labels: Labels): Sample[] {
  const counts = histogram.cumulative();
  const samples: Sample[] = counts.map((value, i) => ({
    value,
    labels: { ...labels, le: histogram.bounds[i] ?? "+Inf" },
    metricName: `${name}_bucket`,
  }));
  samples.push({ value: histogram.sum, labels, metricName: `${name}_sum` });
  samples.push({ value: histogram.count, labels, metricName: `${name}_count` });
  return samples;
}
