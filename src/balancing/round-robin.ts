// In turn over the endpoints that may take traffic.
import type { RequestContext } from "../core/context.ts";
import type { Balancer, Endpoint, Picker } from "../core/service.ts";
import { CHANCES, type Chance } from "./chance.ts";
import type { BalancerSettings } from "./settings.ts";

/** The turn goes on where it was when endpoints come and go. */
export function roundRobin({ chance }: BalancerSettings): Balancer {
  const turn = { next: 0 };
  return { over: (endpoints) => new TurnPicker(endpoints, turn, chance) };
}

class TurnPicker implements Picker {
  readonly #endpoints: readonly Endpoint[];
  readonly #turn: { next: number };
  readonly #chance: Chance;

  constructor(endpoints: readonly Endpoint[], turn: { next: number }, chance: Chance) {
    this.#endpoints = endpoints;
    this.#turn = turn;
    this.#chance = chance;
  }

  pick(_ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    const endpoints = this.#endpoints;
    const turn = this.#turn;
    let cold: Endpoint | null = null;
    for (let i = 0; i < endpoints.length; i++) {
      if (turn.next >= endpoints.length) turn.next = 0;
      const endpoint = endpoints[turn.next++]!;
      if (exclude.length > 0 && exclude.includes(endpoint)) continue;
      const { share } = endpoint.state;
      // One that warms up passes on most of its turns.
      if (share === 1 || this.#chance() < share * CHANCES) return endpoint;
      cold ??= endpoint;
    }
    return cold;
  }
}
