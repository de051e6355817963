// What watches requests from outside: meters of streams, and the access log.
import type { RequestContext } from "./context.ts";

/** Counts WebSockets and event streams. */
export interface StreamMeter {
  /** A stream has begun. */
  opened(ctx: RequestContext): void;
  /** A request that was one, or wanted to be one, is over. */
  done(ctx: RequestContext): void;
}

/** Writes one line per finished request. */
export interface AccessLog {
  write(ctx: RequestContext, durationMs: number): void;
}
