// The circuit breaker as used in the path of a request: queried before an attempt, notified of its outcome.

/** `closed` admits every attempt, `open` none, `half_open` a few trials, whose results close or open the circuit. */
export type BreakerState = "closed" | "open" | "half_open";

/** One circuit. The holder of a ticket calls exactly one of `succeeded`, `failed` and `dropped` with it. */
export interface Breaker {
  /**
   * Name for metrics and the management API: the service, `service/endpoint` or the rule. Taken from the configuration,
   * never from requests.
   */
  readonly name: string;
  readonly state: BreakerState;
  /** ms until a trial may be made; 0 when one may be made now. */
  readonly retryAfterMs: number;
  /** @returns a ticket above 0, or 0: the circuit is open, or every trial is taken */
  admit(): number;
  succeeded(ticket: number): void;
  failed(ticket: number): void;
  /** The attempt allows no conclusion about the backend: the client disconnected, or the gateway cancelled it. */
  dropped(ticket: number): void;
  /** Calls `listener` after each change of {@link state}. @returns a function that ends the subscription */
  watch(listener: () => void): () => void;
  /** Closes the circuit and sets its counters to zero. */
  reset(): void;
  readonly facts: BreakerFacts;
}

/** Counters and times of a circuit, shown by the management API and metrics. */
export interface BreakerFacts {
  /** Failures in the window now. */
  readonly failures: number;
  /** Successes in the window now. */
  readonly successes: number;
  /** Time of the last failure, ms since 1970; 0 when there was none. */
  readonly lastFailureAt: number;
  /** Time of the last change of state, ms since 1970; 0 when there was none. */
  readonly lastChangeAt: number;
  /** How often the circuit has entered each state. */
  readonly transitions: Readonly<Record<BreakerState, number>>;
}
