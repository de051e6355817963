// When an endpoint counts as worse than its peers, and for how long it is ejected then.

/** Durations in ms; 0 switches a criterion off. */
export interface OutlierSettings {
  /** Failures in a row that eject at once. */
  readonly consecutiveFailures: number;
  /** How often endpoints are compared. */
  readonly intervalMs: number;
  /** First time out; doubled with each further one. */
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
  /** Largest share of a service's endpoints that is out at once, in [0, 1]. */
  readonly maxEjectedShare: number;
  /** Attempts in an interval below which an endpoint is not compared. */
  readonly minRequests: number;
  /** Standard deviations below the success rate of the peers that eject. */
  readonly successRateFactor: number;
  /** Times the median latency of the peers that eject. */
  readonly latencyFactor: number;
}

/** Why an endpoint was ejected. */
export type EjectionReason = "consecutive_failures" | "success_rate" | "latency";

/** Time out for the n-th time, ms. @param n from 1 */
export function ejectionMs(settings: OutlierSettings, n: number): number {
  return Math.min(settings.ejectionMs * 2 ** (n - 1), settings.maxEjectionMs);
}

/** Whether one more of `total` may go when `out` are out already: the share holds, but one of two may always go. */
export function mayEject(settings: OutlierSettings, total: number, out: number): boolean {
  return total > 1 && (out === 0 ? settings.maxEjectedShare > 0 : (out + 1) / total <= settings.maxEjectedShare);
}
