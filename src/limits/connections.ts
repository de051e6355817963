// A bound on what stays open: counted when admitted, given back when the request is over, however it ends.
import type { RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { LeaseHolder } from "../core/lease.ts";

/** Open connections of one kind; kept across reloads. */
interface Counter {
  active: number;
}

/** The counter of that name, shared by every snapshot that holds it. */
export function leaseCounter(leases: LeaseHolder, name: string): Counter {
  return leases.lease<Counter>(
    name,
    () => ({ active: 0 }),
    () => undefined,
  );
}

/**
 * Refuses what would exceed the bound with 503 `overloaded`.
 * @param applies whether a request is of the kind that is counted
 */
export function connectionLimit(counter: Counter, max: number, applies: (ctx: RequestContext) => boolean): Filter {
  return {
    name: "connection-limit",
    phase: "limit",
    onRequest(ctx) {
      if (!applies(ctx)) return undefined;
      if (counter.active >= max) return { code: "overloaded", fields: RETRY };
      counter.active++;
      ctx.onDone(() => {
        counter.active--;
      });
      return undefined;
    },
  };
}

/** Connections that stay open rarely end within a second. */
const RETRY = ["Retry-After", "5"];
