// What Prometheus scrapes: the house's own counters presented to prom-client's registry, which formats them.
import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import type { Breaker, BreakerState } from "../core/breaker.ts";
import type { ConcurrencyLimiter } from "../core/concurrency.ts";
import type { Overload } from "../core/overload.ts";
import { isHealthy, type Service } from "../core/service.ts";
import type { Histogram } from "./histogram.ts";
import type { LimitMeterCells } from "./limit-meters.ts";
import type { Meters, MethodCell } from "./meters.ts";
import { receivedBy, type StreamCell, sentBy } from "./stream-meters.ts";

type Labels = Record<string, string | number>;
interface Sample {
  readonly value: number;
  readonly labels: Labels;
  readonly metricName?: string;
}

/** Which optional labels requests carry. */
export interface LabelChoice {
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

/** Checks and outlier detection, as they are shown. */
export interface RunningChecks {
  readonly running: Iterable<{ readonly name: string; readonly verdict: { status: string; ms: number } | null }>;
  readonly detectors: Iterable<{ readonly service: string; readonly ejections: ReadonlyMap<string, number> }>;
}

/** What is scraped. */
export interface Sources {
  readonly meters: Meters;
  readonly breakers: ReadonlySet<Breaker>;
  readonly overload: () => Overload | null;
  readonly limiters: ReadonlyMap<string, ConcurrencyLimiter>;
  readonly services: () => Iterable<Service>;
  readonly labels: () => LabelChoice;
  readonly reload: ReloadState;
  readonly checkups: RunningChecks;
  readonly droppedLines: () => number;
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

