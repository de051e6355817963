// Who exists, who is fit, who is next: a service is a named group of endpoints behind one replaceable picker.
import type { Breaker } from "./breaker.ts";
import type { RequestContext } from "./context.ts";
import type { Connector } from "./edges.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { ConcurrencyLimiter } from "./limiter.ts";
import type { RetryRule } from "./retry.ts";

/** Address and attributes of an endpoint as a registry lists it. */
export interface EndpointSpec {
  /** Stable identity: state of balancers and pools is kept under it across reloads. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly scheme: "http" | "https";
  /** Speaks gRPC. */
  readonly grpc: boolean;
  /** Speaks HTTP/2, with prior knowledge where there is no TLS. */
  readonly http2: boolean;
  /** Port of gRPC calls; usually the same. */
  readonly grpcPort: number;
  /** Relative share of traffic; 0 takes no new traffic. */
  readonly weight: number;
  /** As the registry says. */
  readonly healthy: boolean;
  /** 0 takes traffic first; the next number when too few of those before are fit. */
  readonly priority: number;
  /** Where it stands, such as a data centre; "" says nothing. */
  readonly zone: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** One address of a service, ready to take requests. */
export interface Endpoint {
  readonly spec: EndpointSpec;
  readonly connector: Connector;
  /** Kept across reloads under the endpoint's identity. */
  readonly state: EndpointState;
  /** The circuit of this endpoint alone; null when there is none. */
  readonly breaker: Breaker | null;
  /** null when metrics are off. */
  readonly meter: EndpointMeter | null;
}

/** Counts the attempts on one endpoint. */
export interface EndpointMeter {
  /** A response head came. @param seconds from send to head */
  answered(method: string, status: number, seconds: number): void;
  failed(code: string): void;
}

/** Whether registry, checks and operators let an endpoint take traffic. */
export function isHealthy(endpoint: Endpoint): boolean {
  return endpoint.spec.healthy && endpoint.state.fit;
}

/** Whether it takes traffic and does its work: what views of health show. Unlike {@link isHealthy} it keeps nothing away. */
export function isWell(endpoint: Endpoint): boolean {
  return isHealthy(endpoint) && !endpoint.state.failing;
}

/** The weight that counts now: as set, and less while the endpoint warms up. */
export function weightOf(endpoint: Endpoint): number {
  return (endpoint.state.weight ?? endpoint.spec.weight) * endpoint.state.share;
}

/** The balancer at this moment: immutable list, chosen from without allocating. */
export interface Picker {
  /**
   * The endpoint for this request, or null when none may take it.
   * @param exclude endpoints already tried for this request; picked again only by nobody
   */
  pick(ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null;
  /** How an attempt on a picked endpoint ended, where a balancer learns from that. @param ms to the response head */
  observe?(ctx: RequestContext, endpoint: Endpoint, ok: boolean, ms: number): void;
}

/** A way of choosing, with what it remembers from one picker to the next: turns, sessions, learned weights. */
export interface Balancer {
  /** @param endpoints those that may take traffic now, in the order of the registry, each of a weight above 0 */
  over(endpoints: readonly Endpoint[]): Picker;
}

/** A named group of endpoints. `picker` is replaced when endpoints or their health change; routes never notice. */
export interface Service {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly picker: Picker;
  /** The circuit of all of them together; null when there is none. */
  readonly breaker: Breaker | null;
  /** Bound on requests under way; null when there is none. */
  readonly limiter: ConcurrencyLimiter | null;
  /** null: only what no backend has looked at is sent again. */
  readonly retry: RetryRule | null;
  /** Whether one of its connectors may report requests as refused that were sent already. */
  readonly mayRefuse: boolean;
  /** Whether an answer with this status is a failure of the backend. */
  isFailure(status: number): boolean;
}
