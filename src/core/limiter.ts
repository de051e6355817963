// A limit on concurrent requests to a service, as used in the path of a request.

/** Importance of a request, highest first: under pressure the last tier is refused first. */
export const TIERS = ["high", "normal", "low"] as const;
/** One of {@link TIERS}. */
export type Tier = (typeof TIERS)[number];

/**
 * Limits the concurrent requests to a service. Each one admitted is released exactly once: at the end of its response,
 * or at the head of a stream.
 */
export interface ConcurrencyLimiter {
  /** The current limit. */
  readonly limit: number;
  /** Requests in progress. */
  readonly active: number;
  /** @returns whether the request may be sent; if so, it counts until {@link release} */
  admit(tier: Tier): boolean;
  /**
   * @param ms from send to response head; -1 if the attempt allows no conclusion about the service
   * @param failed the backend did not answer in time or refused for overload
   */
  release(ms: number, failed: boolean): void;
}
