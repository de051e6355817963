// Smooth weighted round robin: each endpoint gets its share, and the shares are spread out instead of bunched.
import type { RequestContext } from "../core/context.ts";
import { type Balancer, type Endpoint, type Picker, weightOf } from "../core/service.ts";

/** Credits stay with the endpoints when others come and go. */
export function weightedRoundRobin(): Balancer {
  let last: CreditPicker | null = null;
  return {
    over(endpoints) {
      last = new CreditPicker(endpoints, last);
      return last;
    },
  };
}

class CreditPicker implements Picker {
  readonly #endpoints: readonly Endpoint[];
  readonly #weights: Float64Array;
  readonly #credits: Float64Array;
  readonly #total: number;

  constructor(endpoints: readonly Endpoint[], before: CreditPicker | null) {
    const old = before === null ? new Map<string, number>() : before.#byId();
    this.#endpoints = endpoints;
    this.#weights = Float64Array.from(endpoints, weightOf);
    this.#credits = Float64Array.from(endpoints, (endpoint) => old.get(endpoint.spec.id) ?? 0);
    this.#total = this.#weights.reduce((sum, weight) => sum + weight, 0);
  }

  pick(_ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    if (exclude.length > 0) return this.#amongOthers(exclude);
    const weights = this.#weights;
    const credits = this.#credits;
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < weights.length; i++) {
      const credit = (credits[i]! += weights[i]!);
      if (credit > most) {
        most = credit;
        best = i;
      }
    }
    if (best === -1) return null;
    credits[best]! -= this.#total;
    return this.#endpoints[best]!;
  }

  #byId(): Map<string, number> {
    return new Map(this.#endpoints.map((endpoint, i) => [endpoint.spec.id, this.#credits[i]!]));
  }

  /** Those excluded earn nothing and spend nothing. */
  #amongOthers(exclude: readonly Endpoint[]): Endpoint | null {
    let total = 0;
    let best = -1;
    for (let i = 0; i < this.#weights.length; i++) {
      if (exclude.includes(this.#endpoints[i]!)) continue;
      const weight = this.#weights[i]!;
      total += weight;
      this.#credits[i]! += weight;
      if (best === -1 || this.#credits[i]! > this.#credits[best]!) best = i;
    }
    if (best === -1) return null;
    this.#credits[best]! -= total;
    return this.#endpoints[best]!;
  }
}
