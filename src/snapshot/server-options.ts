// Compiles listeners into options of the HTTP adapters.
import type { HttpServerOptions } from "../adapters/options.ts";
import type { Config } from "../config/config.ts";
import type { ListenerConfig } from "../config/meaning/listeners.ts";

/** Compiles a listener for clients. */
export function serverOptions(config: Config, listener: ListenerConfig): HttpServerOptions {
  const { http, grpc } = config.frontend;
  const { name, http1, http2, websocket, readMs, writeMs, idleMs, proxyProtocol, tls } = listener;
  const { maxConcurrentStreams: maxStreams, maxConnectionAge: maxAgeMs } = grpc;
  return {
    listener: name,
    readMs,
    writeMs,
    idleMs,
    maxHeaderBytes: http.maxHeaderSize,
    maxHeaders: http.maxHeaders,
    proxyProtocol: { trustedPeers: proxyProtocol.trustedPeers, timeoutMs: proxyProtocol.timeout },
    http1,
    upgrades: websocket,
    http2: http2 ? { only: !http1 && !websocket, maxStreams, maxAgeMs } : null,
    tls,
  };
}
