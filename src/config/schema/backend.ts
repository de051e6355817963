// `backend`: how the gateway speaks to services.
import { type Infer, object } from "../kit.ts";
import { bool, dur, int, oneOf, str, strings } from "../scalars.ts";

const TLS_VERSIONS = ["1.0", "1.1", "1.2", "1.3"] as const;

/** `backend.http.tls`. */
export const upstreamTls = object("TLS towards https endpoints", {
  enabled: bool("use the settings below; the scheme still comes from the instance", false),
  insecureSkipVerify: bool("do not verify certificates (warned)", false),
  serverName: str("name to send and expect; empty = the instance's address", ""),
  rootCAFile: str("PEM trust anchors; empty = the runtime's", ""),
  clientCertFile: str("PEM client certificate", ""),
  clientKeyFile: str("PEM key of the client certificate", ""),
  minVersion: oneOf("oldest TLS version", TLS_VERSIONS, "1.2"),
  maxVersion: oneOf("newest TLS version", TLS_VERSIONS, "1.3"),
  cipherSuites: strings("OpenSSL or IANA cipher names for TLS 1.2 and below; empty = the runtime's default"),
});

/** `backend`. */
export const backend = object("How services are called", {
  http: object("The HTTP/1.1 client", {
    maxIdleConns: int("idle connections kept, over all instances", 100),
    maxIdleConnsPerHost: int("idle connections kept per instance; surplus is closed within a second", 10),
    maxConnsPerHost: int("open connections per instance, further requests queue; 0 = no limit", 0),
    idleConnTimeout: dur("close a connection idle this long; 0 = never", 90_000),
    keepAlive: bool("TCP keep-alive probes", true),
    keepAliveTimeout: dur("delay before the first probe", 30_000),
    dialTimeout: dur("time to connect", 10_000),
    tlsHandshakeTimeout: dur("time for the TLS handshake", 10_000),
    responseHeaderTimeout: dur("wait for the response head after the request was sent; 0 = the rule's timeout", 0),
    expectContinueTimeout: dur("wait for `100 Continue` before the body is sent anyway", 1_000),
    disableCompression: bool("drop `Accept-Encoding` upstream", false),
    tls: upstreamTls,
  }),
});

/** Effective `backend`. */
export type Backend = Infer<typeof backend>;
/** Effective `backend.http.tls`. */
export type UpstreamTlsConfig = Infer<typeof upstreamTls>;
