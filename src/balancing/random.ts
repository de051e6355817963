// A random endpoint, with probabilities proportional to weights.
import type { RequestContext } from "../core/context.ts";
import { type Endpoint, weightOf } from "../core/endpoint.ts";
import type { Balancer, Picker } from "../core/service.ts";
import { CHANCES, type RandomInt } from "./random-int.ts";
import type { BalancerSettings } from "./settings.ts";
import { WeightTable } from "./weight-table.ts";

/** Draws endpoints. Needs no state, so several gateways that share endpoints need not agree on one. */
export function random({ randomInt }: BalancerSettings): Balancer {
  return { over: (endpoints) => new RandomPicker(endpoints, randomInt) };
}

class RandomPicker implements Picker {
  readonly #endpoints: readonly Endpoint[];
  readonly #weights: readonly number[];
  readonly #table: WeightTable;
  readonly #randomInt: RandomInt;

  constructor(endpoints: readonly Endpoint[], randomInt: RandomInt) {
    this.#endpoints = endpoints;
    this.#weights = endpoints.map(weightOf);
    this.#table = new WeightTable(this.#weights);
    this.#randomInt = randomInt;
  }

  pick(_ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    if (exclude.length > 0) return this.#amongOthers(exclude);
    if (this.#endpoints.length === 0) return null;
    return this.#endpoints[this.#table.draw(this.#randomInt())]!;
  }

  /** The same chances among those that are left. */
  #amongOthers(exclude: readonly Endpoint[]): Endpoint | null {
    let total = 0;
    for (let i = 0; i < this.#endpoints.length; i++) {
      if (!exclude.includes(this.#endpoints[i]!)) total += this.#weights[i]!;
    }
    let wanted = (this.#randomInt() / CHANCES) * total;
    let last: Endpoint | null = null;
    for (let i = 0; i < this.#endpoints.length; i++) {
      const endpoint = this.#endpoints[i]!;
      if (exclude.includes(endpoint)) continue;
      last = endpoint;
      if ((wanted -= this.#weights[i]!) < 0) return endpoint;
    }
    return last;
  }
}
