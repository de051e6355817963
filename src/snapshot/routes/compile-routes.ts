// Compiles rules into routes, so that a request needs no look at the configuration.
import type { RuleConfig } from "../../config/config.ts";
import { backendOf } from "../../config/meaning/backends.ts";
import { INTERNAL } from "../../config/meaning/services.ts";
import { placeText } from "../../config/text/problem.ts";
import type { ReplyFilter, RouteMeter } from "../../core/context.ts";
import { type Filter, inPhaseOrder } from "../../core/filter.ts";
import type { LimitView } from "../../core/limit-view.ts";
import type { Route } from "../../core/route.ts";
import type { TargetRule } from "../../core/route-settings.ts";
import { type RouteLabels, RouteMeterCells } from "../../observe/meters.ts";
import { RouteTree } from "../../routing/tree.ts";
import type { Build, LlmRouteSource } from "../runtime.ts";
import type { ServiceBuilder } from "../services/service-builder.ts";
import { AuthRules } from "./auth.ts";
import { AuthzRules } from "./authz.ts";
import { CorsRules } from "./cors.ts";
import { isRestricted, pathGuard } from "./demands.ts";
import { EventStreamRules } from "./event-streams.ts";
import { fallbackOf } from "./fallback.ts";
import { FilterLists } from "./filters.ts";
import { IpListRules } from "./ip-lists.ts";
import { LimitFilters } from "./limits.ts";
import { listenerFilters } from "./listener-filters.ts";
import type { Shedding } from "./overload.ts";
import { targetOf } from "./targets.ts";
import { WebSocketRules } from "./websockets.ts";

/** Routes in file order, and the tree that finds them. */
export interface CompiledRoutes {
  readonly routes: readonly Route[];
  readonly tree: RouteTree<Route>;
  /** Their rate limits. */
  readonly limits: readonly LimitView[];
  readonly auth: AuthRules;
  /** null: no language models are configured. */
  readonly models: LlmRouteSource | null;
}

/** Compiles all rules, one a step. */
export function* compileRoutes(
  build: Build,
  services: ServiceBuilder,
  shedding: Shedding,
): Generator<void, CompiledRoutes> {
  const { config } = build;
  const tree = new RouteTree<Route>();
  const limits = new LimitFilters(build);
  const auth = new AuthRules(build);
  const authz = new AuthzRules(build, auth);
  const rules = new Map<Route, RuleConfig>();
  const restricted = isRestricted(config);
  const guards = restricted ? [pathGuard(tree, (route) => rules.get(route)!)] : [];
  const cors = new CorsRules();
  const ipLists = new IpListRules();
  const serviceNamed = (name: string) => services.service(name, config.defaultBalancing.loadBalance, null, null);
  const parts: RouteParts = {
    services,
    models: config.llm === null ? null : build.runtime.llm!(build, serviceNamed),
    filters: new FilterLists(build, [
      (rule) => ipLists.filtersFor(rule),
      (rule) => cors.filtersFor(rule),
      () => guards,
      (rule) => auth.filtersFor(rule),
      (rule) => authz.filtersFor(rule),
      () => shedding.filters,
      (rule) => limits.filtersFor(rule),
    ]),
    websockets: new WebSocketRules(build),
    events: new EventStreamRules(config),
    listenerFilters: listenerFilters(build),
    cors,
    ipLists,
    restricted,
  };
  const routes: Route[] = [];
  for (const [order, rule] of config.rules.entries()) {
    const route = compileRule(build, rule, parts);
    tree.add(rule.pattern, { route, conditions: rule.conditions, order });
    if (restricted) rules.set(route, rule);
    routes.push(route);
    yield;
  }
  return { routes, tree, limits: limits.views, auth, models: parts.models };
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

/** What makes the parts of routes. */
interface RouteParts {
  readonly services: ServiceBuilder;
  /** null: no language models are configured. */
  readonly models: LlmRouteSource | null;
  readonly filters: FilterLists;
  readonly websockets: WebSocketRules;
  readonly events: EventStreamRules;
  readonly listenerFilters: readonly ReplyFilter[];
  readonly cors: CorsRules;
  readonly ipLists: IpListRules;
  /** Whether any rule restricts access. */
  readonly restricted: boolean;
}

function compileRule(build: Build, rule: RuleConfig, parts: RouteParts): Route {
  const grpc = rule.protocol === "grpc";
  const backend = backendOf(build.config, rule.serviceName);
  const { connectTimeout } = backend.sse;
  const internal = rule.serviceName === INTERNAL || rule.strategy !== null;
  const llm = rule.strategy === null ? null : parts.models!.routeFor(rule);
  const filters = parts.filters.for(rule);
  const session = internal ? null : parts.services.sessionFilter(rule);
  return {
    id: rule.id,
    pattern: rule.path,
    source: placeText(rule.at),
    filters: filters.request,
    replyFilters: replyFilters(filters.all, session, parts.listenerFilters),
    to: llm?.strategy ?? targetOf(build, rule, parts.services),
    fallback: fallbackOf(rule),
    errors: llm?.errors ?? null,
    preflight: parts.cors.preflightFor(rule, parts.ipLists.filtersFor(rule)),
    target: rewriteOf(rule),
    // A strategy for models answers handshakes itself.
    websocket: internal && llm === null ? null : parts.websockets.ruleFor(rule, filters.request),
    events: parts.events.ruleFor(rule),
    times: rule.protocol === "sse" ? { dialTimeoutMs: connectTimeout, headTimeoutMs: connectTimeout } : null,
    grpc,
    tier: rule.tier,
    maxAttempts: grpc ? backend.grpc.maxRetryAttempts : MAX_ENDPOINTS,
    attemptsWithinMs: grpc ? backend.grpc.retryTimeout : 0,
    timeoutMs: rule.timeoutMs,
    timeoutWritten: rule.timeoutWritten,
    callRecheckMs: rule.callRecheckMs,
    maxBodyBytes: rule.maxBodyBytes,
    accessLog: rule.accessLog,
    hidesOverrides: parts.restricted,
    meter: meterOf({ route: rule.id, path: rule.path }, build),
  };
}

/** Endpoints tried for one request that none has taken; one of them may be tried again, once, on a fresh connection. */
const MAX_ENDPOINTS = 3;
const NONE: readonly ReplyFilter[] = [];
const AS_IS: TargetRule = { calls: false, strip: "", prefix: "", host: "endpoint" };

/** In the order they run: the reverse of the request filters, those of every reply last. */
function replyFilters(
  filters: readonly Filter[],
  session: Filter | null,
  listener: readonly ReplyFilter[],
): readonly ReplyFilter[] {
  const own = inPhaseOrder(session === null ? filters : [...filters, session])
    .filter(seesReplies)
    .reverse();
  return own.length + listener.length === 0 ? NONE : [...own, ...listener];
}

function seesReplies(filter: Filter): filter is Filter & ReplyFilter {
  return filter.onReply !== undefined;
}

function rewriteOf(rule: RuleConfig): TargetRule {
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
