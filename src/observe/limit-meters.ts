// Counts what the limits of a route have decided.

/** What tells the series of limits apart. */
export interface LimitLabels {
  /** Id of the rule. */
  readonly route: string;
  /**
   * Id of the limit, as replies and the management API name it; that of the rule for the limit on concurrent requests.
   */
  readonly limit: string;
  /** `global`, `perIP`, `concurrency`, or what the limit counts by. */
  readonly kind: string;
}

/** One limit of one route. */
export class LimitMeterCells {
  readonly labels: LimitLabels;
  /** Requests that were looked at. */
  hits = 0;
  /** Those that were refused. */
  rejected = 0;
  /** Whether the last one was decided without the shared state. */
  degraded = false;

  constructor(labels: LimitLabels) {
    this.labels = labels;
  }
}
