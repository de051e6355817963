// Compiles a configuration into a snapshot. Resources that the snapshot before it holds under the same key are leased, not
// made again.
import type { IpList } from "../auth/ip-list.ts";
import type { Config } from "../config/config.ts";
import type { BoundStream, Standing, StreamKind } from "../core/bound-stream.ts";
import type { ReplyFilter, RequestContext, RequestIdRule, RouteMeter } from "../core/context.ts";
import type { CredentialWatch } from "../core/credential-watch.ts";
import type { LeaseHolder } from "../core/lease.ts";
import type { LimitView } from "../core/limit-view.ts";
import type { Log } from "../core/log.ts";
import type { ModelReport } from "../core/model-report.ts";
import type { Overload } from "../core/overload.ts";
import type { ServiceList } from "../core/registry.ts";
import type { Refusal, Reply } from "../core/reply.ts";
import type { AccessLog, StreamMeter } from "../core/request-observers.ts";
import type { Responder } from "../core/responder.ts";
import type { Route } from "../core/route.ts";
import type { Service } from "../core/service.ts";
import { atOnce, inSlices } from "../core/slices.ts";
import type { Match, Snapshot } from "../core/snapshot.ts";
import type { OpenStreams } from "../core/streams.ts";
import type { Trace } from "../core/trace.ts";
import { JsonAccessLog, TextAccessLog } from "../observe/access-log.ts";
import type { ModelMeter } from "../observe/model-meter.ts";
import { WithoutProbes } from "../observe/probe-lines.ts";
import type { RouteTree } from "../routing/tree.ts";
import { type CidrMatch, compileCidrs } from "../wire/cidr.ts";
import { OwnAnswers } from "./builtin/own-answers.ts";
import { ownPaths } from "./builtin/paths.ts";
import { HealthChecker } from "./health/health-checker.ts";
import { loggingFormat } from "./logging.ts";
import type { AuthRules } from "./routes/auth.ts";
import { type CompiledRoutes, compileRoutes, meterOf } from "./routes/compile-routes.ts";
import { listenerIpLists } from "./routes/ip-lists.ts";
import { listenerFilters } from "./routes/listener-filters.ts";
import { sheddingOf } from "./routes/overload.ts";
import type { Build, LlmRouteSource, Runtime } from "./runtime.ts";
import type { EndpointSet } from "./services/endpoint-set.ts";
import { ServiceBuilder } from "./services/service-builder.ts";

/** Metric labels of requests that match no rule. They cannot collide with a pattern, which begins with a slash. */
const UNMATCHED = { route: "unmatched", path: "unmatched" };

/**
 * Compiles a configuration. Touches nothing that is running.
 * @throws whatever a part throws; every lease taken until then is given back
 */
export function compile(config: Config, runtime: Runtime): CompiledSnapshot {
  return atOnce(compiling(config, runtime));
}

/** As {@link compile}, in steps of one rule or service each, for `inSlices`. */
export function* compiling(config: Config, runtime: Runtime): Generator<void, CompiledSnapshot> {
  const leases = runtime.leases.holder();
  const build: Build = { config, runtime, leases };
  try {
    const builder = new ServiceBuilder(build);
    const shedding = sheddingOf(build);
    const routes = yield* compileRoutes(build, builder, shedding);
    const services = yield* allServices(config, builder);
    return new CompiledSnapshot(build, { routes, services, sets: builder.sets, overload: shedding.overload });
  } catch (error) {
    leases.release();
    throw error;
  }
}

/** The parts of a snapshot that take long to make. */
interface Parts {
  readonly routes: CompiledRoutes;
  readonly services: ReadonlyMap<string, Service>;
  /** The endpoints of each service. */
  readonly sets: ReadonlyMap<string, EndpointSet>;
  readonly overload: Overload | null;
}

function* allServices(config: Config, builder: ServiceBuilder): Generator<void, ReadonlyMap<string, Service>> {
  const services = new Map<string, Service>();
  for (const name of builder.names()) {
    services.set(name, builder.service(name, config.defaultBalancing.loadBalance, null, null));
    yield;
  }
  return services;
}

/** A snapshot that counts the requests on it and releases its leases once it is retired and has none left. */
export class CompiledSnapshot implements Snapshot {
  readonly config: Config;
  readonly hash: string;
  readonly services: ReadonlyMap<string, Service>;
  readonly routes: readonly Route[];
  readonly overload: Overload | null;
  readonly limits: readonly LimitView[];
  readonly requestId: RequestIdRule;
  readonly via: boolean;
  readonly instanceId: string;
  readonly replyFilters: readonly ReplyFilter[];
  readonly answersPreflights: boolean;
  readonly streams: OpenStreams;
  readonly #credentials: CredentialWatch;
  readonly #auth: AuthRules;
  readonly #sets: ReadonlyMap<string, EndpointSet>;
  readonly #models: LlmRouteSource | null;
  readonly #accessLog: AccessLog | null;
  /** Counts requests that matched no route; null when metrics are off. */
  readonly #unmatchedMeter: RouteMeter | null;
  /** null when metrics are off. */
  readonly #streamMeter: StreamMeter | null;
  /** null when metrics are off. */
  readonly #modelMeter: ModelMeter | null;
  readonly #ownAnswers: OwnAnswers;
  readonly #tracer: ((ctx: RequestContext) => Trace | null) | null;
  /** By name of the listener; null: none has any. */
  readonly #ipLists: ReadonlyMap<string, IpList> | null;
  readonly #tree: RouteTree<Route>;
  readonly #trusts: CidrMatch;
  readonly #leases: LeaseHolder;
  readonly #log: Log;
  readonly #health: HealthChecker;
  #active = 0;
  #retired = false;

