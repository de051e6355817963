// The endpoint with the lowest cost: of all if there are few, of two random ones if there are many.
import type { RequestContext } from "../core/context.ts";
import { type Endpoint, weightOf } from "../core/endpoint.ts";
import type { EndpointState } from "../core/endpoint-state.ts";
import type { Balancer, Picker } from "../core/service.ts";
import type { RandomInt } from "./random-int.ts";
import type { BalancerSettings } from "./settings.ts";
import { WeightTable } from "./weight-table.ts";

/**
 * Up to this many are all looked at. Beyond it two are enough (Mitzenmacher, "The power of two choices"), and several
 * gateways that see the same figures do not all choose the same endpoint.
 */
const FEW = 8;
/** One request of so many goes in turn, so that an endpoint that was slow is measured again. */
const PROBE_EVERY = 64;
/** Assumed latency of an endpoint that was tried and has never answered, ms. */
const UNKNOWN_MS = 1e9;

/** Fewest requests in progress relative to weight; equal ones in turn. */
export function leastConnections(settings: BalancerSettings): Balancer {
  return balancer(settings, false);
}

/** Lowest latency × (requests in progress + 1) relative to weight; an endpoint without requests so far goes first. */
export function responseTime(settings: BalancerSettings): Balancer {
  return balancer(settings, true);
}

function expectedWait({ latencyMs, active }: EndpointState): number {
  // A tenth of a millisecond more: else an endpoint that answers at once would cost nothing, however busy it is.
  if (latencyMs >= 0) return (latencyMs + 0.1) * (active + 1);
  return active === 0 ? Number.NEGATIVE_INFINITY : UNKNOWN_MS * active;
}

/** What one picker hands to the picker that replaces it. */
interface Turn {
  next: number;
  picks: number;
}

function balancer({ randomInt }: BalancerSettings, byLatency: boolean): Balancer {
  const turn: Turn = { next: 0, picks: 0 };
  return { over: (endpoints) => new LeastPicker(endpoints, byLatency, turn, randomInt) };
}

class LeastPicker implements Picker {
  readonly #endpoints: readonly Endpoint[];
  readonly #states: readonly EndpointState[];
  readonly #weights: Float64Array;
  readonly #table: WeightTable;
  readonly #byLatency: boolean;
  readonly #turn: Turn;
  readonly #randomInt: RandomInt;

  constructor(endpoints: readonly Endpoint[], byLatency: boolean, turn: Turn, randomInt: RandomInt) {
    this.#endpoints = endpoints;
    this.#states = endpoints.map((endpoint) => endpoint.state);
    const weights = endpoints.map(weightOf);
    this.#weights = Float64Array.from(weights);
    this.#table = new WeightTable(weights);
    this.#byLatency = byLatency;
    this.#turn = turn;
    this.#randomInt = randomInt;
  }

  pick(_ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    if (exclude.length === 0 && this.#endpoints.length > 0) {
      const turn = this.#turn;
      turn.picks = (turn.picks + 1) | 0;
      if (this.#byLatency && turn.picks % PROBE_EVERY === 0) return this.#probe();
      if (this.#endpoints.length > FEW) return this.#ofTwo();
    }
    return this.#ofAll(exclude);
  }

  #costOf(i: number): number {
    const state = this.#states[i]!;
    return (this.#byLatency ? expectedWait(state) : state.active + 1) / this.#weights[i]!;
  }

  #ofTwo(): Endpoint {
    const first = this.#table.draw(this.#randomInt());
    let second = this.#table.draw(this.#randomInt());
    if (second === first) second = first + 1 === this.#endpoints.length ? 0 : first + 1;
    return this.#endpoints[this.#costOf(second) < this.#costOf(first) ? second : first]!;
  }

  /** Looks from the endpoint whose turn it is on, so that of equal ones the next in turn gets the request. */
  #ofAll(exclude: readonly Endpoint[]): Endpoint | null {
    const count = this.#endpoints.length;
    const start = this.#turn.next < count ? this.#turn.next : 0;
    let best = -1;
    let least = 0;
    for (let n = 0, i = start; n < count; n++, i = i + 1 === count ? 0 : i + 1) {
      if (exclude.length > 0 && exclude.includes(this.#endpoints[i]!)) continue;
      const cost = this.#costOf(i);
      if (best !== -1 && cost >= least) continue;
      best = i;
      least = cost;
    }
    if (best === -1) return null;
    this.#turn.next = best + 1;
    return this.#endpoints[best]!;
  }

  #probe(): Endpoint {
    return this.#endpoints[Math.abs(this.#turn.picks / PROBE_EVERY) % this.#endpoints.length]!;
  }
}
