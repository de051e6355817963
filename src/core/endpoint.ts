// One address of a service: what the registry lists of it, and what the gateway keeps with it.
import type { Breaker } from "./breaker.ts";
import type { Connector } from "./connector.ts";
import type { EndpointState } from "./endpoint-state.ts";

/** Address and attributes of an endpoint as a registry lists it. */
export interface EndpointSpec {
  /** Stable identity: state of balancers and pools is kept under it across reloads. */
  readonly id: string;
  /** Host name, IP address, or `unix:` and the path of a socket. */
  readonly address: string;
  /** 0 for a UNIX socket. */
  readonly port: number;
  readonly scheme: "http" | "https";
  /** Speaks gRPC. */
  readonly grpc: boolean;
  /** Speaks HTTP/2, with prior knowledge if it has no TLS. */
  readonly http2: boolean;
  /** Port of gRPC calls; usually the same. */
  readonly grpcPort: number;
  /** Relative share of traffic; 0 takes no new traffic. */
  readonly weight: number;
  /** The state in the registry. */
  readonly healthy: boolean;
  /** 0 takes traffic first; the next number when too few of those before are fit. */
  readonly priority: number;
  /** Its location, such as a data centre; "" = unknown. */
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
  /** The circuit of this endpoint; null if there is none. */
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
