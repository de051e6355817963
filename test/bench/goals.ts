// The project's own goals, held against what was measured: text to read, never a verdict for a script.
import { cpuRatio, type Row } from "./summary.ts";

/** One line for each goal. */
export function checkGoals(rows: readonly Row[], idleRssMb: number | undefined): readonly string[] {
  const cpu = rows.find((row) => row.caseId === "get-1k" && row.subject === "gateway")?.cpu?.median;
  return [
    goal("gateway get-1k, CPU µs/request", cpu, 40, 1),
    goal("gateway / reply-from get-1k, CPU", cpuRatio(rows, "get-1k", "gateway", "reply-from"), 0.55, 2),
    goal("gateway / haproxy get-100k, CPU", cpuRatio(rows, "get-100k", "gateway", "haproxy"), 2, 2),
    goal("gateway-https / gateway get-1k, CPU", cpuRatio(rows, "get-1k", "gateway-https", "gateway"), 1.5, 2),
    goal("gateway RSS idle, MB", idleRssMb, 90, 0),
  ];
}

function goal(name: string, value: number | undefined, limit: number, digits: number): string {
  if (value === undefined) return `${name}: goal <= ${limit}, not measured`;
  return `${name}: goal <= ${limit}, measured ${value.toFixed(digits)}, ${value <= limit ? "met" : "missed"}`;
}
