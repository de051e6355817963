// Sends one request to a service: pick, send, relay; again only where that can do no harm.
import type { RequestContext } from "../core/context.ts";
import type { Receiver, RequestBody, SendFailure, Upstream, Wire } from "../core/edges.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Route } from "../core/route.ts";
import type { Endpoint, Service } from "../core/service.ts";
import { dropFields } from "../wire/fields.ts";
import { type Deadline, deadlineOf } from "./deadline.ts";
import { dressEvents, EventStream, type EventStreamOwner } from "./event-stream.ts";
import { isReplayable, MAX_REPLAY_BYTES, ReplayBody } from "./replay.ts";
import { dressReply, isEncoded, isEventStream, noteGrpcStatus } from "./reply-fields.ts";
import { isIdempotent, maySendAgain } from "./resend.ts";

const NONE: readonly Endpoint[] = [];
const NO_TRAILERS: readonly string[] = [];
const LENGTH: ReadonlySet<string> = new Set(["content-length"]);

/** Answers the client with an error of the table, or ends truthfully what has begun. */
export type Fail = (ctx: RequestContext, code: ErrorCode, fields?: readonly string[], message?: string) => void;

/** One request on its way through a service. */
export class Forward implements Receiver, Upstream, EventStreamOwner {
  readonly #ctx: RequestContext;
  readonly #route: Route;
  readonly #service: Service;
  readonly #fail: Fail;
  readonly #body: RequestBody;
  #tried: Endpoint[] | null = null;
  #endpoint: Endpoint | null = null;
  #upstream: Upstream | null = null;
  readonly #deadline: Deadline;
  #timer: NodeJS.Timeout | undefined;
  /** Set once an event stream is open. */
  #events: EventStream | null = null;
  #sentAt = 0;
  #failure: SendFailure | null = null;
  #over = false;

  constructor(ctx: RequestContext, service: Service, fail: Fail) {
    this.#ctx = ctx;
    this.#route = ctx.route!;
    this.#service = service;
    this.#fail = fail;
    this.#deadline = deadlineOf(ctx, this.#route);
    const { body } = ctx.downstream;
    const small = body.length > 0 && body.length <= MAX_REPLAY_BYTES && isIdempotent(ctx.method);
    // A gRPC backend says of a call that it has not looked at it: then it may be sent again whatever its method.
    this.#body = small || (this.#route.grpc && body.length !== 0) ? new ReplayBody(body) : body;
  }

  start(): void {
    const ctx = this.#ctx;
    ctx.service = this.#service;
    ctx.upstream = this;
    const { ms, total } = this.#deadline;
    if (ms > 0) {
      this.#timer = setTimeout(expire, Math.max(1, ms - (performance.now() - ctx.startedAt)), this);
      if (total) ctx.deadlineAt = ctx.startedAt + ms;
    }
    this.#attempt(this.#service.picker.pick(ctx, NONE));
  }

  resume(): void {
    this.#upstream?.resume();
  }

  /** Ends it: the client is gone or has been answered. */
  abort(): void {
    this.#settle();
    this.#drop();
  }

