// Permission to send: limiter, circuits and balancer in this order; when one refuses, earlier grants are returned.
import type { RequestContext } from "../core/context.ts";
import { type Endpoint, isHealthy, weightOf } from "../core/endpoint.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Service } from "../core/service.ts";
import type { Permit } from "./permit.ts";

/** No attempt can be made now. */
interface Blocked {
  readonly code: ErrorCode;
  /** ms after which it may be tried again; 0 unknown. */
  readonly retryMs: number;
}

const NONE: readonly Endpoint[] = [];
const OVERLOADED: Blocked = { code: "overloaded", retryMs: 0 };

/** Whether an attempt was blocked. */
export function isBlocked(answer: Permit | Blocked): answer is Blocked {
  return "code" in answer;
}

/**
 * Permission for one attempt; the caller makes the attempt.
 * @param exclude endpoints not to be picked
 * @param only the endpoint to use; null: the balancer picks
 * @param resort whether one that could not be connected to of late is better than none
 */
export function admit(
  ctx: RequestContext,
  service: Service,
  exclude: readonly Endpoint[],
  only: Endpoint | null,
  resort = false,
): Permit | Blocked {
  const { limiter, breaker } = service;
  if (limiter !== null && !limiter.admit(ctx.tier)) return OVERLOADED;
  const ticket = breaker === null ? 0 : breaker.admit();
  if (breaker !== null && ticket === 0) {
    limiter?.release(-1, false);
    return { code: "circuit_open", retryMs: breaker.retryAfterMs };
  }
  let permit = only === null ? pick(ctx, service, exclude, ticket) : askAgain(service, only, ticket);
  if (permit === null && resort) permit = lastResort(service, exclude, ticket);
  if (permit !== null) return permit;
  breaker?.dropped(ticket);
  limiter?.release(-1, false);
  ctx.debug?.("No instance may take the request", {
    service: service.name,
    instances: service.endpoints.map(stateText),
  });
  return noEndpoint(service);
}

/** Permission for the next attempt: on an endpoint that has not failed, or else on one that has. */
export function admitNext(ctx: RequestContext, service: Service, failed: readonly Endpoint[]): Permit | Blocked {
  const other = admit(ctx, service, failed, null, failed.length === 0);
  return isBlocked(other) && failed.length > 0 ? admit(ctx, service, NONE, null, true) : other;
}

/** Permission for an endpoint that has not failed. @param same a failed one that may be tried again; null: none */
export function admitElsewhere(
  ctx: RequestContext,
  service: Service,
  failed: readonly Endpoint[],
  same: Endpoint | null,
): Permit | Blocked {
  const other = admit(ctx, service, failed, null, same === null);
  if (!isBlocked(other) || same === null) return other;
  const again = admit(ctx, service, NONE, same);
  return isBlocked(again) ? admit(ctx, service, failed, null, true) : again;
}

function pick(ctx: RequestContext, service: Service, exclude: readonly Endpoint[], ticket: number): Permit | null {
  let left = exclude;
  for (;;) {
    const endpoint = service.picker.pick(ctx, left);
    if (endpoint === null) return null;
    const permit = ask(service, endpoint, ticket);
    if (permit !== null) return permit;
    left = [...left, endpoint]; // its circuit has just opened, or is trying itself out
  }
}

/** An endpoint that only stays out because it could not be connected to: no request is refused for the sake of that. */
function lastResort(service: Service, exclude: readonly Endpoint[], ticket: number): Permit | null {
  for (const endpoint of service.endpoints) {
    const { obstacles } = endpoint.state;
    const alone = obstacles.size === 1 && obstacles.has("unreachable");
    if (!alone || !endpoint.spec.healthy || weightOf(endpoint) === 0 || exclude.includes(endpoint)) continue;
    const ownTicket = endpoint.breaker?.admit() ?? 0;
    if (endpoint.breaker !== null && ownTicket === 0) continue;
    return { service, picker: service.picker, endpoint, ticket, ownTicket };
  }
  return null;
}

/** An endpoint that was removed from the service in the meantime gets no new request. */
function askAgain(service: Service, endpoint: Endpoint, ticket: number): Permit | null {
  return service.endpoints.includes(endpoint) ? ask(service, endpoint, ticket) : null;
}

function ask(service: Service, endpoint: Endpoint, ticket: number): Permit | null {
  const { breaker } = endpoint;
  const ownTicket = breaker === null ? 0 : breaker.admit();
  if (breaker !== null && ownTicket === 0) return null;
  if (endpoint.state.reach?.admit() === false) {
    breaker?.dropped(ownTicket);
    return null;
  }
  return { service, picker: service.picker, endpoint, ticket, ownTicket };
}

/** What keeps an endpoint from the request, for the log; one without a reason was tried already. */
function stateText({ spec, state, breaker }: Endpoint): string {
  const reasons = [...(spec.healthy ? [] : ["registry"]), ...state.obstacles];
  if ((state.weight ?? spec.weight) === 0) reasons.push("weight 0");
  if (breaker !== null && breaker.state !== "closed") reasons.push(`circuit ${breaker.state}`);
  return reasons.length === 0 ? spec.id : `${spec.id}: ${reasons.join(", ")}`;
}

/** Why no endpoint was picked: circuits, when there are healthy endpoints behind them. */
function noEndpoint(service: Service): Blocked {
  let retryMs = Number.POSITIVE_INFINITY;
  for (const endpoint of service.endpoints) {
    const { breaker } = endpoint;
    if (breaker === null || breaker.state === "closed" || !isHealthy(endpoint)) continue;
    retryMs = Math.min(retryMs, breaker.retryAfterMs);
  }
  if (retryMs === Number.POSITIVE_INFINITY) return { code: "no_endpoint", retryMs: 0 };
  return { code: "circuit_open", retryMs };
}
