// Settings of retries, compiled for a route and its service.

/** Bounds retries to a share of the requests in a window of time, and at least a fixed number. */
export interface RetryBudget {
  /** Counts a request that begins. */
  request(): void;
  /** Takes one retry; false when the budget is spent. */
  take(): boolean;
}

/**
 * Settings of retries. Whether sending again is safe is not configured: it follows from the request and how far it came.
 */
export interface RetryRule {
  /** Tries in all, the first included. */
  readonly maxAttempts: number;
  /** First wait, ms; each further one is longer by {@link multiplier}, up to {@link maxDelayMs}. */
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly multiplier: number;
  /**
   * `full`: the wait is random between 0 and its whole length; a number: random within this share of it, above or below.
   */
  readonly jitter: "full" | number;
  /** Longest wait of one try for its response head, ms; 0 = until the deadline of the request. */
  readonly perTryMs: number;
  /** A second attempt is started beside the first if there is no response head within this time, ms; 0 = never. */
  readonly hedgeAfterMs: number;
  /** Largest body kept for another try, bytes. */
  readonly maxReplayBytes: number;
  /** null when retries are not bounded by a budget. */
  readonly budget: RetryBudget | null;
  /** @param status HTTP status of a reply */
  isRetryable(status: number): boolean;
  /** @param status gRPC status of a reply without messages */
  isRetryableCall(status: number): boolean;
}
