// A table for weighted random choice, computed once for a list of endpoints.
import { CHANCES } from "./random-int.ts";

/** Immutable table. Drawing takes logarithmic time, and constant time where all weights are equal. */
export class WeightTable {
  /** Sum of the weights up to and with each. */
  readonly #ends: Float64Array;
  readonly #even: boolean;

  /** @param weights each above 0 */
  constructor(weights: readonly number[]) {
    this.#ends = new Float64Array(weights.length);
    this.#even = weights.every((weight) => weight === weights[0]);
    let sum = 0;
    for (const [i, weight] of weights.entries()) this.#ends[i] = sum += weight;
  }

  /** @param chance below {@link CHANCES} @returns an index; only for a table that is not empty */
  draw(chance: number): number {
    const ends = this.#ends;
    const at = chance / CHANCES;
    if (this.#even) return Math.floor(at * ends.length);
    const wanted = at * ends[ends.length - 1]!;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
