// Metrics of the gateway's own resources: refused connections, and shortages.
import { type OwnMetric, own } from "./metric.ts";

/** Where the values come from, read at each scrape. */
export interface ResourceSources {
  readonly clients: { readonly max: number; readonly refused: number };
  /** Cause → failures. */
  readonly shortages: ReadonlyMap<string, number>;
}

/** All metrics of resources. */
export function resourceMetrics({ clients, shortages }: ResourceSources): OwnMetric[] {
  return [
    own("gateway_client_connections_limit", "Client connections that may be open, 0 no limit", "gauge", () => [
      { value: clients.max, labels: {} },
    ]),
    own("gateway_client_connections_refused_total", "Client connections over the limit", "counter", () => [
      { value: clients.refused, labels: {} },
    ]),
    own("gateway_resource_shortages_total", "Connections and probes the gateway lacked the means for", "counter", () =>
      [...shortages].map(([cause, value]) => ({ value, labels: { cause } })),
    ),
  ];
}
