// Everything compiled from one configuration; a request enters one and finishes on it.

import type { Standing } from "./bound-stream.ts";
import type { ReplyFilter, RequestContext, RequestSnapshot } from "./context.ts";
import type { LimitView } from "./limit-view.ts";
import type { Overload } from "./overload.ts";
import type { Refusal, Reply } from "./reply.ts";
import type { Responder } from "./responder.ts";
import type { Route } from "./route.ts";
import type { Service } from "./service.ts";
import type { Trace } from "./trace.ts";

/** Result of a lookup: a route, or the reason why none matches. */
export type Match = Route | NoMatch;

/** No route: `allow` lists the methods the path admits, empty when no rule has the path. */
export interface NoMatch {
  readonly allow: readonly string[];
}

/** One compiled configuration. Immutable but for its reference count. */
export interface Snapshot extends RequestSnapshot {
  /** Short content hash of the configuration, for logs, metrics and the reload report. */
  readonly hash: string;
  readonly services: ReadonlyMap<string, Service>;
  readonly routes: readonly Route[];
  /** Filters that see replies to requests without a route: unreadable ones, and those that match none. */
  readonly replyFilters: readonly ReplyFilter[];
  /** null: load is not shed. */
  readonly overload: Overload | null;
  /** Each once, however many routes share it. */
  readonly limits: readonly LimitView[];
  /** Whether the listener takes requests of this client: a refusal if not. */
  admission(ctx: RequestContext): Refusal | undefined;
  /** The gateway's own answer at one of its reserved paths, which no route can match; null for other paths. */
  ownAnswer(ctx: RequestContext): Responder | null;
  /**
   * The answer to an HTTP-01 challenge of an ACME authority; null for any path other than those of challenges. It resolves
   * to null for an unknown token, and the request is then routed like any other.
   */
  validationAnswer(ctx: RequestContext): Promise<Reply | null> | null;
  /** Whether any route answers preflights. */
  readonly answersPreflights: boolean;
  match(ctx: RequestContext): Match;
  /** The current state of the credential that was accepted for a request; the request may be on another snapshot. */
  standing(ctx: RequestContext): Standing | Promise<Standing>;
  /** The gateway's own answer where no route has the path. */
  lastAnswer(ctx: RequestContext): Responder | null;
  /** Whether the peer's forwarded fields are trusted. */
  trusts(address: string): boolean;
  /** Begins the record of a request; null: none is kept. */
  trace(ctx: RequestContext): Trace | null;
  enter(): void;
}

/** The snapshot requests enter now. Replaced by one assignment. */
export interface CurrentSnapshot {
  snapshot: Snapshot;
  /** Set while the gateway drains: replies make clients reconnect elsewhere. */
  draining: boolean;
}
