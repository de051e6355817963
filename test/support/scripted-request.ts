// A request without a socket: the test plays its client, which notes what it is told and fails on what must never come.
import assert from "node:assert/strict";
import { RequestContext } from "../../src/core/context.ts";
import type { BodyReceiver, RequestBody, Translation } from "../../src/core/edges.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import { NullDownstream } from "../../src/core/null-upstream.ts";
import type { Reply } from "../../src/core/reply.ts";
import type { EventStreamRule, Fallback, Route } from "../../src/core/route.ts";
import type { Service } from "../../src/core/service.ts";
import type { Snapshot } from "../../src/core/snapshot.ts";
import { OpenStreams } from "../../src/core/streams.ts";
import type { Answers } from "../../src/gateway/answers.ts";
import { refuse } from "../../src/gateway/refuse.ts";

/** The body of a request: comes when the test says so. */
export class FakeBody implements RequestBody {
  readonly length: number;
  complete: boolean;
  bytes = 0;
  text = "";
  paused = false;
  #receiver: BodyReceiver | null = null;

  constructor(length: number) {
    this.length = length;
    this.complete = length === 0;
  }

  /** Whether somebody reads it. */
  get flows(): boolean {
    return this.#receiver !== null && !this.paused && !this.complete;
  }

  limit(): void {}

  start(to: BodyReceiver): void {
    const again = this.#receiver !== null;
    this.#receiver = to;
    this.paused = false;
    if (again && this.complete) to.end([]);
  }

  resume(): void {
    this.paused = false;
  }

  push(text: string): void {
    this.bytes += text.length;
    this.text += text;
    if (!this.#receiver!.data(Buffer.from(text))) this.paused = true;
  }

  finish(): void {
    this.complete = true;
    this.#receiver!.end([]);
  }
}

/** A client that notes what it is told. */
export class FakeClient extends NullDownstream {
  override readonly body: FakeBody;
  readonly heads: number[] = [];
  text = "";
  /** `ended` in good order, or `cut`. */
  state: "open" | "ended" | "cut" = "open";
  /** Whether it has room for more. */
  takes = true;

  constructor(body: FakeBody) {
    super();
    this.body = body;
  }

  override head(status: number): void {
    this.#begin(status);
  }

  override answer(status: number, _fields: readonly string[], body: string): void {
    this.#begin(status);
    this.text += body;
    this.state = "ended";
  }

  override write(chunk: Buffer, release: (() => void) | null): boolean {
    assert.equal(this.state, "open", "nothing is written behind the end");
    assert.equal(this.heads.length, 1, "nothing is written before the head");
    this.text += chunk;
    release?.();
    return this.takes;
  }

  override end(last: Buffer | null): void {
    assert.equal(this.state, "open", "an answer ends once");
    if (last !== null) this.text += last;
    this.state = "ended";
  }

  override abort(): void {
    if (this.state === "open") this.state = "cut";
  }

  #begin(status: number): void {
    assert.equal(this.state, "open", "no answer behind the end");
    assert.equal(this.heads.length, 0, "one answer");
    this.heads.push(status);
  }
}

/** Event streams without bounds, that end with their backend. */
export const PLAIN_EVENTS: EventStreamRule = {
  stallMs: 0,
  bufferBytes: 0,
  heartbeatMs: 0,
  maxAgeMs: 0,
  silenceMs: 0,
  maxEventBytes: 0,
  maxHeldBytes: 0,
  maxRetries: 0,
  retryMs: 0,
};

/** What differs between requests. */
export interface FakeRequest {
  readonly method?: string;
  readonly fields?: readonly string[];
  readonly body?: FakeBody;
  readonly timeoutMs?: number;
  /** Whether the file says it. */
  readonly timeoutWritten?: boolean;
  readonly events?: Partial<EventStreamRule>;
  readonly grpc?: boolean;
  readonly translation?: Translation;
  readonly fallback?: { readonly service: Service | null; readonly reply: Reply | null };
}

const ANY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "circuit_open",
  "no_endpoint",
  "overloaded",
  "connect_failed",
  "upstream_reset",
  "upstream_timeout",
]);

/** A request on its route, and the client that made it. */
export function requestOf(some: FakeRequest): { readonly ctx: RequestContext; readonly client: FakeClient } {
  const client = new FakeClient(some.body ?? new FakeBody(0));
  const peer = { address: "127.0.0.1", scheme: "http" } as const;
  const { method = "GET", fields = [] } = some;
  const ctx = new RequestContext(client, peer, method, "/", fields, "1.1", false, performance.now());
  const fallback: Fallback | null = some.fallback === undefined ? null : { codes: ANY, ...some.fallback };
  const route: Route = {
    id: "r",
    pattern: "/",
    source: "t:1",
    filters: [],
    replyFilters: [],
    strategy: null,
    fallback,
    target: { calls: false, strip: "", prefix: "", host: "endpoint" },
    websocket: null,
    events: { ...PLAIN_EVENTS, ...some.events },
    times: null,
    grpc: some.grpc ?? false,
    tier: "normal",
    maxAttempts: 3,
    attemptsWithinMs: 0,
    translator: null,
    timeoutMs: some.timeoutMs ?? 0,
    timeoutWritten: some.timeoutWritten ?? true,
    maxBodyBytes: 0,
    accessLog: false,
    meter: null,
  };
  const snapshot: Partial<Snapshot> = {
    requestId: {
      enabled: false,
      headerName: "X-Request-ID",
      lowerName: "x-request-id",
      generate: false,
      propagate: false,
    },
    via: false,
    streamMeter: null,
    streams: new OpenStreams(() => performance.now()),
  };
  ctx.route = route;
  ctx.translation = some.translation ?? null;
  ctx.snapshot = snapshot as Snapshot;
  return { ctx, client };
}

/** Answers as the pipeline does. */
export const ANSWERS: Answers = {
  refuse(ctx, code, fields, message) {
    ctx.upstream?.abort();
    refuse(ctx, code, fields, message);
  },
  reply(ctx, reply) {
    ctx.status = reply.status;
    ctx.downstream.answer(reply.status, reply.fields, reply.body, false);
  },
};

/** The client is gone, or has all it gets. */
export function done(ctx: RequestContext): void {
  if (ctx.finished) return;
  ctx.finished = true;
  ctx.upstream?.abort();
}
