// The settings of all balancers; each uses those that apply to it.
import type { RequestContext } from "../core/context.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { Balancer, Picker } from "../core/service.ts";
import type { RandomInt } from "./random-int.ts";
import type { Sessions } from "./sessions.ts";

/** Handed to every balancer when it is made. */
export interface BalancerSettings {
  readonly randomInt: RandomInt;
  readonly hash: HashRule;
  /** Sticky sessions; null: none. */
  readonly sessions: Sessions | null;
}

/** How requests are spread by a hash. */
export interface HashRule {
  /** 32-bit hash of the key of a request. */
  readonly keyOf: (ctx: RequestContext) => number;
  /** Points on the ring for each unit of weight. */
  readonly replicas: number;
  /**
   * An endpoint is skipped while it has more than this multiple of its share of the requests in progress; 0 = never.
   */
  readonly maxLoad: number;
}

/** A balancer that takes equal requests to the same endpoint, so that traffic cannot be divided by randomInt. */
export interface KeyedBalancer extends Balancer {
  /**
   * @param endpoints all that may take traffic
   * @param preferred those of them to take first
   */
  prefer(endpoints: readonly Endpoint[], preferred: readonly Endpoint[]): Picker;
}

/** Whether a balancer is a {@link KeyedBalancer}. */
export function isKeyed(balancer: Balancer): balancer is KeyedBalancer {
  return "prefer" in balancer;
}
