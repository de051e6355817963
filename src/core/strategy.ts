// Plans where a request goes.
import type { RequestContext } from "./context.ts";
import type { ErrorCode } from "./errors.ts";
import type { Refusal } from "./reply.ts";
import type { Service } from "./service.ts";
import type { Translator } from "./translator.ts";

/** A service, and how the request is put to it. */
export interface Target {
  readonly service: Service;
  /** null: the backend speaks what the client speaks. */
  readonly translator: Translator | null;
  /** Whether a request may be sent again even if neither its method nor its fields permit it (RFC 9110 §9.2.2). */
  readonly repeatable: boolean;
  /**
   * Whether the next target of the plan takes over when this one has failed for good.
   * @param code why it failed; null: it answered
   * @param status of the answer; 0 none
   */
  movesOn(code: ErrorCode | null, status: number): boolean;
}

/** Targets in the order they are tried; never empty. */
export type Plan = readonly [Target, ...Target[]];

/** Decides where requests of a route go. It never fails a request: on a timeout or error it uses its default. */
export interface Strategy {
  /** The targets of a request, or why it is not sent at all. */
  plan(ctx: RequestContext): Plan | Refusal | Promise<Plan | Refusal>;
}
