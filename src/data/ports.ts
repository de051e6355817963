// The ports a configuration wants for the requests of clients and for scrapes.
import { HttpFront } from "../adapters/front.ts";
import { metricsServer } from "../adapters/http/metrics-server.ts";
import type { WantedListener } from "../adapters/listeners.ts";
import type { HttpServerOptions } from "../adapters/options.ts";
import type { Config } from "../config/config.ts";
import type { Gateway } from "../core/gateway.ts";
import { digest } from "../snapshot/digest.ts";
import type { Runtime } from "../snapshot/runtime.ts";
import { grpcOptions, serverOptions, websocketOptions } from "../snapshot/server-options.ts";

/** @param gateway takes the requests */
export function wantedPorts(config: Config, gateway: Gateway, runtime: Runtime): readonly WantedListener[] {
  const { http, websocket, grpc } = config.frontend;
  const { metrics } = config;
  const { instanceId, clients, meters, log } = runtime;
  const front = (name: string, host: string, port: number, options: HttpServerOptions): WantedListener => {
    const make = () => new HttpFront(gateway, options, clients, instanceId, meters.handshakesOf(name, log));
    return { name, host, port, key: digest(options), make };
  };
  const list = [front("http", http.host, http.port, serverOptions(config))];
  if (websocket.enabled === true && websocket.port !== null) {
    list.push(front("websocket", websocket.host || http.host, websocket.port, websocketOptions(config)));
  }
  if (grpc.enabled) list.push(front("grpc", grpc.host || http.host, grpc.port, grpcOptions(config)));
  if (metrics.enabled && metrics.port > 0) {
    const make = () => metricsServer(metrics.path, () => runtime.exposition());
    list.push({ name: "metrics", host: http.host, port: metrics.port, key: metrics.path, make });
  }
  return list;
}
