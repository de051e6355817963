// Compiles `backend.http` and `backend.grpc` into options of the upstream clients.
import type { SecureVersion } from "node:tls";
import type { Config, UpstreamTlsConfig } from "../../config/config.ts";
import type { HttpClientOptions } from "../../connectors/http/options.ts";
import type { Http2ClientOptions } from "../../connectors/http2/options.ts";
import { cipherList } from "../../wire/ciphers.ts";
import type { UpstreamTls } from "../../wire/secure.ts";

/** Compiles `backend.http`. Without `tls.enabled` its TLS settings are ignored, and certificates are verified. */
export function clientOptions(config: Config): HttpClientOptions {
  const http = config.backend.http;
  return {
    maxIdlePerHost: http.maxIdleConnsPerHost,
    maxPerHost: http.maxConnsPerHost,
    idleTimeoutMs: http.idleConnTimeout,
    probeMs: http.keepAlive ? Math.max(1000, http.keepAliveTimeout) : 0,
    dialTimeoutMs: http.dialTimeout,
    tlsTimeoutMs: http.tlsHandshakeTimeout,
    headTimeoutMs: http.responseHeaderTimeout,
    continueTimeoutMs: http.expectContinueTimeout,
    tls: upstreamTls(config, http.tls),
  };
}

/** Compiles `backend.grpc`. Without `tls.enabled` of its own it uses the TLS settings of `backend.http`. */
export function upstreamHttp2Options(config: Config): Http2ClientOptions {
  const { grpc, http } = config.backend;
  return {
    poolSize: grpc.poolSize,
    maxPoolSize: Math.max(grpc.poolSize, grpc.maxPoolSize),
    maxStreams: grpc.maxConcurrentStreams,
    streamWindow: grpc.initialWindowSize,
    connectionWindow: grpc.initialConnWindowSize,
    dialTimeoutMs: grpc.dialTimeout,
    tlsTimeoutMs: http.tlsHandshakeTimeout,
    pingMs: grpc.keepAliveTime,
    pingTimeoutMs: grpc.keepAliveTimeout,
    idleTimeoutMs: http.idleConnTimeout,
    tls: upstreamTls(config, grpc.tls.enabled ? grpc.tls : http.tls),
  };
}

function upstreamTls(config: Config, tls: UpstreamTlsConfig): UpstreamTls {
  const file = (path: string) => config.tlsFiles.get(path);
  const ca = file(tls.rootCAFile);
  const cert = file(tls.clientCertFile);
  const key = file(tls.clientKeyFile);
  return {
    verify: !(tls.enabled && tls.insecureSkipVerify),
    serverName: tls.enabled ? tls.serverName : "",
    minVersion: tlsVersion(tls.enabled ? tls.minVersion : "1.2"),
    maxVersion: tlsVersion(tls.enabled ? tls.maxVersion : "1.3"),
    material: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(tls.enabled && tls.cipherSuites.length > 0 ? { ciphers: cipherList(tls.cipherSuites) } : {}),
    },
  };
}

/** `1.2` → `TLSv1.2`. */
export function tlsVersion(version: string): SecureVersion {
  return version === "1.0" ? "TLSv1" : (`TLSv${version}` as SecureVersion);
}
