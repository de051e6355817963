// The path of one request: identify, match, filter, choose, forward. Read this file first.
import type { RequestContext } from "../core/context.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Gateway } from "../core/gateway.ts";
import type { Log } from "../core/log.ts";
import { isRefusal, type Reply, type Verdict } from "../core/reply.ts";
import type { Route } from "../core/route.ts";
import type { Service } from "../core/service.ts";
import type { Builtin, CurrentSnapshot, NoMatch, Snapshot } from "../core/snapshot.ts";
import { clientAddress } from "../wire/forwarded.ts";
import { canonicalPath } from "../wire/path.ts";
import type { Answers } from "./answers.ts";
import { findBuiltin } from "./builtin.ts";
import { Forward } from "./forward.ts";
import { answerHealthCall, isHealthCall } from "./grpc-health.ts";
import { isLastHop } from "./max-forwards.ts";
import { addOwnFields, refuse } from "./refuse.ts";
import { RequestIds } from "./request-id.ts";
import { runFilters } from "./run-filters.ts";

/** The pipeline every adapter feeds. */
export class Pipeline implements Gateway, Answers {
  readonly #live: CurrentSnapshot;
  readonly #log: Log;
  readonly #ids = new RequestIds();
  /** Requests begun and not done. */
  active = 0;
  /** Requests begun since the start. */
  total = 0;

  constructor(live: CurrentSnapshot, log: Log) {
    this.#live = live;
    this.#log = log;
  }

  handle(ctx: RequestContext): void {
    try {
      const snapshot = this.#enter(ctx);
      if (isLastHop(ctx)) return this.#answerLast(ctx);
      const path = ctx.query.includes("#") ? null : canonicalPath(ctx.rawPath);
      if (path === null) return this.#unroutable(ctx);
      ctx.path = path;
      const builtin = findBuiltin(snapshot, path);
      if (builtin !== null) return this.#answerBuiltin(ctx, builtin);
      const match = snapshot.match(ctx);
      if ("allow" in match) return this.#noMatch(ctx, snapshot, match);
      this.#run(ctx, match);
    } catch (error) {
      this.#surprise(ctx, error);
    }
  }

  refuse(ctx: RequestContext, code: ErrorCode, fields?: readonly string[], message?: string): void {
    if (ctx.snapshot === null) this.#enter(ctx);
    ctx.upstream?.abort();
    refuse(ctx, code, fields, message);
  }

  reply(ctx: RequestContext, reply: Reply): void {
    if (ctx.finished || ctx.status !== 0) return;
    ctx.status = reply.status;
    const fields = [...reply.fields];
    addOwnFields(ctx, fields);
    ctx.downstream.answer(reply.status, fields, reply.body, false);
  }

  done(ctx: RequestContext, completed: boolean): void {
    if (ctx.finished) return;
    ctx.finished = true;
    this.active--;
    ctx.upstream?.abort();
    ctx.runCleanups();
    ctx.bytesIn += ctx.downstream.body.bytes;
    if (!completed && ctx.error === null) {
      ctx.detail = "client closed the connection";
      if (ctx.status === 0) ctx.status = 499;
    }
    const ms = performance.now() - ctx.startedAt;
    const snapshot = ctx.snapshot!;
    (ctx.route?.meter ?? snapshot.unmatchedMeter)?.done(ctx, ms / 1000);
    if (ctx.stream !== null || ctx.upgrade) snapshot.streamMeter?.done(ctx);
    if (ctx.route?.accessLog !== false) snapshot.accessLog?.write(ctx, ms);
    snapshot.leave();
  }

