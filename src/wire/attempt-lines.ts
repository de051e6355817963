// What a backend is told about the try it gets: how much time is left for it, and that it is not the first.
import type { RequestContext } from "../core/context.ts";

/**
 * Header lines, each with its CRLF: `X-Request-Deadline`, seconds since 1970 with milliseconds, where the request has a
 * deadline; `X-Retry-Attempt`, how many tries were before, where there were any.
 */
export function attemptLines(ctx: RequestContext): string {
  let lines = "";
  if (ctx.deadlineAt > 0) {
    const at = Math.round(Date.now() + ctx.deadlineAt - performance.now());
    const ms = at % 1000;
    lines = `X-Request-Deadline: ${(at - ms) / 1000}.${ms < 10 ? "00" : ms < 100 ? "0" : ""}${ms}\r\n`;
  }
  return ctx.attempts > 1 ? `${lines}X-Retry-Attempt: ${ctx.attempts - 1}\r\n` : lines;
}

/** Time left by the `X-Request-Deadline` of a gateway before this one, ms, at least 1; 0 when there is none. */
export function deadlineAsked(text: string | undefined): number {
  if (text === undefined || !/^\d{1,12}(\.\d{1,6})?$/.test(text)) return 0;
  return Math.max(1, Number(text) * 1000 - Date.now());
}
