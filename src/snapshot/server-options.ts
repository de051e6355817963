// Listeners as the adapters want them: one set of options for each.
import type { TlsOptions } from "node:tls";
import type { Http2Options, HttpServerOptions } from "../adapters/options.ts";
import type { Config, ListenerTlsConfig } from "../config/config.ts";
import type { ListenerConfig } from "../config/meaning/listeners.ts";
import { cipherList } from "../wire/ciphers.ts";
import { tlsVersion } from "./services/client-options.ts";

/** Compiles a listener for clients. */
export function serverOptions(config: Config, listener: ListenerConfig): HttpServerOptions {
  const { maxHeaderSize, maxHeaders } = config.frontend.http;
  const { name, http1, websocket, readMs, writeMs, idleMs, proxyProtocol } = listener;
  const http2 = listener.http2 ? http2Options(config, !http1 && !websocket) : null;
  return {
    listener: name,
    readMs,
    writeMs,
    idleMs,
    maxHeaderBytes: maxHeaderSize,
    maxHeaders,
    proxyProtocol: { trustedPeers: proxyProtocol.trustedPeers, timeoutMs: proxyProtocol.timeout },
    http1,
    upgrades: websocket,
    http2,
    ...secured(config, listener.tls, http2),
  };
}

/** TLS of the management listener. */
export function managementTls(config: Config): Pick<HttpServerOptions, "tls" | "requireCertificate"> {
  return secured(config, config.management.tls, null);
}

function http2Options(config: Config, only: boolean): Http2Options {
  const { maxConcurrentStreams, maxConnectionAge } = config.frontend.grpc;
  return { only, maxStreams: maxConcurrentStreams, maxAgeMs: maxConnectionAge };
}

function secured(
  config: Config,
  tls: ListenerTlsConfig,
  http2: Http2Options | null,
): Pick<HttpServerOptions, "tls" | "requireCertificate"> {
  return {
    tls: tls.enabled ? tlsOptions(config, tls, http2) : null,
    requireCertificate: tls.enabled && (tls.clientAuth === "require" || tls.clientAuth === "verify"),
  };
}

function tlsOptions(config: Config, tls: ListenerTlsConfig, http2: Http2Options | null): TlsOptions {
  const ca = tls.clientCAFile.map((path) => config.tlsFiles.get(path)!);
  const ask = tls.clientAuth !== "none";
  const verified = tls.clientAuth === "verify" || (tls.clientAuth === "require" && ca.length > 0);
  return {
    cert: config.tlsFiles.get(tls.certFile)!,
    key: config.tlsFiles.get(tls.keyFile)!,
    minVersion: tlsVersion(tls.minVersion),
    maxVersion: tlsVersion(tls.maxVersion),
    ALPNProtocols: http2 === null ? ["http/1.1"] : ["h2", "http/1.1"],
    honorCipherOrder: tls.preferServerCipher,
    requestCert: ask,
    rejectUnauthorized: verified,
    ...(ca.length > 0 ? { ca } : {}),
    ...(tls.cipherSuites.length > 0 ? { ciphers: cipherList(tls.cipherSuites) } : {}),
  };
}
