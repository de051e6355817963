// Runs the flat list of request filters: synchronous until a filter returns a promise, over at the first verdict.
import type { RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { Verdict } from "../core/reply.ts";

/** @returns the first verdict, or undefined when every filter let the request pass or its client has left; a promise only if a
 * filter waited */
export function runFilters(ctx: RequestContext, filters: readonly Filter[], from = 0): Verdict | Promise<Verdict> {
  for (let i = from; i < filters.length; i++) {
    const verdict = filters[i]!.onRequest!(ctx);
    if (verdict === undefined) continue;
    if (verdict instanceof Promise)
      return verdict.then((v) => v ?? (ctx.finished ? undefined : runFilters(ctx, filters, i + 1)));
    return verdict;
  }
  return undefined;
}
