// What every reply of a backend gets on its way: filters of the route, references in the client's terms, the request id.
import { addCharges } from "../core/charge.ts";
import type { RequestContext } from "../core/context.ts";
import { dropFields, getField } from "../wire/fields.ts";
import { statusOfCall } from "../wire/grpc.ts";
import { rewriteLocations } from "./reply-location.ts";

const OWN_FIELDS: ReadonlySet<string> = new Set(["x-gateway"]);

/** Changes the response fields in place. */
export function addReplyFields(ctx: RequestContext, status: number, fields: string[]): void {
  const { requestId, via } = ctx.snapshot!;
  dropOwn(fields, requestId.lowerName);
  for (const filter of ctx.route!.replyFilters) filter.onReply!(ctx, status, fields);
  addCharges(ctx.charges, fields);
  rewriteLocations(ctx, fields);
  if (via) fields.push("Via", `${ctx.endpoint!.spec.http2 || ctx.route!.grpc ? "2.0" : "1.1"} gateway`);
  if (ctx.requestId !== "") fields.push(requestId.headerName, ctx.requestId);
}

/** Whether the response is an event stream, whatever the request asked for. */
export function isEventStream(fields: readonly string[]): boolean {
  const type = getField(fields, "content-type");
  return type !== undefined && /^text\/event-stream\s*(;|$)/i.test(type);
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

/** The request id is echoed once, and a backend that is a gateway keeps its own mark to itself. */
function dropOwn(fields: string[], idName: string): void {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (
      (name.length === idName.length && name.toLowerCase() === idName) ||
      (name.length === 9 && OWN_FIELDS.has(name.toLowerCase()))
    ) {
      return dropFields(fields, new Set([idName, ...OWN_FIELDS]));
    }
  }
}
