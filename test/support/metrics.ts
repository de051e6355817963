// Reads the scrape endpoint back into numbers, for tests that ask what was counted.
import { call } from "./client.ts";

/** Values by series, `name{label="value",…}` with labels sorted. */
export type Series = ReadonlyMap<string, number>;

/** Scrapes `/metrics`. */
export async function scrape(port: number, path = "/metrics"): Promise<Series> {
  const reply = await call(port, { path });
  if (reply.status !== 200) throw new Error(`scrape answered ${reply.status}`);
  const series = new Map<string, number>();
  for (const line of reply.text.split("\n")) {
    const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) continue;
    series.set(`${match[1]}{${sorted(match[2] ?? "")}}`, Number(match[3]));
  }
  return series;
}

/** The value of one series, or undefined. */
export function sample(
  series: Series,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const text = Object.entries(labels)
    .map(([key, value]) => `${key}="${value}"`)
    .join(",");
  return series.get(`${name}{${sorted(text)}}`);
}

/** Sum over all series of a name whose labels contain these. */
export function sumOf(series: Series, name: string, labels: Readonly<Record<string, string>> = {}): number {
  let sum = 0;
  for (const [key, value] of series) {
    if (!key.startsWith(`${name}{`)) continue;
    if (Object.entries(labels).every(([k, v]) => key.includes(`${k}="${v}"`))) sum += value;
  }
  return sum;
}

function sorted(labels: string): string {
  return (labels.match(/[a-z_]+="(?:[^"\\]|\\.)*"/g) ?? []).sort().join(",");
}
