// In turn over the endpoints that may take traffic.
import type { RequestContext } from "../core/context.ts";
import type { Balancer, Endpoint, Picker } from "../core/service.ts";

/** The turn goes on where it was when endpoints come and go. */
export function roundRobin(): Balancer {
  let next = 0;
  const over = (endpoints: readonly Endpoint[]): Picker => ({
    pick(_ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
      const count = endpoints.length;
      for (let i = 0; i < count; i++) {
        if (next >= count) next = 0;
        const endpoint = endpoints[next++]!;
        if (exclude.length === 0 || !exclude.includes(endpoint)) return endpoint;
      }
      return null;
    },
  });
  return { over };
}
