// Turns the samples of all rounds into one row per case and subject.
import type { Sample } from "./measure.ts";
import { type Spread, spreadOf } from "./statistics.ts";

export interface Row {
  readonly caseId: string;
  readonly subject: string;
  readonly cpu: Spread | undefined;
  readonly requestsPerSecond: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly errors: number;
  /** At the end of the last round. */
  readonly rssMb: number | undefined;
}

/** Medians over the rounds; errors are added up. */
export function summarise(samples: readonly Sample[], caseId: string, subject: string): Row | undefined {
  const mine = samples.filter((sample) => sample.caseId === caseId && sample.subject === subject);
  if (mine.length === 0) return undefined;
  const medianOf = (pick: (sample: Sample) => number) => spreadOf(mine.map(pick))?.median;
  return {
    caseId,
    subject,
    cpu: spreadOf(mine.flatMap((sample) => sample.cpuMicrosecondsPerRequest ?? [])),
    requestsPerSecond: medianOf((sample) => sample.requestsPerSecond),
    p50Ms: medianOf((sample) => sample.p50Ms),
    p99Ms: medianOf((sample) => sample.p99Ms),
    errors: mine.reduce((sum, sample) => sum + sample.errors, 0),
    rssMb: mine.at(-1)?.rssMb,
  };
}

/** CPU of one subject over that of another on the same case; nothing when either was not measured. */
export function cpuRatio(rows: readonly Row[], caseId: string, subject: string, reference: string): number | undefined {
  const cpuOf = (id: string) => rows.find((row) => row.caseId === caseId && row.subject === id)?.cpu?.median;
  const own = cpuOf(subject);
  const other = cpuOf(reference);
  return own !== undefined && other !== undefined ? own / other : undefined;
}
