// The settings of a route as plain values, prepared so that a request needs no computation.
import type { Tier } from "./limiter.ts";

/** What the route does to the request line and Host on the way to the backend. */
export interface TargetRule {
  /** gRPC: the path names a method, and {@link strip} is removed only if a method remains after it. */
  readonly calls: boolean;
  /** Literal prefix removed from the canonical path; "" removes nothing. */
  readonly strip: string;
  /** Prepended to the remaining path; "" = nothing. */
  readonly prefix: string;
  /** `endpoint`: address and port of the endpoint · `client`: as the client sent it · `{ name }`: this text. */
  readonly host: "endpoint" | "client" | { readonly name: string };
}

/** How long a backend is waited for, ms. */
export interface BackendTimes {
  readonly dialTimeoutMs: number;
  /** From the request sent to the response head; 0 off. */
  readonly headTimeoutMs: number;
}

/** What the route decides about event streams. */
export interface EventStreamRule {
  /** Longest stall of a client that does not read, ms; 0 none. */
  readonly stallMs: number;
  /** Bytes kept for a slow client before its backend is paused. */
  readonly bufferBytes: number;
  /** Silence after which a comment is sent, between events, ms; 0 none. */
  readonly heartbeatMs: number;
  /** The stream ends after this long, ms, give or take a tenth; 0 never. */
  readonly maxAgeMs: number;
  /** Longest silence of the backend, ms; 0 none. */
  readonly silenceMs: number;
  /** Largest event of a stream that passes as it comes, bytes; 0 no limit. */
  readonly maxEventBytes: number;
  /** Largest event of a stream that is taken up again when it is lost, bytes; 0 no limit: such events are held. */
  readonly maxHeldBytes: number;
  /** Reconnects to a lost backend; 0 none. */
  readonly maxRetries: number;
  /** Delay before a reconnect unless the stream has set another, ms. */
  readonly retryMs: number;
  /** Interval of checks of the client's credential, ms; 0: only its expiry counts; null: the stream may outlive it. */
  readonly recheckMs: number | null;
}

/** The plain values of a compiled route. */
export interface RouteSettings {
  readonly id: string;
  /** The pattern as configured: bounded label of metrics and logs. */
  readonly pattern: string;
  /** `file:line` it was written at. */
  readonly source: string;
  readonly target: TargetRule;
  readonly events: EventStreamRule;
  /** Waits for the backend instead of those of its pool; null: the pool's. */
  readonly times: BackendTimes | null;
  /** The backend speaks gRPC. */
  readonly grpc: boolean;
  /** Importance under pressure. */
  readonly tier: Tier;
  /** Endpoints tried for a request that no backend has looked at, the first included. */
  readonly maxAttempts: number;
  /** No further attempt is made after this time, ms; 0 = no limit. */
  readonly attemptsWithinMs: number;
  /** Match to end of response, ms; 0 no deadline. For streams: to the head. */
  readonly timeoutMs: number;
  /** Whether it is set in the file: then the timeout also limits idle streams and shortens gRPC deadlines. */
  readonly timeoutWritten: boolean;
  /** As {@link EventStreamRule.recheckMs}, for calls of gRPC. */
  readonly callRecheckMs: number | null;
  /** Request body limit, bytes; 0 none. */
  readonly maxBodyBytes: number;
  readonly accessLog: boolean;
  /** Whether fields that override the method or path are removed, because access was decided by these. */
  readonly hidesOverrides: boolean;
}
