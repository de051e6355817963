// The ports a configuration wants for the requests of clients and for scrapes.
import { HttpFront } from "../adapters/front.ts";
import { metricsServer } from "../adapters/http/metrics-server.ts";
import { tcpAddress } from "../adapters/listener.ts";
import type { WantedListener } from "../adapters/listeners.ts";
import type { Config } from "../config/config.ts";
import type { Gateway } from "../core/gateway.ts";
import { digest } from "../snapshot/digest.ts";
import type { Runtime } from "../snapshot/runtime.ts";
import { serverOptions } from "../snapshot/server-options.ts";
import { demandsOf } from "../tls/server-tls.ts";

/** @param gateway takes the requests */
export function wantedPorts(config: Config, gateway: Gateway, runtime: Runtime): readonly WantedListener[] {
  const { metrics, frontend } = config;
  const { meters, log } = runtime;
  const parts = { ...runtime, gateway, ticketSecret: runtime.sessionSecret };
  const list = config.listeners.map((listener): WantedListener => {
    const { name, host, port, socket, socketMode } = listener;
    const options = serverOptions(config, listener);
    const { tls } = options;
    const key = digest({ ...options, tls: tls === null ? null : demandsOf(tls) });
    const make = () => {
      const watches = { watch: meters.handshakesOf(name, log), proxyHeaders: meters.proxyHeadersOf(name, log) };
      return new HttpFront(options, { ...parts, ...watches });
    };
    return { name, host, port, socket, socketMode, key, tls, make };
  });
  if (metrics.enabled && metrics.port > 0) {
    const make = () => metricsServer(metrics.path, () => runtime.exposition());
    list.push({ name: "metrics", ...tcpAddress(frontend.http.host, metrics.port), key: metrics.path, tls: null, make });
  }
  return list;
}
