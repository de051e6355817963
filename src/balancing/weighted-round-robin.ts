// Smooth weighted round robin: each endpoint gets its share, and the shares are spread out instead of bunched.
import type { RequestContext } from "../core/context.ts";
import { type Balancer, type Endpoint, type Picker, weightOf } from "../core/service.ts";

/** Credits begin anew with every list of endpoints. */
export function weightedRoundRobin(): Balancer {
  return { over };
}

function over(endpoints: readonly Endpoint[]): Picker {
  const credit = new Float64Array(endpoints.length);
  return {
    pick(_ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
      let total = 0;
      let best = -1;
      for (let i = 0; i < endpoints.length; i++) {
        const endpoint = endpoints[i]!;
        if (exclude.length > 0 && exclude.includes(endpoint)) continue;
        const weight = weightOf(endpoint);
        total += weight;
        credit[i] = credit[i]! + weight;
        if (best === -1 || credit[i]! > credit[best]!) best = i;
      }
      if (best === -1) return null;
      credit[best] = credit[best]! - total;
      return endpoints[best]!;
    },
  };
}
