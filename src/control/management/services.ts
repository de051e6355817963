// `/services`: which instances take traffic and why others do not; an operator may take one out or change its weight.
import type { Config, RuleConfig } from "../../config/config.ts";
import { providerService } from "../../config/meaning/llm/services.ts";
import { maskedMap } from "../../config/show/effective.ts";
import { placeText } from "../../config/text/problem.ts";
import type { InstanceObstacle, InstanceReport, ServiceReport } from "../../core/questions.ts";
import { sourcesOf } from "../../llm/models/resolve.ts";
import { CallError, json } from "./answer.ts";
import { type Checks, readFields } from "./body.ts";
import type { GatewayView } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Largest weight an operator may set. */
const MAX_WEIGHT = 1_000_000;

const REASONS: Readonly<Record<InstanceObstacle, string>> = {
  failing: "its health check fails",
  unproven: "its health check has no result yet",
  ejected: "it performed worse than its peers and is temporarily ejected",
  unreachable: "it could not be connected to and is retried every few seconds",
  draining: "an operator is draining it",
  down: "an operator disabled it",
  registry: "disabled in its registry",
  circuit_open: "it failed too often",
  weight: "its weight is 0",
};

interface Change {
  readonly weight: number | null;
  readonly healthy: boolean;
  readonly drain: boolean;
}

const CHECKS: Checks<Change> = {
  weight: {
    expects: `a whole number from 0 to ${MAX_WEIGHT}, or null for the configured one`,
    is: (v): v is number | null =>
      v === null || (Number.isInteger(v) && (v as number) >= 0 && (v as number) <= MAX_WEIGHT),
  },
  healthy: { expects: "true or false", is: (v) => typeof v === "boolean" },
  drain: { expects: "true or false", is: (v) => typeof v === "boolean" },
};

/** Operations of the group. */
export function serviceOperations(view: GatewayView): readonly Operation[] {
  const find = async (name: string): Promise<ServiceReport> => {
    const [service] = await view.ask("services", name);
    if (service === undefined) throw new CallError(404, "Service not found");
    return service;
  };
  return [
    {
      method: "GET",
      path: "/services",
      group: "services",
      run: async () => json({ services: (await view.ask("services", null)).map((s) => summary(s, view.config())) }),
    },
    {
      method: "GET",
      path: "/services/{name}",
      group: "services",
      run: async ({ params: [name] }) => {
        const service = await find(name!);
        const config = view.config();
        return json({
          name: service.name,
          instances: service.instances.map((instance) => describe(service.name, instance, config)),
          configuration: configurationOf(service.name, config),
        });
      },
    },
    {
      method: "PUT",
      path: "/services/{name}/instances/{id}",
      group: "services",
      run: async ({ params: [name, id], body }) => {
        const { instances } = await find(name!);
        const found = instances.find(({ spec }) => spec.id === id);
        if (found === undefined) throw new CallError(404, "Instance not found");
        const change = readFields(body, CHECKS);
        if (Object.keys(change).length === 0) throw new CallError(400, "Missing weight, healthy or drain");
        const changed = await view.ask("changeInstance", { ...change, service: name!, instance: id! });
        return json(describe(name!, changed ?? found, view.config()));
      },
    },
  ];
}

function summary({ name, instances }: ServiceReport, config: Config): unknown {
  const healthy = instances.filter((instance) => instance.healthy).length;
  const [loadBalancer] = balancersOf(name, config);
  return { name, instances: instances.length, healthy, unhealthy: instances.length - healthy, loadBalancer };
}

function describe(service: string, instance: InstanceReport, config: Config): unknown {
  const { spec, attempts, failures, latencyMs } = instance;
  const { id, address, port, scheme, tags, metadata, priority, zone } = spec;
  return {
    id,
    address,
    port: port || null,
    scheme,
    healthy: instance.healthy,
    failing: instance.failing,
    obstacles: instance.obstacles.map((reason) => ({ reason, text: REASONS[reason] })),
    check: instance.check,
    weight: instance.weight,
    configuredWeight: spec.weight,
    activeConnections: instance.active,
    totalRequests: attempts,
    errorRate: attempts === 0 ? 0 : failures / attempts,
    avgResponseTime: latencyMs < 0 ? null : latencyMs / 1000,
    priority,
    zone,
    tags,
    metadata: maskedMap(metadata, placeOfMetadata(service, id, config), config),
  };
}

/** Path of the metadata of an instance in the configuration, for instances that come from the file. */
function placeOfMetadata(service: string, instance: string, { services }: Config): string {
  const i = services.findIndex((s) => s.name === service);
  const j = services[i]?.endpoints.findIndex(({ id }) => id === instance) ?? -1;
  return `registry.static.services[${i}].instances[${j}].metadata`;
}

/** What the rules and the file say of a service. */
function configurationOf(service: string, config: Config): unknown {
  const at = config.services.find(({ name }) => name === service)?.at;
  return {
    loadBalancers: balancersOf(service, config),
    routes: config.rules.filter((r) => uses(r, service, config)).map((r) => r.id),
    source: at === undefined ? null : placeText(at),
  };
}

/** Whether requests of a rule may go to a service: its own, or that of a provider of its models. */
function uses({ serviceName, strategy }: RuleConfig, service: string, { llm }: Config): boolean {
  if (strategy === null || llm === null) return serviceName === service;
  return strategy.models.some(({ model }) =>
    sourcesOf(llm, model).some((s) => providerService(s.provider.id) === service),
  );
}

/** Ways of balancing of the rules that use a service, in file order; without a rule the default. */
function balancersOf(service: string, { rules, defaultBalancing }: Config): readonly string[] {
  const used = rules.filter((r) => r.serviceName === service).map((r) => r.loadBalance);
  return used.length === 0 ? [defaultBalancing.loadBalance] : [...new Set(used)];
}
