// The path of one request: identify, match, filter, then forward or answer. Read this file first.
import type { DefectHandler, ErrorWriter, RequestContext } from "../core/context.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Gateway } from "../core/gateway.ts";
import type { Log } from "../core/log.ts";
import { isRefusal, type Refusal, type Reply, type Verdict } from "../core/reply.ts";
import type { Responder } from "../core/responder.ts";
import type { Route } from "../core/route.ts";
import type { CurrentSnapshot, NoMatch, Snapshot } from "../core/snapshot.ts";
import { isTarget, type Plan } from "../core/strategy.ts";
import { clientAddress } from "../wire/forwarded.ts";
import { canonicalPath } from "../wire/path.ts";
import { matchPreflight } from "../wire/preflight.ts";
import type { Answers } from "./answers.ts";
import { Forward } from "./forward.ts";
import { isLastHop } from "./max-forwards.ts";
import { refuse } from "./refuse.ts";
import { RequestIds } from "./request-id.ts";
import { runFilters } from "./run-filters.ts";
import { sendReply } from "./send-reply.ts";

/** The pipeline every adapter feeds. */
export class Pipeline implements Gateway, Answers, DefectHandler {
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
      ctx.path = (ctx.query.includes("#") ? null : canonicalPath(ctx.rawPath)) ?? "";
      // An authority may connect from any address: it is answered before any filter could refuse it.
      const validation = snapshot.validationAnswer(ctx);
      if (validation === null) return this.#admit(ctx, snapshot);
      validation
        .then((reply) => (reply === null ? this.#admit(ctx, snapshot) : this.#answer(ctx, reply)))
        .catch((error) => this.defect(ctx, error));
    } catch (error) {
      this.defect(ctx, error);
    }
  }

