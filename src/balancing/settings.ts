// What balancers are made with: the same for all kinds, each takes what concerns it.

/** Handed to every balancer when it is made. */
export interface BalancerSettings {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Monotonic clock, ms. */
  readonly now: () => number;
}
