// Whether a request that failed may be sent again without doing anything twice.
import type { Progress } from "../core/edges.ts";

/** Methods whose repetition has the effect of one request (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Whether repeating the method is harmless by definition. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/**
 * Whether to send again.
 * @param progress how far the failed send came
 * @param replayable whether the whole body can still be sent from its beginning
 */
export function maySendAgain(progress: Progress, method: string, replayable: boolean): boolean {
  if (!replayable) return false;
  return progress === "unsent" || progress === "refused" || (progress === "reset_on_reuse" && isIdempotent(method));
}
