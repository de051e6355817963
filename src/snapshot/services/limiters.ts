// Compiles `adaptiveConcurrency` into the limiter of a service, leased so that the limit it has found survives a reload.

import { adaptiveLimitOf } from "../../config/meaning/adaptive-limit.ts";
import { loopBusyMs } from "../../core/clock.ts";
import type { ConcurrencyLimiter } from "../../core/limiter.ts";
import { GradientLimiter } from "../../resilience/gradient.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";

/** The limiter of a service; null: none. All rules share it, since they share the service. */
export function limiterOf({ config, leases }: Build, service: string): ConcurrencyLimiter | null {
  const limits = adaptiveLimitOf(config, service);
  if (limits === null) return null;
  return leases.lease<ConcurrencyLimiter>(
    `limiter|${service}|${digest(limits)}`,
    () => new GradientLimiter(limits, () => performance.now(), loopBusyMs),
    () => undefined,
  );
}
