// Queries and changes that a data plane accepts, and its answers: plain data throughout.
import type { BreakerState } from "./breaker.ts";
import type { EndpointSpec } from "./endpoint.ts";
import type { CheckStatus, Obstacle } from "./endpoint-state.ts";
import type { LogLevel } from "./log.ts";
import type { ModelReport } from "./model-report.ts";

/** Question → its parameters and its answer. */
export interface Questions {
  readonly status: { readonly about: null; readonly answer: PlaneStatus };
  readonly statistics: { readonly about: null; readonly answer: Statistics };
  readonly metrics: { readonly about: null; readonly answer: readonly MetricFamily[] };
  /** The filters of every rule in effect, by name, in the order of the rules. */
  readonly filters: { readonly about: null; readonly answer: readonly (readonly string[])[] };
  /** All services, or the one of that name and no other. */
  readonly services: { readonly about: string | null; readonly answer: readonly ServiceReport[] };
  /** Answers the state of the instance after the change; null: unknown instance. */
  readonly changeInstance: { readonly about: InstanceChange; readonly answer: InstanceReport | null };
  readonly circuits: { readonly about: null; readonly answer: readonly CircuitReport[] };
  /** Closes the circuits of that name, or all of them. */
  readonly resetCircuits: { readonly about: string | null; readonly answer: readonly CircuitReset[] };
  readonly limits: { readonly about: null; readonly answer: readonly LimitReport[] };
  /** Answers the state of the limit after the change; null: unknown limit. */
  readonly changeLimit: { readonly about: LimitChange; readonly answer: LimitReport | null };
  /** The language models of all rules. */
  readonly models: { readonly about: null; readonly answer: readonly ModelReport[] };
  readonly setLogLevel: { readonly about: LogLevel; readonly answer: null };
}

/** One of {@link Questions}. */
export type Question = keyof Questions;
/** What a question is about. */
export type About<Q extends Question> = Questions[Q]["about"];
/** The answer to a question. */
export type AnswerTo<Q extends Question> = Questions[Q]["answer"];
/** Queries a data plane, or several as if they were one. */
export type Ask = <Q extends Question>(question: Q, about: About<Q>) => Promise<AnswerTo<Q>>;

/** Whether and where requests are taken. */
export interface PlaneStatus {
  /** A configuration is in effect, and no drain has begun. */
  readonly ready: boolean;
}

/** How much is done. */
export interface Statistics {
  /** Requests since the start. */
  readonly requests: number;
  /** Requests in progress. */
  readonly active: number;
  readonly services: number;
  readonly routes: number;
  /** Of the process, bytes. */
  readonly memory: {
    readonly rss: number;
    readonly heapTotal: number;
    readonly heapUsed: number;
    readonly external: number;
  };
  /** Client connections to listeners, and streams, that are open. */
  readonly connections: {
    readonly http: number;
    readonly websocket: number;
    readonly sse: number;
    readonly grpc: number;
  };
}

/** One metric with all of its series, as `prom-client` passes it between processes. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  /** How series of several processes become one: `sum`, `min`, `max`, `average`, `first` or `omit`. */
  readonly aggregator: string;
  readonly values: readonly MetricSample[];
}

/** One value of a series. */
export interface MetricSample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Of the parts of a histogram. */
  readonly metricName?: string;
}

/** A service, and which of its instances receive traffic. */
export interface ServiceReport {
  readonly name: string;
  readonly instances: readonly InstanceReport[];
}

/** All reasons why an instance receives no traffic: its state, its registry, its circuit, its weight. */
export type InstanceObstacle = Obstacle | "registry" | "circuit_open" | "weight";

/** One instance as it is now. */
export interface InstanceReport {
  readonly spec: EndpointSpec;
  /** Takes traffic and does its work. */
  readonly healthy: boolean;
  /** Its latest attempts all failed. */
  readonly failing: boolean;
  readonly obstacles: readonly InstanceObstacle[];
  readonly check: CheckStatus;
  /** As an operator set it, or as configured. */
  readonly weight: number;
  /** Requests in progress to it. */
  readonly active: number;
  readonly attempts: number;
  /** Those of {@link attempts} that it was to blame for. */
  readonly failures: number;
  /** Average time to the response head, ms; -1 before the first answer. */
  readonly latencyMs: number;
}

/** Changes by an operator to an instance; missing keys are unchanged. */
export interface InstanceChange {
  readonly service: string;
  readonly instance: string;
  /** null: as configured. */
  readonly weight?: number | null;
  /** false takes it out. */
  readonly healthy?: boolean;
  /** true: it receives no new requests and finishes those in progress. */
  readonly drain?: boolean;
}

/** One circuit as it is now. Over a reload, there may be two of one name. */
export interface CircuitReport {
  readonly name: string;
  readonly state: BreakerState;
  /** In the window now. */
  readonly failures: number;
  readonly successes: number;
  /** ms since 1970; 0 never. */
  readonly lastFailureAt: number;
  readonly lastChangeAt: number;
  /** ms until a trial may be made. */
  readonly retryAfterMs: number;
}

/** What closing a circuit did. */
export interface CircuitReset {
  readonly name: string;
  readonly before: BreakerState;
  readonly after: BreakerState;
}

/** The current state of a rate limit; `limit-view.ts` documents the fields. */
export interface LimitReport {
  readonly id: string;
  readonly path: string;
  readonly limit: number;
  readonly burst: number | null;
  readonly windowMs: number;
  readonly type: string;
  /** `memory`: each data plane counts for itself. */
  readonly store: string;
  readonly degraded: boolean;
  readonly currentUsage: number | null;
}

/** Changes by an operator to a limit. */
export interface LimitChange {
  readonly id: string;
  /** Requests per window, above 0. */
  readonly rate: number;
  readonly burst: number;
}
