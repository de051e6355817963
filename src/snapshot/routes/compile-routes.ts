// Rules → routes: everything a request will need is decided here, once.

import { STRATEGIES } from "../../catalog.ts";
import type { Config, RuleConfig } from "../../config/config.ts";
import { INTERNAL } from "../../config/meaning/services.ts";
import { type Filter, inPhaseOrder } from "../../core/filter.ts";
import type { LimitView } from "../../core/limit-view.ts";
import type { Route, RouteMeter, TargetRule } from "../../core/route.ts";
import type { Translator } from "../../core/translator.ts";
import { bodySize } from "../../limits/body-size.ts";
import { type RouteLabels, RouteMeterCells } from "../../observe/meters.ts";
import { RouteTree } from "../../routing/tree.ts";
import type { Build } from "../runtime.ts";
import type { ServiceBuilder } from "../services/service-builder.ts";
import { translatorFor } from "../translators/translators.ts";
import { EventStreamRules, eventStreamFilters } from "./event-streams.ts";
import { fallbackOf } from "./fallback.ts";
import { LimitFilters } from "./limits.ts";
import type { Shedding } from "./overload.ts";
import { WebSocketRules } from "./websockets.ts";

/** Routes in file order, and the tree that finds them. */
export interface CompiledRoutes {
  readonly routes: readonly Route[];
  readonly tree: RouteTree<Route>;
  /** Their rate limits. */
  readonly limits: readonly LimitView[];
}

/** Compiles all rules, one a step. Equal parts are shared between routes: ten thousand of them stay small. */
export function* compileRoutes(
  build: Build,
  services: ServiceBuilder,
  shedding: Shedding,
): Generator<void, CompiledRoutes> {
  const { config } = build;
  const tree = new RouteTree<Route>();
  const filters = new Map<number, readonly Filter[]>();
  const shared = eventStreamFilters(build);
  const kinds = { websockets: new WebSocketRules(build), events: new EventStreamRules(config) };
  const limits = new LimitFilters(build);
  const routes: Route[] = [];
  for (const [order, rule] of config.rules.entries()) {
    let list = filters.get(rule.maxBodyBytes);
    if (list === undefined) {
      const size = rule.maxBodyBytes > 0 ? [bodySize(rule.maxBodyBytes)] : [];
      list = inPhaseOrder([...shedding.filters, ...shared, ...size]);
      filters.set(rule.maxBodyBytes, list);
    }
    const own = limits.filtersFor(rule);
    if (own.length > 0) list = inPhaseOrder([...list, ...own]);
    const meter = meterOf({ route: rule.id, path: rule.path }, build);
    const translator = translatorFor(build, rule);
    const route = compileRule(config, rule, list, services, kinds, translator, meter);
    tree.add(rule.pattern, { route, conditions: rule.conditions, order });
    routes.push(route);
    yield;
  }
  return { routes, tree, limits: limits.views };
}

/** The meter of a rule, kept while any snapshot has one of this id and pattern; null when metrics are off. */
export function meterOf(labels: RouteLabels, { config, runtime, leases }: Build): RouteMeter | null {
  const { metrics } = config;
  if (!metrics.enabled) return null;
  const { meters } = runtime;
  return leases.lease(
    `route-meter|${labels.route}|${labels.path}|${metrics.buckets.join()}`,
    () => {
      const meter = new RouteMeterCells(labels, metrics.buckets);
      meters.routes.add(meter);
      return meter;
    },
    (meter) => meters.routes.delete(meter),
  );
}

interface Kinds {
  readonly websockets: WebSocketRules;
  readonly events: EventStreamRules;
}

function compileRule(
  config: Config,
  rule: RuleConfig,
  filters: readonly Filter[],
  services: ServiceBuilder,
  kinds: Kinds,
  translator: Translator | null,
  meter: RouteMeter | null,
): Route {
  const grpc = rule.protocol === "grpc";
  const { backend } = config;
  const { connectTimeout } = backend.sse;
  const internal = rule.serviceName === INTERNAL;
  return {
    id: rule.id,
    pattern: rule.path,
    source: `${rule.at.file}:${rule.at.line}`,
    filters,
    replyFilters: internal ? NONE : replyFilters(filters, services.sessionFilter(rule)),
    strategy: internal ? null : STRATEGIES.direct(services.service(rule.serviceName, rule.loadBalance, grpc, rule)),
    fallback: fallbackOf(rule, services),
    target: targetOf(rule),
    websocket: internal ? null : kinds.websockets.ruleFor(rule, filters),
    events: kinds.events.ruleFor(rule),
    times: rule.protocol === "sse" ? { dialTimeoutMs: connectTimeout, headTimeoutMs: connectTimeout } : null,
    grpc,
    tier: rule.tier,
    translator,
    maxAttempts: grpc ? backend.grpc.maxRetryAttempts : MAX_ENDPOINTS,
    attemptsWithinMs: grpc ? backend.grpc.retryTimeout : 0,
    timeoutMs: rule.timeoutMs,
    timeoutWritten: rule.timeoutWritten,
    maxBodyBytes: rule.maxBodyBytes,
    accessLog: rule.accessLog,
    meter,
  };
}

/** Endpoints tried for one request that none has taken; one of them may be tried again, once, on a fresh connection. */
const MAX_ENDPOINTS = 3;
const NONE: readonly Filter[] = [];
const AS_IS: TargetRule = { calls: false, strip: "", prefix: "", host: "endpoint" };

/** In the order they run: the reverse of the request filters. */
function replyFilters(filters: readonly Filter[], session: Filter | null): readonly Filter[] {
  const found = inPhaseOrder(session === null ? filters : [...filters, session]).filter((f) => f.onReply !== undefined);
  return found.length === 0 ? NONE : found.reverse();
}

function targetOf(rule: RuleConfig): TargetRule {
  const calls = rule.protocol === "grpc";
  const replaces = rule.stripPrefix || rule.rewritePrefix !== "";
  if (!calls && !replaces && !rule.preserveHost && rule.rewriteHost === "") return AS_IS;
  return {
    calls,
    strip: replaces || calls ? rule.pattern.literalPrefix : "",
    prefix: rule.rewritePrefix.replace(/\/$/, ""),
    host: rule.preserveHost ? "client" : rule.rewriteHost === "" ? "endpoint" : { name: rule.rewriteHost },
  };
}
