// Speaks one protocol to one endpoint.
import type { Receiver, Upstream } from "./edges.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

/** A way to send requests to an endpoint. */
export interface Connector {
  /** Whether backends may say of a request that they have not looked at it, though some of it was sent (HTTP/2). */
  readonly mayRefuse: boolean;
  /** Sends a request and reports to `receiver`; it may report a failure before it returns. */
  send(request: UpstreamRequest, receiver: Receiver): Upstream;
}