  #enter(ctx: RequestContext): Snapshot {
    const { snapshot, draining } = this.#live;
    this.active++;
    this.total++;
    snapshot.enter();
    ctx.snapshot = snapshot;
    if (draining) ctx.downstream.closeAfter();
    const peer = ctx.peer.address;
    ctx.peerTrusted = snapshot.trusts(peer);
    ctx.clientIp = ctx.peerTrusted ? clientAddress(peer, ctx.fields, (a) => snapshot.trusts(a)) : peer;
    ctx.requestId = this.#ids.idFor(ctx, snapshot.requestId);
    const { debug } = this.#log;
    if (debug !== null) ctx.debug = (message, facts) => debug(message, { requestId: ctx.requestId, ...facts });
    return snapshot;
  }

  #run(ctx: RequestContext, route: Route): void {
    ctx.route = route;
    ctx.tier = route.tier;
    ctx.debug?.("Route chosen", {
      route: route.id,
      pattern: route.pattern,
      source: route.source,
      method: ctx.method,
      host: ctx.host,
      path: ctx.path,
    });
    route.meter?.begin(ctx);
    if (ctx.upgrade && route.websocket === null) return refuse(ctx, "no_route");
    const verdict = runFilters(ctx, ctx.upgrade ? route.websocket!.filters : route.filters);
    if (verdict instanceof Promise) {
      verdict.then((v) => this.#afterFilters(ctx, route, v)).catch((error) => this.#surprise(ctx, error));
    } else {
      this.#afterFilters(ctx, route, verdict);
    }
  }

  #afterFilters(ctx: RequestContext, route: Route, verdict: Verdict): void {
    if (ctx.finished) return;
    if (verdict !== undefined) {
      ctx.debug?.("A filter answers", isRefusal(verdict) ? { code: verdict.code } : { status: verdict.status });
      if (isRefusal(verdict)) return refuse(ctx, verdict.code, verdict.fields, verdict.message);
      return this.reply(ctx, verdict);
    }
    if (route.strategy === null) return this.#internal(ctx);
    const service = route.strategy.choose(ctx);
    if (!(service instanceof Promise)) return this.#forward(ctx, service);
    service.then((s) => this.#forward(ctx, s)).catch((error) => this.#surprise(ctx, error));
  }

  #forward(ctx: RequestContext, service: Service): void {
    if (ctx.finished) return;
    const translation = ctx.route!.translator?.begin(ctx) ?? null;
    if (translation !== null && "code" in translation) {
      return refuse(ctx, translation.code, translation.fields, translation.message);
    }
    ctx.translation = translation;
    new Forward(ctx, service, this).start();
  }

  #internal(ctx: RequestContext): void {
    const builtin = ctx.snapshot!.internals.get(ctx.path);
    if (builtin === undefined) refuse(ctx, "no_route");
    else this.#answerBuiltin(ctx, builtin);
  }

  #answerBuiltin(ctx: RequestContext, builtin: Builtin): void {
    ctx.debug?.("The gateway answers itself", { path: ctx.path });
    if (!builtin.any && ctx.method !== "GET" && ctx.method !== "HEAD") {
      return refuse(ctx, "method_not_allowed", ["Allow", "GET, HEAD"]);
    }
    const reply = builtin.answer(ctx);
    if (!(reply instanceof Promise)) return this.reply(ctx, reply);
    reply.then(
      (r) => this.reply(ctx, r),
      (error) => this.#surprise(ctx, error),
    );
  }

  #noMatch(ctx: RequestContext, snapshot: Snapshot, match: NoMatch): void {
    ctx.debug?.("No route", { method: ctx.method, host: ctx.host, path: ctx.path, otherMethods: match.allow });
    const fallback = snapshot.fallbacks.get(ctx.path);
    if (match.allow.length === 0 && fallback !== undefined) return this.#answerBuiltin(ctx, fallback);
    if (match.allow.length > 0) return this.#wrongMethod(ctx, match.allow);
    if (isHealthCall(ctx)) return answerHealthCall(ctx, this.#live);
    refuse(ctx, "no_route");
  }

  /** `WEBSOCKET` and `SSE` in a rule are kinds of GET, and nothing a client could send. */
  #wrongMethod(ctx: RequestContext, allow: readonly string[]): void {
    const methods = new Set(allow.flatMap((m) => (m === "WEBSOCKET" ? [] : m === "SSE" ? "GET" : m)));
    if (methods.size === 0) return refuse(ctx, "upgrade_required");
    refuse(ctx, "method_not_allowed", ["Allow", [...methods].join(", ")]);
  }

  /** Asked of the gateway itself. To TRACE it says nothing: the request holds what its sender may not be shown. */
  #answerLast(ctx: RequestContext): void {
    if (ctx.method === "OPTIONS") this.reply(ctx, { status: 204, fields: [], body: "" });
    else refuse(ctx, "method_not_allowed", ["Allow", "OPTIONS"]);
  }

  #unroutable(ctx: RequestContext): void {
    // RFC 9110 §9.3.7: OPTIONS * asks about the server, not about a resource.
    if (ctx.method === "OPTIONS" && ctx.rawPath === "*") return this.#answerLast(ctx);
    refuse(ctx, "invalid_path");
  }

  /** A defect of ours: this request fails, the process does not. */
  #surprise(ctx: RequestContext, error: unknown): void {
    const stack = error instanceof Error ? error.stack : String(error);
    this.#log.error("request failed inside the gateway", { requestId: ctx.requestId, route: ctx.route?.id, stack });
    if (ctx.finished) return;
    ctx.upstream?.abort();
    refuse(ctx, "internal");
  }
}
