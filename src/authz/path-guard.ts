// Rejects requests whose path a backend could interpret as one of a route with other requirements: without its parameters
// (`/a;x/b`), or with dot segments that appear once it is decoded. No credential or permission was checked for that path.
import type { RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { Verdict } from "../core/reply.ts";
import { hasReadings, strayReadings } from "../wire/path-readings.ts";

/** The requirements of the route at `ctx.path` as text; null if no route matches. */
type RequirementsAt = (ctx: RequestContext) => string | null;

/** Makes the filter, which all routes share. */
export function guardPath(requirementsAt: RequirementsAt): Filter {
  return { name: "path-guard", phase: "edge", onRequest: (ctx) => check(ctx, requirementsAt) };
}

function check(ctx: RequestContext, requirementsAt: RequirementsAt): Verdict {
  const { path } = ctx;
  if (!hasReadings(path)) return undefined;
  const readings = strayReadings(path);
  if (readings.length === 0) return undefined;
  const required = requirementsAt(ctx);
  try {
    for (const reading of readings) {
      if (reading === null) return reject(ctx);
      ctx.path = reading;
      if (requirementsAt(ctx) !== required) return reject(ctx);
    }
  } finally {
    ctx.path = path;
  }
  return undefined;
}

function reject(ctx: RequestContext): Verdict {
  ctx.detail = "the path can be interpreted as one of a route with other requirements";
  return { code: "invalid_path" };
}
