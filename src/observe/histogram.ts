// A histogram in typed arrays: observing costs a short search and two additions; prom-client sees it at scrape only.

/** Cumulative counts are made at scrape; here each bucket counts its own. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly #counts: Float64Array;
  sum = 0;
  count = 0;

  /** @param bounds ascending upper bounds, without +Inf */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds } = this;
    let i = 0;
    while (i < bounds.length && value > bounds[i]!) i++;
    this.#counts[i] = this.#counts[i]! + 1;
    this.sum += value;
    this.count++;
  }

  /** Observations at or below each bound, and all of them last. */
  cumulative(): number[] {
    let sum = 0;
    return Array.from(this.#counts, (n) => (sum += n));
  }
}
