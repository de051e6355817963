// Answers requests here, in the gateway: the other kind of target of a route.
import type { RequestContext } from "./context.ts";
import type { Refusal, Reply } from "./reply.ts";

/** A page, a probe, a redirect: whatever needs no backend. */
export interface Responder {
  answer(ctx: RequestContext): Reply | Refusal | Promise<Reply | Refusal>;
}
