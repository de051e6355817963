// `/routes`: the rules in effect; reloading them is reloading the configuration.
import type { Config, RuleConfig } from "../../config/config.ts";
import { maskedMap } from "../../config/show/effective.ts";
import { type Answer, json } from "./answer.ts";
import { readFields } from "./body.ts";
import type { GatewayView } from "./gateway-view.ts";
import type { Call, Operation } from "./operation.ts";

/** What a reload did to the routes. */
interface RouteChanges {
  readonly routesLoaded: number;
  readonly routesAdded: number;
  readonly routesUpdated: number;
  readonly routesRemoved: number;
}

/** Operations of the group. */
export function routeOperations(view: GatewayView): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/routes",
      group: "routes",
      run: async () => {
        const config = view.config();
        const filters = await view.ask("filters", null);
        return json({ routes: config.rules.map((rule, i) => describe(rule, filters[i] ?? [], config)) });
      },
    },
    { method: "POST", path: "/routes/reload", group: "routes", run: (call) => reload(view, call) },
  ];
}

/** Loads the configuration again. 400 with everything that is wrong with it; then nothing has changed. */
export async function reload(view: GatewayView, { body }: Call): Promise<Answer> {
  readFields(body, {});
  const outcome = await view.reload("management");
  if (outcome.kind === "refused") {
    return json({ error: outcome.problems.join("\n"), errors: outcome.problems }, 400);
  }
  const now = view.config();
  const before = outcome.kind === "applied" ? outcome.before : now;
  const after = outcome.kind === "applied" ? outcome.config : now;
  return json({ status: "success", ...compareRoutes(before, after), configHash: after.hash });
}

/** Ids of the routes that were added, removed and changed. */
export function compareRoutes(before: Config, after: Config): RouteChanges {
  const old = new Map(before.rules.map((rule) => [rule.id, meaning(rule)]));
  const fresh = new Map(after.rules.map((rule) => [rule.id, meaning(rule)]));
  const kept = [...fresh].filter(([id]) => old.has(id));
  return {
    routesLoaded: fresh.size,
    routesAdded: fresh.size - kept.length,
    routesUpdated: kept.filter(([id, text]) => old.get(id) !== text).length,
    routesRemoved: old.size - kept.length,
  };
}

/** Text of a rule without its place in the file; equal for rules that mean the same. */
function meaning({ at: _, key: __, ...rule }: RuleConfig): string {
  return JSON.stringify(rule);
}

/** @param filters their names */
function describe(rule: RuleConfig, filters: readonly string[], config: Config): unknown {
  const { strategy } = rule;
  return {
    id: rule.id,
    path: rule.path,
    hosts: rule.conditions.hosts,
    methods: rule.conditions.methods,
    ...(strategy === null
      ? { service: rule.serviceName, loadBalance: rule.loadBalance }
      : { service: null, strategy: { order: strategy.order, models: strategy.models } }),
    timeout: rule.timeoutMs / 1000,
    protocol: rule.protocol,
    middleware: filters,
    metadata: maskedMap(rule.metadata, `${rule.key}.metadata`, config),
    source: `${rule.at.file}:${rule.at.line}`,
  };
}
