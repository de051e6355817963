// `overload` → the filter that refuses requests of a tier while the gateway falls behind.
import { loopBusyMs } from "../../core/clock.ts";
import type { Filter } from "../../core/filter.ts";
import type { Tier } from "../../core/limiter.ts";
import type { Overload } from "../../core/overload.ts";
import { HeldRefusals } from "../../resilience/held-refusals.ts";
import { Shedder, sheds } from "../../resilience/shedding.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";

/** Shedding of one configuration. */
export interface Shedding {
  /** null: load is not shed. */
  readonly overload: Overload | null;
  /** Filters of a route of that tier. */
  filtersOf(tier: Tier): readonly Filter[];
}

/** Leases what sheds load, so that a reload does not make it begin anew. */
export function sheddingOf({ config, leases }: Build): Shedding {
  const { overload } = config.written;
  if (!overload.enabled) return { overload: null, filtersOf: () => [] };
  const { shedder, held } = leases.lease(
    `overload|${digest(overload)}`,
    () => {
      const now = () => performance.now();
      const made = {
        shedder: new Shedder(overload.maxLoopDelay),
        held: new HeldRefusals(overload.maxHeld, overload.holdTime, now, Math.random),
      };
      made.shedder.start(now, loopBusyMs);
      return made;
    },
    (made) => {
      made.shedder.close();
      made.held.close();
    },
  );
  const filters: Readonly<Record<Tier, readonly Filter[]>> = {
    high: [sheds(shedder, "high", held)],
    normal: [sheds(shedder, "normal", held)],
    low: [sheds(shedder, "low", held)],
  };
  return { overload: shedder, filtersOf: (tier) => filters[tier] };
}
