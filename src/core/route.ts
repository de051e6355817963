// The match plus everything decided for it at compile time, so that a request only looks things up.
import type { RequestContext } from "./context.ts";
import type { Filter } from "./filter.ts";
import type { Strategy } from "./strategy.ts";

/** What the route does to the request line and Host on the way to the backend. */
export interface TargetRule {
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
  readonly target: TargetRule;
  /** Match to end of response, ms; 0 no deadline. */
  readonly timeoutMs: number;
  /** Request body limit, bytes; 0 none. */
  readonly maxBodyBytes: number;
  readonly accessLog: boolean;
  /** null when metrics are off. */
  readonly meter: RouteMeter | null;
}
