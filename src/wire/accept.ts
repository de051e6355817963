// Whether a client asks for an event stream.
import type { RequestContext } from "../core/context.ts";
import { getField } from "./fields.ts";

/** By its `Accept`, or by asking at or below `path` ("" = nowhere). Only GET: EventSource knows no other. */
export function wantsEventStream(ctx: RequestContext, path: string): boolean {
  if (ctx.method !== "GET" || ctx.upgrade) return false;
  if (path !== "" && (ctx.path === path || ctx.path.startsWith(path.endsWith("/") ? path : `${path}/`))) return true;
  const accept = getField(ctx.fields, "accept");
  return accept !== undefined && /(^|[\s,])text\/event-stream\s*([;,]|$)/i.test(accept);
}
