// A bound on requests under way to a service, as the path of a request sees it.

/** Importance of a request, highest first: under pressure the last tier is refused first. */
export const TIERS = ["high", "normal", "low"] as const;
/** One of {@link TIERS}. */
export type Tier = (typeof TIERS)[number];

/** Whoever was admitted releases exactly once: at the end of the response, or at the head of a stream. */
export interface ConcurrencyLimiter {
  /** Requests that may be under way now. */
  readonly limit: number;
  readonly active: number;
  admit(tier: Tier): boolean;
  /**
   * @param ms from send to response head; -1 when the attempt says nothing
   * @param failed the backend did not answer in time or refused for overload
   */
  release(ms: number, failed: boolean): void;
}
