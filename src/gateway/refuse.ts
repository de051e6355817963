// Turns an error code into the answer its client gets: status, body, and whether the connection survives.
import type { RequestContext } from "../core/context.ts";
import { ERRORS, type ErrorCode, type ErrorRow } from "../core/errors.ts";

/** Answers `ctx` with an error of the table; once its reply has begun, the only truthful thing left is to cut it. */
export function refuse(ctx: RequestContext, code: ErrorCode, fields: readonly string[] = []): void {
  ctx.error = code;
  if (ctx.status !== 0) return ctx.downstream.abort();
  const row: ErrorRow = ERRORS[code];
  ctx.status = row.status;
  const all = ["Content-Type", "application/json; charset=utf-8", ...fields];
  if (ctx.requestId !== "") all.push(ctx.snapshot?.requestId.headerName ?? "X-Request-ID", ctx.requestId);
  ctx.downstream.answer(row.status, all, errorBody(code, row, ctx.requestId), row.close === true);
}

/** The JSON error body: `{"error":{"type","message","code","requestId"}}`. */
export function errorBody(code: ErrorCode, row: ErrorRow, requestId: string): string {
  return `${JSON.stringify({ error: { type: row.type, message: row.message, code, requestId } })}\n`;
}