  #admit(ctx: RequestContext, snapshot: Snapshot): void {
    if (isAnswered(ctx)) return;
    const denied = snapshot.admission(ctx);
    if (denied !== undefined) return this.#answer(ctx, denied);
    if (isLastHop(ctx)) return this.#answerLast(ctx);
    if (ctx.path === "") return this.#unroutable(ctx);
    const { secured } = ctx.peer;
    const refusal = secured === null ? null : secured.refusal(ctx.host);
    if (refusal !== null) return this.refuse(ctx, refusal);
    this.#route(ctx, snapshot);
  }

  #route(ctx: RequestContext, snapshot: Snapshot): void {
    const own = snapshot.ownAnswer(ctx);
    if (own !== null) return this.#respond(ctx, own);
    const match = snapshot.answersPreflights
      ? matchPreflight(ctx, (request) => snapshot.match(request), answersPreflights)
      : snapshot.match(ctx);
    if ("allow" in match) return this.#noMatch(ctx, snapshot, match);
    this.#run(ctx, match);
  }

  refuse(ctx: RequestContext, code: ErrorCode, fields?: readonly string[], message?: string): void {
    try {
      if (ctx.snapshot === null) this.#enter(ctx);
      ctx.upstream?.abort();
      refuse(ctx, code, fields, message);
    } catch (error) {
      this.defect(ctx, error);
    }
  }

  reply(ctx: RequestContext, reply: Reply): void {
    if (isAnswered(ctx)) return;
    try {
      sendReply(ctx, reply, false);
    } catch (error) {
      this.defect(ctx, error);
    }
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
    ctx.snapshot!.done(ctx, performance.now() - ctx.startedAt);
    ctx.trace?.done(ctx.status);
  }

  /** Logs an internal error; this request fails, the process continues. */
  defect(ctx: RequestContext, error: unknown): void {
    const stack = error instanceof Error ? error.stack : String(error);
    this.#log.error("request failed inside the gateway", { requestId: ctx.requestId, route: ctx.route?.id, stack });
    if (ctx.finished) return;
    ctx.upstream?.abort();
    ctx.replyFilters = []; // one of them may be at fault
    refuse(ctx, "internal");
  }

  #enter(ctx: RequestContext): Snapshot {
    const { snapshot, draining } = this.#live;
    this.active++;
    this.total++;
    snapshot.enter();
    ctx.snapshot = snapshot;
    ctx.defects = this;
    ctx.replyFilters = snapshot.replyFilters;
    if (draining) ctx.downstream.closeAfter();
    const peer = ctx.peer.address;
    ctx.peerTrusted = snapshot.trusts(peer);
    ctx.clientIp = ctx.peerTrusted ? clientAddress(peer, ctx.fields, (a) => snapshot.trusts(a)) : peer;
    if (ctx.peer.secured !== null) ctx.identity = ctx.peer.secured.identity;
    ctx.requestId = this.#ids.idFor(ctx, snapshot.requestId);
    ctx.trace = snapshot.trace(ctx);
    const { debug } = this.#log;
    if (debug !== null) ctx.debug = (message, facts) => debug(message, { requestId: ctx.requestId, ...facts });
    return snapshot;
  }

  #run(ctx: RequestContext, route: Route): void {
    ctx.route = route;
    ctx.tier = route.tier;
    ctx.meter = route.meter;
    ctx.replyFilters = route.replyFilters;
    ctx.routeErrors = route.errors;
    ctx.debug?.("Route chosen", {
      route: route.id,
      pattern: route.pattern,
      source: route.source,
      method: ctx.method,
      host: ctx.host,
      path: ctx.path,
    });
    route.meter?.begin(ctx);
    const preflight = ctx.preflight === "" ? null : route.preflight!.answer(ctx);
    if (preflight !== null) return this.reply(ctx, preflight);
    if (ctx.upgrade && route.websocket === null) return this.refuse(ctx, "no_route");
    const verdict = runFilters(ctx, ctx.upgrade ? route.websocket!.filters : route.filters);
    if (!(verdict instanceof Promise)) return this.#afterFilters(ctx, route, verdict);
    verdict.then((v) => this.#afterFilters(ctx, route, v)).catch((error) => this.defect(ctx, error));
  }

  #afterFilters(ctx: RequestContext, route: Route, verdict: Verdict): void {
    if (isAnswered(ctx)) return;
    if (ctx.trace !== null) ctx.trace.filtered(verdict === undefined ? null : nameOf(verdict));
    if (verdict !== undefined) {
      ctx.debug?.("A filter answers", isRefusal(verdict) ? { code: verdict.code } : { status: verdict.status });
      return this.#answer(ctx, verdict);
    }
    const { to } = route;
    if ("answer" in to) return this.#respond(ctx, to);
    const plan = to.plan(ctx);
    if (!(plan instanceof Promise)) return this.#forward(ctx, route, plan);
    plan.then((p) => this.#forward(ctx, route, p)).catch((error) => this.defect(ctx, error));
  }

  #forward(ctx: RequestContext, route: Route, plan: Plan): void {
    if (isAnswered(ctx)) return;
    if (!isTarget(plan)) return this.#answer(ctx, plan);
    const translation = plan.translator?.begin(ctx) ?? null;
    if (translation !== null && "code" in translation) return this.#answer(ctx, translation);
    ctx.translation = translation;
    new Forward(ctx, route, plan, this).start();
  }

  #respond(ctx: RequestContext, responder: Responder): void {
    ctx.debug?.("The gateway answers itself", { path: ctx.path });
    const answer = responder.answer(ctx);
    if (!(answer instanceof Promise)) return this.#answer(ctx, answer);
    answer.then(
      (a) => this.#answer(ctx, a),
      (error) => this.defect(ctx, error),
    );
  }

  #answer(ctx: RequestContext, answer: Reply | Refusal): void {
    if (isAnswered(ctx)) return;
    if (isRefusal(answer)) this.refuse(ctx, answer.code, answer.fields, answer.message);
    else this.reply(ctx, answer);
  }

  #noMatch(ctx: RequestContext, snapshot: Snapshot, { allow }: NoMatch): void {
    ctx.debug?.("No route", { method: ctx.method, host: ctx.host, path: ctx.path, otherMethods: allow });
    if (allow.length > 0) {
      ctx.routeErrors = errorsFor(ctx, snapshot, allow[0]!);
      return this.#wrongMethod(ctx, allow);
    }
    const last = snapshot.lastAnswer(ctx);
    if (last === null) this.refuse(ctx, "no_route");
    else this.#respond(ctx, last);
  }

  /** `WEBSOCKET` and `SSE` in a rule are kinds of GET, and nothing a client could send. */
  #wrongMethod(ctx: RequestContext, allow: readonly string[]): void {
    const methods = new Set(allow.flatMap((m) => (m === "WEBSOCKET" ? [] : m === "SSE" ? "GET" : m)));
    if (methods.size === 0) return this.refuse(ctx, "upgrade_required");
    this.refuse(ctx, "method_not_allowed", ["Allow", [...methods].join(", ")]);
  }

  /**
   * A request to the gateway itself. TRACE is not answered, because the request may contain secrets added on the way.
   */
  #answerLast(ctx: RequestContext): void {
    if (ctx.method === "OPTIONS") this.reply(ctx, { status: 204, fields: [], body: "" });
    else this.refuse(ctx, "method_not_allowed", ["Allow", "OPTIONS"]);
  }

  #unroutable(ctx: RequestContext): void {
    // RFC 9110 §9.3.7: OPTIONS * is about the server, not about a resource.
    if (ctx.method === "OPTIONS" && ctx.rawPath === "*") return this.#answerLast(ctx);
    this.refuse(ctx, "invalid_path");
  }
}

function answersPreflights({ preflight }: Route): boolean {
  return preflight !== null;
}

/** While a filter, strategy or responder waited, the client disconnected or was refused for its body. */
function isAnswered(ctx: RequestContext): boolean {
  return ctx.finished || ctx.status !== 0;
}

/** The form of errors on a path, which that of another method has, too. */
function errorsFor(ctx: RequestContext, snapshot: Snapshot, method: string): ErrorWriter | null {
  ctx.preflight = method;
  const other = snapshot.match(ctx);
  ctx.preflight = "";
  return "allow" in other ? null : other.errors;
}

function nameOf(verdict: Reply | Refusal): string | number {
  return isRefusal(verdict) ? verdict.code : verdict.status;
}
