// When a request is sent again, as decided for a route and its service at compile time.

/** Retries allowed: a share of the live requests, never fewer than a minimum. */
export interface RetryBudget {
  /** A request has begun. */
  request(): void;
  /** Takes one retry; false when the budget is spent. */
  take(): boolean;
}

/** Settings of retries. Whether sending again is safe is not among them: that follows from the request alone. */
export interface RetryRule {
  /** Tries in all, the first included. */
  readonly maxAttempts: number;
  /** First wait, ms; each further one is longer by {@link multiplier}, up to {@link maxDelayMs}. */
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly multiplier: number;
  /** `full`: anywhere between nothing and the whole wait; otherwise give or take this share of it. */
  readonly jitter: "full" | number;
  /** Longest wait of one try for its response head, ms; 0 none of its own. */
  readonly perTryMs: number;
  /** A second try is sent beside the first when no head came within this, ms; 0 never. */
  readonly hedgeAfterMs: number;
  /** Largest body kept for another try, bytes. */
  readonly maxReplayBytes: number;
  /** null: no bound. */
  readonly budget: RetryBudget | null;
  isRetryable(status: number): boolean;
  /** @param status gRPC status of a reply without messages */
  isRetryableCall(status: number): boolean;
}