  /** Prometheus text format 0.0.4. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

interface OwnMetric {
  readonly name: string;
  get(): Promise<{ name: string; help: string; type: string; values: Sample[]; aggregator: string }>;
}

function metricsOf(s: Sources): OwnMetric[] {
  const request = (labels: { method: string; path: string; status: number }): Labels => {
    const choice = s.labels();
    const all: Labels = {};
    if (choice.method) all.method = labels.method;
    if (choice.path) all.path = labels.path;
    if (choice.status) all.status = labels.status;
    return all;
  };
  const sized = (pick: (cell: MethodCell) => Histogram) => (name: string) =>
    [...s.meters.routes].flatMap((route) =>
      methodsOf(route.methods).flatMap((cell) => {
        const { status: _, ...labels } = request({ method: cell.method, path: route.path, status: 0 });
        return histogramSamples(name, pick(cell), labels);
      }),
    );
  const perRequest = (make: (name: string, cell: Histogram, labels: Labels) => Sample[]) => (name: string) =>
    [...s.meters.routes].flatMap((route) =>
      [...route.cells.values()].flatMap((cell) =>
        make(name, cell.seconds, request({ method: cell.method, path: route.path, status: cell.status })),
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
        methodsOf(route.methods).map((cell) => {
          const { status: _, ...labels } = request({ method: cell.method, path: route.path, status: 0 });
          return { value: cell.active, labels };
        }),
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
      [...s.meters.routes].flatMap(({ path, retries }) =>
        [...retries].map(([reason, value]) => ({ value, labels: { route: path, reason } })),
      ),
    ),
    ...streamMetrics(s),
    ...breakerMetrics(s),
    ...concurrencyMetrics(s),
    own("gateway_overload_shed_total", "Requests refused because the gateway fell behind", "counter", () =>
      Object.entries(s.overload()?.shed ?? {}).map(([tier, value]) => ({ value, labels: { tier } })),
    ),
    own("gateway_event_loop_delay_seconds", "How late the event loop is, where load is shed", "gauge", () => {
      const overload = s.overload();
      return overload === null ? [] : [{ value: overload.delayMs / 1000, labels: {} }];
    }),
    ...limitMetrics(s),
    own("gateway_service_instances", "Endpoints by health", "gauge", () =>
      [...s.services()].flatMap(({ name, endpoints }) =>
        ["healthy", "unhealthy"].map((health) => ({
          value: endpoints.filter((e) => isHealthy(e) === (health === "healthy")).length,
          labels: { service: name, health },
        })),
      ),
    ),
    ...checkMetrics(s.checkups),
    own("gateway_config_last_reload_success", "1 when the last load was accepted", "gauge", () => [
      { value: Number(s.reload.ok), labels: {} },
    ]),
    own("gateway_config_last_reload_timestamp_seconds", "Time of the last accepted load", "gauge", () => [
      { value: s.reload.at, labels: {} },
    ]),
    own("gateway_log_lines_dropped_total", "Log lines that could not be written", "counter", () => [
      { value: s.droppedLines(), labels: {} },
    ]),
    own("gateway_config_hash", "Configuration in use", "gauge", () => [{ value: 1, labels: { hash: s.reload.hash } }]),
  ];
}

/** Health checks that have a verdict, and what outlier detection did. */
function checkMetrics({ running, detectors }: RunningChecks): OwnMetric[] {
  const each = (value: (verdict: { status: string; ms: number }) => number) => () =>
    [...running].flatMap(({ name, verdict }) =>
      verdict === null || verdict.status === "unknown" ? [] : [{ value: value(verdict), labels: { check_name: name } }],
    );
  return [
    own(
      "gateway_health_check_status",
      "1 healthy, 0 unhealthy",
      "gauge",
      each(({ status }) => Number(status === "healthy")),
    ),
    own(
      "gateway_health_check_duration_seconds",
      "Last probe",
      "gauge",
      each(({ ms }) => ms / 1000),
    ),
    own("gateway_outlier_ejections_total", "Instances ejected", "counter", () =>
      [...detectors].flatMap(({ service, ejections }) =>
        [...ejections].map(([reason, value]) => ({ value, labels: { service, reason } })),
      ),
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

const BREAKER_STATES = { closed: 0, open: 1, half_open: 2 } as const satisfies Record<BreakerState, number>;

/** Circuits by name. Of one whose settings a reload has changed, only the new one is shown. */
function breakerMetrics(s: Sources): OwnMetric[] {
  const latest = () => new Map([...s.breakers].map((breaker) => [breaker.name, breaker])).values();
  return [
    own("gateway_circuit_breaker_state", "0 closed, 1 open, 2 half-open", "gauge", () =>
      [...latest()].map(({ name, state }) => ({ value: BREAKER_STATES[state], labels: { name } })),
    ),
    own("gateway_circuit_breaker_transitions_total", "Changes of state, by the new one", "counter", () =>
      [...latest()].flatMap(({ name, facts }) =>
        Object.entries(facts.transitions).map(([to, value]) => ({ value, labels: { name, to } })),
      ),
    ),
  ];
}

/** Adaptive limits of services. */
function concurrencyMetrics(s: Sources): OwnMetric[] {
  const each = (value: (limiter: ConcurrencyLimiter) => number) => () =>
    [...s.limiters].map(([service, limiter]) => ({ value: value(limiter), labels: { service } }));
  return [
    own(
      "gateway_concurrency_limit",
      "Requests a service may have under way",
      "gauge",
      each((l) => l.limit),
    ),
    own(
      "gateway_concurrency_active",
      "Requests it has under way",
      "gauge",
      each((l) => l.active),
/** Rate limits and bounds on requests under way, by route and kind. */
function limitMetrics(s: Sources): OwnMetric[] {
  const each = (value: (cell: LimitMeterCells) => number) => () =>
    [...s.meters.limits].map((cell) => ({ value: value(cell), labels: { route: cell.route, limit_type: cell.kind } }));
      "gateway_rate_limit_hits_total",
      "Requests a limit looked at",
      "counter",
      each((c) => c.hits),
      "gateway_rate_limit_rejected_total",
      "Requests a limit refused",
      "counter",
      each((c) => c.rejected),
      "gateway_rate_limit_degraded",
      "1 while a limit is counted without its shared store",
      each((c) => Number(c.degraded)),
    ),
  ];
}

function own(name: string, help: string, type: string, values: (name: string) => Sample[]): OwnMetric {
  return { name, get: () => Promise.resolve({ name, help, type, values: merged(values(name)), aggregator: "sum" }) };
}

/** Without the path, method or status label several counters share one series: their values add up. */
function merged(samples: readonly Sample[]): Sample[] {
  const series = new Map<string, Sample>();
  for (const sample of samples) {
    const key = `${sample.metricName ?? ""}${JSON.stringify(sample.labels)}`;
    const before = series.get(key);
    series.set(key, before === undefined ? sample : { ...sample, value: before.value + sample.value });
  }
  return [...series.values()];
}

function methodsOf(cells: readonly (MethodCell | undefined)[]): MethodCell[] {
  return cells.filter((cell) => cell !== undefined);
}

function histogramSamples(name: string, histogram: Histogram, labels: Labels): Sample[] {
  const counts = histogram.cumulative();
  const samples: Sample[] = counts.map((value, i) => ({
    value,
    labels: { ...labels, le: histogram.bounds[i] ?? "+Inf" },
    metricName: `${name}_bucket`,
  }));
  samples.push({ value: histogram.sum, labels, metricName: `${name}_sum` });
  samples.push({ value: histogram.count, labels, metricName: `${name}_count` });
  return samples;
}
