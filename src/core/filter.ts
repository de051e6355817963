// One policy on a route: inspects the request, and either returns a verdict or lets it continue.
import type { ReplyFilter, RequestContext } from "./context.ts";
import type { Verdict } from "./reply.ts";

/** Order of request filters; within a phase, the order of the configuration. Reply filters run reversed. */
const PHASES = ["edge", "authenticate", "authorize", "limit", "shape"] as const;
/** One of {@link PHASES}. */
export type Phase = (typeof PHASES)[number];

/** The filters in the order of their phases; within a phase as they stand. */
export function inPhaseOrder(filters: readonly Filter[]): readonly Filter[] {
  return [...filters].sort((a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase));
}

/**
 * A policy compiled for one route. Its request half may answer, refuse, or change what is forwarded (`ctx.edited()`,
 * `ctx.body`); its reply half sees every reply of the route, also where its request half was not reached.
 */
export interface Filter extends Partial<ReplyFilter> {
  readonly name: string;
  readonly phase: Phase;
  /** Synchronous unless it must wait; the first verdict that is not undefined ends the request here. */
  onRequest?(ctx: RequestContext): Verdict | Promise<Verdict>;
}
