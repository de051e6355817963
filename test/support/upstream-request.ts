// A request as connectors are given it, made of a client's the way the pipeline does it.
import type { RequestContext } from "../../src/core/context.ts";
import type { RequestBody } from "../../src/core/edges.ts";
import { NO_BODY } from "../../src/core/null-upstream.ts";
import type { Route } from "../../src/core/route.ts";
import type { UpstreamRequest } from "../../src/core/upstream-request.ts";
import { attemptFields, requestHead, withoutLastEventId } from "../../src/gateway/upstream-request.ts";
import { contextOf, routeOf, snapshotOf } from "./context.ts";

/** What an attempt says besides its request. */
export interface AttemptFacts {
  readonly body?: RequestBody;
  readonly deadlineAt?: number;
  readonly lastEventId?: string;
}

/** The first attempt of a request. */
export function upstreamRequestOf(ctx: RequestContext, route: Route, facts: AttemptFacts = {}): UpstreamRequest {
  const { body = NO_BODY, deadlineAt = 0, lastEventId = "" } = facts;
  const head = requestHead(ctx, route);
  return {
    head: lastEventId === "" ? head : withoutLastEventId(head),
    own: attemptFields(ctx, route, deadlineAt, lastEventId, undefined),
    body,
    fresh: false,
  };
}

/** `GET /` without fields. */
export function plainGet(): UpstreamRequest {
  const route = routeOf();
  return upstreamRequestOf(contextOf({ route, snapshot: snapshotOf() }), route);
}
