// Forwards one request to its targets and the reply to the client: handles events of attempts and of the clock.

import { AUTHENTICATION_EXPIRED } from "../core/bound-stream.ts";
import type { RequestContext } from "../core/context.ts";
import type { SendFailure, UpgradedSocket, Upstream } from "../core/edges.ts";
import { ERRORS, type ErrorCode } from "../core/errors.ts";
import type { Route } from "../core/route.ts";
import type { Target } from "../core/strategy.ts";
import { type Answers, retryAfter } from "./answers.ts";
import type { Attempt } from "./attempt.ts";
import { Attempts, type AttemptsHandler } from "./attempts.ts";
import { type Deadline, deadlineOf } from "./deadline.ts";
import type { EventStreamHandler } from "./event-stream.ts";
import { Race } from "./race.ts";
import { type ClockHandler, RequestClock } from "./request-clock.ts";
import { ResponseRelay } from "./response-relay.ts";

/** An attempt that has taken longer than one may. */
const LATE_ATTEMPT: SendFailure = {
  code: "upstream_timeout",
  progress: "sent",
  detail: "no response head within one try",
};

/** One request on its way. */
export class Forward implements Upstream, AttemptsHandler, EventStreamHandler, ClockHandler {
  readonly #ctx: RequestContext;
  readonly #route: Route;
  readonly #answers: Answers;
  readonly #deadline: Deadline;
  readonly #relay: ResponseRelay;
  readonly #race = new Race();
  readonly #clock = new RequestClock(this);
  readonly #attempts: Attempts;
  #over = false;

  /** @param ctx with the translation for the first target, if it needs one */
  constructor(ctx: RequestContext, route: Route, target: Target, answers: Answers) {
    this.#ctx = ctx;
    this.#route = route;
    this.#answers = answers;
    this.#deadline = deadlineOf(ctx, route);
    this.#relay = new ResponseRelay(ctx, route, this.#deadline, this);
    const parts = { handler: this, race: this.#race, clock: this.#clock, relay: this.#relay };
    this.#attempts = new Attempts(ctx, route, target, parts);
  }

  start(): void {
    this.#ctx.upstream = this;
    const { ms, total } = this.#deadline;
    if (ms > 0) {
      this.#clock.endAt(this.#ctx.startedAt + ms);
      if (total) this.#attempts.deadlineAt = this.#clock.endsAt;
    }
    this.#relay.openEarly(() => this.#openEarly());
    this.#attempts.start();
  }

  /** Sends the head before any target has answered, so that keep-alives can follow. */
  #openEarly(): void {
    try {
      this.#relay.head(200, "", this.#ctx.translation!.events!.earlyFields(), -1);
    } catch (error) {
      this.#ctx.defects!.defect(this.#ctx, error); // of a filter
    }
  }

  /** The client takes more. */
  resume(): void {
    this.#relay.stalled = false;
    this.#race.first?.resume();
  }

  /** Ends it: the client disconnected or has been answered. */
  abort(): void {
    this.#settle();
    this.#race.abandon();
  }

