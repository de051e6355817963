// Speaks one protocol to one endpoint.
import type { RequestContext } from "./context.ts";
import type { Receiver, RequestBody, Upstream } from "./edges.ts";

/** Speaks one protocol to one endpoint. */
export interface Connector {
  /** Whether backends may say of a request that they have not looked at it, though some of it was sent (HTTP/2). */
  readonly mayRefuse: boolean;
  /** Sends the request of `ctx` and reports to `receiver`; it may report a failure before it returns. */
  send(ctx: RequestContext, body: RequestBody, receiver: Receiver): Upstream;
}
