// `overload` → the filter that refuses requests by their tier while the gateway falls behind.
import { loopBusyMs } from "../../core/clock.ts";
import type { Filter } from "../../core/filter.ts";
import type { Overload } from "../../core/overload.ts";
import { HeldRefusals } from "../../resilience/held-refusals.ts";
import { Shedder, sheddingFilter } from "../../resilience/shedding.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";

/** Shedding of one configuration. */
export interface Shedding {
  /** null: load is not shed. */
  readonly overload: Overload | null;
  /** For every route; none when load is not shed. */
  readonly filters: readonly Filter[];
}

/** Leases what measures and sheds load, so that a reload keeps its state. */
export function sheddingOf({ config, leases }: Build): Shedding {
  const { overload } = config;
  if (!overload.enabled) return { overload: null, filters: [] };
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
  return { overload: shedder, filters: [sheddingFilter(shedder, held)] };
}
