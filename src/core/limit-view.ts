// A rate limit as an operator sees it, and what may be changed of it while it is in use.

/** One limit in use. */
export interface LimitView {
  /** Unique among the limits in use. Taken from the configuration, never from requests. */
  readonly id: string;
  /** Pattern of the rule it belongs to; "" = all. */
  readonly path: string;
  /** Requests per {@link windowMs}. */
  readonly limit: number;
  readonly windowMs: number;
  /** The algorithm. */
  readonly type: string;
  /** Name of the store that counts. */
  readonly store: string;
  /** Whether this process decides alone, on its share of the limit, because the store cannot be reached. */
  readonly degraded: boolean;
  /** As in the configuration; null where the algorithm has none. */
  readonly burst: number | null;
  /** Highest number of requests charged at present to any single key; null when the store cannot tell. */
  readonly currentUsage: number | null;
  /**
   * Changes the limit from the next request to the next reload.
   * @param rate requests per window, above 0
   * @param burst at least 1
   */
  set(rate: number, burst: number): void;
}
