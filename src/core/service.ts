// A service: a named group of endpoints behind one replaceable picker.
import type { Breaker } from "./breaker.ts";
import type { RequestContext } from "./context.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ConcurrencyLimiter } from "./limiter.ts";
import type { RetryRule } from "./retry.ts";

/** The balancer at this moment: immutable list, chosen from without allocating. */
export interface Picker {
  /**
   * The endpoint for this request, or null when none may take it.
   * @param exclude endpoints already tried for this request; they are not picked
   */
  pick(ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null;
  /** How an attempt on a picked endpoint ended, where a balancer learns from that. @param ms to the response head */
  observe?(ctx: RequestContext, endpoint: Endpoint, ok: boolean, ms: number): void;
}

/** A balancing method, with the state it keeps from one picker to the next: turns, sessions, learned weights. */
export interface Balancer {
  /** @param endpoints those that may take traffic now, in the order of the registry, each of a weight above 0 */
  over(endpoints: readonly Endpoint[]): Picker;
}

/** A named group of endpoints. `picker` is replaced when endpoints or their health change; routes never notice. */
export interface Service {
  readonly name: string;
  /** Replaced as a whole when the registry changes. */
  readonly endpoints: readonly Endpoint[];
  readonly picker: Picker;
  /** The circuit of the service as a whole; null if there is none. */
  readonly breaker: Breaker | null;
  /** Limit on concurrent requests; null if there is none. */
  readonly limiter: ConcurrencyLimiter | null;
  /** null: only what no backend has looked at is sent again. */
  readonly retry: RetryRule | null;
  /** Whether one of its connectors may report requests as refused that were sent already. */
  readonly mayRefuse: boolean;
  /** Whether an answer with this status is a failure of the backend. */
  isFailure(status: number): boolean;
}
