// Refuses requests that would come to a route with other demands once the path parameters (`/a;x/b`) are taken out of their
// path: some backends do that, and would serve what nobody has been asked a credential or permission for.
import type { RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { Verdict } from "../core/reply.ts";
import { withoutParameters } from "../wire/path-readings.ts";

/** A route, and what it demands of clients as text; null: no route has the path. */
type DemandsAt = (ctx: RequestContext) => string | null;

/** @param demandsAt what is demanded at `ctx.path` */
export function guardPath(demandsAt: DemandsAt): Filter {
  return { name: "path-parameters", phase: "edge", onRequest: (ctx) => check(ctx, demandsAt) };
}

function check(ctx: RequestContext, demandsAt: DemandsAt): Verdict {
  const { path } = ctx;
  const readings = withoutParameters(path);
  if (readings.length === 0) return undefined;
  const demanded = demandsAt(ctx);
  try {
    for (const reading of readings) {
      if (reading === null) return refuse(ctx);
      ctx.path = reading;
      if (demandsAt(ctx) !== demanded) return refuse(ctx);
    }
  } finally {
    ctx.path = path;
  }
  return undefined;
}

function refuse(ctx: RequestContext): Verdict {
  ctx.detail = "which route its path leads to depends on path parameters";
  return { code: "invalid_path" };
}
