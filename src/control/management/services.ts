// `/services`: who takes traffic and who does not, and why; an operator may take an instance out or change its share.
import { maskedMap } from "../../config/show/effective.ts";
import { type Endpoint, isWell } from "../../core/endpoint.ts";
import type { EndpointState, Obstacle } from "../../core/endpoint-state.ts";
import type { Service } from "../../core/service.ts";
import { CallError, json } from "./answer.ts";
import { type Checks, readFields } from "./body.ts";
import type { GatewayView } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Largest weight an operator may set. */
const MAX_WEIGHT = 1_000_000;

const REASONS: Readonly<Record<Obstacle, string>> = {
  failing: "its health check fails",
  unproven: "its health check has said nothing yet",
  ejected: "it did worse than its peers and sits out for a while",
  unreachable: "it could not be connected to; a request tries it every few seconds",
  draining: "an operator lets it finish what it has",
  down: "an operator took it out",
};

interface InstanceChange {
  readonly weight: number | null;
  readonly healthy: boolean;
  readonly drain: boolean;
}

const CHECKS: Checks<InstanceChange> = {
  weight: {
    expects: `a whole number from 0 to ${MAX_WEIGHT}, or null for the configured one`,
    is: (v): v is number | null =>
      v === null || (Number.isInteger(v) && (v as number) >= 0 && (v as number) <= MAX_WEIGHT),
  },
  healthy: { expects: "true or false", is: (v) => typeof v === "boolean" },
  drain: { expects: "true or false", is: (v) => typeof v === "boolean" },
};

/** Operations of the group. */
export function serviceOperations(backstage: GatewayView): readonly Operation[] {
  const find = (name: string): Service => {
    const service = backstage.snapshot().services.get(name);
    if (service === undefined) throw new CallError(404, "Service not found");
    return service;
  };
  return [
    {
      method: "GET",
      path: "/services",
      group: "services",
      run: () => json({ services: [...backstage.snapshot().services.values()].map((s) => summary(s, backstage)) }),
    },
    {
      method: "GET",
      path: "/services/{name}",
      group: "services",
      run: ({ params: [name] }) => {
        const service = find(name!);
        return json({
          name: service.name,
          instances: service.endpoints.map((endpoint) => instance(service, endpoint, backstage)),
          configuration: configurationOf(service, backstage),
        });
      },
    },
    {
      method: "PUT",
      path: "/services/{name}/instances/{id}",
      group: "services",
      run: ({ params: [name, id], body }) => {
        const service = find(name!);
        const endpoint = service.endpoints.find(({ spec }) => spec.id === id);
        if (endpoint === undefined) throw new CallError(404, "Instance not found");
        const change = readFields(body, CHECKS);
        if (Object.keys(change).length === 0) throw new CallError(400, "Say weight, healthy or drain");
        applyChange(endpoint.state, change);
        return json(instance(service, endpoint, backstage));
      },
    },
  ];
}

function applyChange(state: EndpointState, { weight, healthy, drain }: Partial<InstanceChange>): void {
  if (weight !== undefined) {
    state.weight = weight;
    state.changed();
  }
  if (healthy !== undefined) setObstacle(state, "down", !healthy);
  if (drain !== undefined) setObstacle(state, "draining", drain);
}

function setObstacle(state: EndpointState, reason: Obstacle, on: boolean): void {
  if (on) state.block(reason);
  else state.clear(reason);
}

function summary(service: Service, backstage: GatewayView): unknown {
  const healthy = service.endpoints.filter(isWell).length;
  const instances = service.endpoints.length;
  const [loadBalancer] = balancersOf(service, backstage);
  return { name: service.name, instances, healthy, unhealthy: instances - healthy, loadBalancer };
}

function instance(service: Service, endpoint: Endpoint, backstage: GatewayView): unknown {
  const { spec, state } = endpoint;
  const { id, address, port, scheme, tags, metadata, priority, zone } = spec;
  return {
    id,
    address,
    port,
    scheme,
    healthy: isWell(endpoint),
    failing: state.failing,
    obstacles: obstaclesOf(endpoint),
    check: state.check,
    weight: state.weight ?? spec.weight,
    configuredWeight: spec.weight,
    activeConnections: state.active,
    totalRequests: state.attempts,
    errorRate: state.attempts === 0 ? 0 : state.failures / state.attempts,
    avgResponseTime: state.latencyMs < 0 ? null : state.latencyMs / 1000,
    priority,
    zone,
    tags,
    metadata: maskedMap(metadata, placeOfMetadata(service, endpoint, backstage), backstage.snapshot().config),
  };
}

/** Where the file says it, for endpoints that come from the file. */
function placeOfMetadata({ name }: Service, { spec }: Endpoint, backstage: GatewayView): string {
  const { services } = backstage.snapshot().config;
  const i = services.findIndex((s) => s.name === name);
  const j = services[i]?.endpoints.findIndex(({ id }) => id === spec.id) ?? -1;
  return `registry.static.services[${i}].instances[${j}].metadata`;
}

/** Everything that keeps an endpoint from taking traffic. */
function obstaclesOf({ spec, state, breaker }: Endpoint): { reason: string; text: string }[] {
  const list: { reason: string; text: string }[] = [...state.obstacles].map((r) => ({ reason: r, text: REASONS[r] }));
  if (!spec.healthy) list.push({ reason: "registry", text: "its registry says so" });
  if (breaker?.state === "open") list.push({ reason: "circuit_open", text: "it failed too often" });
  if ((state.weight ?? spec.weight) === 0) list.push({ reason: "weight", text: "its weight is 0" });
  return list;
}

/** What the rules and the file say of a service. */
function configurationOf(service: Service, backstage: GatewayView): unknown {
  const { rules, services } = backstage.snapshot().config;
  const at = services.find((s) => s.name === service.name)?.at;
  return {
    loadBalancers: balancersOf(service, backstage),
    routes: rules.filter((r) => r.serviceName === service.name).map((r) => r.id),
    source: at === undefined ? null : `${at.file}:${at.line}`,
  };
}

/** Ways of balancing of the rules that use a service, in file order; without a rule the default. */
function balancersOf(service: Service, backstage: GatewayView): readonly string[] {
  const { rules, defaultBalancing } = backstage.snapshot().config;
  const used = rules.filter((r) => r.serviceName === service.name).map((r) => r.loadBalance);
  return used.length === 0 ? [defaultBalancing.loadBalance] : [...new Set(used)];
}
