// Smooth weighted round robin: each endpoint gets its share, and the shares are spread out instead of bunched.
import type { RequestContext } from "../core/context.ts";
import type { Endpoint, Picker } from "../core/service.ts";

/** @param endpoints those that are fit now; weight 0 ones are left out by the caller */
export function weightedRoundRobin(endpoints: readonly Endpoint[]): Picker {
  const credit = new Float64Array(endpoints.length);
  return {
    pick(_ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
      let total = 0;
      let best = -1;
      for (let i = 0; i < endpoints.length; i++) {
        const endpoint = endpoints[i]!;
        if (exclude.length > 0 && exclude.includes(endpoint)) continue;
        total += endpoint.spec.weight;
        credit[i] = credit[i]! + endpoint.spec.weight;
        if (best === -1 || credit[i]! > credit[best]!) best = i;
      }
      if (best === -1) return null;
      credit[best] = credit[best]! - total;
      return endpoints[best]!;
    },
  };
}
