// Writes the result as markdown: the machine, one table for each case, who was left out, and the goals.
import type { BenchCase } from "./cases.ts";
import type { LeftOut } from "./contenders.ts";
import { checkGoals } from "./goals.ts";
import type { Machine } from "./machine.ts";
import type { Spread } from "./statistics.ts";
import { cpuRatio, type Row } from "./summary.ts";

export interface Result {
  readonly command: string;
  readonly machine: Machine;
  readonly setup: string;
  /** Share of the subjects' core that others used while it was measured. */
  readonly foreignShare: Spread | undefined;
  readonly cases: readonly BenchCase[];
  readonly rows: readonly Row[];
  readonly leftOut: readonly LeftOut[];
  readonly idleRssMb: Readonly<Record<string, number>>;
}

const head =
  "| subject | CPU µs/request median (min–max) | requests/s | p50 ms | p99 ms | errors | RSS MB | ratio to reply-from | ratio to haproxy |\n|---|---|---|---|---|---|---|---|---|";

/** The whole report as one text. */
export function renderReport(result: Result): string {
  const { machine } = result;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const lines = [
    "# Benchmark",
    "",
    `Command: \`${result.command}\``,
    `Machine: ${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, load average before the run ${machine.loadAverage.toFixed(2)}`,
    `Versions: node ${machine.node}, ${versions.join(", ")}`,
    result.setup,
    ...describeForeign(result.foreignShare),
    ...result.leftOut.map(({ id, reason }) => `Left out: ${id} (${reason})`),
  ];
  for (const one of result.cases) {
    lines.push("", `## ${one.id}: ${one.title}`, "", ...renderTable(one.id, result.rows));
    if (one.note !== undefined) lines.push("", one.note);
  }
  lines.push("", "## Goals", "", ...checkGoals(result.rows, result.idleRssMb.gateway).map((line) => `- ${line}`));
  return `${lines.join("\n")}\n`;
}

function describeForeign(share: Spread | undefined): readonly string[] {
  if (!share) return [];
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  return [`Others used ${percent(share.median)} of the subjects' core (median; at most ${percent(share.max)})`];
}

function renderTable(caseId: string, rows: readonly Row[]): readonly string[] {
  return [
    head,
    ...rows
      .filter((row) => row.caseId === caseId)
      .map((row) => {
        const cells = [
          row.subject,
          spread(row.cpu),
          figure(row.requestsPerSecond, 0),
          figure(row.p50Ms, 2),
          figure(row.p99Ms, 2),
          String(row.errors),
          figure(row.rssMb, 0),
          figure(cpuRatio(rows, caseId, row.subject, "reply-from"), 2),
          figure(cpuRatio(rows, caseId, row.subject, "haproxy"), 2),
        ];
        return `| ${cells.join(" | ")} |`;
      }),
  ];
}

function spread(value: Spread | undefined): string {
  return value ? `${value.median.toFixed(1)} (${value.min.toFixed(1)}–${value.max.toFixed(1)})` : "–";
}

function figure(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? "–" : value.toFixed(digits);
}