  interim(status: number, fields: readonly string[]): void {
    const told = status === 100 && this.#attempts.body.bytes > 0; // by an earlier attempt
    if (!this.#over && !told) this.#ctx.downstream.interim(status, fields);
  }

  begun(attempt: Attempt, release: (() => void) | null): void {
    if (this.#over || !this.#relay.begun(release)) return;
    if (this.#ctx.status !== 0) attempt.note(this.#ctx.status);
    this.#race.win(attempt);
    attempt.opened();
    this.#clock.answered(true);
  }

  head(attempt: Attempt, status: number, reason: string, fields: string[], length: number): void {
    if (this.#over) return attempt.abandon();
    if (this.#relay.events !== null) return this.#goOn(attempt, status, fields);
    if (!attempt.isOpen && this.#attempts.insteadOf(attempt, status, fields, length)) return;
    this.#race.win(attempt);
    attempt.note(status);
    try {
      const stream = this.#relay.head(status, reason, fields, length);
      if (stream) attempt.opened();
      this.#clock.answered(stream);
      this.#attempts.settled();
    } catch (error) {
      this.#ctx.defects!.defect(this.#ctx, error); // of a filter
    }
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
    if (!this.#over) this.#ctx.reply.flush();
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
    try {
      const joined = this.#relay.switched(fields, backend, join);
      if (joined !== null) attempt.carry(joined);
    } catch (error) {
      backend.destroy();
      this.#ctx.defects!.defect(this.#ctx, error); // of a filter
    }
  }

  failed(attempt: Attempt, failure: SendFailure): void {
    if (this.#over) return;
    if (this.#race.lose(attempt)) this.#attempts.fail(attempt.endpoint);
    else this.#attempts.afterFailure(attempt.endpoint, failure);
  }

  /** The deadline of the route has passed. */
  late(): void {
    let detail = "route timeout";
    if (this.#relay.waitsForClient) this.#race.abandon();
    else detail = this.#race.timeOut(this.#deadline.fairMs, detail);
    this.giveUp("upstream_timeout", detail, undefined, 0);
  }

  attemptIsLate(): void {
    const { retry } = this.#attempts;
    if (this.#relay.waitsForClient) return this.#clock.begin(retry);
    if (this.#race.second !== null) this.#attempts.fail(this.#race.second.endpoint);
    // The first has used up the time of an attempt; its hedge began later.
    const detail = this.#race.timeOut(retry!.perTryMs, LATE_ATTEMPT.detail);
    this.#attempts.afterFailure(this.#race.first!.endpoint, { ...LATE_ATTEMPT, detail });
  }

  firstIsSlow(): void {
    this.#attempts.hedge();
  }

  pauseIsOver(): void {
    this.#attempts.afterPause();
  }

  /** An event stream ends here. */
  finish(): void {
    if (this.#over) return;
    this.#settle();
    this.#race.first?.abandon();
    this.#relay.finish();
  }

  /** The backend of a stream is given up. */
  lapse(detail: string): void {
    if (this.#over) return;
    const silent = this.#race.first!;
    silent.timeOut(0, detail);
    this.#attempts.afterFailure(silent.endpoint, { code: "upstream_timeout", progress: "responding", detail });
  }

  /** The credential of the client counts no more. */
  deny(why: string): void {
    if (!this.#over) this.giveUp("expired_credentials", why, AUTHENTICATION_EXPIRED, 0);
  }

  giveUp(code: ErrorCode, detail: string, message: string | undefined, retryMs: number): void {
    const ctx = this.#ctx;
    const { fallback } = this.#route;
    ctx.detail = detail;
    this.abort();
    if (ctx.status === 0 && fallback?.codes.has(code) === true) {
      ctx.detail = `fallback for ${code}`;
      this.#answers.reply(ctx, fallback.reply);
    } else if (this.#relay.events?.endWithError(this.#lastEvents(code, message)) === true) ctx.error = code;
    else this.#answers.refuse(ctx, code, retryAfter(retryMs), message);
  }

  #lastEvents(code: ErrorCode, message: string | undefined): Buffer {
    const { translation } = this.#ctx;
    const form = translation?.events;
    if (form !== undefined) return form.error(code, message ?? ERRORS[code].message);
    return Buffer.from(`event: error\ndata: ${code === "expired_credentials" ? message! : code}\n\n`);
  }

  /** The head of a reconnected stream: the client has one already. */
  #goOn(attempt: Attempt, status: number, fields: readonly string[]): void {
    if (this.#relay.events!.goesOn(status, fields)) return attempt.opened();
    attempt.abandon();
    // 204 tells a client of event streams not to reconnect (WHATWG HTML §9.2.3).
    if (status === 204) this.finish();
    else this.#attempts.afterFailure(null, { code: "upstream_reset", progress: "responding", detail: "" });
  }

  #settle(): void {
    this.#over = true;
    this.#clock.stop();
    this.#race.end();
    this.#relay.close();
  }
}
