// What is counted of a limit, so that those who look at it see it.

/** Plain numbers; read when they are scraped. */
export interface LimitMeter {
  /** Requests that were looked at. */
  hits: number;
  /** Those that were refused. */
  rejected: number;
  /** Whether the last one was decided without the shared state. */
  degraded: boolean;
}
