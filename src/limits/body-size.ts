// Refuses request bodies larger than the route admits: by their announced length at once, else as soon as they are.
import type { Filter } from "../core/filter.ts";
import type { Refusal } from "../core/reply.ts";

const TOO_LARGE: Refusal = { code: "body_too_large" };

/** @param maxBytes largest body, more than 0 */
export function bodySize(maxBytes: number): Filter {
  return {
    name: "body-size",
    phase: "limit",
    onRequest(ctx) {
      const { body } = ctx;
      if (body.length > maxBytes) return TOO_LARGE;
      if (body.length === -1) body.limit(maxBytes);
      return undefined;
    },
  };
}
