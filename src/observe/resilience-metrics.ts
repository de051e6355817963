// The metrics of resilience: circuits, limits, overload, checks and ejections.
import type { Breaker, BreakerState } from "../core/breaker.ts";
import type { ConcurrencyLimiter } from "../core/limiter.ts";
import type { Overload } from "../core/overload.ts";
import type { Service } from "../core/service.ts";
import type { LimitMeterCells } from "./limit-meters.ts";
import { type OwnMetric, own } from "./metric.ts";

/** Checks and outlier detection, as they are shown. */
interface RunningChecks {
  readonly running: Iterable<{ readonly name: string; readonly verdict: { status: string; ms: number } | null }>;
  readonly detectors: Iterable<{ readonly service: string; readonly ejections: ReadonlyMap<string, number> }>;
  /** How often an instance was taken out because it could not be connected to. */
  readonly reaches: Iterable<{ readonly service: string; readonly outs: number }>;
}

/** Where the values come from, read at each scrape. */
export interface ResilienceSources {
  readonly breakers: ReadonlySet<Breaker>;
  readonly services: () => Iterable<Service>;
  readonly overload: () => Overload | null;
  readonly limits: ReadonlySet<LimitMeterCells>;
  readonly healthChecks: RunningChecks;
}

/** All metrics of resilience. */
export function resilienceMetrics(s: ResilienceSources): OwnMetric[] {
  return [
    ...breakerMetrics(s.breakers),
    ...concurrencyMetrics(s.services),
    ...overloadMetrics(s.overload),
    ...limitMetrics(s.limits),
    ...checkMetrics(s.healthChecks),
  ];
}

const BREAKER_STATES = { closed: 0, open: 1, half_open: 2 } as const satisfies Record<BreakerState, number>;

/** Circuits by name. Of one whose settings a reload has changed, only the new one is shown. */
function breakerMetrics(breakers: ReadonlySet<Breaker>): OwnMetric[] {
  const latest = () => new Map([...breakers].map((breaker) => [breaker.name, breaker])).values();
  return [
    own(
      "gateway_circuit_breaker_state",
      "0 closed, 1 open, 2 half-open",
      "gauge",
      () => [...latest()].map(({ name, state }) => ({ value: BREAKER_STATES[state], labels: { name } })),
      "max",
    ),
    own("gateway_circuit_breaker_transitions_total", "Changes of state, by the new one", "counter", () =>
      [...latest()].flatMap(({ name, facts }) =>
        Object.entries(facts.transitions).map(([to, value]) => ({ value, labels: { name, to } })),
      ),
    ),
  ];
}

/** Adaptive limits of services. */
function concurrencyMetrics(services: () => Iterable<Service>): OwnMetric[] {
  const each = (value: (limiter: ConcurrencyLimiter) => number) => () =>
    [...services()].flatMap(({ name, limiter }) =>
      limiter === null ? [] : [{ value: value(limiter), labels: { service: name } }],
    );
  return [
    own(
      "gateway_concurrency_limit",
      "Requests a service may have under way",
      "gauge",
      each((l) => l.limit),
    ),
    own(
      "gateway_concurrency_in_flight",
      "Requests it has under way",
      "gauge",
      each((l) => l.active),
    ),
  ];
}

/** Shedding, where it is on. */
function overloadMetrics(current: () => Overload | null): OwnMetric[] {
  return [
    own("gateway_overload_shed_total", "Requests refused because the gateway fell behind", "counter", () =>
      Object.entries(current()?.shed ?? {}).map(([tier, value]) => ({ value, labels: { tier } })),
    ),
    own(
      "gateway_event_loop_delay_seconds",
      "How late the event loop is, where load is shed",
      "gauge",
      () => {
        const overload = current();
        return overload === null ? [] : [{ value: overload.delayMs / 1000, labels: {} }];
      },
      "max",
    ),
  ];
}

/** Rate limits and limits on concurrent requests, of each route. */
function limitMetrics(limits: ReadonlySet<LimitMeterCells>): OwnMetric[] {
  const labelsOf = ({ labels: { route, limit, kind } }: LimitMeterCells) => ({ route, limit, limit_type: kind });
  const each = (value: (cell: LimitMeterCells) => number) => () =>
    [...limits].map((cell) => ({ value: value(cell), labels: labelsOf(cell) }));
  return [
    own(
      "gateway_rate_limit_hits_total",
      "Requests a limit looked at",
      "counter",
      each((c) => c.hits),
    ),
    own(
      "gateway_rate_limit_rejected_total",
      "Requests a limit refused",
      "counter",
      each((c) => c.rejected),
    ),
    own(
      "gateway_rate_limit_degraded",
      "1 while a limit is counted without its shared store",
      "gauge",
      each((c) => Number(c.degraded)),
      "max",
    ),
  ];
}

/** Health checks that have a verdict, and what outlier detection did. */
function checkMetrics({ running, detectors, reaches }: RunningChecks): OwnMetric[] {
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
      "min",
    ),
    own(
      "gateway_health_check_duration_seconds",
      "Last probe",
      "gauge",
      each(({ ms }) => ms / 1000),
      "max",
    ),
    own("gateway_outlier_ejections_total", "Instances ejected", "counter", () => [
      ...[...detectors].flatMap(({ service, ejections }) =>
        [...ejections].map(([reason, value]) => ({ value, labels: { service, reason } })),
      ),
      ...[...reaches].flatMap(({ service, outs }) =>
        outs === 0 ? [] : [{ value: outs, labels: { service, reason: "connect_failures" } }],
      ),
    ]),
  ];
}
