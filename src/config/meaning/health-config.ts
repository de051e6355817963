// Types of the health checks of a loaded configuration.
import type { EndpointSpec } from "../../core/endpoint.ts";
import type { StatusRange } from "../../resilience/probe.ts";

/** Kinds of probes. */
export type ProbeType = "http" | "tcp" | "grpc" | "exec";

/** How often a check asks, and how many answers in a row count. */
export interface CheckPace {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

/** A check of one instance, whose address is not part of it. */
export interface InstanceCheck extends CheckPace {
  readonly type: ProbeType;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expectedStatus: readonly StatusRange[];
  readonly expectedBody: string;
  /** null: that of the instance. */
  readonly port: number | null;
  readonly service: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Whether a new instance takes traffic only after its first check has succeeded. */
  readonly gate: boolean;
}

/** A check of all instances of some services. */
export interface SharedCheck {
  readonly name: string;
  /** null: of all services. */
  readonly services: readonly string[] | null;
  readonly check: InstanceCheck;
}

/** A probe with its target. */
export type FreeProbe =
  | { readonly type: "http"; readonly url: string; readonly expectedStatus: readonly StatusRange[] }
  | { readonly type: "tcp"; readonly address: string; readonly port: number }
  | { readonly type: "grpc"; readonly address: string; readonly port: number; readonly service: string }
  | { readonly type: "exec"; readonly command: string; readonly args: readonly string[] };

/** A check of something that the gateway itself needs. It does not affect instances. */
export interface GatewayCheck extends CheckPace {
  readonly name: string;
  readonly probe: FreeProbe;
}

/** Settings of the health pages, and all checks. */
export interface HealthConfig {
  /** true: its paths win over routes; false: they are never served; null: served where no route matches. */
  readonly enabled: boolean | null;
  readonly healthPath: string;
  readonly readyPath: string;
  readonly livePath: string;
  /** By service and instance id; null: nothing probes it. */
  readonly instances: ReadonlyMap<string, ReadonlyMap<string, InstanceCheck | null>>;
  readonly shared: readonly SharedCheck[];
  readonly gateway: readonly GatewayCheck[];
}

/** Name of a check that is the instance's own block. */
const OWN_CHECK = "health";

/** Checks of an instance by name: its own block speaks for it alone; without one, whatever looks at its service. */
export function checksOf(
  { instances, shared }: HealthConfig,
  service: string,
  spec: EndpointSpec,
): readonly (readonly [string, InstanceCheck])[] {
  const own = instances.get(service)?.get(spec.id);
  if (own === null || !spec.healthy) return [];
  if (own !== undefined) return [[OWN_CHECK, own]];
  return shared
    .filter(({ services }) => services === null || services.includes(service))
    .map(({ name, check }) => [name, check] as const);
}
