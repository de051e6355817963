// What Prometheus scrapes: the gateway's own counters presented to prom-client's registry, which formats them.
import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import { isWell } from "../core/endpoint.ts";
import type { OrderState } from "../core/issued-certificate.ts";
import type { MetricFamily } from "../core/questions.ts";
import type { ConnectionFaults } from "./connection-faults.ts";
import type { Histogram } from "./histogram.ts";
import type { Meters, MethodCell, RouteLabels } from "./meters.ts";
import { histogramSamples, type Labels, type OwnMetric, own, type Sample } from "./metric.ts";
import { type ResilienceSources, resilienceMetrics } from "./resilience-metrics.ts";
import { type ResourceSources, resourceMetrics } from "./resource-metrics.ts";
import { receivedBy, type StreamCell, sentBy } from "./stream-meters.ts";

/** Which optional labels requests carry. */
export interface LabelChoice {
  /** Both the rule's id and its pattern. */
  readonly path: boolean;
  readonly method: boolean;
  readonly status: boolean;
}

/** Outcome of configuration loads. */
export interface ReloadState {
  ok: boolean;
  /** Seconds since 1970 of the last load that was accepted. */
  at: number;
  hash: string;
}

/** What is scraped. */
export interface Sources extends Omit<ResilienceSources, "limits">, ResourceSources {
  readonly meters: Meters;
  readonly labels: () => LabelChoice;
  readonly reload: ReloadState;
  readonly droppedLines: () => number;
  /** Certificates shown to clients. */
  readonly certificates: () => readonly CertificateEnd[];
  readonly orders: () => readonly OrderState[];
}

/** When a certificate ends. */
export interface CertificateEnd {
  /** That it is read from, or `acme:` and its names. */
  readonly file: string;
  /** s since 1970. */
  readonly at: number;
}

/** The scrape endpoint's content. */
export class Exposition {
  readonly #registry = new Registry();

