// `backend`: how the gateway speaks to services.
import type { Field, Infer } from "./field.ts";
import { mapOf, object } from "./fields.ts";
import { backendGrpc } from "./grpc.ts";
import { orSwitch } from "./or-switch.ts";
import { overridden } from "./overrides.ts";
import { bool, dur, int, oneOf } from "./scalars.ts";
import { backendSse } from "./sse.ts";
import { upstreamTls } from "./upstream-tls.ts";
import { backendWebsocket } from "./websocket.ts";

const HTTP_VERSIONS = ["1.1", "2"] as const;

const http = object("The HTTP client", {
  version: {
    ...oneOf(
      "of requests that are not gRPC; `2` must be agreed by ALPN over TLS and is prior knowledge without. An instance with scheme `h2c` always speaks 2",
      HTTP_VERSIONS,
      "1.1",
    ),
    json: { enum: [...HTTP_VERSIONS, ...HTTP_VERSIONS.map(Number)] },
  } satisfies Field<(typeof HTTP_VERSIONS)[number]>,
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
  preserveHost: bool("forward the client's Host, on rules that say nothing of it", false),
  tls: upstreamTls,
});

const tls = orSwitch(
  overridden(upstreamTls),
  "TLS settings that differ for this service: they are used unless `enabled: false`; or true or false",
);

const service = object("One service: what is left out is as in `backend`", {
  http: overridden(http, { tls }, ["maxIdleConns"]),
  websocket: overridden(backendWebsocket),
  sse: overridden(backendSse),
  grpc: overridden(backendGrpc, { tls }, ["descriptors"]),
});

/** `backend`. */
export const backend = object("How services are called", {
  http,
  websocket: backendWebsocket,
  sse: backendSse,
  grpc: backendGrpc,
  services: mapOf("service → what differs for it, key by key", service),
});

/** Effective `backend`. */
export type Backend = Infer<typeof backend>;
