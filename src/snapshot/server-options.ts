// `frontend.http` as the HTTP adapter wants it.
import type { TlsOptions } from "node:tls";
import type { HttpServerOptions } from "../adapters/http/options.ts";
import type { Config } from "../config/config.ts";
import { tlsVersion } from "./client-options.ts";

/** Compiles the section. */
export function serverOptions(config: Config): HttpServerOptions {
  const http = config.written.frontend.http;
  return {
    readMs: http.readTimeout,
    writeMs: http.writeTimeout,
    idleMs: http.idleTimeout,
    maxHeaderBytes: http.maxHeaderSize,
    maxHeaders: http.maxHeaders,
    maxConnections: http.maxConnections,
    tls: http.tls.enabled ? tlsOptions(config) : null,
    requireCertificate: http.tls.enabled && (http.tls.clientAuth === "require" || http.tls.clientAuth === "verify"),
  };
}

function tlsOptions(config: Config): TlsOptions {
  const { tls } = config.written.frontend.http;
  const ca = tls.clientCAFile.map((path) => config.material.get(path)!);
  const ask = tls.clientAuth !== "none";
  const verified = tls.clientAuth === "verify" || (tls.clientAuth === "require" && ca.length > 0);
  return {
    cert: config.material.get(tls.certFile)!,
    key: config.material.get(tls.keyFile)!,
    minVersion: tlsVersion(tls.minVersion),
    maxVersion: tlsVersion(tls.maxVersion),
    ALPNProtocols: ["http/1.1"],
    honorCipherOrder: tls.preferServerCipher,
    requestCert: ask,
    rejectUnauthorized: verified,
    ...(ca.length > 0 ? { ca } : {}),
    ...(tls.cipherSuites.length > 0 ? { ciphers: tls.cipherSuites.join(":") } : {}),
  };
}
