// In turn over the endpoints that may take traffic.
import type { RequestContext } from "../core/context.ts";
import type { Endpoint, Picker } from "../core/service.ts";

/** @param endpoints those that are fit now; weight 0 ones are left out by the caller */
export function roundRobin(endpoints: readonly Endpoint[]): Picker {
  let next = 0;
  return {
    pick(_ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
      const count = endpoints.length;
      for (let i = 0; i < count; i++) {
        if (next >= count) next = 0;
        const endpoint = endpoints[next++]!;
        if (exclude.length === 0 || !exclude.includes(endpoint)) return endpoint;
      }
      return null;
    },
  };
}
