// What the data plane says of its services, and changes of their instances.
import { type Endpoint, isWell } from "../../core/endpoint.ts";
import type { EndpointState, Obstacle } from "../../core/endpoint-state.ts";
import type { InstanceChange, InstanceObstacle, InstanceReport, ServiceReport } from "../../core/questions.ts";
import type { Service } from "../../core/service.ts";

/** Services by name. */
export type Services = ReadonlyMap<string, Service>;

/** @param name of the only one that is wanted; null: all */
export function reportServices(services: Services, name: string | null): readonly ServiceReport[] {
  const wanted = name === null ? [...services.values()] : [services.get(name)].filter((s) => s !== undefined);
  return wanted.map((service) => ({ name: service.name, instances: service.endpoints.map(reportInstance) }));
}

/** @returns null when there is no such instance */
export function changeInstance(services: Services, change: InstanceChange): InstanceReport | null {
  const endpoint = services.get(change.service)?.endpoints.find(({ spec }) => spec.id === change.instance);
  if (endpoint === undefined) return null;
  const { state } = endpoint;
  if (change.weight !== undefined) {
    state.weight = change.weight;
    state.changed();
  }
  if (change.healthy !== undefined) setObstacle(state, "down", !change.healthy);
  if (change.drain !== undefined) setObstacle(state, "draining", change.drain);
  return reportInstance(endpoint);
}

function setObstacle(state: EndpointState, reason: Obstacle, on: boolean): void {
  if (on) state.block(reason);
  else state.clear(reason);
}

function reportInstance(endpoint: Endpoint): InstanceReport {
  const { spec, state } = endpoint;
  const { failing, check, active, attempts, failures, latencyMs } = state;
  const weight = state.weight ?? spec.weight;
  const obstacles = obstaclesOf(endpoint, weight);
  return { spec, healthy: isWell(endpoint), failing, obstacles, check, weight, active, attempts, failures, latencyMs };
}

function obstaclesOf({ spec, state, breaker }: Endpoint, weight: number): readonly InstanceObstacle[] {
  const list: InstanceObstacle[] = [...state.obstacles];
  if (!spec.healthy) list.push("registry");
  if (breaker?.state === "open") list.push("circuit_open");
  if (weight === 0) list.push("weight");
  return list;
}
