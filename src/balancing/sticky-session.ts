// A client stays with its endpoint as long as that is available.
import type { RequestContext } from "../core/context.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { Picker } from "../core/service.ts";
import { roundRobin } from "./round-robin.ts";
import type { Sessions } from "./sessions.ts";
import type { BalancerSettings, KeyedBalancer } from "./settings.ts";

/** New clients, and those whose endpoint was removed, are assigned an endpoint in turn by weight. */
export function stickySession({ sessions }: BalancerSettings): KeyedBalancer {
  const inTurn = roundRobin();
  const behind = roundRobin();
  const prefer = (endpoints: readonly Endpoint[], preferred: readonly Endpoint[]): Picker => {
    const others = endpoints.filter((endpoint) => !preferred.includes(endpoint));
    const fresh = [inTurn.over(preferred), ...(others.length === 0 ? [] : [behind.over(others)])];
    return new StickyPicker(endpoints, fresh, sessions);
  };
  return { prefer, over: (endpoints) => prefer(endpoints, endpoints) };
}

class StickyPicker implements Picker {
  readonly #sessions: Sessions | null;
  readonly #fresh: readonly Picker[];
  /** Endpoints by their id, and by their tag in cookies. */
  readonly #endpoints: ReadonlyMap<number | string, Endpoint>;

  /** @param fresh chooses for clients without a session */
  constructor(endpoints: readonly Endpoint[], fresh: readonly Picker[], sessions: Sessions | null) {
    this.#sessions = sessions;
    this.#fresh = fresh;
    this.#endpoints = new Map<number | string, Endpoint>(
      endpoints.flatMap((endpoint) => [
        [endpoint.spec.id, endpoint] as const,
        ...(sessions?.rule.issues ? [[sessions.tagOf(endpoint), endpoint] as const] : []),
      ]),
    );
  }

  pick(ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    const sessions = this.#sessions;
    if (sessions === null) return this.#inTurn(ctx, exclude);
    const known = sessions.find(ctx);
    const bound = known === undefined ? undefined : this.#endpoints.get(known);
    if (bound !== undefined && (exclude.length === 0 || !exclude.includes(bound))) return bound;
    const chosen = this.#inTurn(ctx, exclude);
    // An endpoint that is only passed over this time, by a retry or a hedge, keeps the session until another one answers.
    if (chosen !== null && bound === undefined) sessions.bind(ctx, chosen);
    return chosen;
  }

  #inTurn(ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    for (let i = 0; i < this.#fresh.length; i++) {
      const chosen = this.#fresh[i]!.pick(ctx, exclude);
      if (chosen !== null) return chosen;
    }
    return null;
  }
}
