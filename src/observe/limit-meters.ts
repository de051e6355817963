// Counts what the limits of a route have decided.

/** One kind of limit of one route. */
export class LimitMeterCells {
  /** Pattern of the route. */
  readonly route: string;
  readonly kind: string;
  /** Requests that were looked at. */
  hits = 0;
  /** Those that were refused. */
  rejected = 0;
  /** Whether the last one was decided without the shared state. */
  degraded = false;

  constructor(route: string, kind: string) {
    this.route = route;
    this.kind = kind;
  }
}
