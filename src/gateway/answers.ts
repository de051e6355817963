// The gateway's own answers, for requests that no backend answers.
import type { RequestContext } from "../core/context.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Reply } from "../core/reply.ts";

/** Ends a request with an answer of the gateway's own. */
export interface Answers {
  /** Answers with an error of the table, or ends truthfully what has begun. */
  refuse(ctx: RequestContext, code: ErrorCode, fields?: readonly string[], message?: string): void;
  reply(ctx: RequestContext, reply: Reply): void;
}

/** `Retry-After` in whole seconds (RFC 9110 §10.2.3), as a flat list; empty when nothing is known. @param ms 0 unknown */
export function retryAfter(ms: number): readonly string[] {
  return ms > 0 ? ["Retry-After", String(Math.ceil(ms / 1000))] : [];
}