  interim(status: number, fields: readonly string[]): void {
    if (!this.#over) this.#ctx.downstream.interim(status, fields);
  }

  head(status: number, reason: string, fields: string[], length: number): void {
    if (this.#over) return;
    const ctx = this.#ctx;
    this.#answered(status);
    if (this.#events !== null) return this.#goOn(status, fields);
    ctx.status = status;
    if (this.#route.grpc) noteGrpcStatus(ctx, fields);
    if (isEventStream(fields)) this.#openEvents(status, fields);
    else if (!this.#deadline.total) this.#streaming();
    dressReply(ctx, status, fields);
    ctx.downstream.head(status, reason, fields, this.#events === null ? length : -1);
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (this.#over) return true;
    if (this.#events !== null) return this.#event(chunk, release, last);
    if (this.#silence > 0) this.#timer?.refresh();
    if (!last) return this.#ctx.downstream.write(chunk, release);
    if (release === null) this.#complete(chunk);
    else {
      this.#ctx.downstream.write(chunk, release);
      this.#complete(null);
    }
    return true;
  }

  end(trailers: readonly string[]): void {
    if (this.#over) return;
    if (this.#route.grpc) noteGrpcStatus(this.#ctx, trailers);
    this.#complete(null, trailers);
  }

  flush(): void {
    if (!this.#over) this.#ctx.downstream.flush();
  }

  switched(fields: string[], backend: Wire): void {
    const ctx = this.#ctx;
    const rule = this.#route.websocket;
    if (this.#over || rule === null) return backend.destroy();
    this.#upstream = null;
    const join = rule.agree(ctx, fields);
    if (typeof join === "string") {
      backend.destroy();
      return this.failed({ code: "upstream_protocol", progress: "sent", detail: join });
    }
    clearTimeout(this.#timer);
    this.#answered(101);
    ctx.status = 101;
    dressReply(ctx, 101, fields);
    const client = ctx.downstream.switch(fields);
    if (client === null) return backend.destroy();
    this.#upstream = join(client, backend);
    ctx.snapshot!.streamMeter?.opened(ctx);
  }

  failed(failure: SendFailure): void {
    if (this.#over) return;
    this.#drop(); // it may be the translation that failed
    this.#failure = failure;
    const endpoint = this.#endpoint;
    this.#leave();
    endpoint?.meter?.failed(failure.code);
    const ctx = this.#ctx;
    ctx.detail = failure.detail;
    if (this.#events?.resumable === true) return this.#reconnect();
    if (ctx.status === 0 && maySendAgain(failure.progress, ctx.method, isReplayable(this.#body)))
      return this.#again(endpoint!);
    this.#giveUp(failure.code, failure.message);
  }

  /** The route's deadline has passed. */
  expire(): void {
    if (this.#over) return;
    this.#ctx.detail = "route timeout";
    this.#endpoint?.meter?.failed("upstream_timeout");
    this.#giveUp("upstream_timeout");
  }

  finish(): void {
    if (this.#over) return;
    const upstream = this.#upstream;
    this.#complete(null);
    upstream?.abort();
  }

  lapse(detail: string): void {
    if (this.#over) return;
    this.#ctx.detail = detail;
    this.#drop();
    this.#leave();
    if (this.#events?.resumable === true) this.#reconnect();
    else this.#giveUp("upstream_timeout");
  }

  /** Longest silence of the backend of a stream, ms; 0 none. Event streams watch it by themselves. */
  get #silence(): number {
    return this.#deadline.total || this.#events !== null ? 0 : this.#deadline.silenceMs;
  }

  #answered(status: number): void {
    const ctx = this.#ctx;
    ctx.upstreamMs = performance.now() - this.#sentAt;
    ctx.upstreamStatus = status;
    this.#endpoint?.meter?.answered(ctx.method, status, ctx.upstreamMs / 1000);
  }

  /** The head was waited for; from here on only silence counts. */
  #streaming(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#silence > 0 ? setTimeout(expire, this.#silence, this) : undefined;
  }

  #openEvents(status: number, fields: string[]): void {
    const ctx = this.#ctx;
    const rule = this.#route.events;
    clearTimeout(this.#timer);
    ctx.downstream.stream(rule);
    dressEvents(fields);
    // What is compressed has no events to be seen; it passes like any body.
    if (isEncoded(fields) || ctx.method === "HEAD") return;
    dropFields(fields, LENGTH); // heartbeats and last words may come in
    this.#events = new EventStream(ctx, status, rule.silenceMs || this.#deadline.silenceMs, this);
    ctx.snapshot!.streamMeter?.opened(ctx);
  }

  #event(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    const more = this.#events!.take(chunk, release);
    if (last) this.end(NO_TRAILERS);
    return more;
  }

  /** The head of a reconnected stream: the client has one already. */
  #goOn(status: number, fields: readonly string[]): void {
    const events = this.#events!;
    if (status === 200 && isEventStream(fields) && !isEncoded(fields)) return events.goOn();
    this.#drop();
    this.#leave();
    // 204 tells a client of event streams not to come back (WHATWG HTML §9.2.3).
    if (status === 204) this.#complete(null);
    else if (events.resumable) this.#reconnect();
    else this.#giveUp("upstream_reset");
  }

  #reconnect(): void {
    this.#leave();
    this.#upstream = null;
    this.#timer = setTimeout(() => {
      if (this.#over) return;
      this.#ctx.freshConnection = false;
      this.#attempt(this.#service.picker.pick(this.#ctx, NONE));
    }, this.#events!.wait());
  }

  #giveUp(code: ErrorCode, message?: string): void {
    const events = this.#events;
    this.abort();
    if (events?.lastWords(code) === true) {
      this.#ctx.error = code;
      this.#ctx.downstream.end(null, NO_TRAILERS);
    } else this.#fail(this.#ctx, code, undefined, message);
  }

  #again(endpoint: Endpoint): void {
    const ctx = this.#ctx;
    if (this.#failure!.progress === "reset_on_reuse" && !ctx.freshConnection) {
      ctx.freshConnection = true;
      return this.#attempt(endpoint);
    }
    const tried = (this.#tried ??= []);
    tried.push(endpoint);
    const { maxTries, triesWithinMs } = this.#route;
    const inTime = triesWithinMs === 0 || performance.now() - ctx.startedAt < triesWithinMs;
    const same = this.#failure!.progress === "refused" ? endpoint : null; // its next connection may take the call
    this.#attempt(tried.length < maxTries && inTime ? (this.#service.picker.pick(ctx, tried) ?? same) : null);
  }

  #attempt(endpoint: Endpoint | null): void {
    const ctx = this.#ctx;
    if (endpoint === null) return this.#giveUp(this.#failure?.code ?? "no_endpoint");
    this.#endpoint = ctx.endpoint = endpoint;
    endpoint.state.active++;
    ctx.attempts++;
    this.#sentAt = performance.now();
    const attempt = ctx.attempts;
    const translated = ctx.translation?.attempt(this.#body, this);
    const upstream = endpoint.connector.send(ctx, translated?.body ?? this.#body, translated?.receiver ?? this);
    // send may fail, and the next attempt begin, before it returns.
    if (!this.#over && ctx.attempts === attempt && this.#endpoint !== null) this.#upstream = upstream;
    else upstream.abort();
  }

  #complete(last: Buffer | null, trailers: readonly string[] = NO_TRAILERS): void {
    this.#settle();
    this.#upstream = null;
    this.#ctx.downstream.end(last, trailers);
  }

  /** Gives up what is under way to a backend; harmless when it is over. */
  #drop(): void {
    const upstream = this.#upstream;
    this.#upstream = null;
    upstream?.abort();
  }

  #settle(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#events?.close();
    this.#leave();
  }

  #leave(): void {
    if (this.#endpoint === null) return;
    this.#endpoint.state.active--;
    this.#endpoint = null;
  }
}

function expire(forward: Forward): void {
  forward.expire();
}
