// The HTTP/2 connector: implements Connector with the connections of one endpoint. gRPC messages are not parsed.

import type { Connector } from "../../core/connector.ts";
import type { Receiver, Upstream } from "../../core/edges.ts";
import { NULL_UPSTREAM } from "../../core/null-upstream.ts";
import type { UpstreamRequest } from "../../core/upstream-request.ts";
import { BoundedCall, type MessageBounds } from "../grpc/bounded-call.ts";
import { Http2Call } from "./call.ts";
import type { Http2Pool } from "./pool.ts";
import { requestHeaders, type StreamDefaults } from "./request-headers.ts";

/** Sends requests of the pipeline to one endpoint. */
export class Http2Connector implements Connector {
  readonly mayRefuse = true;
  readonly #pool: Http2Pool;
  readonly #defaults: StreamDefaults;
  readonly #bounds: MessageBounds;

  /** @param bounds of gRPC messages */
  constructor(pool: Http2Pool, defaults: StreamDefaults, bounds: MessageBounds) {
    this.#pool = pool;
    this.#defaults = defaults;
    this.#bounds = bounds;
  }

  send(request: UpstreamRequest, receiver: Receiver): Upstream {
    const { head, body } = request;
    if (head.kind === "websocket") {
      receiver.failed({ code: "no_route", progress: "unsent", detail: "WebSocket to an HTTP/2 endpoint" });
      return NULL_UPSTREAM;
    }
    const headers = requestHeaders(request, this.#defaults);
    const grpc = head.kind === "grpc";
    const bounded = this.#bounds.maxSendBytes > 0 || this.#bounds.maxReceiveBytes > 0;
    if (!grpc || !bounded) {
      const call = new Http2Call(this.#pool, headers, body, !grpc, receiver);
      if (!grpc && head.times !== null) call.headTimeoutMs = head.times.headTimeoutMs;
      return this.#call(call);
    }
    const gate = new BoundedCall(body, receiver, this.#bounds);
    const call = new Http2Call(this.#pool, headers, gate, false, gate);
    gate.call = call;
    return this.#call(call);
  }

  #call(call: Http2Call): Upstream {
    this.#pool.send(call);
    return call;
  }
}
