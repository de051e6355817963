// When a provider says that it can be asked again.
import { getField } from "../../wire/fields.ts";

/** Longest wait believed, ms. */
const LONGEST = 24 * 3_600_000;

/**
 * The wait in `retry-after-ms`, else in `retry-after`, as seconds or as a date.
 * @param fields of the response, flat
 * @param now ms since 1970
 * @returns ms; -1: the provider has not said
 */
export function retryAfterMs(fields: readonly string[], now = Date.now()): number {
  const exact = waitOf(getField(fields, "retry-after-ms"), 1);
  if (exact !== -1) return exact;
  const field = getField(fields, "retry-after");
  const seconds = waitOf(field, 1000);
  if (seconds !== -1 || field === undefined) return seconds;
  const date = field.endsWith("GMT") ? Date.parse(field) : Number.NaN;
  return Number.isNaN(date) ? -1 : bounded(date - now);
}

function waitOf(value: string | undefined, unitMs: number): number {
  if (value === undefined || !/^\s*\d+(?:\.\d+)?\s*$/.test(value)) return -1;
  return bounded(Number(value) * unitMs);
}

function bounded(ms: number): number {
  return Math.min(LONGEST, Math.max(0, Math.ceil(ms)));
}
