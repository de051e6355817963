// What a rate limit is, what an algorithm does to the state of a key, and what a store decides about a request.

/** `burst` at once, refilled continuously · a queue that leaves at a steady rate · at most `rate` in any window. */
export type LimitAlgorithm = "token_bucket" | "leaky_bucket" | "sliding_window";

/** One limit as compiled. */
export interface Limit {
  /** Bounded name in response fields, metrics and store keys: the rule, `global`, `perIP`. */
  readonly id: string;
  readonly algorithm: LimitAlgorithm;
  /** Requests per {@link periodMs}, above 0. */
  readonly rate: number;
  readonly periodMs: number;
  /** Token bucket: tokens at most. Leaky bucket: requests that may wait. Not used by the window. */
  readonly burst: number;
  /** Keys are kept at least this long after their last request, ms; never shorter than their state matters. 0: just as long. */
  readonly keepMs: number;
}

/** What a store says about one request. */
export interface Decision {
  readonly allowed: boolean;
  /** Whole requests that would pass now. */
  readonly remaining: number;
  /** ms until the key is as fresh as one that was never used. */
  readonly resetMs: number;
  /** Refused: ms until the same request would pass; 0 otherwise. */
  readonly retryMs: number;
  /** Leaky bucket: ms the request is to be held before it goes on. */
  readonly waitMs: number;
  /** Decided without the shared state: on this process's share of the limit, or by letting everything pass; null: with it. */
  readonly degraded: "local" | "allow" | null;
}

/** Where the state of limits lives. */
export interface LimitStore {
  /**
   * Charges a request if it passes.
   * @param key what is counted, without the limit's id; from a client, so of any content and length
   * @param cost above 0, at most what the limit holds; more can never pass
   * @throws never; a store that cannot decide applies its failure policy
   */
  take(limit: Limit, key: string, cost: number): Decision | Refused | Promise<Decision | Refused>;
  /** Gives back what a `take` charged, or a part of it: another limit refused the request, or it cost less than assumed. */
  giveBack(limit: Limit, key: string, cost: number): void;
  /**
   * Charges a cost that is known only after the fact, whether it fits or not; what is above the capacity of the limit is
   * dropped, so that the key recovers as fast as from any other full charge.
   * @param cost above 0
   */
  charge(limit: Limit, key: string, cost: number): void;
  /** Whether decisions are made without the shared state now. */
  readonly degraded: boolean;
  /** Requests that the key charged with most owes now. Looks at every key; null: too expensive to find out in this store. */
  usage(limit: Limit): number | null;
}

/** The store cannot decide, and its policy is to refuse then. */
export type Refused = "unavailable";

/**
 * One algorithm over its state `S`: a few numbers per key. Pure but for the state it is given, so that the scripts in Redis
 * can agree with it in every bit: times are whole µs, and each file says which operations follow which.
 *
 * A clock that steps back never loosens a limit: time does not advance until it has caught up.
 */
export interface Arithmetic<S> {
  /** The state of a key that was never seen; any key that is {@link idle} may be forgotten for it. */
  fresh(nowUs: number): S;
  /**
   * Charges `cost` if it passes, changing the state; a refusal changes nothing.
   * @param cost above 0, at most the capacity of the limit; more can never pass
   */
  take(limit: Limit, state: S, nowUs: number, cost: number): Decision;
  /** Charges `cost` even if it exceeds the limit, at most until no request would be admitted. */
  charge(limit: Limit, state: S, nowUs: number, cost: number): void;
  /** Undoes a charge, or a part of one. */
  giveBack(limit: Limit, state: S, cost: number): void;
  /** Requests the key is charged with at that time. */
  used(limit: Limit, state: S, nowUs: number): number;
  /** Whether the state says no more than a fresh one. */
  idle(limit: Limit, state: S, nowUs: number): boolean;
}

/** What is counted of one limit for metrics: plain numbers, read when they are scraped. */
export interface LimitMeter {
  /** Requests that were looked at. */
  hits: number;
  /** Those that were refused. */
  rejected: number;
  /** Whether the last one was decided without the shared state. */
  degraded: boolean;
}
