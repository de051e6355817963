// Takes one request through a service: tries until a response has begun, and again only where that can do no harm.
import type { RequestContext } from "../core/context.ts";
import type { RequestBody, SendFailure, UpgradedSocket, Upstream } from "../core/edges.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { RetryRule } from "../core/retry.ts";
import type { Route } from "../core/route.ts";
import type { Service } from "../core/service.ts";
import { type Answers, fallBack, type Restartable, retryAfter } from "./answers.ts";
import { Attempt, type AttemptHandler } from "./attempt.ts";
import { LATE_TRY, Tries } from "./attempts.ts";
import { type Deadline, deadlineOf } from "./deadline.ts";
import type { EventStreamHandler } from "./event-stream.ts";
import type { Permit } from "./permit.ts";
import { admit, admitElsewhere, admitNext, admitSecond, isBlocked } from "./permits.ts";
import { Race } from "./race.ts";
import { isReplayable, keptBody, ReplayBody } from "./replay.ts";
import { type ClockHandler, RequestClock } from "./request-clock.ts";
import { askedWait, isRepeatable, mayGoElsewhere, maySendAgain, retryReason } from "./resend.ts";
import { ResponseRelay } from "./response-relay.ts";

/** One request on its way through a service. */
export class Forward implements Upstream, AttemptHandler, EventStreamHandler, ClockHandler, Restartable {
  readonly #ctx: RequestContext;
  readonly #route: Route;
  /** Replaced by that of the fallback. */
  #service: Service;
  readonly #answers: Answers;
  #body: RequestBody;
  readonly #deadline: Deadline;
  readonly #relay: ResponseRelay;
  readonly #race = new Race();
  #tries = new Tries();
  #failure: SendFailure | null = null;
  readonly #clock = new RequestClock(this);
  #over = false;

  constructor(ctx: RequestContext, service: Service, answers: Answers) {
    this.#ctx = ctx;
    this.#route = ctx.route!;
    this.#service = service;
    this.#answers = answers;
    this.#deadline = deadlineOf(ctx, this.#route);
    this.#body = keptBody(ctx, service);
    this.#relay = new ResponseRelay(ctx, this.#deadline, this);
  }

  start(): void {
    const ctx = this.#ctx;
    ctx.service = this.#service;
    ctx.upstream = this;
    const { ms, total } = this.#deadline;
    if (ms > 0) {
      this.#clock.endAt(ctx.startedAt + ms);
      if (total) ctx.deadlineAt = this.#clock.endsAt;
    }
    this.#service.retry?.budget?.request();
    this.#try();
  }

