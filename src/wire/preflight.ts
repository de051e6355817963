// CORS preflights, which a browser sends before a cross-origin request (Fetch standard, "CORS-preflight request").
import type { RequestContext } from "../core/context.ts";
import type { NoMatch } from "../core/snapshot.ts";
import { getField } from "./fields.ts";

/**
 * Finds the route of a request: of a preflight that of the request it asks about, if that answers preflights. Notes the
 * method it asks about in `ctx.preflight`.
 * @param match finds the route of `ctx.preflight`, else of `ctx.method`
 * @param answers whether a route answers preflights
 */
export function matchPreflight<R extends object>(
  ctx: RequestContext,
  match: (ctx: RequestContext) => R | NoMatch,
  answers: (route: R) => boolean,
): R | NoMatch {
  ctx.preflight = methodAskedFor(ctx);
  const found = match(ctx);
  if (ctx.preflight === "" || (!("allow" in found) && answers(found))) return found;
  ctx.preflight = "";
  return match(ctx);
}

function methodAskedFor({ method, fields }: RequestContext): string {
  if (method !== "OPTIONS" || getField(fields, "origin") === undefined) return "";
  return getField(fields, "access-control-request-method") ?? "";
}
