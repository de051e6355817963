// The reply side of sticky sessions: sets the gateway's cookie, or reads the application's.
import type { Filter } from "../core/filter.ts";
import type { Sessions } from "./sessions.ts";

/** @param byService sessions of each service the route may send to */
export function sessionFilter(byService: ReadonlyMap<string, Sessions>): Filter {
  return {
    name: "sessions",
    phase: "shape",
    onReply(ctx, { made, status, fields }) {
      if (made === "backend" && ctx.endpoint !== null)
        byService.get(ctx.serviceName)?.answered(ctx, ctx.endpoint, status, fields);
      return undefined;
    },
  };
}
