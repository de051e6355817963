// The match plus everything decided for it at compile time, so that a request only looks things up.

import type { RequestContext } from "./context.ts";
import type { UpgradedSocket, Upstream } from "./edges.ts";
import type { ErrorCode } from "./errors.ts";
import type { Filter } from "./filter.ts";
import type { Tier } from "./limiter.ts";
import type { Reply } from "./reply.ts";
import type { Service } from "./service.ts";
import type { Strategy } from "./strategy.ts";
import type { Translator } from "./translator.ts";

/** What the route does to the request line and Host on the way to the backend. */
export interface TargetRule {
  /** gRPC: the path names a method, and {@link strip} goes only where a method is left behind it. */
  readonly calls: boolean;
  /** Literal prefix removed from the canonical path; "" removes nothing. */
  readonly strip: string;
  /** Put in front of what is left; "" adds nothing. */
  readonly prefix: string;
  /** `endpoint`: address and port of the endpoint · `client`: as the client sent it · `{ name }`: this text. */
  readonly host: "endpoint" | "client" | { readonly name: string };
}

/** Counts one finished request of a route. */
export interface RouteMeter {
  begin(ctx: RequestContext): void;
  done(ctx: RequestContext, seconds: number): void;
  /** A request was sent again. @param reason error code, status of the answer, or `hedge` */
  retried(reason: string): void;
}

/** What the route decides about WebSocket connections. */
export interface WebSocketRule {
  /** Request filters of handshakes, in phase order: those of the route and what concerns WebSockets alone. */
  readonly filters: readonly Filter[];
  /** Longest wait for the backend's answer to the handshake, ms; 0 none. */
  readonly handshakeMs: number;
  /** Lower-case names of the client's fields that are not passed on. */
  readonly replaced: ReadonlySet<string>;
  /** Lines of the handshake to the backend in their place. */
  offer(ctx: RequestContext): string;
  /** Checks the backend's agreement and makes of its fields what the client is told. @returns what is wrong, for the log */
  agree(ctx: RequestContext, fields: string[]): string | TunnelFactory;
  /** Waits for the backend. */
  readonly times: BackendTimes;
}

/** Joins both sides of a switched connection; over when the client's side is closed. */
export type TunnelFactory = (client: UpgradedSocket, backend: UpgradedSocket) => Upstream;

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
  /** Wait before a reconnect unless the stream said otherwise, ms. */
  readonly retryMs: number;
}

/** What answers in place of the service: either another service, or a reply made here. */
export interface Fallback {
  /** Failures it stands in for. */
  readonly codes: ReadonlySet<ErrorCode>;
  readonly service: Service | null;
  readonly reply: Reply | null;
}

/** A compiled route. */
export interface Route {
  readonly id: string;
  /** The pattern as configured: bounded label of metrics and logs. */
  readonly pattern: string;
  /** `file:line` it was written at. */
  readonly source: string;
  /** Request filters in phase order. */
  readonly filters: readonly Filter[];
  /** Filters that touch the response head, already reversed. */
  readonly replyFilters: readonly Filter[];
  /** null: the built-in answer of this path. */
  readonly strategy: Strategy | null;
  /** null: a failure of the service is what the client gets. */
  readonly fallback: Fallback | null;
  readonly target: TargetRule;
  /** null: WebSocket handshakes find no route here. */
  readonly websocket: WebSocketRule | null;
  readonly events: EventStreamRule;
  /** Waits for the backend instead of those of its pool; null: the pool's. */
  readonly times: BackendTimes | null;
  /** The backend speaks gRPC. */
  readonly grpc: boolean;
  /** Importance of its requests under pressure; see {@link RequestContext.tier}. */
  readonly tier: Tier;
  /** Endpoints tried for a request that no backend has looked at, the first included. */
  readonly maxAttempts: number;
  /** No further one is tried after this long, ms; 0 no bound of its own. */
  readonly attemptsWithinMs: number;
  /** null: the backend speaks what the client speaks. */
  readonly translator: Translator | null;
  /** Match to end of response, ms; 0 no deadline. For streams: to the head. */
  readonly timeoutMs: number;
  /** Whether the file says so itself: then the timeout also bounds the silence of streams, and shortens gRPC deadlines. */
  readonly timeoutWritten: boolean;
  /** Request body limit, bytes; 0 none. */
  readonly maxBodyBytes: number;
  readonly accessLog: boolean;
  /** null when metrics are off. */
  readonly meter: RouteMeter | null;
}
