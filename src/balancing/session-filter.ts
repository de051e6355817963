// The reply side of sticky sessions: in the head of a reply the client is given its cookie, or the gateway reads one.
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
