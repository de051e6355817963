// Maps equal keys to the same endpoint, moves few keys when endpoints change, and bounds the load by a popular key.
import type { RequestContext } from "../core/context.ts";
import { type Endpoint, weightOf } from "../core/endpoint.ts";
import type { EndpointState } from "../core/endpoint-state.ts";
import type { Picker } from "../core/service.ts";
import { hashKey } from "./hash-key.ts";
import { type HashRing, RingMaker } from "./hash-ring.ts";
import type { BalancerSettings, HashRule, KeyedBalancer } from "./settings.ts";

/** An endpoint with fewer requests in progress is never skipped, so that two requests of one client stay together. */
const NEVER_BUSY = 8;

/** Number of requests after which those in progress are recounted; in between, new ones are added. */
const COUNT_EVERY = 16;

/** By the key of the rule, with bounded load (Mirrokni, Thorup, Zadimoghaddam: "Consistent hashing with bounded loads"). */
export function consistentHash({ hash }: BalancerSettings): KeyedBalancer {
  return new HashBalancer(hash);
}

/** By the client's address alone, however busy its endpoint is. */
export function ipHash({ hash }: BalancerSettings): KeyedBalancer {
  return new HashBalancer({ keyOf: hashKey("ip"), replicas: hash.replicas, maxLoad: 0 });
}

class HashBalancer implements KeyedBalancer {
  readonly #rule: HashRule;
  readonly #maker: RingMaker;

  constructor(rule: HashRule) {
    this.#rule = rule;
    this.#maker = new RingMaker(rule.replicas);
  }

  over(endpoints: readonly Endpoint[]): Picker {
    return this.prefer(endpoints, endpoints);
  }

  prefer(endpoints: readonly Endpoint[], preferred: readonly Endpoint[]): Picker {
    const others = endpoints.filter((endpoint) => !preferred.includes(endpoint));
    const behind = others.length === 0 ? null : new HashPicker(others, this.#rule, this.#maker, null);
    return new HashPicker(preferred, this.#rule, this.#maker, behind);
  }
}

class HashPicker implements Picker {
  readonly #endpoints: readonly Endpoint[];
  readonly #states: readonly EndpointState[];
  readonly #weights: Float64Array;
  readonly #total: number;
  readonly #rule: HashRule;
  readonly #maker: RingMaker;
  /** The ring of all endpoints, for a request that excludes all of the preferred ones. */
  readonly #behind: Picker | null;
  /** Made by the first request that needs it, so that many changes at one time make one ring. */
  #ring: HashRing | null = null;
  #load = 0;
  #sinceCount = COUNT_EVERY;

  constructor(endpoints: readonly Endpoint[], rule: HashRule, maker: RingMaker, behind: Picker | null) {
    this.#endpoints = endpoints;
    this.#states = endpoints.map((endpoint) => endpoint.state);
    this.#weights = Float64Array.from(endpoints, weightOf);
    this.#total = this.#weights.reduce((sum, weight) => sum + weight, 0);
    this.#rule = rule;
    this.#maker = maker;
    this.#behind = behind;
  }

  pick(ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    return this.#onRing(ctx, exclude) ?? this.#behind?.pick(ctx, exclude) ?? null;
  }

  #onRing(ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    if (this.#endpoints.length <= 1)
      return exclude.length > 0 && exclude.includes(this.#endpoints[0]!) ? null : (this.#endpoints[0] ?? null);
    const ring = (this.#ring ??= this.#maker.ring(this.#endpoints));
    const { owners } = ring;
    let at = ring.find(this.#rule.keyOf(ctx));
    let busy: Endpoint | null = null;
    this.#sinceCount++;
    for (let n = 0; n < owners.length; n++) {
      const owner = owners[at]!;
      at = at + 1 === owners.length ? 0 : at + 1;
      const endpoint = this.#endpoints[owner]!;
      if (exclude.length > 0 && exclude.includes(endpoint)) continue;
      if (this.#rule.maxLoad === 0 || this.#states[owner]!.active < NEVER_BUSY) return endpoint;
      if (!this.#isBusy(owner)) return endpoint;
      busy ??= endpoint;
    }
    return busy;
  }

  #isBusy(owner: number): boolean {
    if (this.#sinceCount >= COUNT_EVERY) this.#count();
    const fair = ((this.#load + this.#sinceCount + 1) * this.#weights[owner]!) / this.#total;
    return this.#states[owner]!.active + 1 > Math.ceil(this.#rule.maxLoad * fair);
  }

  #count(): void {
    const states = this.#states;
    let load = 0;
    for (let i = 0; i < states.length; i++) load += states[i]!.active;
    this.#load = load;
    this.#sinceCount = 0;
  }
}
