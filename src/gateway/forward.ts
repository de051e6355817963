// Sends one request to a service: pick, send, relay; again only where that can do no harm.
import type { RequestContext } from "../core/context.ts";
import type { Receiver, RequestBody, SendFailure, Upstream } from "../core/edges.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Route } from "../core/route.ts";
import type { Endpoint, Service } from "../core/service.ts";
import { dropFields, getField } from "../wire/fields.ts";
import { MAX_REPLAY_BYTES, ReplayBody } from "./replay.ts";
import { isIdempotent, maySendAgain } from "./resend.ts";

/** Endpoints tried for one request; one of them may be tried again, once, on a fresh connection. */
const MAX_ENDPOINTS = 3;
const NONE: readonly Endpoint[] = [];
const OWN_FIELDS: ReadonlySet<string> = new Set(["x-gateway"]);

/** One request on its way through a service. The context's `upstream`. */
export class Forward implements Receiver, Upstream {
  readonly #ctx: RequestContext;
  readonly #route: Route;
  readonly #service: Service;
  readonly #fail: (ctx: RequestContext, code: ErrorCode) => void;
  readonly #body: RequestBody;
  #tried: Endpoint[] | null = null;
  #endpoint: Endpoint | null = null;
  #upstream: Upstream | null = null;
  #timer: NodeJS.Timeout | undefined;
  #sentAt = 0;
  #failure: SendFailure | null = null;
  #over = false;

  /** @param fail answers the client with an error of the table, or cuts it off when its reply has begun */
  constructor(ctx: RequestContext, service: Service, fail: (ctx: RequestContext, code: ErrorCode) => void) {
    this.#ctx = ctx;
    this.#route = ctx.route!;
    this.#service = service;
    this.#fail = fail;
    const { body } = ctx.downstream;
    const keep = body.length > 0 && body.length <= MAX_REPLAY_BYTES && isIdempotent(ctx.method);
    this.#body = keep ? new ReplayBody(body) : body;
  }

  start(): void {
    const ctx = this.#ctx;
    ctx.service = this.#service;
    ctx.upstream = this;
    if (this.#route.timeoutMs > 0) {
      const left = this.#route.timeoutMs - (performance.now() - ctx.startedAt);
      this.#timer = setTimeout(expire, Math.max(1, left), this);
    }
    this.#attempt(this.#service.picker.pick(ctx, NONE));
  }

  resume(): void {
    this.#upstream?.resume();
  }

  /** Ends it: the client is gone or has been answered. */
  abort(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#leave();
    const upstream = this.#upstream;
    this.#upstream = null;
    upstream?.abort();
  }

  interim(status: number, fields: readonly string[]): void {
    if (!this.#over) this.#ctx.downstream.interim(status, fields);
  }

  head(status: number, reason: string, fields: string[], length: number): void {
    if (this.#over) return;
    const ctx = this.#ctx;
    ctx.upstreamMs = performance.now() - this.#sentAt;
    ctx.upstreamStatus = ctx.status = status;
    this.#endpoint?.meter?.answered(ctx.method, status, ctx.upstreamMs / 1000);
    if (isEventStream(fields)) {
      clearTimeout(this.#timer); // a stream has no total deadline
      ctx.downstream.unbounded();
      if (getField(fields, "cache-control") === undefined) fields.push("Cache-Control", "no-cache");
      if (getField(fields, "x-accel-buffering") === undefined) fields.push("X-Accel-Buffering", "no");
    }
    dropOwn(fields, ctx.snapshot!.requestId.lowerName);
    for (const filter of this.#route.replyFilters) filter.onReply!(ctx, status, fields);
    fields.push("Via", "1.1 gateway");
    if (ctx.requestId !== "") fields.push(ctx.snapshot!.requestId.headerName, ctx.requestId);
    ctx.downstream.head(status, reason, fields, length);
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (this.#over) return true;
    if (!last) return this.#ctx.downstream.write(chunk, release);
    if (release === null) this.#complete(chunk);
    else {
      this.#ctx.downstream.write(chunk, release);
      this.#complete(null);
    }
    return true;
  }

  end(trailers: readonly string[]): void {
    if (!this.#over) this.#complete(null, trailers);
  }

  flush(): void {
    if (!this.#over) this.#ctx.downstream.flush();
  }

  failed(failure: SendFailure): void {
    if (this.#over) return;
    this.#upstream = null;
    this.#failure = failure;
    const endpoint = this.#endpoint;
    this.#leave();
    endpoint?.meter?.failed(failure.code);
    const ctx = this.#ctx;
    ctx.detail = failure.detail;
    const replayable = this.#body.length === 0 || this.#body.bytes === 0 || this.#body instanceof ReplayBody;
    if (ctx.status === 0 && maySendAgain(failure.progress, ctx.method, replayable)) return this.#again(endpoint!);
    this.#over = true;
    clearTimeout(this.#timer);
    this.#fail(ctx, failure.code);
  }

  /** The route's deadline has passed. */
  expire(): void {
    if (this.#over) return;
    this.#ctx.detail = "route timeout";
    this.#endpoint?.meter?.failed("upstream_timeout");
    this.abort();
    this.#fail(this.#ctx, "upstream_timeout");
  }

  #again(endpoint: Endpoint): void {
    const ctx = this.#ctx;
    if (this.#failure!.progress === "reset_on_reuse" && !ctx.freshConnection) {
      ctx.freshConnection = true;
      return this.#attempt(endpoint);
    }
    const tried = (this.#tried ??= []);
    tried.push(endpoint);
    this.#attempt(tried.length < MAX_ENDPOINTS ? this.#service.picker.pick(ctx, tried) : null);
  }

  #attempt(endpoint: Endpoint | null): void {
    const ctx = this.#ctx;
    if (endpoint === null) {
      this.#over = true;
      clearTimeout(this.#timer);
      return this.#fail(ctx, this.#failure?.code ?? "no_endpoint");
    }
    this.#endpoint = ctx.endpoint = endpoint;
    endpoint.load.active++;
    ctx.attempts++;
    this.#sentAt = performance.now();
    const attempt = ctx.attempts;
    const upstream = endpoint.connector.send(ctx, this.#body, this);
    // send may fail, and the next attempt begin, before it returns.
    if (!this.#over && ctx.attempts === attempt && this.#endpoint !== null) this.#upstream = upstream;
  }

  #complete(last: Buffer | null, trailers: readonly string[] = NO_TRAILERS): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#leave();
    this.#upstream = null;
    this.#ctx.downstream.end(last, trailers);
  }

  #leave(): void {
    if (this.#endpoint === null) return;
    this.#endpoint.load.active--;
    this.#endpoint = null;
  }
}

const NO_TRAILERS: readonly string[] = [];

function expire(forward: Forward): void {
  forward.expire();
}

function isEventStream(fields: readonly string[]): boolean {
  const type = getField(fields, "content-type");
  return type !== undefined && /^text\/event-stream\s*(;|$)/i.test(type);
}

/** The request id is echoed once, and a backend that is a gateway keeps its own mark to itself. */
function dropOwn(fields: string[], idName: string): void {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (
      (name.length === idName.length && name.toLowerCase() === idName) ||
      (name.length === 9 && OWN_FIELDS.has(name.toLowerCase()))
    ) {
      return dropFields(fields, new Set([idName, ...OWN_FIELDS]));
    }
  }
}
