// Turns an error code into the answer its client gets: in the client's own protocol, with the connection's fate decided.
import type { RequestContext } from "../core/context.ts";
import { ERRORS, type ErrorCode, type ErrorRow } from "../core/errors.ts";
import { getField } from "../wire/fields.ts";
import { grpcKind, grpcMessage, grpcStatusOf } from "../wire/grpc.ts";
import { sendReply } from "./send-reply.ts";

const NO_TRAILERS: readonly string[] = [];

/**
 * Answers `ctx` with an error of the table. Once its reply has begun, a gRPC call is ended by its trailers, a translated one
 * as its translator writes them; anything else can only be cut.
 * @param given further fields of the answer
 * @param message the fault in the client's input; replaces the message of the table
 */
export function refuse(
  ctx: RequestContext,
  code: ErrorCode,
  given: readonly string[] = [],
  message: string = ERRORS[code].message,
): void {
  ctx.error = code;
  const row: ErrorRow = ERRORS[code];
  const late = row.retryAfter !== undefined && getField(given, "retry-after") === undefined;
  const fields = late ? [...given, "Retry-After", String(row.retryAfter)] : given;
  const kind = grpcKind(ctx.fields);
  const written = ctx.status === 0 ? (ctx.routeErrors?.write(ctx, code, message) ?? null) : null;
  if (written !== null) {
    const { status, body } = written;
    return sendReply(ctx, { status, fields: [...written.fields, ...fields], body }, row.close === true);
  }
  if (ctx.status !== 0) return endReply(ctx, kind, row, message);
  if (kind !== null) return refuseCall(ctx, row, fields, message);
  const all = ["Content-Type", "application/json; charset=utf-8", ...(row.fields ?? []), ...fields];
  const body = errorBody(code, row, ctx.requestId, message);
  sendReply(ctx, { status: row.status, fields: all, body }, row.close === true);
}

/** The JSON error body: `{"error":{"type","message","code","requestId"}}`. */
function errorBody(code: ErrorCode, row: ErrorRow, requestId: string, message: string): string {
  return `${JSON.stringify({ error: { type: row.type, message, code, requestId } })}\n`;
}

/** HTTP 200 and a status of gRPC alone with the head, as its clients expect. */
function refuseCall(ctx: RequestContext, row: ErrorRow, fields: readonly string[], message: string): void {
  const type = ctx.fields[ctx.fields.findIndex((f, i) => i % 2 === 0 && f.toLowerCase() === "content-type") + 1]!;
  const all = ["content-type", type.split(";")[0]!, ...noteStatus(ctx, row, message), ...fields];
  sendReply(ctx, { status: 200, fields: all, body: "" }, row.close === true);
}

/** Ends a reply that has begun. */
function endReply(ctx: RequestContext, kind: ReturnType<typeof grpcKind>, row: ErrorRow, message: string): void {
  if (kind === "native") return ctx.reply.end(null, noteStatus(ctx, row, message));
  const last = ctx.translation?.ending?.(noteStatus(ctx, row, message)) ?? null;
  if (last === null) ctx.downstream.abort();
  else ctx.reply.end(last, NO_TRAILERS);
}

/** The status as trailers. */
function noteStatus(ctx: RequestContext, row: ErrorRow, message: string): readonly string[] {
  ctx.grpcStatus = grpcStatusOf(row.status);
  return ["grpc-status", String(ctx.grpcStatus), "grpc-message", grpcMessage(message)];
}
