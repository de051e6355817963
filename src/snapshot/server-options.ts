// `frontend.*` as the adapters want it: one set of options per listener.
import type { TlsOptions } from "node:tls";
import type { Http2Options, HttpServerOptions } from "../adapters/options.ts";
import type { Config, ListenerTlsConfig } from "../config/config.ts";
import { cipherList } from "../wire/ciphers.ts";
import { tlsVersion } from "./services/client-options.ts";

/** Compiles `frontend.http`. */
export function serverOptions(config: Config): HttpServerOptions {
  const { http } = config.frontend;
  const http2 = http.enableHTTP2 ? listenerHttp2Options(config, false) : null;
  return {
    readMs: http.readTimeout,
    writeMs: http.writeTimeout,
    idleMs: http.idleTimeout,
    maxHeaderBytes: http.maxHeaderSize,
    maxHeaders: http.maxHeaders,
    http2,
    upgradesOnly: false,
    ...secured(config, http.tls, http2 !== null),
  };
}

/** Compiles the dedicated listener of `frontend.websocket`. */
export function websocketOptions(config: Config): HttpServerOptions {
  const { websocket } = config.frontend;
  return {
    ...serverOptions(config),
    readMs: websocket.readTimeout,
    writeMs: websocket.writeTimeout,
    http2: null,
    upgradesOnly: true,
    ...secured(config, websocket.tls, false),
  };
}

/** Compiles the listener of `frontend.grpc`: HTTP/2 alone. */
export function grpcOptions(config: Config): HttpServerOptions {
  const { grpc } = config.frontend;
  return {
    ...serverOptions(config),
    http2: listenerHttp2Options(config, true),
    upgradesOnly: false,
    ...secured(config, grpc.tls, true),
  };
}

/** TLS of the management listener. */
export function managementTls(config: Config): Pick<HttpServerOptions, "tls" | "requireCertificate"> {
  return secured(config, config.management.tls, false);
}

function listenerHttp2Options(config: Config, only: boolean): Http2Options {
  const { maxConcurrentStreams, maxConnectionAge } = config.frontend.grpc;
  return { only, maxStreams: maxConcurrentStreams, maxAgeMs: maxConnectionAge };
}

function secured(
  config: Config,
  tls: ListenerTlsConfig,
  http2: boolean,
): Pick<HttpServerOptions, "tls" | "requireCertificate"> {
  return {
    tls: tls.enabled ? tlsOptions(config, tls, http2) : null,
    requireCertificate: tls.enabled && (tls.clientAuth === "require" || tls.clientAuth === "verify"),
  };
}

function tlsOptions(config: Config, tls: ListenerTlsConfig, http2: boolean): TlsOptions {
  const ca = tls.clientCAFile.map((path) => config.tlsFiles.get(path)!);
  const ask = tls.clientAuth !== "none";
  const verified = tls.clientAuth === "verify" || (tls.clientAuth === "require" && ca.length > 0);
  return {
    cert: config.tlsFiles.get(tls.certFile)!,
    key: config.tlsFiles.get(tls.keyFile)!,
    minVersion: tlsVersion(tls.minVersion),
    maxVersion: tlsVersion(tls.maxVersion),
    ALPNProtocols: http2 ? ["h2", "http/1.1"] : ["http/1.1"],
    honorCipherOrder: tls.preferServerCipher,
    requestCert: ask,
    rejectUnauthorized: verified,
    ...(ca.length > 0 ? { ca } : {}),
    ...(tls.cipherSuites.length > 0 ? { ciphers: cipherList(tls.cipherSuites) } : {}),
  };
}
