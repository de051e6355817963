// What a rate limit is and what a store decides about it, apart from how requests are keyed and counted.

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
  /** ms until everything is as at the beginning. */
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
   * @throws never; a store that cannot decide says so by its own policy
   */
  take(limit: Limit, key: string, cost: number): Decision | Refused | Promise<Decision | Refused>;
  /** Gives back what a `take` charged, because another limit refused the request. */
  giveBack(limit: Limit, key: string, cost: number): void;
  /** Whether decisions are made without the shared state now. */
  readonly degraded: boolean;
  /** What the key that is charged with most owes now, in requests; null: only to be found out at a price. Looks at every key. */
  usage(limit: Limit): number | null;
}

/** The store cannot decide, and its policy is to refuse then. */
export type Refused = "unavailable";
