// Rules → routes: everything a request will need is decided here, once.

import { STRATEGIES } from "../catalog.ts";
import type { Config, RuleConfig } from "../config/config.ts";
import { INTERNAL } from "../config/normalize.ts";
import { type Filter, PHASES } from "../core/filter.ts";
import type { LeaseHolder } from "../core/lease.ts";
import type { Route, RouteMeter, TargetRule } from "../core/route.ts";
import { bodySize } from "../limits/body-size.ts";
import { RouteMeterCells } from "../observe/meters.ts";
import { RouteTree } from "../routing/tree.ts";
import type { Runtime } from "./runtime.ts";
import type { ServiceBuilder } from "./services.ts";

/** Routes in file order, and the tree that finds them. */
export interface CompiledRoutes {
  readonly routes: readonly Route[];
  readonly tree: RouteTree<Route>;
}

/** Compiles all rules. Equal parts are shared between routes: ten thousand of them stay small. */
export function compileRoutes(
  config: Config,
  services: ServiceBuilder,
  runtime: Runtime,
  leases: LeaseHolder,
): CompiledRoutes {
  const tree = new RouteTree<Route>();
  const filters = new Map<number, readonly Filter[]>();
  const routes = config.rules.map((rule, order) => {
    let list = filters.get(rule.maxBodyBytes);
    if (list === undefined) {
      list = sorted(rule.maxBodyBytes > 0 ? [bodySize(rule.maxBodyBytes)] : []);
      filters.set(rule.maxBodyBytes, list);
    }
    const route = compileRule(rule, list, services, meterOf(rule.written.path, config, runtime, leases));
    tree.add(rule.pattern, { route, conditions: rule.conditions, order });
    return route;
  });
  return { routes, tree };
}

/** The meter of a path label, kept while any snapshot has a route with it; null when metrics are off. */
export function meterOf(path: string, config: Config, runtime: Runtime, leases: LeaseHolder): RouteMeter | null {
  const { metrics } = config.written;
  if (!metrics.enabled) return null;
  const { meters } = runtime;
  return leases.lease(
    `route-meter|${path}|${metrics.buckets.join()}`,
    () => {
      const meter = new RouteMeterCells(path, metrics.buckets);
      meters.routes.add(meter);
      return meter;
    },
    (meter) => meters.routes.delete(meter),
  );
}

function compileRule(
  rule: RuleConfig,
  filters: readonly Filter[],
  services: ServiceBuilder,
  meter: RouteMeter | null,
): Route {
  const { written } = rule;
  const internal = written.serviceName === INTERNAL;
  return {
    id: rule.id,
    pattern: written.path,
    source: `${rule.at.file}:${rule.at.line}`,
    filters,
    replyFilters: NONE,
    strategy: internal ? null : STRATEGIES.direct(services.service(written.serviceName, rule.loadBalance)),
    target: targetOf(rule),
    timeoutMs: written.timeout,
    maxBodyBytes: rule.maxBodyBytes,
    accessLog: written.accessLog,
    meter,
  };
}

const NONE: readonly Filter[] = [];
const AS_IS: TargetRule = { strip: "", prefix: "", host: "endpoint" };

function targetOf({ written, pattern }: RuleConfig): TargetRule {
  const replaces = written.stripPrefix || written.rewritePrefix !== "";
  if (!replaces && !written.preserveHost && written.rewriteHost === "") return AS_IS;
  return {
    strip: replaces ? pattern.literalPrefix : "",
    prefix: written.rewritePrefix.replace(/\/$/, ""),
    host: written.preserveHost ? "client" : written.rewriteHost === "" ? "endpoint" : { name: written.rewriteHost },
  };
}

function sorted(filters: Filter[]): readonly Filter[] {
  return filters.sort((a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase));
}
