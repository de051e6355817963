// Infers health checks: the instances of each, with all defaults.
import { isAbsolute } from "node:path";
import type { ServiceConfig } from "../config.ts";
import type { CheckSection, ProbeSection } from "../schema/health.ts";
import type { Position } from "../text/problem.ts";
import { didYouMean } from "../text/suggest.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { gatewayCheck } from "./gateway-check.ts";
import type { CheckPace, GatewayCheck, HealthConfig, InstanceCheck, ProbeType, SharedCheck } from "./health-config.ts";
import { rangesOf, requireAllowed, requireHeaders, requireLeast, requirePath } from "./probe-parts.ts";

/** Names of checks that every health page has. */
const TAKEN = ["gateway", "registry"];
const INSTANCE_TIMEOUT_MS = 2000;
const CHECK_TIMEOUT_MS = 5000;
const CHECK_INTERVAL_MS = 30_000;
/** Keys of `instances[].health` that only one kind of probe reads. */
const ONLY_FOR: Readonly<Record<string, ProbeType>> = {
  path: "http",
  method: "http",
  headers: "http",
  expectedStatus: "http",
  expectedBody: "http",
  service: "grpc",
  command: "exec",
  args: "exec",
};

/** Infers and checks `health` and `instances[].health`. @param services of the static registry */
export function readHealth(
  draft: Draft,
  services: readonly ServiceConfig[],
  serviceNames: ReadonlySet<string>,
): HealthConfig {
  const { problems } = draft;
  const { health } = draft.written;
  for (const key of ["interval", "timeout"] as const) {
    requireLeast(health[key], `health.${key}`, draft.at(["health", key]), problems);
  }
  for (const [i, path] of health.execAllow.entries()) {
    if (isAbsolute(path)) continue;
    draft.error(["health", "execAllow", i], `health.execAllow: "${path}" is not an absolute path`);
  }
  const shared: SharedCheck[] = [];
  const gateway: GatewayCheck[] = [];
  for (const [i, section] of health.checks.entries()) {
    const at = draft.at(["health", "checks", section.listed ? i : section.name]);
    if (TAKEN.includes(section.name))
      problems.error(at, `check "${section.name}": the name is already used on the health page`);
    const pace = paceOf(section, at, draft);
    const probe = gatewayCheck(section, at, draft);
    if (probe !== null) gateway.push({ name: section.name, probe, ...pace });
    else shared.push(sharedCheck(section, at, serviceNames, { ...pace, gate: health.gate }, draft));
  }
  const { enabled, healthPath, readyPath, livePath } = health;
  return { enabled, healthPath, readyPath, livePath, instances: readInstances(draft, services), shared, gateway };
}

function readInstances(draft: Draft, services: readonly ServiceConfig[]): HealthConfig["instances"] {
  const sections = draft.written.registry.static.services;
  return new Map(
    services.map(({ name, endpoints }, i) => {
      const probes = endpoints.flatMap((endpoint, j) => {
        const section = sections[i]!.instances[j]!.health;
        if (typeof section === "string") return [];
        const path = ["registry", "static", "services", i, "instances", j, "health"] as const;
        return [[endpoint.id, section.enabled ? instanceCheck(section, endpoint.grpc, path, draft) : null] as const];
      });
      return [name, new Map(probes)] as const;
    }),
  );
}

function instanceCheck(section: ProbeSection, grpc: boolean, path: Place, draft: Draft): InstanceCheck {
  const { problems } = draft;
  const { health } = draft.written;
  const type = section.type ?? (grpc && section.path === null ? "grpc" : "http");
  for (const [key, only] of Object.entries(ONLY_FOR)) {
    if (type === only || !draft.isGiven(dotted([...path, key]))) continue;
    draft.error([...path, key], `health: "${key}" has no effect on a probe of type ${type}`);
  }
  for (const key of ["interval", "timeout"] as const) {
    requireLeast(section[key], `health.${key}`, draft.at([...path, key]), problems);
  }
  requirePath(section.path, draft.at([...path, "path"]), problems);
  requireHeaders(section.headers, draft.at([...path, "headers"]), problems);
  if (type === "exec") requireAllowed(section.command, draft.at([...path, "command"]), draft);
  return {
    type,
    path: section.path ?? "/health",
    method: section.method.toUpperCase(),
    headers: section.headers,
    expectedStatus: rangesOf(section.expectedStatus),
    expectedBody: section.expectedBody,
    port: section.port,
    service: section.service,
    command: section.command,
    args: section.args,
    intervalMs: section.interval ?? health.interval,
    timeoutMs: section.timeout ?? health.timeout ?? INSTANCE_TIMEOUT_MS,
    healthyThreshold: section.healthyThreshold ?? health.healthyThreshold,
    unhealthyThreshold: section.unhealthyThreshold ?? health.unhealthyThreshold,
    gate: section.gate ?? health.gate,
  };
}

function sharedCheck(
  section: CheckSection,
  at: Position,
  names: ReadonlySet<string>,
  rest: CheckPace & { readonly gate: boolean },
  draft: Draft,
): SharedCheck {
  const { config } = section;
  const ofItsName = config.type !== null;
  const services = ofItsName ? [section.name, ...section.services] : section.services;
  for (const name of services) {
    if (names.has(name)) continue;
    draft.problems.error(at, `check "${section.name}": unknown service "${name}"${didYouMean(name, names)}`);
  }
  const type = config.type === null || config.type === "service" ? section.type : config.type;
  if (type === "exec") requireAllowed(config.command, at, draft);
  requirePath(config.path ?? section.path, at, draft.problems);
  const check: InstanceCheck = {
    type,
    path: config.path ?? section.path ?? "/health",
    method: "GET",
    headers: {},
    expectedStatus: rangesOf([...section.expectedStatus, ...config.expectedStatus]),
    expectedBody: "",
    port: null,
    service: config.service,
    command: config.command,
    args: config.args,
    ...rest,
  };
  return { name: section.name, services: services.length === 0 ? null : services, check };
}

function paceOf(section: CheckSection, at: Position, { written, problems }: Draft): CheckPace {
  const { health } = written;
  requireLeast(section.interval, `check "${section.name}": interval`, at, problems);
  requireLeast(section.timeout, `check "${section.name}": timeout`, at, problems);
  return {
    intervalMs: section.interval ?? (section.listed ? health.interval : CHECK_INTERVAL_MS),
    timeoutMs: section.timeout ?? health.timeout ?? CHECK_TIMEOUT_MS,
    healthyThreshold: section.healthyThreshold ?? health.healthyThreshold,
    unhealthyThreshold: section.unhealthyThreshold ?? health.unhealthyThreshold,
  };
}
