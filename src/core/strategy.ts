// Chooses the service a request goes to.
import type { RequestContext } from "./context.ts";
import type { Service } from "./service.ts";

/** A strategy never fails a request: late or broken means its fallback. */
export interface Strategy {
  /** The service to use, or several in order of preference. */
  choose(ctx: RequestContext): Service | Promise<Service>;
}
