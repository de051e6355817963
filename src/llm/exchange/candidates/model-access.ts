// Which models of a rule a client may use.
import type { RequestContext } from "../../../core/context.ts";

/** Says which models a client may use. */
export interface ModelAccess {
  allows(ctx: RequestContext, id: string): boolean;
}
