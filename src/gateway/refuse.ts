// Turns an error code into the answer its client gets: in the client's own protocol, with the connection's fate decided.
import type { RequestContext } from "../core/context.ts";
import { ERRORS, type ErrorCode, type ErrorRow } from "../core/errors.ts";
import { getField } from "../wire/fields.ts";
import { grpcKind, grpcMessage, grpcStatusOf } from "../wire/grpc.ts";
import { sendReply } from "./send-reply.ts";

const NO_TRAILERS: readonly string[] = [];

/**
 * Answers `ctx` with an error of the table. Once its reply has begun, a gRPC call is ended by its trailers, in gRPC-Web
 * by a frame of them; anything else can only be cut.
 * @param given further fields of the answer
 * @param message what is wrong with the client's own input; replaces the sentence of the table
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
  if (kind !== null) return endCall(ctx, kind, row, fields, message);
  if (ctx.status !== 0) return ctx.downstream.abort();
  const all = ["Content-Type", "application/json; charset=utf-8", ...(row.fields ?? []), ...fields];
  const body = errorBody(code, row, ctx.requestId, message);
  sendReply(ctx, { status: row.status, fields: all, body }, row.close === true);
}

/** The JSON error body: `{"error":{"type","message","code","requestId"}}`. */
function errorBody(code: ErrorCode, row: ErrorRow, requestId: string, message: string): string {
  return `${JSON.stringify({ error: { type: row.type, message, code, requestId } })}\n`;
}

/** HTTP 200 and a status of gRPC, as its clients expect: alone with the head, or behind what was sent. */
function endCall(
  ctx: RequestContext,
  kind: "native" | "web",
  row: ErrorRow,
  fields: readonly string[],
  message: string,
): void {
  ctx.grpcStatus = grpcStatusOf(row.status);
  const status = ["grpc-status", String(ctx.grpcStatus), "grpc-message", grpcMessage(message)];
  if (ctx.status !== 0) {
    if (kind === "native") return ctx.reply.end(null, status);
    const last = ctx.translation?.ending?.(status) ?? null;
    return last === null ? ctx.downstream.abort() : ctx.reply.end(last, NO_TRAILERS);
  }
  const type = ctx.fields[ctx.fields.findIndex((f, i) => i % 2 === 0 && f.toLowerCase() === "content-type") + 1]!;
  const all = ["content-type", type.split(";")[0]!, ...status, ...fields];
  sendReply(ctx, { status: 200, fields: all, body: "" }, row.close === true);
}
