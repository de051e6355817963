// Makes the attempts of one request: executes what `next-step.ts` decides, target after target.
import type { RequestContext } from "../core/context.ts";
import type { RequestBody, SendFailure } from "../core/edges.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { RetryRule } from "../core/retry.ts";
import type { Route } from "../core/route.ts";
import type { Target } from "../core/strategy.ts";
import type { RequestHead } from "../core/upstream-request.ts";
import { Attempt, type AttemptHandler } from "./attempt.ts";
import { afterAnswer, afterBlock, afterFailure, BEGIN, type Situation, type Step } from "./next-step.ts";
import { giveBack, type Permit } from "./permit.ts";
import { admit, admitElsewhere, admitNext, isBlocked } from "./permits.ts";
import type { Race } from "./race.ts";
import { isReplayable, keptBody, ReplayBody } from "./replay.ts";
import type { RequestClock } from "./request-clock.ts";
import { askedWait, isRepeatable, retryReason } from "./resend.ts";
import type { ResponseRelay } from "./response-relay.ts";
import { attemptFields, requestHead, withoutLastEventId } from "./upstream-request.ts";

const NONE: readonly Endpoint[] = [];

/** What an attempt, or the lack of one, has led to. */
interface Due {
  readonly steps: readonly Step[];
  /** That failed; null: none did. */
  readonly endpoint: Endpoint | null;
  /** Code or status, for meters. */
  readonly reason: string;
}

const START: Due = { steps: BEGIN, endpoint: null, reason: "" };

/** Receives the events of the attempts and ends the request. */
export interface AttemptsHandler extends AttemptHandler {
  /** No further attempt is made. @param retryMs when the client may retry, ms; 0 unknown */
  giveUp(code: ErrorCode, detail: string, message: string | undefined, retryMs: number): void;
}

/** What all attempts of a request share. */
interface RequestParts {
  readonly handler: AttemptsHandler;
  readonly race: Race;
  readonly clock: RequestClock;
  readonly relay: ResponseRelay;
}

/** The attempts of one request. */
export class Attempts {
  readonly #ctx: RequestContext;
  readonly #route: Route;
  readonly #parts: RequestParts;
  #target: Target;
  #head: RequestHead;
  #body: RequestBody;
  /** Attempts on the target. */
  #count = 0;
  /** Endpoints of the target that failed; others are tried first. */
  #failed: readonly Endpoint[] = NONE;
  /** The next attempt must not use an idle connection. */
  #fresh = false;
  /** How the last attempt on the target failed; null: none has. */
  #failure: SendFailure | null = null;
  #due: Due | null = null;
  #driving = false;
  /** When everything must be over, monotonic, ms; 0 never. Told to backends. */
  deadlineAt = 0;

  /** @param ctx with the translation for the first target, if it needs one */
  constructor(ctx: RequestContext, route: Route, target: Target, parts: RequestParts) {
    this.#ctx = ctx;
    this.#route = route;
    this.#parts = parts;
    this.#target = target;
    this.#body = keptBody(ctx, target);
    this.#head = requestHead(ctx, route);
  }

  start(): void {
    const { service } = this.#target;
    this.#ctx.serviceName = service.name;
    service.retry?.budget?.request();
    this.#drive(START);
  }

  /** null: only what no backend has looked at is sent again. */
  get retry(): RetryRule | null {
    return this.#target.service.retry;
  }

  /** The body as attempts read it. */
  get body(): RequestBody {
    return this.#body;
  }

