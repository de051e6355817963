// A rate limit as an operator sees it, and what may be changed of it while it is in use.

/** One limit in use. */
export interface LimitView {
  /** Unique and bounded. */
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
  /** Counted on this process's share alone, because the store cannot be reached. */
  readonly degraded: boolean;
  /** As in the configuration; null where the algorithm has none. */
  readonly burst: number | null;
  /** Requests charged now to the client, or whatever is counted, that has most of them; null: the store does not know. */
  readonly currentUsage: number | null;
  /** Holds from the next request to the next reload. @param rate requests per window, above 0 @param burst at least 1 */
  set(rate: number, burst: number): void;
}
