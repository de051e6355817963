// Sends the client a fault that no other candidate could make up for.
import type { Fault } from "../../message/fault.ts";
import type { ReplyOutput } from "./reply-part.ts";

const JSON_FIELDS = ["Content-Type", "application/json; charset=utf-8"] as const;

/** Sends a fault in the client's format: as the whole answer, or as the last events of a stream that has begun. */
export function deliverFault(fault: Fault, to: ReplyOutput): void {
  const { ctx, request, hasContent } = to.call;
  const { client } = request.format;
  if (hasContent) {
    to.events(Buffer.from(client.errorEvents(fault, ctx.requestId, true)), true);
    return;
  }
  const { status, body } = client.writeError(fault, ctx.requestId);
  to.answer(status, Buffer.from(JSON.stringify(body)), [...JSON_FIELDS, ...retryFields(fault, ctx.attempts)]);
}

/** When the client may try again, and that it need not do so by itself if the gateway has done that. */
export function retryFields({ retryAfterMs }: Fault, attempts: number): string[] {
  const fields = retryAfterMs < 0 ? [] : ["Retry-After", String(Math.ceil(retryAfterMs / 1000))];
  if (attempts > 1) fields.push("x-should-retry", "false");
  return fields;
}
