// An event stream that outlives its backend: whole events only, so that a lost backend leaves nothing half-said.
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { RequestContext } from "../core/context.ts";
import type { EventStreamRule } from "../core/route.ts";

/** Longest wait a backend may ask for with `retry:`, ms. */
const MAX_WAIT_MS = 60_000;

/** Parses the stream of one backend after the other into one stream for the client. */
export class ResumedEvents {
  readonly #ctx: RequestContext;
  readonly #rule: EventStreamRule;
  #parser: ReturnType<typeof createParser>;
  #decoder = new TextDecoder();
  #out = "";
  #waitMs: number;
  #retries = 0;
  #hasIds = false;
  /** A backend that repeats the event it was asked to go on after. */
  #repeats = false;
  /** The event under way is larger than the rule admits; nothing more can be taken of this backend. */
  tooLarge = false;

  constructor(ctx: RequestContext, rule: EventStreamRule) {
    this.#ctx = ctx;
    this.#rule = rule;
    this.#waitMs = rule.retryMs;
    this.#parser = this.#newParser();
  }

  /** Whether a lost backend may be followed by another: the stream has ids to go on from, and tries are left. */
  mayResume(): boolean {
    return this.#hasIds && this.#retries < this.#rule.maxRetries;
  }

  /** Counts a try. @returns ms to wait before it */
  wait(): number {
    this.#retries++;
    return this.#waitMs;
  }

  /** The next backend has begun to answer. */
  begin(): void {
    this.#parser = this.#newParser();
    this.#decoder = new TextDecoder();
    this.#repeats = true;
    this.tooLarge = false;
  }

  /** @returns the events that are complete now, as bytes for the client; null when none is */
  take(chunk: Buffer): Buffer | null {
    this.#parser.feed(this.#decoder.decode(chunk, { stream: true }));
    if (this.#out === "") return null;
    const bytes = Buffer.from(this.#out);
    this.#out = "";
    return bytes;
  }

  #newParser(): ReturnType<typeof createParser> {
    const { maxEventBytes } = this.#rule;
    return createParser({
      ...(maxEventBytes > 0 ? { maxBufferSize: maxEventBytes } : {}),
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") this.tooLarge = true;
      },
      onEvent: (event) => this.#event(event),
      onRetry: (ms) => {
        this.#waitMs = Math.min(ms, MAX_WAIT_MS);
        this.#out += `retry: ${ms}\n\n`;
      },
      onComment: (text) => {
        this.#out += `: ${text}\n\n`;
      },
    });
  }

  #event(event: EventSourceMessage): void {
    const { id } = event;
    if (this.#repeats && id !== undefined && id === this.#ctx.lastEventId) return;
    this.#repeats = false;
    this.#retries = 0;
    if (id !== undefined) {
      this.#hasIds = id !== "";
      this.#ctx.lastEventId = id;
      this.#out += `id: ${id}\n`;
    }
    if (event.event !== undefined) this.#out += `event: ${event.event}\n`;
    for (const line of event.data.split("\n")) this.#out += `data: ${line}\n`;
    this.#out += "\n";
  }
}
