// The ring of consistent hashing: every endpoint owns many points, and a key belongs to the owner of the next point.
import type { Endpoint } from "../core/endpoint.ts";
import { weightOf } from "../core/endpoint.ts";
import { ringHash } from "./hash-key.ts";

/** Points at most, over all endpoints: great weights are scaled down to it. */
const MAX_POINTS = 100_000;

/** Immutable ring. */
export class HashRing {
  readonly #points: Uint32Array;
  /** Index of the endpoint that owns each point. */
  readonly owners: Uint32Array;

  /** @param points of each endpoint, in any order */
  constructor(points: readonly Uint32Array[]) {
    const count = points.reduce((sum, own) => sum + own.length, 0);
    // Point and owner as one number, which typed arrays sort without calls.
    const both = new Float64Array(count);
    const span = points.length || 1;
    let at = 0;
    for (let owner = 0; owner < points.length; owner++) {
      const own = points[owner]!;
      for (let i = 0; i < own.length; i++) both[at++] = own[i]! * span + owner;
    }
    both.sort();
    this.#points = new Uint32Array(count);
    this.owners = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const point = Math.floor(both[i]! / span);
      this.#points[i] = point;
      this.owners[i] = both[i]! - point * span;
    }
  }

  /** Index of the first point at or behind `hash`, around the end; only for a ring that is not empty. */
  find(hash: number): number {
    const points = this.#points;
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (points[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low === points.length ? 0 : low;
  }
}

/** Makes rings and keeps the points of each endpoint, so that another ring costs little more than sorting. */
export class RingMaker {
  readonly #replicas: number;
  readonly #points = new Map<string, Uint32Array>();

  /** @param replicas points for each unit of weight */
  constructor(replicas: number) {
    this.#replicas = replicas;
  }

  ring(endpoints: readonly Endpoint[]): HashRing {
    const ids = new Set(endpoints.map((e) => e.spec.id));
    if (this.#points.size > 2 * ids.size)
      for (const id of this.#points.keys()) if (!ids.has(id)) this.#points.delete(id);
    const each = endpoints.map(weightOf);
    // Equal weights get equal numbers of points, whatever the weights are.
    const unit = endpoints.map((e) => e.state.weight ?? e.spec.weight).reduce(commonDivisor, 0) || 1;
    const wanted = each.reduce((sum, weight) => sum + (weight / unit) * this.#replicas, 0);
    const scale = (this.#replicas / unit) * Math.min(1, MAX_POINTS / wanted);
    return new HashRing(endpoints.map((e, i) => this.#pointsOf(e.spec.id, Math.max(1, Math.round(each[i]! * scale)))));
  }

  #pointsOf(id: string, count: number): Uint32Array {
    let known = this.#points.get(id);
    if (known === undefined || known.length < count) {
      const bytes = Buffer.from(id).toString("latin1");
      known = Uint32Array.from({ length: count }, (_, n) => ringHash(`${bytes}#${n}`));
      this.#points.set(id, known);
    }
    return known.subarray(0, count);
  }
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
