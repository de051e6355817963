// Whether a request that failed may be sent again without doing anything twice, and after what wait.
import type { RequestContext } from "../core/context.ts";
import type { Progress } from "../core/edges.ts";
import type { RetryRule } from "../core/retry.ts";
import { getField } from "../wire/fields.ts";
import { statusOfCall } from "../wire/grpc.ts";

/** Methods whose repetition has the effect of one request (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** The one form of dates that may be sent (RFC 9110 §5.6.7). */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Whether repeating the method is harmless by definition. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** Whether the backend sees to it that a repetition has no further effect: by the method, or by an `Idempotency-Key`. */
export function isRepeatable(ctx: RequestContext): boolean {
  return isIdempotent(ctx.method) || (getField(ctx.fields, "idempotency-key") ?? "") !== "";
}

/**
 * Whether to send again.
 * @param progress how far the failed send came
 * @param repeatable whether doing it twice has the effect of doing it once
 * @param replayable whether the whole body can still be sent from its beginning
 * @param asked whether retries are configured for requests that a backend may have processed
 */
export function maySendAgain(progress: Progress, repeatable: boolean, replayable: boolean, asked: boolean): boolean {
  if (!replayable) return false;
  switch (progress) {
    case "unsent":
    case "refused":
      return true;
    case "reset_on_reuse":
      return repeatable;
    case "sent":
      return repeatable && asked;
    case "unable":
    case "declined":
    case "responding":
      return false;
  }
}

/** Why this answer is retried: its status, or `grpc_` and the status of a call; null: it is not. */
export function retryReason(
  rule: RetryRule,
  grpc: boolean,
  repeatable: boolean,
  status: number,
  fields: readonly string[],
): string | null {
  const call = grpc ? statusOfCall(fields) : -1;
  if (call > 0) return rule.isRetryableCall(call) ? `grpc_${call}` : null;
  return rule.isRetryable(status) && repeatable ? String(status) : null;
}

/**
 * Wait before the next attempt, ms.
 * @param retries already made
 * @param random uniform in [0, 1)
 */
export function backoff(rule: RetryRule, retries: number, random: () => number): number {
  const whole = Math.min(rule.maxDelayMs, rule.initialDelayMs * rule.multiplier ** retries);
  // Full jitter, so that requests that failed together are not retried together.
  if (rule.jitter === "full") return whole * random();
  return Math.min(rule.maxDelayMs, whole * (1 + rule.jitter * (2 * random() - 1)));
}

/**
 * Delay requested by a backend, ms: `grpc-retry-pushback-ms` (gRPC A6), else `Retry-After` as seconds or date (RFC 9110
 * §10.2.3); -1 if it requests none. Infinity: it requests that there is no retry.
 * @param now ms since 1970
 */
export function askedWait(fields: readonly string[], now: number): number {
  const pushback = getField(fields, "grpc-retry-pushback-ms");
  if (pushback !== undefined) return /^\d{1,9}$/.test(pushback) ? Number(pushback) : Number.POSITIVE_INFINITY;
  const text = getField(fields, "retry-after");
  if (text === undefined) return -1;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // `Date.parse` takes nearly anything for a date, and "1.5" for one long past.
  const date = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? -1 : Math.max(0, date - now);
}
