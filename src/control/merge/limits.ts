// Rate limits of several data planes as one.
import type { LimitReport } from "../../core/questions.ts";
import { mergeByKey, mostOf, sumOf } from "./by-key.ts";

/** Limits by id. */
export function mergeLimits(answers: readonly (readonly LimitReport[])[]): readonly LimitReport[] {
  return mergeByKey(answers, ({ id }) => id, mergeLimit);
}

/**
 * One limit, as several data planes see it. What is counted in memory adds up, which is the most a client can have used: its
 * requests are spread over the data planes. A shared store tells each of them the same.
 */
export function mergeLimit(reports: readonly LimitReport[]): LimitReport {
  const first = reports[0]!;
  const usages = reports.map(({ currentUsage }) => currentUsage).filter((usage) => usage !== null);
  const total = first.store === "memory" ? sumOf : mostOf;
  return {
    ...first,
    degraded: reports.some(({ degraded }) => degraded),
    currentUsage: usages.length === 0 ? null : total(usages, (usage) => usage),
  };
}
