// When Google says that it can be asked again.
import { type JsonObject, textOr } from "../json/values.ts";
import { retryAfterMs } from "../providers/retry-after.ts";

/** Longest wait believed, ms. */
const LONGEST = 24 * 3_600_000;
/** A duration of protocol buffers, such as `34.07s`. */
const DURATION = /^(\d{1,9}(?:\.\d{1,9})?)s$/;

/** `retryDelay` of a google.rpc.RetryInfo, else what the fields say. @returns ms; -1: it has not said */
export function retryDelayMs(details: readonly JsonObject[], fields: readonly string[]): number {
  for (const { retryDelay } of details) {
    const [, seconds] = DURATION.exec(textOr(retryDelay) ?? "") ?? [];
    if (seconds !== undefined) return Math.min(LONGEST, Math.ceil(Number(seconds) * 1000));
  }
  return retryAfterMs(fields);
}
