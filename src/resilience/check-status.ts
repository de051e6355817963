// Derives the status of a check from probes: only a number of consecutive results changes it.

/** How many probes in a row it takes. */
export interface Thresholds {
  readonly healthy: number;
  readonly unhealthy: number;
}

/** What one check says of what it looks at. Kept while probes come and go, so that a new interval forgets nothing. */
export class CheckCounter {
  status: "unknown" | "healthy" | "unhealthy" = "unknown";
  /** Why the last probe failed; "" when it did not. */
  failure = "";
  /** How long the last probe took. */
  ms = 0;
  #row = 0;

  /**
   * Records one probe. The first success suffices to be healthy, because no failure preceded it.
   * @returns whether {@link status} changed
   */
  take(failure: string | null, ms: number, thresholds: Thresholds): boolean {
    const well = failure === null;
    this.#row = well === (this.failure === "") ? this.#row + 1 : 1;
    this.failure = failure ?? "";
    this.ms = ms;
    const status = well ? "healthy" : "unhealthy";
    const needed = well && this.status === "unknown" ? 1 : thresholds[status];
    if (this.status === status || this.#row < needed) return false;
    this.status = status;
    return true;
  }
}
