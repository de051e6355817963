// A bound on requests under way: of a route, or of each client of it. Given back when a request is over, however it ends.
import type { RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { Refusal } from "../core/reply.ts";
import type { KeyOf } from "./keys.ts";
import type { LimitMeter } from "./limit.ts";

/** Requests in progress by key. Keys without any have no entry. */
export type UnderWay = Map<string, number>;

/** What a route bounds. */
interface ConcurrencyRule {
  /** At least 1. */
  readonly max: number;
  readonly keyOf: KeyOf;
  /** All clients share one key: then the gateway is full, instead of one client asking too much. */
  readonly shared: boolean;
  /** Whether the key is known only after authentication. */
  readonly needsIdentity: boolean;
  /** Kept across reloads. */
  readonly underWay: UnderWay;
  /** null when metrics are off. */
  readonly meter: LimitMeter | null;
}

const FULL: Refusal = { code: "overloaded" };
const TOO_MANY: Refusal = { code: "rate_limited", fields: ["Retry-After", "1"] };

/** Refuses what would exceed the bound: 503 `overloaded` of a route, 429 `rate_limited` of a client. */
export function concurrencyLimit(rule: ConcurrencyRule): Filter {
  const { max, keyOf, underWay, meter } = rule;
  const refusal = rule.shared ? FULL : TOO_MANY;
  return {
    name: "concurrency",
    phase: rule.needsIdentity ? "limit" : "edge",
    onRequest(ctx: RequestContext) {
      const key = keyOf(ctx);
      const active = underWay.get(key) ?? 0;
      if (meter !== null) meter.hits++;
      if (active >= max) {
        if (meter !== null) meter.rejected++;
        return refusal;
      }
      underWay.set(key, active + 1);
      ctx.onDone(() => leave(underWay, key));
      return undefined;
    },
  };
}

function leave(underWay: UnderWay, key: string): void {
  const left = underWay.get(key)! - 1;
  if (left === 0) underWay.delete(key);
  else underWay.set(key, left);
}
