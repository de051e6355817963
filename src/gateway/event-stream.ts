// An event stream on its way to a client: passed through as it comes, with heartbeats between events and an end in time.
import type { RequestContext, StreamCounts } from "../core/context.ts";
import type { ReplyWriter } from "../core/reply-head.ts";
import type { EventStreamRule } from "../core/route-settings.ts";
import { type OpenStream, type OpenStreams, TICK_MS } from "../core/streams.ts";
import { EventBoundary } from "../wire/event-boundary.ts";
import { getField } from "../wire/fields.ts";
import { isEncoded, isEventStream } from "./reply-fields.ts";
import { ResumedEvents } from "./resumed-events.ts";

const NO_TRAILERS: readonly string[] = [];
const HEARTBEAT = Buffer.from(": keepalive\n\n");

/** Settings of the stream. */
export interface EventStreamHandler {
  /** The stream is to end here: for age, or because the gateway is leaving. */
  finish(): void;
  /** The backend has been silent for too long, or sends an event without end. */
  lapse(detail: string): void;
  /** The stream ends here, because the credential of its client has. */
  deny(why: string): void;
}

/** Fields of every event stream, unless the backend sets them: they keep caches and proxies from buffering events. */
export function addEventFields(fields: string[]): void {
  if (getField(fields, "cache-control") === undefined) fields.push("Cache-Control", "no-cache");
  if (getField(fields, "x-accel-buffering") === undefined) fields.push("X-Accel-Buffering", "no");
}

/** One stream: data written to it is sent to the client, in whole events if the stream can be resumed. */
export class EventStream implements OpenStream, ReplyWriter {
  readonly #ctx: RequestContext;
  readonly #rule: EventStreamRule;
  readonly #streams: OpenStreams;
  readonly #handler: EventStreamHandler;
  readonly #counts: StreamCounts = { kind: "sse", received: 0, sent: 0, closeCode: 0 };
  readonly #boundary = new EventBoundary();
  /** Set when the stream outlives the backend it came from. */
  readonly #resumed: ResumedEvents | null;
  readonly #silenceMs: number;
  readonly #endsAt: number;
  #heardAt: number;
  #writtenAt: number;
  #leaving = false;
  /** Why the credential counts no more; "" it does. */
  #denied = "";
  /** The client was given no more than whole events, whatever has been read. */
  #trimmed = false;

  get kind(): "sse" {
    return "sse";
  }

  /**
   * @param status of the first response; only a plain 200 to a plain GET is taken up again when it is lost
   * @param silenceMs longest silence of the backend, ms; 0 none
   */
  constructor(
    ctx: RequestContext,
    rule: EventStreamRule,
    status: number,
    silenceMs: number,
    handler: EventStreamHandler,
  ) {
    this.#ctx = ctx;
    this.#rule = rule;
    this.#streams = ctx.snapshot!.streams;
    this.#handler = handler;
    this.#silenceMs = silenceMs;
    this.#heardAt = this.#writtenAt = this.#streams.now;
    ctx.stream = this.#counts;
    const plain = status === 200 && ctx.method === "GET" && ctx.body.length === 0;
    this.#resumed = plain && rule.maxRetries > 0 ? new ResumedEvents(rule) : null;
    // ± 10 %, so that clients of streams opened together do not reconnect together.
    const age = rule.maxAgeMs * (0.9 + Math.random() * 0.2);
    this.#endsAt = rule.maxAgeMs > 0 ? performance.now() + age : Number.POSITIVE_INFINITY;
    this.#streams.add(this);
  }

  /** Passes bytes of the backend on. @returns false when the client is slower */
  write(chunk: Buffer, release: (() => void) | null): boolean {
    if (this.#resumed === null) return this.#write(chunk, release);
    this.#heardAt = this.#streams.now;
    const whole = this.#resumed.take(chunk);
    const more = whole.length === 0 || this.#write(whole, null);
    release?.();
    if (this.#resumed.tooLarge) this.#handler.lapse("event is too large");
    return more;
  }

  /** The backend has ended in good order. */
  end(last: Buffer | null, trailers: readonly string[]): void {
    if (last !== null) this.write(last, null);
    this.#ctx.reply.end(this.#resumed?.rest() ?? null, trailers);
  }

  flush(): void {
    this.#ctx.reply.flush();
  }

  /** Whether a lost backend may be followed by another. */
  get resumable(): boolean {
    return this.#resumed?.mayResume() === true;
  }

  /** The event id after which the next backend continues; "" at the beginning. */
  get lastEventId(): string {
    return this.#resumed?.lastEventId ?? "";
  }

  /** Counts a reconnect. @returns ms to wait before it */
  wait(): number {
    this.#heardAt = Number.POSITIVE_INFINITY; // no backend whose silence could time out
    return this.#resumed!.wait();
  }

  /** The next backend has answered. @returns whether that is the rest of the stream */
  goesOn(status: number, fields: readonly string[]): boolean {
    if (status !== 200 || !isEventStream(fields) || isEncoded(fields)) return false;
    this.#heardAt = this.#streams.now;
    this.#resumed!.begin();
    return true;
  }

  #write(chunk: Buffer, release: (() => void) | null): boolean {
    const { events } = this.#boundary;
    this.#boundary.feed(chunk);
    this.#counts.sent += this.#boundary.events - events;
    this.#heardAt = this.#writtenAt = this.#streams.now;
    const { lastEnd } = this.#boundary;
    // A busy stream may never pause between events: its end is made where the last whole one ends.
    if (this.#leaving && lastEnd > 0) {
      this.#ctx.reply.write(chunk.subarray(0, lastEnd), null);
      release?.();
      this.#trimmed = true;
      this.#finish();
      return true;
    }
    const more = this.#ctx.reply.write(chunk, release);
    const { maxEventBytes } = this.#rule;
    if (maxEventBytes > 0 && this.#boundary.pending > maxEventBytes) this.#handler.lapse("event is too large");
    return more;
  }

  tick(now: number): void {
    if (now >= this.#endsAt) this.#leaving = true;
    if (this.#leaving && this.#boundary.between) return this.#finish();
    if (this.#silenceMs > 0 && now - TICK_MS - this.#heardAt >= this.#silenceMs)
      return this.#handler.lapse("backend is silent");
    const { heartbeatMs } = this.#rule;
    if (heartbeatMs === 0 || now - this.#writtenAt < heartbeatMs || !this.#boundary.between) return;
    this.#writtenAt = now;
    this.#ctx.reply.write(this.#ctx.translation?.events?.keepAlive ?? HEARTBEAT, null);
    this.#ctx.reply.flush();
  }

  /** Ends after the current event. */
  leave(): void {
    this.#leaving = true;
    if (this.#boundary.between) this.#finish();
  }

  #finish(): void {
    if (this.#denied === "") this.#handler.finish();
    else this.#handler.deny(this.#denied);
  }

  /**
   * The client's credential is no longer valid: ends after the current event, or at the next check if it is not
   * complete.
   */
  expire(why: string): boolean {
    const ends = this.#boundary.between || this.#denied !== "";
    this.#denied = why;
    this.#leaving = true;
    if (ends) this.#handler.deny(why);
    return ends;
  }

  /** Ends with last events that give the reason, if they can be inserted. @returns false if not */
  endWithError(events: Buffer): boolean {
    if (!this.#boundary.between && !this.#trimmed) return false;
    this.#ctx.reply.end(events, NO_TRAILERS);
    return true;
  }

  close(): void {
    this.#streams.remove(this);
  }
}
