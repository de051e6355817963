// An event stream on its way to a client: passed through as it comes, with heartbeats between events and an end in time.
import type { RequestContext, StreamCounts } from "../core/context.ts";
import type { EventStreamRule } from "../core/route.ts";
import type { OpenStream, OpenStreams } from "../core/streams.ts";
import { EventBoundary } from "../wire/event-boundary.ts";

const HEARTBEAT = Buffer.from(": keepalive\n\n");

/** What the owner of the stream does about it. */
export interface EventStreamOwner {
  /** The stream is to end here: for age, or because the gateway is leaving. */
  finish(): void;
  /** The backend has been silent for too long, or sends an event without end. */
  lapse(detail: string): void;
}

/** One stream. Over with {@link close}. */
export class EventStream implements OpenStream {
  readonly #ctx: RequestContext;
  readonly #rule: EventStreamRule;
  readonly #streams: OpenStreams;
  readonly #owner: EventStreamOwner;
  readonly #counts: StreamCounts = { kind: "sse", received: 0, sent: 0, closeCode: 0 };
  readonly #boundary = new EventBoundary();
  readonly #silenceMs: number;
  readonly #endsAt: number;
  #heardAt: number;
  #writtenAt: number;
  #leaving = false;

  /** @param silenceMs longest silence of the backend, ms; 0 none */
  constructor(ctx: RequestContext, silenceMs: number, owner: EventStreamOwner) {
    const rule = ctx.route!.events;
    this.#ctx = ctx;
    this.#rule = rule;
    this.#streams = ctx.snapshot!.streams;
    this.#owner = owner;
    this.#silenceMs = silenceMs;
    this.#heardAt = this.#writtenAt = this.#streams.now;
    ctx.stream = this.#counts;
    // A tenth more or less: streams opened at one moment must not all come back at one moment.
    const age = rule.maxAgeMs * (0.9 + Math.random() * 0.2);
    this.#endsAt = rule.maxAgeMs > 0 ? performance.now() + age : Number.POSITIVE_INFINITY;
    this.#streams.add(this);
  }

  /** Whether the client has seen whole events only. */
  get between(): boolean {
    return this.#boundary.between;
  }

  /** Passes bytes on. @returns false when the client is slower */
  write(chunk: Buffer, release: (() => void) | null): boolean {
    const { events } = this.#boundary;
    this.#boundary.feed(chunk);
    this.#counts.sent += this.#boundary.events - events;
    this.#heardAt = this.#writtenAt = this.#streams.now;
    const more = this.#ctx.downstream.write(chunk, release);
    const { maxEventBytes } = this.#rule;
    if (maxEventBytes > 0 && this.#boundary.pending > maxEventBytes) this.#owner.lapse("event is too large");
    else if (this.#leaving && this.between) this.#owner.finish();
    return more;
  }

  /** The backend was heard without anything for the client. */
  heard(): void {
    this.#heardAt = this.#streams.now;
  }

  tick(now: number): void {
    if (now >= this.#endsAt) this.#leaving = true;
    if (this.#leaving && this.between) return this.#owner.finish();
    if (this.#silenceMs > 0 && now - this.#heardAt >= this.#silenceMs) return this.#owner.lapse("backend is silent");
    const { heartbeatMs } = this.#rule;
    if (heartbeatMs === 0 || now - this.#writtenAt < heartbeatMs || !this.between) return;
    this.#writtenAt = now;
    this.#ctx.downstream.write(HEARTBEAT, null);
    this.#ctx.downstream.flush();
  }

  /** Ends behind the event under way. */
  leave(): void {
    this.#leaving = true;
    if (this.between) this.#owner.finish();
  }

  /** Ends with one last event that says why, if it can be put in. @returns false when it cannot */
  lastWords(code: string): boolean {
    if (!this.between) return false;
    this.#ctx.downstream.write(Buffer.from(`event: error\ndata: ${code}\n\n`), null);
    return true;
  }

  close(): void {
    this.#streams.remove(this);
  }
}
