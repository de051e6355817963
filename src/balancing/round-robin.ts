// The available endpoints in turn, each in proportion to its weight.
import type { RequestContext } from "../core/context.ts";
import { type Endpoint, weightOf } from "../core/endpoint.ts";
import type { Balancer, Picker } from "../core/service.ts";

/**
 * The fractional parts of multiples of φ⁻³ lie evenly in [0, 1) however many there are: light endpoints that begin this
 * far apart take their turns spread out between those of a heavy one, instead of one after the other.
 */
const PHASE_STEP = Math.sqrt(5) - 2;

/**
 * Smooth weighted round robin. The endpoint whose turn it is earns its weight, and takes the request once it has earned as much as
 * the heaviest: with equal weights at every turn, with half the weight at every second one. A pick looks at each endpoint
 * once at most, on average at heaviest ÷ mean weight of them. Turn and earnings go on when endpoints or weights change.
 */
export function roundRobin(): Balancer {
  const turn = { next: 0 };
  let last: TurnPicker | null = null;
  return {
    over(endpoints) {
      last = new TurnPicker(endpoints, turn, last);
      return last;
    },
  };
}

class TurnPicker implements Picker {
  readonly #endpoints: readonly Endpoint[];
  readonly #turn: { next: number };
  readonly #weights: Float64Array;
  readonly #heaviest: number;
  /** What each has earned since its last request, below {@link #heaviest}. */
  readonly #credits: Float64Array;

  constructor(endpoints: readonly Endpoint[], turn: { next: number }, before: TurnPicker | null) {
    this.#endpoints = endpoints;
    this.#turn = turn;
    this.#weights = Float64Array.from(endpoints, weightOf);
    this.#heaviest = this.#weights.reduce((a, b) => Math.max(a, b), 0);
    const known = before === null ? undefined : before.#creditsById();
    const scale = before === null ? 1 : this.#heaviest / before.#heaviest;
    this.#credits = Float64Array.from(endpoints, ({ spec }, i) => {
      const credit = known?.get(spec.id);
      return credit === undefined ? ((i * (1 - PHASE_STEP)) % 1) * this.#heaviest : credit * scale;
    });
  }

  pick(_ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    const endpoints = this.#endpoints;
    const credits = this.#credits;
    const turn = this.#turn;
    for (let n = 0; n < endpoints.length; n++) {
      if (turn.next >= endpoints.length) turn.next = 0;
      const i = turn.next++;
      if (exclude.length > 0 && exclude.includes(endpoints[i]!)) continue;
      const credit = credits[i]! + this.#weights[i]!;
      if (credit >= this.#heaviest) {
        credits[i] = credit - this.#heaviest;
        return endpoints[i]!;
      }
      credits[i] = credit;
    }
    return exclude.length === 0 ? null : this.#richest(exclude);
  }

  /** The heaviest are excluded, and of the others none had earned enough. */
  #richest(exclude: readonly Endpoint[]): Endpoint | null {
    let best = -1;
    for (let i = 0; i < this.#credits.length; i++) {
      if (exclude.includes(this.#endpoints[i]!)) continue;
      if (best === -1 || this.#credits[i]! > this.#credits[best]!) best = i;
    }
    if (best === -1) return null;
    this.#credits[best] = 0;
    return this.#endpoints[best]!;
  }

  #creditsById(): Map<string, number> {
    return new Map(this.#endpoints.map(({ spec }, i) => [spec.id, this.#credits[i]!]));
  }
}
