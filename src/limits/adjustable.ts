// A limit whose rate may change while it is in use: stores read it with every request, so that the next one is held to it.
import type { Limit, LimitAlgorithm } from "./limit.ts";

/** One limit of a configuration. */
export class AdjustableLimit implements Limit {
  readonly id: string;
  readonly algorithm: LimitAlgorithm;
  readonly periodMs: number;
  readonly keepMs: number;
  #rate: number;
  #burst: number;
  readonly #listeners: (() => void)[] = [];

  constructor({ id, algorithm, rate, periodMs, burst, keepMs }: Limit) {
    this.id = id;
    this.algorithm = algorithm;
    this.periodMs = periodMs;
    this.keepMs = keepMs;
    this.#rate = rate;
    this.#burst = burst;
  }

  get rate(): number {
    return this.#rate;
  }

  get burst(): number {
    return this.#burst;
  }

  /** @param rate requests per period, above 0 @param burst as {@link Limit.burst} */
  set(rate: number, burst: number): void {
    this.#rate = rate;
    this.#burst = burst;
    for (const changed of this.#listeners) changed();
  }

  /** Calls `changed` after every change, for texts computed from the numbers in advance. Listeners live as long as the limit. */
  onChange(changed: () => void): void {
    this.#listeners.push(changed);
  }
}
