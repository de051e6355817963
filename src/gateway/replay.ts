// A small request body kept while it is sent, so that it can be sent again from its beginning.
import type { RequestContext } from "../core/context.ts";
import type { BodyReceiver, RequestBody } from "../core/edges.ts";
import type { Target } from "../core/strategy.ts";
import { Gathered } from "../wire/gathered.ts";
import { isIdempotent, isRepeatable } from "./resend.ts";

/** Maximum size of a kept body if no retries are configured, bytes. */
const MAX_REPLAY_BYTES = 64 * 1024;

/** Wraps a body; the second {@link start} begins with what the first one already gave. */
export class ReplayBody implements RequestBody, BodyReceiver {
  readonly #source: RequestBody;
  readonly #maxBytes: number;
  readonly #kept = new Gathered();
  #trailers: readonly string[] | null = null;
  #receiver: BodyReceiver | null = null;
  #keptBytes = 0;
  #holds = false;

  constructor(source: RequestBody, maxBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  /** Whether it can still be sent from its beginning: a body of unknown length may turn out too large. */
  get replayable(): boolean {
    return this.#holds || this.#keptBytes <= this.#maxBytes;
  }

  get length(): number {
    return this.#source.length;
  }

  get complete(): boolean {
    return this.#source.complete;
  }

  get bytes(): number {
    return this.#source.bytes;
  }

  /** Detaches the receiver until the next {@link start}: the client is paused, and all it has sent is kept. */
  hold(): void {
    this.#holds = true;
  }

  /** It will not be sent again: nothing is kept any more. */
  forget(): void {
    this.#kept.clear();
    this.#keptBytes = Number.POSITIVE_INFINITY;
  }

  start(to: BodyReceiver): void {
    this.#holds = false;
    const first = this.#receiver === null;
    this.#receiver = to;
    // Small by definition, so it may exceed the socket's mark for a moment.
    if (this.#kept.length > 0) to.data(this.#kept.bytes);
    if (this.#trailers !== null) to.end(this.#trailers);
    else if (first) this.#source.start(this);
    else this.#source.resume();
  }

  resume(): void {
    this.#source.resume();
  }

  limit(maxBytes: number): void {
    this.#source.limit(maxBytes);
  }

  data(chunk: Buffer): boolean {
    this.#keptBytes += chunk.length;
    if (this.#holds) {
      this.#kept.add(chunk, true);
      return false;
    }
    if (this.replayable) this.#kept.add(chunk, true);
    else this.#kept.clear();
    return this.#receiver!.data(chunk);
  }

  end(trailers: readonly string[]): void {
    this.#trailers = trailers;
    if (!this.#holds) this.#receiver!.end(trailers);
  }
}

/**
 * The body, kept for another attempt where one may come: of what may be repeated, and of what a backend may say that it has
 * not looked at. Where an attempt may have to be waited for, any body is wrapped, so that nothing is lost meanwhile.
 */
export function keptBody(ctx: RequestContext, target: Target): RequestBody {
  const { body } = ctx;
  const { retry, mayRefuse } = target.service;
  const follows = !target.isLast;
  if (body.length === 0 || body.replayable === true) return body;
  const asked = retry !== null || follows;
  const kept = mayRefuse || target.repeatable || (asked ? isRepeatable(ctx) : isIdempotent(ctx.method));
  if (retry !== null) {
    return new ReplayBody(body, kept && body.length <= retry.maxReplayBytes ? retry.maxReplayBytes : 0);
  }
  // Without retries only a connection that is found closed makes another attempt: not worth much memory.
  const small = kept && body.length <= MAX_REPLAY_BYTES && (mayRefuse || follows || body.length > 0);
  return small ? new ReplayBody(body, MAX_REPLAY_BYTES) : body;
}

/** Whether the whole body can still be sent from its beginning. */
export function isReplayable(body: RequestBody): boolean {
  return body.length === 0 || body.bytes === 0 || body.replayable === true;
}
