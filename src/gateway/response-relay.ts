// The client's side of a response: writes what the chosen attempt delivers.

import type { BoundStream } from "../core/bound-stream.ts";
import type { RequestContext } from "../core/context.ts";
import type { UpgradedSocket, Upstream } from "../core/edges.ts";
import type { ReplyWriter } from "../core/reply-head.ts";
import type { Route, TunnelFactory } from "../core/route.ts";
import { dropFields } from "../wire/fields.ts";
import type { Deadline } from "./deadline.ts";
import { addEventFields, EventStream, type EventStreamHandler } from "./event-stream.ts";
import { isEncoded, isEventStream, isOfType, noteGrpcStatus } from "./reply-fields.ts";
import { sendHead, switchHead } from "./send-reply.ts";

const NO_TRAILERS: readonly string[] = [];
const LENGTH: ReadonlySet<string> = new Set(["content-length"]);

/** One response. Call {@link close} when it is over. */
export class ResponseRelay implements BoundStream {
  readonly #ctx: RequestContext;
  readonly #route: Route;
  readonly #deadline: Deadline;
  readonly #handler: EventStreamHandler;
  /** Set once an event stream is open: the next head only continues it. */
  events: EventStream | null = null;
  /** Rings when the backend of another kind of stream has been silent for too long. */
  #silence: NodeJS.Timeout | undefined;
  /** Fires when a delayed head must be sent, so that a heartbeat can follow. */
  #held: NodeJS.Timeout | undefined;
  /** The client has not read all that was written. */
  stalled = false;
  #closed = false;

  constructor(ctx: RequestContext, route: Route, deadline: Deadline, handler: EventStreamHandler) {
    this.#ctx = ctx;
    this.#route = route;
    this.#deadline = deadline;
    this.#handler = handler;
    if (route.grpc) ctx.snapshot!.bind(ctx, "grpc", route.callRecheckMs, this);
  }

  expired(why: string): boolean {
    const { status, body } = this.#ctx;
    // A call without an answer may be unary, so it does not count as a stream.
    if (this.#closed || (status === 0 && body.complete)) return false;
    if (this.events !== null) return this.events.expire(why);
    this.#handler.deny(why);
    return true;
  }

  /** It is the client that takes its time: no backend is to blame. Calls of gRPC may be answered before they are complete. */
  get waitsForClient(): boolean {
    return this.stalled || (!this.#route.grpc && !this.#ctx.body.complete);
  }

  /** Rings when the head must go out before any target has answered; not at all unless the translation asks for that. */
  openEarly(ring: () => void): void {
    const earlyMs = this.#ctx.translation?.events?.earlyMs ?? 0;
    if (earlyMs > 0) this.#held = setTimeout(ring, earlyMs);
  }

  /**
   * The backend has begun what may be a stream, and its head is delayed.
   * @param release see {@link Receiver.begun}
   * @returns whether it is one, and the first: from here on no total deadline counts
   */
  begun(release: (() => void) | null): boolean {
    if (this.events !== null) return this.#ctx.translation?.events !== undefined; // its head was sent early
    if (this.#deadline.total) return false;
    const { heartbeatMs, silenceMs } = this.#route.events;
    this.#listen((release === null ? 0 : silenceMs) || this.#deadline.silenceMs);
    if (release !== null && heartbeatMs > 0) this.#held = setTimeout(release, heartbeatMs);
    return true;
  }

  /**
   * Sends the head.
   * @returns whether a stream begins: from here on no total deadline counts
   * @throws whatever a filter throws; nothing was sent then
   */
  head(status: number, reason: string, fields: string[], length: number): boolean {
    const ctx = this.#ctx;
    clearTimeout(this.#held);
    clearTimeout(this.#silence);
    if (this.#route.grpc) noteGrpcStatus(ctx, fields);
    const isStream = isEventStream(fields) || (length === -1 && isOfType(fields, ctx.translation?.events?.type));
    // A compressed stream cannot be parsed; it is forwarded like any body.
    const events = isStream && !isEncoded(fields) && ctx.method !== "HEAD";
    if (isStream) {
      ctx.downstream.stream(this.#route.events);
      addEventFields(fields);
      if (events) dropFields(fields, LENGTH); // heartbeats and a last event may come in
      if (!this.#route.grpc) ctx.snapshot!.bind(ctx, "sse", this.#route.events.recheckMs, this);
    }
    sendHead(ctx, { made: "backend", status, reason, fields, length: events ? -1 : length });
    if (events) this.#openEvents(status);
    else if (!isStream && !this.#deadline.total) this.#listen(this.#deadline.silenceMs);
    return isStream || !this.#deadline.total;
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    const writer = this.#writer;
    this.#silence?.refresh();
    if (!last) return writer.write(chunk, release);
    if (release !== null) writer.write(chunk, release);
    writer.end(release === null ? chunk : null, NO_TRAILERS);
    return true;
  }

  /** The backend has ended its response. */
  end(trailers: readonly string[]): void {
    if (this.#route.grpc) noteGrpcStatus(this.#ctx, trailers);
    this.#writer.end(null, trailers);
  }

  /** The response is an event stream. */
  get #writer(): ReplyWriter {
    return this.events ?? this.#ctx.reply;
  }

  /** Ends an event stream before its backend does. */
  finish(): void {
    this.#ctx.reply.end(null, NO_TRAILERS);
  }

  /** @returns both sides joined; null when the client has disconnected */
  switched(fields: string[], backend: UpgradedSocket, join: TunnelFactory): Upstream | null {
    const ctx = this.#ctx;
    switchHead(ctx, fields);
    const client = ctx.downstream.switch(fields);
    if (client === null) {
      backend.destroy();
      return null;
    }
    const joined = join(client, backend);
    ctx.snapshot!.streamOpened(ctx);
    return joined;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#held);
    clearTimeout(this.#silence);
    this.events?.close();
  }

  #listen(silenceMs: number): void {
    if (silenceMs > 0) this.#silence = setTimeout(silent, silenceMs, this.#handler);
  }

  #openEvents(status: number): void {
    const ctx = this.#ctx;
    const rule = this.#route.events;
    this.events = new EventStream(ctx, rule, status, rule.silenceMs || this.#deadline.silenceMs, this.#handler);
    ctx.snapshot!.streamOpened(ctx);
  }
}

function silent(handler: EventStreamHandler): void {
  handler.lapse("backend is silent");
}
