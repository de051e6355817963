// The circuit breaker as the path of a request sees it: asked before an attempt, told how it ended.

/** `half_open`: a few trials decide. */
export type BreakerState = "closed" | "open" | "half_open";

/** One circuit. Whoever got a ticket reports exactly one of `succeeded`, `failed`, `dropped` with it. */
export interface Breaker {
  /** Bounded, for metrics and management: the service, `service/endpoint` or the rule. */
  readonly name: string;
  readonly state: BreakerState;
  /** ms until a trial may be made; 0 when one may be made now. */
  readonly retryAfterMs: number;
  /** @returns a ticket above 0, or 0: the circuit is open, or every trial is taken */
  admit(): number;
  succeeded(ticket: number): void;
  failed(ticket: number): void;
  /** The attempt says nothing about the backend: the client went away, or the gateway itself gave up. */
  dropped(ticket: number): void;
  /** Calls `listener` when {@link state} changed. @returns stops it */
  watch(listener: () => void): () => void;
  /** Closes it and forgets what it counted. */
  reset(): void;
  readonly facts: BreakerFacts;
}

/** What an operator wants to know of a circuit. */
export interface BreakerFacts {
  /** Failures in the window now. */
  readonly failures: number;
  /** Successes in the window now. */
  readonly successes: number;
  /** ms since 1970; 0 never. */
  readonly lastFailureAt: number;
  readonly lastChangeAt: number;
  /** How often it came into each state. */
  readonly transitions: Readonly<Record<BreakerState, number>>;
}
