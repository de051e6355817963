// `backend.http` as the upstream client wants it.
import type { SecureVersion } from "node:tls";
import type { Config } from "../config/config.ts";
import type { HttpClientOptions } from "../connectors/http/options.ts";

/** Compiles the section. TLS settings count only when their block is enabled; verification is on either way. */
export function clientOptions(config: Config): HttpClientOptions {
  const http = config.written.backend.http;
  const { tls } = http;
  const file = (path: string) => config.material.get(path);
  const ca = file(tls.rootCAFile);
  const cert = file(tls.clientCertFile);
  const key = file(tls.clientKeyFile);
  return {
    maxIdlePerHost: http.maxIdleConnsPerHost,
    maxPerHost: http.maxConnsPerHost,
    idleTimeoutMs: http.idleConnTimeout,
    probeMs: http.keepAlive ? Math.max(1000, http.keepAliveTimeout) : 0,
    dialTimeoutMs: http.dialTimeout,
    tlsTimeoutMs: http.tlsHandshakeTimeout,
    headTimeoutMs: http.responseHeaderTimeout,
    continueTimeoutMs: http.expectContinueTimeout,
    tls: {
      verify: !(tls.enabled && tls.insecureSkipVerify),
      serverName: tls.enabled ? tls.serverName : "",
      minVersion: tlsVersion(tls.enabled ? tls.minVersion : "1.2"),
      maxVersion: tlsVersion(tls.enabled ? tls.maxVersion : "1.3"),
      material: {
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(tls.enabled && tls.cipherSuites.length > 0 ? { ciphers: tls.cipherSuites.join(":") } : {}),
      },
    },
  };
}

/** `1.2` → `TLSv1.2`. */
export function tlsVersion(version: string): SecureVersion {
  return version === "1.0" ? "TLSv1" : (`TLSv${version}` as SecureVersion);
}
