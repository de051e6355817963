// What the data plane says of its rate limits, and changes of them.
import type { LimitView } from "../../core/limit-view.ts";
import type { LimitChange, LimitReport } from "../../core/questions.ts";

/** One limit as it is now. */
export function reportLimit(view: LimitView): LimitReport {
  const { id, path, limit, burst, windowMs, type, store, degraded, currentUsage } = view;
  return { id, path, limit, burst, windowMs, type, store, degraded, currentUsage };
}

/** @returns null when there is no such limit */
export function changeLimit(limits: readonly LimitView[], { id, rate, burst }: LimitChange): LimitReport | null {
  const found = limits.find((limit) => limit.id === id);
  if (found === undefined) return null;
  found.set(rate, burst);
  return reportLimit(found);
}
