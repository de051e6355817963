// The reply side of sticky sessions: the head of a reply is where a client learns, or the gateway, which session it is.
import type { Filter } from "../core/filter.ts";
import type { Sessions } from "./sessions.ts";

/** @param byService sessions of each service the route may send to */
export function sessionFilter(byService: ReadonlyMap<string, Sessions>): Filter {
  return {
    name: "sessions",
    phase: "shape",
    onReply(ctx, status, fields) {
      const { service, endpoint } = ctx;
      if (service === null || endpoint === null) return;
      byService.get(service.name)?.answered(ctx, endpoint, status, fields);
    },
  };
}