  /** The reply has begun: the body is not sent again. */
  settled(): void {
    if (this.#body instanceof ReplayBody) this.#body.forget();
  }

  /** An attempt has failed while another continues. */
  fail(endpoint: Endpoint): void {
    this.#failed = [...this.#failed, endpoint];
  }

  /** The only attempt in progress has failed. */
  afterFailure(endpoint: Endpoint | null, failure: SendFailure): void {
    this.#failure = failure;
    const steps = afterFailure(this.#situation(failure.code, 0), failure.progress);
    this.#drive({ steps, endpoint, reason: failure.code });
  }

  /** The pause before the next attempt is over. */
  afterPause(): void {
    this.#fresh = false;
    this.#drive(START);
  }

  /** Starts a hedge beside a slow first attempt, if attempts, endpoints and the budget allow it. */
  hedge(): void {
    const { service } = this.#target;
    const { maxAttempts, budget } = service.retry!;
    const ready = this.#body.complete && isReplayable(this.#body) && this.#repeatable;
    if (!ready || this.#count >= maxAttempts) return;
    const permit = admit(this.#ctx, service, [...this.#failed, this.#parts.race.first!.endpoint], null);
    if (isBlocked(permit)) return;
    if (budget?.take() === false) return giveBack(permit);
    this.#ctx.meter?.retried("hedge");
    const second = this.#attempt(permit);
    this.#parts.race.join(second);
    this.#send(second);
  }

  /** Another attempt or target may succeed after this answer. @returns whether the answer is discarded */
  insteadOf(attempt: Attempt, status: number, fields: readonly string[], length: number): boolean {
    const { race } = this.#parts;
    const { retry } = this.#target.service;
    const reason = retry === null ? null : retryReason(retry, this.#route.grpc, this.#repeatable, status, fields);
    if ((reason === null && this.#target.next(null, status) === null) || !isReplayable(this.#body)) return false;
    this.fail(attempt.endpoint);
    if (!race.lose(attempt)) {
      const asked = reason === null ? -1 : askedWait(fields, Date.now());
      const steps = afterAnswer(this.#situation(null, status), reason !== null, asked);
      const due: Due = { steps, endpoint: null, reason: reason ?? String(status) };
      if (!steps.some((step) => this.#take(step, due))) return false;
    }
    race.discard(attempt, length, this.#body.complete);
    if (this.#due !== null) this.#drive(this.#due);
    return true;
  }

  /** Takes the first possible step, and continues if that attempt fails before its send returns. */
  #drive(due: Due): void {
    this.#due = due;
    if (this.#driving) return; // called from inside the loop below, which continues
    this.#driving = true;
    try {
      while (this.#due !== null) {
        const next: Due = this.#due;
        this.#due = null;
        const first = next.steps[0]!.kind;
        // An endpoint that only closed an idle connection has not failed.
        if (next.endpoint !== null && first !== "fresh" && first !== "reconnect") this.fail(next.endpoint);
        next.steps.some((step) => this.#take(step, next));
      }
    } catch (error) {
      this.#ctx.defects!.defect(this.#ctx, error); // of a translator
    }
    this.#driving = false;
  }

  /** @returns whether the step was taken */
  #take(step: Step, { endpoint, reason }: Due): boolean {
    const ctx = this.#ctx;
    const { service } = this.#target;
    switch (step.kind) {
      case "attempt":
        return this.#begin();
      case "fresh": {
        this.#fresh = true;
        const permit = admit(ctx, service, NONE, endpoint);
        if (isBlocked(permit)) this.fail(endpoint!);
        else this.#count--;
        return !isBlocked(permit) && this.#sendFirst(permit);
      }
      case "other": {
        const permit = admitElsewhere(ctx, service, this.#failed, step.same ? endpoint : null);
        if (isBlocked(permit)) return false;
        ctx.meter?.retried(reason);
        return this.#sendFirst(permit);
      }
      case "wait":
        if (service.retry!.budget?.take() === false) return false;
        ctx.meter?.retried(reason);
        if (this.#body instanceof ReplayBody) this.#body.hold();
        this.#parts.clock.pause(step.ms);
        return true;
      case "reconnect":
        this.#parts.race.first?.abandon();
        this.#failed = NONE;
        this.#head = withoutLastEventId(this.#head);
        this.#parts.clock.pause(this.#parts.relay.events!.wait());
        return true;
      case "target":
        return this.#moveOn(step.to);
      case "giveUp": {
        const { code, detail, message } = this.#failure!;
        this.#parts.handler.giveUp(code, detail, message, 0);
        return true;
      }
    }
  }

  /** An attempt on the endpoint the balancer picks, or what follows when none may be made. */
  #begin(): boolean {
    const permit = admitNext(this.#ctx, this.#target.service, this.#failed);
    if (!isBlocked(permit)) return this.#sendFirst(permit);
    const last = this.#failure;
    const [step] = afterBlock(this.#situation((last ?? permit).code, 0), last?.progress ?? "unsent");
    if (step!.kind === "target" && this.#moveOn(step!.to)) return true;
    if (last === null) this.#parts.handler.giveUp(permit.code, "", undefined, permit.retryMs);
    else this.#parts.handler.giveUp(last.code, last.detail, last.message, 0);
    return true;
  }

  /** The attempt whose response goes to the client, unless a second one answers before it. */
  #sendFirst(permit: Permit): true {
    const attempt = this.#attempt(permit);
    this.#parts.race.first = attempt;
    if (this.#ctx.status === 0) this.#parts.clock.begin(this.retry);
    this.#send(attempt);
    return true;
  }

  #attempt(permit: Permit): Attempt {
    this.#count++;
    return new Attempt(this.#parts.handler, this.#ctx, permit);
  }

  #send(attempt: Attempt): void {
    const traced = attempt.begin();
    const lastEventId = this.#parts.relay.events?.lastEventId ?? "";
    const own = attemptFields(this.#ctx, this.#route, this.deadlineAt, lastEventId, traced);
    attempt.send({ head: this.#head, own, body: this.#body, fresh: this.#fresh });
  }

  /** Starts with another target. @returns false if it cannot take the request */
  #moveOn(target: Target): boolean {
    const ctx = this.#ctx;
    const translation = target.translator?.begin(ctx) ?? null;
    if (translation !== null && "code" in translation) return false;
    this.#target = target;
    ctx.translation = translation;
    ctx.serviceName = target.service.name;
    this.#head = requestHead(ctx, this.#route);
    if (!(this.#body instanceof ReplayBody)) this.#body = keptBody(ctx, target);
    this.#count = 0;
    this.#failed = NONE;
    this.#failure = null;
    target.service.retry?.budget?.request();
    this.#due = START;
    return true;
  }

  get #repeatable(): boolean {
    return this.#target.repeatable || isRepeatable(this.#ctx);
  }

  #situation(code: ErrorCode | null, status: number): Situation {
    const { attemptsWithinMs, maxAttempts } = this.#route;
    const { clock, relay } = this.#parts;
    const now = performance.now();
    return {
      rule: this.retry,
      attempts: this.#count,
      maxAttempts,
      repeatable: this.#repeatable,
      replayable: isReplayable(this.#body),
      fresh: this.#fresh,
      inTime: attemptsWithinMs === 0 || now - this.#ctx.startedAt < attemptsWithinMs,
      leftMs: clock.isOver ? 0 : clock.endsAt - now,
      begun: this.#ctx.status !== 0 && this.#ctx.translation?.events?.isEmpty !== true,
      resumable: relay.events?.resumable === true,
      next: this.#target.next(code, status),
      random: Math.random,
    };
  }
}
