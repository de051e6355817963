// `backend`: how the gateway speaks to services.
import type { Infer } from "./field.ts";
import { object } from "./fields.ts";
import { backendGrpc } from "./grpc.ts";
import { bool, dur, int } from "./scalars.ts";
import { backendSse } from "./sse.ts";
import { upstreamTls } from "./upstream-tls.ts";
import { backendWebsocket } from "./websocket.ts";

/** `backend`. */
export const backend = object("How services are called", {
  http: object("The HTTP/1.1 client", {
    maxIdleConns: int("idle connections kept, over all instances", 100),
    maxIdleConnsPerHost: int("idle connections kept per instance; surplus is closed within a second", 10),
    maxConnsPerHost: int("open connections per instance, further requests queue; 0 = no limit", 0),
    idleConnTimeout: dur("close a connection idle this long, sooner where its `Keep-Alive` says so; 0 = never", 90_000),
    keepAlive: bool("TCP keep-alive probes", true),
    keepAliveTimeout: dur("delay before the first probe", 30_000),
    dialTimeout: dur("time to connect", 10_000),
    tlsHandshakeTimeout: dur("time for the TLS handshake", 10_000),
    responseHeaderTimeout: dur("wait for the response head after the request was sent; 0 = the rule's timeout", 0),
    expectContinueTimeout: dur("wait for `100 Continue` before the body is sent anyway", 1_000),
    disableCompression: bool("drop `Accept-Encoding` upstream", false),
    tls: upstreamTls,
  }),
  websocket: backendWebsocket,
  sse: backendSse,
  grpc: backendGrpc,
});

/** Effective `backend`. */
export type Backend = Infer<typeof backend>;
