// Permission for one attempt: what was taken for it, and how it is released with the outcome of the attempt.
import type { AttemptOutcome } from "../core/attempt-end.ts";
import type { RequestContext } from "../core/context.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { Picker, Service } from "../core/service.ts";

/** Permission to send, granted by limiter, circuits and balancer. Released exactly once. */
export interface Permit {
  readonly service: Service;
  readonly picker: Picker;
  readonly endpoint: Endpoint;
  /** Of the service's circuit; 0 when it has none. */
  readonly ticket: number;
  /** Of the endpoint's own circuit; 0 when it has none. */
  readonly ownTicket: number;
}

/** Allows no conclusion about the endpoint. */
export function giveBack({ service, endpoint, ticket, ownTicket }: Permit): void {
  service.limiter?.release(-1, false);
  service.breaker?.dropped(ticket);
  endpoint.breaker?.dropped(ownTicket);
}

/** The endpoint did well: circuits, limit, endpoint and balancer learn it. @param headMs until the response head */
export function reportGood(permit: Permit, ctx: RequestContext, headMs: number): void {
  const { service, endpoint } = permit;
  service.limiter?.release(headMs, false);
  service.breaker?.succeeded(permit.ticket);
  endpoint.breaker?.succeeded(permit.ownTicket);
  endpoint.state.succeeded(headMs);
  permit.picker.observe?.(ctx, endpoint, true, headMs);
}

/** The endpoint is to blame for a failure. @param overloaded it has too much to do */
export function reportBad(
  permit: Permit,
  ctx: RequestContext,
  headMs: number,
  overloaded: boolean,
  outcome: AttemptOutcome,
  detail: string,
): void {
  const { service, endpoint } = permit;
  service.limiter?.release(-1, overloaded); // the time of an immediate error is not the latency of an answer
  service.breaker?.failed(permit.ticket);
  endpoint.breaker?.failed(permit.ownTicket);
  endpoint.state.failed(outcome, detail);
  permit.picker.observe?.(ctx, endpoint, false, headMs);
}
