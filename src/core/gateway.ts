// What adapters are given: the way into the pipeline.
import type { RequestContext } from "./context.ts";
import type { ErrorCode } from "./errors.ts";

/** What adapters are given: the way into the pipeline. */
export interface Gateway {
  /** Takes one request through the pipeline. Never throws. */
  handle(ctx: RequestContext): void;
  /** Answers, counts and logs a malformed request; `code` is the reason. */
  refuse(ctx: RequestContext, code: ErrorCode): void;
  /** Exactly once per request, at its last byte or its abort. */
  done(ctx: RequestContext, completed: boolean): void;
}