  constructor(sources: Sources) {
    collectDefaultMetrics({ register: this.#registry });
    for (const metric of metricsOf(sources)) this.#registry.registerMetric(metric as unknown as Metric<string>);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Every metric as plain data. */
  families(): Promise<readonly MetricFamily[]> {
    return this.#registry.getMetricsAsJSON() as Promise<unknown> as Promise<readonly MetricFamily[]>;
  }

  /** Prometheus text format 0.0.4. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

function metricsOf(s: Sources): OwnMetric[] {
  const request = ({ route, path }: RouteLabels, method: string, status: number | null): Labels => {
    const choice = s.labels();
    return {
      ...(choice.method ? { method } : {}),
      ...(choice.path ? { route, path } : {}),
      ...(choice.status && status !== null ? { status } : {}),
    };
  };
  const sized = (pick: (cell: MethodCell) => Histogram) => (name: string) =>
    [...s.meters.routes].flatMap((route) =>
      methodsOf(route.methods).flatMap((cell) =>
        histogramSamples(name, pick(cell), request(route.labels, cell.method, null)),
      ),
    );
  const perRequest = (make: (name: string, cell: Histogram, labels: Labels) => Sample[]) => (name: string) =>
    [...s.meters.routes].flatMap((route) =>
      [...route.cells.values()].flatMap((cell) =>
        make(name, cell.seconds, request(route.labels, cell.method, cell.status)),
      ),
    );
  const total = (_: string, cell: Histogram, labels: Labels): Sample[] => [{ value: cell.count, labels }];
  return [
    own("gateway_http_requests_total", "Requests finished", "counter", perRequest(total)),
    own("gateway_http_request_duration_seconds", "Arrival to last byte", "histogram", perRequest(histogramSamples)),
    own(
      "gateway_http_request_size_bytes",
      "Request bodies",
      "histogram",
      sized((c) => c.requestBytes),
    ),
    own(
      "gateway_http_response_size_bytes",
      "Response bodies",
      "histogram",
      sized((c) => c.responseBytes),
    ),
    own("gateway_http_requests_active", "Requests under way", "gauge", () =>
      [...s.meters.routes].flatMap((route) =>
        methodsOf(route.methods).map((cell) => ({
          value: cell.active,
          labels: request(route.labels, cell.method, null),
        })),
      ),
    ),
    own("gateway_backend_requests_total", "Attempts answered by a backend", "counter", () =>
      [...s.meters.endpoints].flatMap(({ service, instance, cells }) =>
        [...cells.values()].map(({ method, status, seconds }) => ({
          value: seconds.count,
          labels: { service, instance, method, status },
        })),
      ),
    ),
    own("gateway_backend_request_duration_seconds", "Send to response head", "histogram", (name) =>
      [...s.meters.endpoints].flatMap(({ service, instance, cells }) =>
        [...cells.values()].flatMap(({ method, status, seconds }) =>
          histogramSamples(name, seconds, { service, instance, method, status }),
        ),
      ),
    ),
    own("gateway_backend_errors_total", "Attempts that failed", "counter", () =>
      [...s.meters.endpoints].flatMap(({ service, instance, errors }) =>
        [...errors].map(([error_type, value]) => ({ value, labels: { service, instance, error_type } })),
      ),
    ),
    own("gateway_retry_attempts_total", "Requests sent again", "counter", () =>
      [...s.meters.routes].flatMap(({ labels: { route }, retries }) =>
        [...retries].map(([reason, value]) => ({ value, labels: { route, reason } })),
      ),
    ),
    ...streamMetrics(s),
    ...s.meters.auth.metrics(),
    s.meters.authz.metric(),
    ...s.meters.models.metrics(),
    own("gateway_tls_handshake_failures_total", "TLS handshakes of clients that failed", "counter", () =>
      failuresOf(s.meters.handshakes.values()),
    ),
    own("gateway_proxy_header_failures_total", "PROXY headers of trusted peers that failed", "counter", () =>
      failuresOf(s.meters.proxyHeaders.values()),
    ),
    own(
      "gateway_service_instances",
      "Endpoints by health",
      "gauge",
      () =>
        [...s.services()].flatMap(({ name, endpoints }) =>
          ["healthy", "unhealthy"].map((health) => ({
            value: endpoints.filter((e) => isWell(e) === (health === "healthy")).length,
            labels: { service: name, health },
          })),
        ),
      "average",
    ),
    ...resilienceMetrics({ ...s, limits: s.meters.limits }),
    ...resourceMetrics(s),
    own(
      "gateway_tls_certificate_expiry_timestamp_seconds",
      "When certificates of listeners end",
      "gauge",
      () => s.certificates().map(({ file, at }) => ({ value: at, labels: { file } })),
      "min",
    ),
    own(
      "gateway_acme_order_failures",
      "Orders of a certificate that failed since the last one that succeeded",
      "gauge",
      () => failuresByNames(s.orders()).map(([names, value]) => ({ value, labels: { names } })),
      "max",
    ),
    own(
      "gateway_config_last_reload_success",
      "1 when the last load was accepted",
      "gauge",
      () => [{ value: Number(s.reload.ok), labels: {} }],
      "min",
    ),
    own(
      "gateway_config_last_reload_timestamp_seconds",
      "Time of the last accepted load",
      "gauge",
      () => [{ value: s.reload.at, labels: {} }],
      "min",
    ),
    own("gateway_log_lines_dropped_total", "Log lines that could not be written", "counter", () => [
      { value: s.droppedLines(), labels: {} },
    ]),
    own(
      "gateway_config_hash",
      "Configuration in use",
      "gauge",
      () => [{ value: 1, labels: { hash: s.reload.hash } }],
      "max",
    ),
  ];
}

/** WebSockets and event streams, by service. */
function streamMetrics(s: Sources): OwnMetric[] {
  const cells = (kind: StreamCell["kind"]) => {
    const names = new Set([...s.services()].map(({ name }) => name));
    return s.meters.streams.cells((service) => names.has(service)).filter((cell) => cell.kind === kind);
  };
  const each = (kind: StreamCell["kind"], value: (cell: StreamCell) => number) => () =>
    cells(kind).map((cell) => ({ value: value(cell), labels: { service: cell.service } }));
  const byStatus = (kind: StreamCell["kind"]) => () =>
    cells(kind).flatMap(({ service, byStatus }) =>
      [...byStatus].map(([status, value]) => ({ value, labels: { service, status } })),
    );
  const open = (cell: StreamCell) => cell.open.size;
  return [
    own("gateway_websocket_connections_active", "WebSockets open", "gauge", each("websocket", open)),
    own("gateway_websocket_connections_total", "WebSocket handshakes", "counter", byStatus("websocket")),
    own("gateway_websocket_messages_sent_total", "Messages to clients", "counter", each("websocket", sentBy)),
    own("gateway_websocket_messages_received_total", "Messages of clients", "counter", each("websocket", receivedBy)),
    own("gateway_sse_connections_active", "Event streams open", "gauge", each("sse", open)),
    own("gateway_sse_connections_total", "Event streams begun", "counter", byStatus("sse")),
    own("gateway_sse_events_sent_total", "Events to clients", "counter", each("sse", sentBy)),
  ];
}

function methodsOf(cells: readonly (MethodCell | undefined)[]): MethodCell[] {
  return cells.filter((cell) => cell !== undefined);
}

function failuresOf(listeners: Iterable<ConnectionFaults<string>>): Sample[] {
  return [...listeners].flatMap(({ listener, failures }) =>
    [...failures].map(([reason, value]) => ({ value, labels: { listener, reason } })),
  );
}

/** The same names may be ordered from several authorities: one series, of the worst. */
function failuresByNames(orders: readonly OrderState[]): [string, number][] {
  const worst = new Map<string, number>();
  for (const { names, failures } of orders) {
    const label = names.join(",");
    worst.set(label, Math.max(failures, worst.get(label) ?? 0));
  }
  return [...worst];
}
