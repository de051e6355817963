// The match plus everything decided for it at compile time, so that a request only looks things up.
import type { ErrorWriter, ReplyFilter, RequestContext, RouteMeter } from "./context.ts";
import type { UpgradedSocket, Upstream } from "./edges.ts";
import type { ErrorCode } from "./errors.ts";
import type { Filter } from "./filter.ts";
import type { Reply } from "./reply.ts";
import type { Responder } from "./responder.ts";
import type { BackendTimes, RouteSettings } from "./route-settings.ts";
import type { Strategy } from "./strategy.ts";

/** What the route decides about WebSocket connections. */
export interface WebSocketRule {
  /** Request filters of handshakes, in phase order: those of the route and what concerns WebSockets alone. */
  readonly filters: readonly Filter[];
  /** Longest wait for the backend's answer to the handshake, ms; 0 none. */
  readonly handshakeMs: number;
  /** Lower-case names of the client's fields that are not passed on. */
  readonly replaced: ReadonlySet<string>;
  /** Fields of the handshake to the backend in their place, flat. */
  offer(ctx: RequestContext): readonly string[];
  /**
   * Checks the backend's answer to the handshake and builds the fields for the client. @returns the fault, for the log
   */
  agree(ctx: RequestContext, fields: string[]): string | TunnelFactory;
  /** Waits for the backend. */
  readonly times: BackendTimes;
}

/** Joins both sides of a switched connection; over when the client's side is closed. */
export type TunnelFactory = (client: UpgradedSocket, backend: UpgradedSocket) => Upstream;

/** What answers when no target could. */
export interface Fallback {
  /** Failures that it replaces. */
  readonly codes: ReadonlySet<ErrorCode>;
  readonly reply: Reply;
}

/** Answers CORS preflights. */
export interface PreflightRule {
  /** @returns null: the request goes the way of any other */
  answer(ctx: RequestContext): Reply | null;
}

/** A compiled route: what a request meets behind its match. */
export interface Route extends RouteSettings {
  /** Request filters in phase order. */
  readonly filters: readonly Filter[];
  /** Filters that see the reply, already reversed. */
  readonly replyFilters: readonly ReplyFilter[];
  /** Where its requests are sent, or what answers them here. */
  readonly to: Strategy | Responder;
  /** null: a failure of the targets is what the client gets. */
  readonly fallback: Fallback | null;
  /** The form of errors; null: that of the gateway. */
  readonly errors: ErrorWriter | null;
  /** null: preflights are requests like any other. */
  readonly preflight: PreflightRule | null;
  /** null: WebSocket handshakes find no route here. */
  readonly websocket: WebSocketRule | null;
  /** null when metrics are off. */
  readonly meter: RouteMeter | null;
}
