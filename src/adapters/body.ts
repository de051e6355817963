// The request body of one client: read from Node's stream with back-pressure, counted, limited in size and idle time.
import type { Readable } from "node:stream";
import type { BodyReceiver, RequestBody } from "../core/edges.ts";
import { knownField, OTHER } from "../wire/known.ts";
import { NOT_IN_TRAILERS } from "../wire/response-head.ts";

/** What can go wrong while a body is read. */
export interface BodyFaultHandler {
  /** More bytes than the route admits. */
  tooLarge(): void;
  /** No byte for longer than `readTimeout`. */
  stalled(): void;
}

/** A body of known or unknown length. */
export class HttpBody implements RequestBody {
  readonly #length: number;
  readonly #request: Readable & { readonly aborted?: boolean };
  readonly #trailers: () => readonly string[];
  readonly #faults: BodyFaultHandler;
  readonly #silenceMs: number;
  #receiver: BodyReceiver | null = null;
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #complete: boolean;
  bytes = 0;
  #maxBytes = Number.POSITIVE_INFINITY;

  /**
   * @param silenceMs longest time without a byte; 0 none
   * @param trailers flat list as received, asked for at the end
   */
  constructor(
    request: Readable,
    length: number,
    silenceMs: number,
    faults: BodyFaultHandler,
    trailers: () => readonly string[],
  ) {
    this.#request = request;
    this.#faults = faults;
    this.#silenceMs = silenceMs;
    this.#trailers = trailers;
    this.#length = length;
    this.#complete = length === 0;
  }

  /** A body of unknown length that turned out empty is one of length 0; trailers need a body to stand behind. */
  get length(): number {
    return this.#length === -1 && this.bytes === 0 && this.complete && this.#trailers().length === 0 ? 0 : this.#length;
  }

  get complete(): boolean {
    return this.#complete || this.#endedUnread;
  }

  limit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  start(to: BodyReceiver): void {
    this.#receiver = to;
    if (this.#endedUnread) this.#complete = true;
    if (this.complete) return to.end(plainTrailers(this.#trailers()));
    if (this.#started) return this.resume();
    this.#started = true;
    this.#watch();
    this.#request.on("data", (chunk: Buffer) => this.#data(chunk));
    this.#request.on("end", () => this.#end());
  }

  resume(): void {
    this.#request.resume();
    this.#watch();
  }

  /** Drops the receiver, then reads and drops the rest of the body. */
  discard(): void {
    clearTimeout(this.#timer);
    this.#receiver = null;
    if (!this.complete) this.#request.resume();
  }

  /** Node ends a stream of HTTP/2 without data as soon as its end arrives, whether or not it is read. */
  get #endedUnread(): boolean {
    return !this.#started && this.#request.readableEnded && this.#request.aborted !== true;
  }

  #data(chunk: Buffer): void {
    this.bytes += chunk.length;
    const receiver = this.#receiver;
    if (receiver === null) return;
    if (this.bytes > this.#maxBytes) return this.#faults.tooLarge();
    if (receiver.data(chunk)) {
      this.#timer?.refresh();
    } else {
      // The backend is slow, not the client: no clock runs against the client meanwhile.
      this.#request.pause();
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }

  #end(): void {
    clearTimeout(this.#timer);
    // Node emits `end` also for an HTTP/2 stream that was reset: an incomplete body must not be taken for a complete one.
    if (this.#request.aborted === true) return;
    this.#complete = true;
    this.#receiver?.end(plainTrailers(this.#trailers()));
  }

  #watch(): void {
    if (this.#silenceMs === 0 || this.complete) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#faults.stalled(), this.#silenceMs);
  }
}

const NO_TRAILERS: readonly string[] = [];

function plainTrailers(raw: readonly string[]): readonly string[] {
  if (raw.length === 0) return NO_TRAILERS;
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    // Fields that route, frame or identify are honoured only in the head, where they were validated.
    const plain = knownField(raw[i]!) === OTHER && !NOT_IN_TRAILERS.has(raw[i]!.toLowerCase());
    if (plain) kept.push(raw[i]!, raw[i + 1]!);
  }
  return kept;
}
