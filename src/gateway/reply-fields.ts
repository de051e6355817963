// What the fields of a reply say about it.
import type { RequestContext } from "../core/context.ts";
import { getField } from "../wire/fields.ts";
import { statusOfCall } from "../wire/grpc.ts";

/** Whether the response is an event stream, whatever the request asked for. */
export function isEventStream(fields: readonly string[]): boolean {
  const type = getField(fields, "content-type");
  return type !== undefined && /^text\/event-stream\s*(;|$)/i.test(type);
}

/** Whether the response has exactly this content type. @param type undefined: none counts */
export function isOfType(fields: readonly string[], type: string | undefined): boolean {
  return type !== undefined && getField(fields, "content-type") === type;
}

/** Whether the body is compressed or coded otherwise: nothing can be seen in it. */
export function isEncoded(fields: readonly string[]): boolean {
  const coding = getField(fields, "content-encoding");
  return coding !== undefined && coding.toLowerCase() !== "identity";
}

/** Notes the status of a gRPC call, for the log: in its trailers, or in the head of a reply without messages. */
export function noteGrpcStatus(ctx: RequestContext, fields: readonly string[]): void {
  const status = statusOfCall(fields);
  if (status >= 0) ctx.grpcStatus = status;
}
