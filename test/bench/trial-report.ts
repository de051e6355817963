// Writes the results of trials as markdown, in the form of the report on HTTP.
import type { Machine } from "./machine.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import type { TrialCase } from "./trial.ts";
import type { TrialResult, TrialSample } from "./trial-run.ts";

/** A goal of ours and what was measured. */
export interface Goal {
  readonly name: string;
  readonly value: number | undefined;
  /** None: told for information. */
  readonly limit: number | null;
  readonly digits: number;
}

/** Everything a report says. */
export interface TrialReport {
  readonly title: string;
  readonly command: string;
  readonly machine: Machine;
  readonly setup: string;
  readonly results: readonly TrialResult[];
  readonly goals: readonly Goal[];
}

/** The whole report as one text. */
export function renderTrials(report: TrialReport): string {
  const { machine, results } = report;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const foreign = spreadOf(results.flatMap(({ samples }) => samples.flatMap((one) => one.foreignShare ?? [])));
  const lines = [
    `# ${report.title}`,
    "",
    `Command: \`${report.command}\``,
    `Machine: ${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, load average before the run ${machine.loadAverage.toFixed(2)}`,
    `Versions: node ${machine.node}, ${versions.join(", ")}`,
    report.setup,
  ];
  if (foreign !== undefined) {
    lines.push(
      `Others used ${percent(foreign.median)} of the subjects' core (median; at most ${percent(foreign.max)})`,
    );
  }
  const load = spreadOf(results.flatMap(({ samples }) => samples.map((one) => one.loadShare)));
  if (load !== undefined)
    lines.push(
      `The load generator was busy ${percent(load.median)} of the time (median; at most ${percent(load.max)})`,
    );
  for (const { trial, leftOut } of results) {
    for (const { id, reason } of leftOut) lines.push(`Left out of ${trial.id}: ${id} (${reason})`);
  }
  for (const result of results) {
    for (const one of result.trial.cases) lines.push("", ...renderCase(result, one));
  }
  lines.push("", "## Goals", "", ...report.goals.map(renderGoal));
  return `${lines.join("\n")}\n`;
}

/** CPU time per unit of a subject on a case over the rounds, µs. */
export function cpuOf(results: readonly TrialResult[], caseId: string, subject: string): Spread | undefined {
  const mine = samplesOf(results, caseId, subject).filter((one) => one.cpuMicroseconds > 0);
  return spreadOf(mine.map((one) => one.cpuMicroseconds / one.units));
}

/** CPU time of one subject over that of another. */
export function ratioOf(
  results: readonly TrialResult[],
  own: readonly [caseId: string, subject: string],
  other: readonly [caseId: string, subject: string],
): number | undefined {
  const mine = cpuOf(results, ...own)?.median;
  const theirs = cpuOf(results, ...other)?.median;
  return mine !== undefined && theirs !== undefined ? mine / theirs : undefined;
}

/** The median over the rounds of something else that was measured. */
export function medianOf(
  results: readonly TrialResult[],
  caseId: string,
  subject: string,
  pick: (sample: TrialSample) => number | null,
): number | undefined {
  return spreadOf(samplesOf(results, caseId, subject).flatMap((one) => pick(one) ?? []))?.median;
}

function samplesOf(results: readonly TrialResult[], caseId: string, subject: string): readonly TrialSample[] {
  return results.flatMap(({ samples }) => samples.filter((one) => one.caseId === caseId && one.subject === subject));
}

function renderCase(result: TrialResult, one: TrialCase): readonly string[] {
  const { reference, subjects } = result.trial;
  const taking = subjects.map(({ id }) => id).filter((id) => samplesOf([result], one.id, id).length > 0);
  const lines = [`## ${one.id}: ${one.title}`, ""];
  if (one.unit === null) {
    lines.push("| subject | RSS MB before | RSS MB | errors |", "|---|---|---|---|");
    for (const id of taking) {
      const rss = medianOf([result], one.id, id, (sample) => sample.rssMb);
      lines.push(`| ${id} | ${figure(result.idleRssMb[id], 0)} | ${figure(rss, 0)} | ${errorsOf(result, one, id)} |`);
    }
  } else {
    lines.push(
      `| subject | CPU µs/${one.unit} median (min–max) | ${one.unit}s/s | p50 ms | p99 ms | max ms | errors | RSS MB | ratio to ${reference} |`,
      "|---|---|---|---|---|---|---|---|---|",
    );
    for (const id of taking) lines.push(renderRow(result, one, id));
  }
  if (one.note !== undefined) lines.push("", one.note);
  return lines;
}

function renderRow(result: TrialResult, one: TrialCase, id: string): string {
  const cpu = cpuOf([result], one.id, id);
  const median = (pick: (sample: TrialSample) => number | null) => medianOf([result], one.id, id, pick);
  const largest = spreadOf(samplesOf([result], one.id, id).flatMap((sample) => sample.maxMs ?? []))?.max;
  const cells = [
    id,
    cpu === undefined ? "–" : `${cpu.median.toFixed(1)} (${cpu.min.toFixed(1)}–${cpu.max.toFixed(1)})`,
    figure(
      median((sample) => sample.unitsPerSecond),
      0,
    ),
    figure(
      median((sample) => sample.p50Ms),
      2,
    ),
    figure(
      median((sample) => sample.p99Ms),
      2,
    ),
    figure(largest, 1),
    errorsOf(result, one, id),
    cpu === undefined
      ? "–"
      : figure(
          median((sample) => sample.rssMb),
          0,
        ),
    figure(ratioOf([result], [one.id, id], [one.id, result.trial.reference]), 2),
  ];
  return `| ${cells.join(" | ")} |`;
}

function errorsOf(result: TrialResult, one: TrialCase, id: string): string {
  return String(samplesOf([result], one.id, id).reduce((sum, sample) => sum + sample.errors, 0));
}

function renderGoal({ name, value, limit, digits }: Goal): string {
  if (limit === null) return `- ${name}: measured ${figure(value, digits)}`;
  if (value === undefined) return `- ${name}: goal <= ${limit}, not measured`;
  return `- ${name}: goal <= ${limit}, measured ${value.toFixed(digits)}, ${value <= limit ? "met" : "missed"}`;
}

function figure(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? "–" : value.toFixed(digits);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
