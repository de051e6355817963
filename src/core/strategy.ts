// Plans where a request goes.
import type { RequestContext } from "./context.ts";
import type { ErrorCode } from "./errors.ts";
import type { Refusal, Reply } from "./reply.ts";
import type { Service } from "./service.ts";
import type { Translator } from "./translator.ts";

/** A service, and how the request is put to it. */
export interface Target {
  readonly service: Service;
  /** null: the backend speaks what the client speaks. */
  readonly translator: Translator | null;
  /** Whether a request may be sent again even if neither its method nor its fields permit it (RFC 9110 §9.2.2). */
  readonly repeatable: boolean;
  /** Whether no other target can follow, so that the body is not kept for one. */
  readonly isLast: boolean;
  /**
   * The target that takes over when this one has failed for good; null: none. May be called more than once for a failure.
   * @param code why it failed; null: it answered
   * @param status of the answer; 0 none
   */
  next(code: ErrorCode | null, status: number): Target | null;
}

/** The target that is tried first, or an answer in place of all targets. */
export type Plan = Target | Reply | Refusal;

/** Whether a plan is a {@link Target}. */
export function isTarget(plan: Plan): plan is Target {
  return "service" in plan;
}

/** Decides where requests of a route go. It never fails a request: on a timeout or error it uses its default. */
export interface Strategy {
  /** Where a request goes, or why it is not sent at all. */
  plan(ctx: RequestContext): Plan | Promise<Plan>;
}
