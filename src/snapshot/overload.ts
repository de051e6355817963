// `overload` → the filter that refuses requests of a tier while the gateway falls behind.
import type { Config } from "../config/config.ts";
import type { Tier } from "../core/concurrency.ts";
import type { Filter } from "../core/filter.ts";
import type { LeaseHolder } from "../core/lease.ts";
import { HeldRefusals } from "../resilience/held-refusals.ts";
import { Shedder, sheds } from "../resilience/shedding.ts";
import { digest } from "./digest.ts";
import type { Runtime } from "./runtime.ts";

/** The filters of each tier; none where shedding is off. */
export function overloadFilters(
  config: Config,
  runtime: Runtime,
  leases: LeaseHolder,
): (tier: Tier) => readonly Filter[] {
  const { overload } = config.written;
  if (!overload.enabled) return () => [];
  const { shedder, held } = leases.lease(
    `overload|${digest(overload)}`,
    () => {
      const now = () => performance.now();
      const made = {
        shedder: new Shedder(overload.maxLoopDelay),
        held: new HeldRefusals(overload.maxHeld, overload.holdTime, now, Math.random),
      };
      made.shedder.start(now);
      runtime.overload = made.shedder;
      return made;
    },
    (made) => {
      made.shedder.close();
      made.held.close();
      // A reload may have put another in its place.
      if (runtime.overload === made.shedder) runtime.overload = null;
    },
  );
  const filters: Readonly<Record<Tier, readonly Filter[]>> = {
    high: [sheds(shedder, "high", held)],
    normal: [sheds(shedder, "normal", held)],
    low: [sheds(shedder, "low", held)],
  };
  return (tier) => filters[tier];
}
