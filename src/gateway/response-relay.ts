// The client's side of a response: what the chosen attempt delivers, written to the client as what it is.
import type { RequestContext } from "../core/context.ts";
import type { UpgradedSocket, Upstream } from "../core/edges.ts";
import type { TunnelFactory } from "../core/route.ts";
import { dropFields } from "../wire/fields.ts";
import type { Deadline } from "./deadline.ts";
import { addEventFields, EventStream, type EventStreamHandler } from "./event-stream.ts";
import { addReplyFields, isEncoded, isEventStream, noteGrpcStatus } from "./reply-fields.ts";

const NO_TRAILERS: readonly string[] = [];
const LENGTH: ReadonlySet<string> = new Set(["content-length"]);

/** One response. Over with {@link close}. */
export class ResponseRelay {
  readonly #ctx: RequestContext;
  readonly #deadline: Deadline;
  readonly #owner: EventStreamHandler;
  /** Set once an event stream is open. */
  #events: EventStream | null = null;
  /** Rings when the backend of another kind of stream has been silent for too long. */
  #silence: NodeJS.Timeout | undefined;
  /** Rings when a head that is held back must go out, for a heartbeat behind it. */
  #held: NodeJS.Timeout | undefined;
  /** The client has not taken what it was given. */
  stalled = false;

  constructor(ctx: RequestContext, deadline: Deadline, owner: EventStreamHandler) {
    this.#ctx = ctx;
    this.#deadline = deadline;
    this.#owner = owner;
  }

  /** An event stream is open: the next head only continues it. */
  get hasEvents(): boolean {
    return this.#events !== null;
  }

  /** It is the client that takes its time: no backend is to blame. Calls of gRPC may be answered before they are complete. */
  get waitsForClient(): boolean {
    const { route, downstream } = this.#ctx;
    return this.stalled || (!route!.grpc && !downstream.body.complete);
  }

  /** A lost backend may be followed by another without the client noticing. */
  get resumable(): boolean {
    return this.#events?.resumable === true;
  }

  /**
   * The backend has begun what may be a stream, and its head is held back.
   * @param release see {@link Receiver.begun}
   * @returns whether it is one, and the first: from here on no total deadline counts
   */
  begun(release: (() => void) | null): boolean {
    if (this.#deadline.total || this.#events !== null) return false;
    const { heartbeatMs, silenceMs } = this.#ctx.route!.events;
    this.#listen((release === null ? 0 : silenceMs) || this.#deadline.silenceMs);
    if (release !== null && heartbeatMs > 0) this.#held = setTimeout(release, heartbeatMs);
    return true;
  }

  /** @returns whether a stream begins: from here on no total deadline counts */
  head(status: number, reason: string, fields: string[], length: number): boolean {
    const ctx = this.#ctx;
    ctx.status = status;
    clearTimeout(this.#held);
    clearTimeout(this.#silence);
    if (ctx.route!.grpc) noteGrpcStatus(ctx, fields);
    const events = isEventStream(fields);
    if (events) this.#openEvents(status, fields);
    else if (!this.#deadline.total) this.#listen(this.#deadline.silenceMs);
    addReplyFields(ctx, status, fields);
    ctx.downstream.head(status, reason, fields, this.#events === null ? length : -1);
    return events || !this.#deadline.total;
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (this.#events !== null) {
      const more = this.#events.take(chunk, release);
      if (last) this.end(NO_TRAILERS);
      return more;
    }
    const { downstream } = this.#ctx;
    this.#silence?.refresh();
    if (!last) return downstream.write(chunk, release);
    if (release !== null) downstream.write(chunk, release);
    downstream.end(release === null ? chunk : null, NO_TRAILERS);
    return true;
  }

  /** The backend has ended its response. */
  end(trailers: readonly string[]): void {
    if (this.#ctx.route!.grpc) noteGrpcStatus(this.#ctx, trailers);
    this.#ctx.downstream.end(this.#events?.rest() ?? null, trailers);
  }

  /** Ends an event stream of which nobody waits for more. */
  finish(): void {
    this.#ctx.downstream.end(null, NO_TRAILERS);
  }

  /** @returns both sides joined; null when the client is gone */
  switched(fields: string[], backend: UpgradedSocket, join: TunnelFactory): Upstream | null {
    const ctx = this.#ctx;
    ctx.status = 101;
    addReplyFields(ctx, 101, fields);
    const client = ctx.downstream.switch(fields);
    if (client === null) {
      backend.destroy();
      return null;
    }
    const joined = join(client, backend);
    ctx.snapshot!.streamMeter?.opened(ctx);
    return joined;
  }

  /** The head of a reconnected event stream. @returns whether the stream goes on with it */
  goOn(status: number, fields: readonly string[]): boolean {
    if (status !== 200 || !isEventStream(fields) || isEncoded(fields)) return false;
    this.#events!.goOn();
    return true;
  }

  /** Counts a reconnect. @returns ms to wait before it */
  wait(): number {
    return this.#events!.wait();
  }

  /** Ends an event stream with a word why. @returns false when it cannot be put in */
  endWithError(code: string): boolean {
    if (this.#events?.endWithError(code) !== true) return false;
    this.#ctx.downstream.end(null, NO_TRAILERS);
    return true;
  }

  close(): void {
    clearTimeout(this.#held);
    clearTimeout(this.#silence);
    this.#events?.close();
  }

  #listen(silenceMs: number): void {
    if (silenceMs > 0) this.#silence = setTimeout(silent, silenceMs, this.#owner);
  }

  #openEvents(status: number, fields: string[]): void {
    const ctx = this.#ctx;
    const rule = ctx.route!.events;
    ctx.downstream.stream(rule);
    addEventFields(fields);
    // What is compressed has no events to be seen; it passes like any body.
    if (isEncoded(fields) || ctx.method === "HEAD") return;
    dropFields(fields, LENGTH); // heartbeats and last words may come in
    this.#events = new EventStream(ctx, status, rule.silenceMs || this.#deadline.silenceMs, this.#owner);
    ctx.snapshot!.streamMeter?.opened(ctx);
  }
}

function silent(owner: EventStreamHandler): void {
  owner.lapse("backend is silent");
}
