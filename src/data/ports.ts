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

/** @param gateway takes the requests */
export function wantedPorts(config: Config, gateway: Gateway, runtime: Runtime): readonly WantedListener[] {
  const { metrics, frontend } = config;
  const { instanceId, clients, meters, log } = runtime;
  const list = config.listeners.map((listener): WantedListener => {
    const { name, host, port, socket, socketMode } = listener;
    const options = serverOptions(config, listener);
    const make = () => {
      const headers = meters.proxyHeadersOf(name, log);
      return new HttpFront(gateway, options, clients, instanceId, meters.handshakesOf(name, log), headers);
    };
    return { name, host, port, socket, socketMode, key: digest(options), make };
  });
  if (metrics.enabled && metrics.port > 0) {
    const make = () => metricsServer(metrics.path, () => runtime.exposition());
    list.push({ name: "metrics", ...tcpAddress(frontend.http.host, metrics.port), key: metrics.path, make });
  }
  return list;
}
