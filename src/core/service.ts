// Who exists, who is fit, who is next: a service is a named group of endpoints behind one replaceable picker.
import type { RequestContext } from "./context.ts";
import type { Connector } from "./edges.ts";

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
  readonly healthy: boolean;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** How busy an endpoint is. */
export interface EndpointLoad {
  /** Requests under way to it. */
  active: number;
}

/** One address of a service, ready to take requests. */
export interface Endpoint {
  readonly spec: EndpointSpec;
  readonly connector: Connector;
  /** Kept across reloads under the endpoint's identity. */
  readonly load: EndpointLoad;
  /** null when metrics are off. */
  readonly meter: EndpointMeter | null;
}

/** Counts the attempts on one endpoint. */
export interface EndpointMeter {
  /** A response head came. @param seconds from send to head */
  answered(method: string, status: number, seconds: number): void;
  failed(code: string): void;
}

/** The balancer at this moment: immutable list, chosen from without allocating. */
export interface Picker {
  /**
   * The endpoint for this request, or null when none may take it.
   * @param exclude endpoints already tried for this request; picked again only by nobody
   */
  pick(ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null;
}

/** A named group of endpoints. `picker` is replaced when endpoints or their health change; routes never notice. */
export interface Service {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly picker: Picker;
}