  constructor(build: Build, parts: Parts) {
    const { config, runtime, leases } = build;
    this.config = config;
    this.hash = config.hash;
    this.#leases = leases;
    this.#log = runtime.log;
    this.streams = runtime.streams;
    this.#credentials = runtime.credentials;
    this.#auth = parts.routes.auth;
    this.#streamMeter = config.metrics.enabled ? runtime.meters.streams : null;
    this.#modelMeter = config.metrics.enabled ? runtime.meters.models : null;
    this.overload = parts.overload;
    this.routes = parts.routes.routes;
    this.#tree = parts.routes.tree;
    this.limits = parts.routes.limits;
    this.services = parts.services;
    this.#sets = parts.sets;
    this.#models = parts.routes.models;
    this.instanceId = runtime.instanceId;
    this.replyFilters = listenerFilters(build);
    this.answersPreflights = this.routes.some(({ preflight }) => preflight !== null);
    this.#tracer = runtime.extensions.trace ?? null;
    this.#ownAnswers = new OwnAnswers(build, parts.services);
    this.#ipLists = listenerIpLists(config);
    this.#trusts = compileCidrs(config.frontend.http.trustedProxies);
    this.requestId = requestIdRule(config);
    this.via = config.frontend.http.sendVia;
    this.#unmatchedMeter = meterOf(UNMATCHED, build);
    this.#accessLog = accessLog(build);
    this.#health = new HealthChecker(build);
  }

  admission(ctx: RequestContext): Refusal | undefined {
    return this.#ipLists?.get(ctx.peer.listener)?.check(ctx);
  }

  ownAnswer(ctx: RequestContext): Responder | null {
    return this.#ownAnswers.first(ctx);
  }

  match(ctx: RequestContext): Match {
    return this.#tree.match(ctx);
  }

  standing(ctx: RequestContext): Standing | Promise<Standing> {
    return this.#auth.standing(ctx);
  }

  validationAnswer(ctx: RequestContext): Promise<Reply | null> | null {
    return this.#ownAnswers.validation(ctx);
  }

  lastAnswer(ctx: RequestContext): Responder | null {
    return this.#ownAnswers.last(ctx);
  }

  trace(ctx: RequestContext): Trace | null {
    return this.#tracer === null ? null : this.#tracer(ctx);
  }

  trusts(address: string): boolean {
    return this.#trusts(address);
  }

  /** The language models of its rules, as they are now. */
  models(): readonly ModelReport[] {
    return this.#models?.models() ?? [];
  }

  enter(): void {
    this.#active++;
  }

  streamOpened(ctx: RequestContext): void {
    this.#streamMeter?.opened(ctx);
  }

  bind(ctx: RequestContext, kind: StreamKind, recheckMs: number | null, stream: BoundStream): void {
    if (recheckMs !== null) this.#credentials.watch(ctx, kind, recheckMs, stream);
  }

  done(ctx: RequestContext, ms: number): void {
    (ctx.meter ?? this.#unmatchedMeter)?.done(ctx, ms / 1000);
    if (ctx.stream !== null || ctx.upgrade) this.#streamMeter?.done(ctx);
    if (ctx.modelCall !== null) this.#modelMeter?.done(ctx, ctx.modelCall);
    if (ctx.route?.accessLog !== false) this.#accessLog?.write(ctx, ms);
    if (--this.#active === 0 && this.#retired) void inSlices(this.#leases.releasing());
  }

  /**
   * Starts health checks. Called just before the snapshot becomes live.
   * @param before the snapshot that is live until then
   */
  begin(before: Snapshot | null): Promise<void> {
    return inSlices(this.#health.beginning(this.services, before?.services ?? new Map()));
  }

  /**
   * The endpoints of its services are these from now on; a service that is not listed has none. Routes stay as they are. A
   * snapshot that is no longer live does nothing, though requests are still on it.
   */
  follow(list: ServiceList): void {
    if (this.#retired) return;
    const listed = new Map(list.map(({ name, endpoints }) => [name, endpoints]));
    for (const [name, service] of this.services) {
      const before = service.endpoints;
      if (!this.#sets.get(name)!.replace(listed.get(name) ?? [])) continue;
      this.#health.follow(service, before);
      this.#log.debug?.("Instances changed", { service: name, before: before.length, now: service.endpoints.length });
    }
  }

  /**
   * Called when the snapshot is no longer live: releases its leases as soon as its last request has ended. Resolves
   * when that is done, or left to
   * the last request.
   */
  retire(): Promise<void> {
    this.#retired = true;
    return inSlices(this.#ending());
  }

  *#ending(): Generator<void, void> {
    yield* this.#health.ending();
    if (this.#active === 0) yield* this.#leases.releasing();
  }
}

function requestIdRule(config: Config): RequestIdRule {
  const { tracking } = config;
  return {
    enabled: tracking.enabled,
    headerName: tracking.headerName,
    lowerName: tracking.headerName.toLowerCase(),
    generate: tracking.generateIfMissing,
    propagate: tracking.propagateToBackend,
  };
}

function accessLog({ config, runtime, leases }: Build): AccessLog | null {
  const { enabled, output, applicationOutput, skipProbes } = config.logging;
  if (applicationOutput !== "") runtime.leaseSink(applicationOutput, leases); // so that a file that cannot be opened is an error of the compilation
  if (!enabled) return null;
  const sink = runtime.leaseSink(output, leases);
  const text = loggingFormat(config, output, runtime.terminal) === "text";
  const log = text ? new TextAccessLog(sink) : new JsonAccessLog(sink);
  return skipProbes ? new WithoutProbes(log, ownPaths(config)) : log;
}
