// Everything compiled from one configuration; a request enters one and finishes on it.
import type { RequestContext } from "./context.ts";
import type { LimitView } from "./limit-view.ts";
import type { Overload } from "./overload.ts";
import type { Reply } from "./reply.ts";
import type { Route, RouteMeter } from "./route.ts";
import type { Service } from "./service.ts";
import type { OpenStreams } from "./streams.ts";

/** Result of a lookup: a route, or why there is none. */
export type Match = Route | NoMatch;

/** No route: `allow` lists the methods the path admits, empty when no rule has the path. */
export interface NoMatch {
  readonly allow: readonly string[];
}

/** An answer the gateway serves by itself. */
export interface Builtin {
  /** Any method; otherwise GET and HEAD only. */
  readonly any: boolean;
  answer(ctx: RequestContext): Reply | Promise<Reply>;
}

/** One compiled configuration. Immutable but for its reference count. */
export interface Snapshot {
  /** Short content hash of the configuration, for logs, metrics and the reload report. */
  readonly hash: string;
  /** Answers for rules with the service `_internal`, by canonical path. */
  readonly internals: ReadonlyMap<string, Builtin>;
  /** Built-in answers that win over routes, by canonical path. */
  readonly builtins: ReadonlyMap<string, Builtin>;
  /** Built-in answers used only where no route matches. */
  readonly fallbacks: ReadonlyMap<string, Builtin>;
  readonly services: ReadonlyMap<string, Service>;
  readonly routes: readonly Route[];
  /** null: load is not shed. */
  readonly overload: Overload | null;
  /** Each once, however many routes share it. */
  readonly limits: readonly LimitView[];
  match(ctx: RequestContext): Match;
  /** Whether the peer's forwarded fields are believed. */
  trusts(address: string): boolean;
  /** Settings of request ids. */
  readonly requestId: RequestIdRule;
  /** Whether `Via` is added, to requests and replies. */
  readonly via: boolean;
  /** Sends one access line; null when the access log is off. */
  readonly accessLog: AccessLog | null;
  /** Counts requests that matched no route; null when metrics are off. */
  readonly unmatchedMeter: RouteMeter | null;
  /** null when metrics are off. */
  readonly streamMeter: StreamMeter | null;
  /** WebSockets and event streams open now, on any snapshot. */
  readonly streams: OpenStreams;
  enter(): void;
  leave(): void;
}

/** How request ids are read, made and passed on. */
export interface RequestIdRule {
  readonly enabled: boolean;
  readonly headerName: string;
  /** {@link headerName} in lower case. */
  readonly lowerName: string;
  readonly generate: boolean;
  readonly propagate: boolean;
}

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

/** The snapshot requests enter now. Replaced by one assignment. */
export interface CurrentSnapshot {
  snapshot: Snapshot;
  /** Set while the gateway drains: replies ask clients to reconnect elsewhere. */
  draining: boolean;
}
