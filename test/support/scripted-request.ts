// A request without a socket: the test plays its client, which notes what it is told and fails on what must never come.
import assert from "node:assert/strict";
import type { BoundStream } from "../../src/core/bound-stream.ts";
import type { RequestContext } from "../../src/core/context.ts";
import type { BodyReceiver, RequestBody } from "../../src/core/edges.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import { NullDownstream } from "../../src/core/null-upstream.ts";
import type { Reply } from "../../src/core/reply.ts";
import type { Route } from "../../src/core/route.ts";
import type { EventStreamRule } from "../../src/core/route-settings.ts";
import type { Service } from "../../src/core/service.ts";
import type { Target } from "../../src/core/strategy.ts";
import type { Translation } from "../../src/core/translation.ts";
import type { Answers } from "../../src/gateway/answers.ts";
import { Forward } from "../../src/gateway/forward.ts";
import { refuse } from "../../src/gateway/refuse.ts";
import { sendReply } from "../../src/gateway/send-reply.ts";
import { contextOf, routeOf, snapshotOf } from "./context.ts";

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

  override answer(status: number, _fields: readonly string[], body: string | Buffer): void {
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
  /** Given what ends with the credential of the client. */
  readonly bind?: (stream: BoundStream) => void;
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
export interface Sent {
  readonly ctx: RequestContext;
  readonly client: FakeClient;
  readonly route: Route;
  /** Takes over when the first service could not. */
  readonly spare: Service | null;
}

/** A request that is not sent yet. */
export function requestOf(some: FakeRequest): Sent {
  const client = new FakeClient(some.body ?? new FakeBody(0));
  const { method = "GET", fields = [], translation = null, timeoutMs = 0, timeoutWritten = true, grpc = false } = some;
  const reply = some.fallback?.reply ?? null;
  const fallback = reply === null ? null : { codes: ANY, reply };
  const route = routeOf({ fallback, events: some.events ?? {}, grpc, maxAttempts: 3, timeoutMs, timeoutWritten });
  const ctx = contextOf({
    downstream: client,
    method,
    fields,
    startedAt: performance.now(),
    route,
    translation,
    snapshot: snapshotOf({ bind: (_ctx, _kind, _recheckMs, stream) => some.bind?.(stream) }),
  });
  return { ctx, client, route, spare: some.fallback?.service ?? null };
}

/** Sends it to a service, and to its spare one when that fails. */
export function send({ ctx, route, spare }: Sent, service: Service): void {
  const last: Target = {
    service: spare ?? service,
    translator: null,
    repeatable: false,
    isLast: true,
    next: () => null,
  };
  const next = (code: ErrorCode | null) => (code !== null && ANY.has(code) ? last : null);
  const first = spare === null ? last : { ...last, service, isLast: false, next };
  new Forward(ctx, route, first, ANSWERS).start();
}

/** Answers as the pipeline does. */
export const ANSWERS: Answers = {
  refuse(ctx, code, fields, message) {
    ctx.upstream?.abort();
    refuse(ctx, code, fields, message);
  },
  reply(ctx, reply) {
    sendReply(ctx, reply, false);
  },
};

/** The client is gone, or has all it gets. */
export function done(ctx: RequestContext): void {
  if (ctx.finished) return;
  ctx.finished = true;
  ctx.upstream?.abort();
}
