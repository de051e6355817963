// Which endpoints the balancer chooses from: the first group that has enough fit ones, with what it cannot carry going to
// the next, and all of them when so few are fit that the fault is more likely with the gateway or the network.
import type { RequestContext } from "../core/context.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { weightOf } from "../core/endpoint.ts";
import type { Balancer, Picker } from "../core/service.ts";
import { CHANCES, type RandomInt } from "./random-int.ts";
import { isKeyed } from "./settings.ts";

/** How traffic is spread over the groups of a service. */
export interface SpreadRule {
  /** Zone of this gateway; "" prefers no zone. */
  readonly zone: string;
  /** Share of available endpoints, in [0, 1], below which all are used; 0 = never. */
  readonly panicShare: number;
  /** false: a group takes all traffic while it has one available endpoint. */
  readonly overflow: boolean;
}

/** A group keeps all its traffic while its available share times this is at least 1 (as in Envoy). */
const HEADROOM = 1.4;

/** Endpoints of one priority that stand in the gateway's zone, or elsewhere. */
interface Group {
  /** Place in the order of all groups there could be; stays the same when others come and go. */
  readonly rank: number;
  readonly fit: readonly Endpoint[];
  /** What it can carry: 1 is everything that is meant for it. */
  readonly strength: number;
}

/** Balances each group by itself. Lives as long as the service is configured, and makes its pickers. */
export class EndpointGroups {
  readonly #make: () => Balancer;
  readonly #rule: SpreadRule;
  readonly #randomInt: RandomInt;
  /** By rank; at most two for each priority. */
  readonly #balancers = new Map<number, Balancer>();

  /** @param make a balancer with its own state */
  constructor(make: () => Balancer, rule: SpreadRule, randomInt: RandomInt) {
    this.#make = make;
    this.#rule = rule;
    this.#randomInt = randomInt;
  }

  /** @param endpoints all of the service, available or not, in the order of the registry */
  over(endpoints: readonly Endpoint[]): Picker {
    const groups = groupsOf(endpoints, this.#rule);
    const first = this.#balancer(0);
    if (isKeyed(first)) {
      const all = groups.flatMap((group) => group.fit);
      return first.prefer(all, preferredOf(groups, this.#rule.overflow) ?? all);
    }
    if (groups.length === 0) return first.over([]);
    if (groups.length === 1) return this.#balancer(groups[0]!.rank).over(groups[0]!.fit);
    const parts = this.#rule.overflow ? partsOf(groups) : groups.map((_, i) => (i === 0 ? 1 : 0));
    const pickers = groups.map((group) => this.#balancer(group.rank).over(group.fit));
    return new GroupPicker(groups, pickers, parts, this.#randomInt);
  }

  #balancer(rank: number): Balancer {
    let balancer = this.#balancers.get(rank);
    if (balancer === undefined) {
      balancer = this.#make();
      this.#balancers.set(rank, balancer);
    }
    return balancer;
  }
}

/** Whether the registry and the operator let an endpoint take traffic, whatever checks and results say of it. */
function isMeant({ spec, state }: Endpoint): boolean {
  return spec.healthy && !state.obstacles.has("draining") && !state.obstacles.has("down");
}

/** Whether an endpoint can take traffic at all. One with a half-open circuit counts: the circuit decides by request. */
function canServe(endpoint: Endpoint): boolean {
  return isMeant(endpoint) && weightOf(endpoint) > 0 && endpoint.breaker?.state !== "open";
}

/** Groups with at least one endpoint to use, in order. */
function groupsOf(endpoints: readonly Endpoint[], rule: SpreadRule): Group[] {
  const meant = endpoints.filter((endpoint) => isMeant(endpoint) && weightOf(endpoint) > 0);
  const fit = meant.filter((endpoint) => endpoint.state.fit && canServe(endpoint));
  const panic = fit.length < rule.panicShare * meant.length;
  const usable = panic ? meant.filter(canServe) : fit;
  const members = new Map<number, Endpoint[]>();
  for (const endpoint of meant) {
    const rank = rankOf(endpoint, rule.zone);
    const group = members.get(rank);
    if (group === undefined) members.set(rank, [endpoint]);
    else group.push(endpoint);
  }
  return [...members]
    .map(([rank, all]) => {
      const own = usable.filter((endpoint) => rankOf(endpoint, rule.zone) === rank);
      return { rank, fit: own, strength: (own.length * HEADROOM) / all.length };
    })
    .filter((group) => group.fit.length > 0)
    .sort((a, b) => a.rank - b.rank);
}

function rankOf({ spec }: Endpoint, zone: string): number {
  return 2 * spec.priority + (zone === "" || spec.zone === zone ? 0 : 1);
}

/** The part of the traffic each group gets: what the groups before it cannot carry, as far as it can. */
function partsOf(groups: readonly Group[]): number[] {
  let rest = 1;
  const parts = groups.map((group) => {
    const part = Math.min(rest, group.strength);
    rest -= part;
    return part;
  });
  // Too few everywhere: each group gets its proportion of everything.
  const carried = 1 - rest;
  return parts.map((part) => part / carried);
}

/** The first group that carries everything; null when all together must. Keys are never divided by randomInt. */
function preferredOf(groups: readonly Group[], overflow: boolean): readonly Endpoint[] | null {
  if (!overflow) return groups[0]?.fit ?? null;
  return groups.find((group) => group.strength >= 1)?.fit ?? null;
}

/** Divides traffic between groups by randomInt; when all of a group have been tried, the others follow in order. */
class GroupPicker implements Picker {
  readonly #members: readonly ReadonlySet<Endpoint>[];
  readonly #pickers: readonly Picker[];
  readonly #parts: readonly number[];
  readonly #randomInt: RandomInt;

  constructor(groups: readonly Group[], pickers: readonly Picker[], parts: readonly number[], randomInt: RandomInt) {
    this.#members = groups.map((group) => new Set(group.fit));
    this.#pickers = pickers;
    this.#parts = parts;
    this.#randomInt = randomInt;
  }

  pick(ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    let rest = this.#parts[0] === 1 ? 0 : this.#randomInt() / CHANCES;
    let chosen = 0;
    while (chosen < this.#parts.length - 1 && (rest -= this.#parts[chosen]!) >= 0) chosen++;
    const picked = this.#pickers[chosen]!.pick(ctx, exclude);
    return picked ?? this.#fromOthers(chosen, ctx, exclude);
  }

  observe(ctx: RequestContext, endpoint: Endpoint, ok: boolean, ms: number): void {
    const group = this.#members.findIndex((members) => members.has(endpoint));
    if (group !== -1) this.#pickers[group]!.observe?.(ctx, endpoint, ok, ms);
  }

  #fromOthers(chosen: number, ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    for (let i = 0; i < this.#pickers.length; i++) {
      const picked = i === chosen ? null : this.#pickers[i]!.pick(ctx, exclude);
      if (picked !== null) return picked;
    }
    return null;
  }
}