  restart(service: Service): boolean {
    const ctx = this.#ctx;
    if (this.#clock.isOver || !mayGoElsewhere(ctx, this.#failure, isReplayable(this.#body))) return false;
    this.#race.abandon();
    this.#service = ctx.service = service;
    if (!(this.#body instanceof ReplayBody)) this.#body = keptBody(ctx, service);
    this.#tries = new Tries();
    this.#failure = null;
    service.retry?.budget?.request();
    this.#try();
    return true;
  }

  resume(): void {
    this.#relay.stalled = false;
    this.#race.first?.resume();
  }

  /** Ends it: the client is gone or has been answered. */
  abort(): void {
    this.#settle();
    this.#race.abandon();
  }

  interim(status: number, fields: readonly string[]): void {
    const told = status === 100 && this.#body.bytes > 0; // by an earlier try
    if (!this.#over && !told) this.#ctx.downstream.interim(status, fields);
  }

  begun(attempt: Attempt, release: (() => void) | null): void {
    if (this.#over || !this.#relay.begun(release)) return;
    this.#race.win(attempt);
    attempt.opened();
    this.#clock.answered(true);
  }

  head(attempt: Attempt, status: number, reason: string, fields: string[], length: number): void {
    if (this.#over) return attempt.abandon();
    if (this.#relay.hasEvents) return this.#goOn(attempt, status, fields);
    if (this.#service.retry !== null && !attempt.isOpen && this.#triesInstead(attempt, status, fields, length)) return;
    this.#race.win(attempt);
    attempt.note(status);
    const stream = this.#relay.head(status, reason, fields, length);
    if (stream) attempt.opened();
    this.#clock.answered(stream);
    if (this.#body instanceof ReplayBody) this.#body.forget();
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (this.#over) return true;
    if (last) this.#settle();
    const more = this.#relay.data(chunk, release, last);
    this.#relay.stalled = !more;
    return more;
  }

  end(trailers: readonly string[]): void {
    if (this.#over) return;
    this.#settle();
    this.#relay.end(trailers);
  }

  flush(): void {
    if (!this.#over) this.#ctx.downstream.flush();
  }

  switched(attempt: Attempt, fields: string[], backend: UpgradedSocket): void {
    const rule = this.#route.websocket;
    if (this.#over || rule === null) return backend.destroy();
    const join = rule.agree(this.#ctx, fields);
    if (typeof join === "string") {
      backend.destroy();
      return attempt.failed({ code: "upstream_protocol", progress: "sent", detail: join });
    }
    this.#race.win(attempt);
    attempt.note(101);
    attempt.opened();
    this.#clock.stop();
    const joined = this.#relay.switched(fields, backend, join);
    if (joined !== null) attempt.carry(joined);
  }

  failed(attempt: Attempt, failure: SendFailure): void {
    if (this.#over) return;
    if (this.#race.lose(attempt)) return this.#tries.fail(attempt.endpoint);
    this.#afterFailure(attempt.endpoint, failure);
  }

  /** The deadline of the route has passed. */
  late(): void {
    let detail = "route timeout";
    if (this.#relay.waitsForClient) this.#race.abandon();
    else detail = this.#race.timeOut(this.#deadline.fairMs, detail);
    this.#giveUp("upstream_timeout", detail);
  }

  tryIsLate(): void {
    if (this.#relay.waitsForClient) return this.#clock.begin(this.#service.retry);
    if (this.#race.second !== null) this.#tries.fail(this.#race.second.endpoint);
    // The first has had the time of a try; one beside it began later.
    const detail = this.#race.timeOut(this.#service.retry!.perTryMs, LATE_TRY.detail);
    this.#afterFailure(this.#race.first!.endpoint, { ...LATE_TRY, detail });
  }

  /** The first try is slow: another endpoint is asked beside it, and whoever answers first is heard. */
  sendSecond(): void {
    const ready = this.#body.complete && isReplayable(this.#body) && isRepeatable(this.#ctx);
    const permit = ready ? admitSecond(this.#ctx, this.#service, this.#tries, this.#race.first!.endpoint) : null;
    if (permit === null) return;
    this.#route.meter?.retried("hedge");
    this.#tries.count++;
    const hedge = new Attempt(this, this.#ctx, permit);
    this.#race.join(hedge);
    hedge.send(this.#body);
  }

  tryNext(): void {
    this.#ctx.freshConnection = false;
    this.#try();
  }

  finish(): void {
    if (this.#over) return;
    this.#settle();
    this.#race.first?.abandon();
    this.#relay.finish();
  }

  lapse(detail: string): void {
    if (this.#over) return;
    const silent = this.#race.first!;
    silent.timeOut(0, detail);
    this.#afterFailure(silent.endpoint, { code: "upstream_timeout", progress: "responding", detail });
  }

  #try(): void {
    const permit = admitNext(this.#ctx, this.#service, this.#tries.failed);
    if (!isBlocked(permit)) return this.#send(permit);
    const failure = this.#failure;
    if (failure === null) this.#giveUp(permit.code, "", undefined, permit.retryMs);
    else this.#giveUp(failure.code, failure.detail, failure.message);
  }

  #send(permit: Permit): void {
    this.#tries.count++;
    const attempt = new Attempt(this, this.#ctx, permit);
    this.#race.first = attempt;
    if (this.#ctx.status === 0) this.#clock.begin(this.#service.retry);
    attempt.send(this.#body);
  }

  #afterFailure(endpoint: Endpoint, failure: SendFailure): void {
    this.#failure = failure;
    if (this.#relay.resumable) return this.#reconnect();
    if (this.#ctx.status === 0 && this.#again(endpoint, failure)) return;
    this.#giveUp(failure.code, failure.detail, failure.message);
  }

  #again(endpoint: Endpoint, { progress, code }: SendFailure): boolean {
    const ctx = this.#ctx;
    const rule = this.#service.retry;
    if (!maySendAgain(progress, isRepeatable(ctx), isReplayable(this.#body), rule !== null)) return false;
    if (progress === "reset_on_reuse" && !ctx.freshConnection) {
      ctx.freshConnection = true;
      const permit = admit(ctx, this.#service, [], endpoint);
      if (!isBlocked(permit)) {
        this.#tries.count--; // the endpoint closed an idle connection: that is no failed try
        this.#send(permit);
        return true;
      }
    }
    this.#tries.fail(endpoint);
    if (this.#tries.count >= (rule?.maxAttempts ?? this.#route.maxAttempts)) return false;
    if (progress !== "sent" && this.#elsewhere(progress === "refused" ? endpoint : null, code)) return true;
    return rule !== null && this.#later(rule, code, -1);
  }

  /** Nothing was done, so another endpoint is asked at once. @param same one whose next connection may take it */
  #elsewhere(same: Endpoint | null, reason: string): boolean {
    const { attemptsWithinMs, meter } = this.#route;
    if (attemptsWithinMs > 0 && performance.now() - this.#ctx.startedAt >= attemptsWithinMs) return false;
    const permit = admitElsewhere(this.#ctx, this.#service, this.#tries.failed, same);
    if (isBlocked(permit)) return false;
    meter?.retried(reason);
    this.#send(permit);
    return true;
  }

  /** Another try after a wait, where tries, time and budget allow it. @param asked wait the backend asks for, ms; -1 none */
  #later(rule: RetryRule, reason: string, asked: number): boolean {
    const wait = this.#tries.next(rule, asked, this.#clock.endsAt);
    if (wait === -1) return false;
    this.#route.meter?.retried(reason);
    if (this.#body instanceof ReplayBody) this.#body.hold();
    this.#clock.pause(wait);
    return true;
  }

  /** The answer says that another try may do better. @returns whether it is made, and this answer dropped */
  #triesInstead(attempt: Attempt, status: number, fields: readonly string[], length: number): boolean {
    const rule = this.#service.retry!;
    const reason = retryReason(this.#ctx, rule, status, fields);
    if (reason === null || !isReplayable(this.#body)) return false;
    this.#tries.fail(attempt.endpoint);
    if (!this.#race.lose(attempt) && !this.#later(rule, reason, askedWait(fields, Date.now()))) return false;
    this.#race.discard(attempt, length, this.#body.complete);
    return true;
  }

  /** The head of a reconnected stream: the client has one already. */
  #goOn(attempt: Attempt, status: number, fields: readonly string[]): void {
    if (this.#relay.goOn(status, fields)) return attempt.opened();
    attempt.abandon();
    // 204 tells a client of event streams not to come back (WHATWG HTML §9.2.3).
    if (status === 204) this.finish();
    else if (this.#relay.resumable) this.#reconnect();
    else this.#giveUp("upstream_reset", "");
  }

  #reconnect(): void {
    this.#race.first?.abandon();
    this.#tries.forget();
    this.#clock.pause(this.#relay.wait());
  }

  #giveUp(code: ErrorCode, detail: string, message?: string, retryMs = 0): void {
    this.#ctx.detail = detail;
    if (fallBack(this.#ctx, code, this, this.#answers)) return;
    this.abort();
    if (this.#relay.endWithError(code)) this.#ctx.error = code;
    else this.#answers.refuse(this.#ctx, code, retryAfter(retryMs), message);
  }

  #settle(): void {
    this.#over = true;
    this.#clock.stop();
    this.#race.end();
    this.#relay.close();
  }
}
