// Fields about an attempt for the backend: the remaining time, and the number of previous attempts.

/**
 * Adds `X-Request-Deadline`, seconds since 1970 with milliseconds, where the request has a deadline, and `X-Retry-Attempt`,
 * how many attempts were before, where there were any.
 * @param deadlineAt monotonic, ms; 0 none
 * @param attempts the present one included
 */
export function addAttemptFields(fields: string[], deadlineAt: number, attempts: number): void {
  if (deadlineAt > 0) {
    const at = Math.round(Date.now() + deadlineAt - performance.now());
    const ms = at % 1000;
    fields.push("X-Request-Deadline", `${(at - ms) / 1000}.${ms < 10 ? "00" : ms < 100 ? "0" : ""}${ms}`);
  }
  if (attempts > 1) fields.push("X-Retry-Attempt", String(attempts - 1));
}

/** Time left by the `X-Request-Deadline` of a gateway before this one, ms, at least 1; 0 when there is none. */
export function deadlineAsked(text: string | undefined): number {
  if (text === undefined || !/^\d{1,12}(\.\d{1,6})?$/.test(text)) return 0;
  return Math.max(1, Number(text) * 1000 - Date.now());
}
