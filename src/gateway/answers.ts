// What the gateway itself says to a client when a service cannot: an error, or what the route has in its place.
import type { RequestContext } from "../core/context.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Reply } from "../core/reply.ts";
import type { Service } from "../core/service.ts";

/** Ways to answer. */
export interface Answers {
  /** An error of the table, or the truthful end of what has begun. */
  refuse(ctx: RequestContext, code: ErrorCode, fields?: readonly string[], message?: string): void;
  reply(ctx: RequestContext, reply: Reply): void;
}

/** A request that can still be sent elsewhere. */
export interface Restartable {
  /** Begins anew with another service. @returns false when it cannot */
  restart(service: Service): boolean;
  /** Gives up whatever is under way. */
  abort(): void;
}

/** Uses the fallback of the route. @returns false when it has none for this failure */
export function fallBack(ctx: RequestContext, code: ErrorCode, request: Restartable, answers: Answers): boolean {
  const { fallback } = ctx.route!;
  if (ctx.status !== 0 || fallback === null || !fallback.codes.has(code)) return false;
  if (fallback.service !== null) return fallback.service !== ctx.service && request.restart(fallback.service);
  request.abort();
  ctx.detail = `fallback for ${code}`;
  answers.reply(ctx, fallback.reply!);
  return true;
}

/** `Retry-After` in whole seconds (RFC 9110 §10.2.3), as a flat list; empty when nothing is known. @param ms 0 unknown */
export function retryAfter(ms: number): readonly string[] {
  return ms > 0 ? ["Retry-After", String(Math.ceil(ms / 1000))] : [];
}
