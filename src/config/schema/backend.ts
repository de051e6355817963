// `backend`: settings for requests to services.
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
      "HTTP version of requests other than gRPC; `2` is negotiated by ALPN over TLS, which must succeed, and with prior knowledge without TLS. An instance with scheme `h2c` always uses 2",
      HTTP_VERSIONS,
      "1.1",
    ),
    json: { enum: [...HTTP_VERSIONS, ...HTTP_VERSIONS.map(Number)] },
  } satisfies Field<(typeof HTTP_VERSIONS)[number]>,
  maxIdleConns: int("maximum idle connections, over all instances", 100),
  maxIdleConnsPerHost: int("maximum idle connections per instance; surplus ones are closed within a second", 10),
  maxConnsPerHost: int("maximum open connections per instance, further requests queue; 0 = no limit", 0),
  idleConnTimeout: dur(
    "close a connection idle for this long, or sooner if its `Keep-Alive` says so; 0 = never",
    90_000,
  ),
  keepAlive: bool("TCP keep-alive probes", true),
  keepAliveTimeout: dur("delay before the first probe", 30_000),
  dialTimeout: dur("timeout for connecting", 10_000),
  tlsHandshakeTimeout: dur("timeout for the TLS handshake", 10_000),
  responseHeaderTimeout: dur("timeout for the response head after the request was sent; 0 = the rule's timeout", 0),
  expectContinueTimeout: dur("maximum wait for `100 Continue` before the body is sent anyway", 1_000),
  disableCompression: bool("remove `Accept-Encoding` from requests", false),
  preserveHost: bool("forward the client's Host, unless the rule sets `preserveHost`", false),
  tls: upstreamTls,
});

const tls = orSwitch(
  overridden(upstreamTls),
  "TLS settings that differ for this service, or true or false; a block is enabled unless `enabled` is false",
);

const service = object("One service; missing keys are inherited from `backend`", {
  http: overridden(http, { tls }, ["maxIdleConns"]),
  websocket: overridden(backendWebsocket),
  sse: overridden(backendSse),
  grpc: overridden(backendGrpc, { tls }, ["descriptors"]),
});

/** `backend`. */
export const backend = object("Settings for requests to services", {
  http,
  websocket: backendWebsocket,
  sse: backendSse,
  grpc: backendGrpc,
  services: mapOf("service → settings that differ for it", service),
});

/** Effective `backend`. */
export type Backend = Infer<typeof backend>;
