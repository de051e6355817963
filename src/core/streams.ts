// The open WebSockets, event streams and gRPC streams of the process: one timer calls all of them, and on shutdown they
// are asked to end from here.
import type { StreamKind } from "./bound-stream.ts";

/** An open WebSocket, event stream or gRPC stream. */
export interface OpenStream {
  readonly kind: StreamKind;
  /** Called about once a second with the monotonic time, ms, to send pings and to check silence and age. */
  tick(now: number): void;
  /** Ends the stream as its protocol specifies for a server that shuts down, so that the client connects elsewhere. */
  leave(): void;
}

/** Time between two ticks, ms. {@link OpenStreams.now} may be late by this much, and measured silences longer by it. */
export const TICK_MS = 1000;

/** All open streams of the process, on a single timer. */
export class OpenStreams {
  readonly #open = new Set<OpenStream>();
  readonly #clock: () => number;
  #timer: NodeJS.Timeout | undefined;
  #now = 0;
  /** Set by {@link leave}: streams added from then on are ended at once. */
  #leaving = false;

  /** @param clock monotonic, ms */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /**
   * Monotonic time of the last tick, ms. Reading it for every message costs nothing; it is precise enough to measure
   * silence.
   */
  get now(): number {
    return this.#timer === undefined ? this.#clock() : this.#now;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Number of streams of one kind. Takes time in proportion to all open streams. */
  count(kind: StreamKind): number {
    let sum = 0;
    for (const stream of this.#open) if (stream.kind === kind) sum++;
    return sum;
  }

  add(stream: OpenStream): void {
    this.#open.add(stream);
    if (this.#leaving) this.#ask(stream, 0);
    if (this.#timer !== undefined) return;
    this.#now = this.#clock();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  remove(stream: OpenStream): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Ends all streams, each at a random moment within `spreadMs`, so that their clients do not reconnect all at once.
   */
  leave(spreadMs: number): void {
    this.#leaving = true;
    for (const stream of this.#open) this.#ask(stream, Math.random() * spreadMs);
  }

  #ask(stream: OpenStream, afterMs: number): void {
    setTimeout(() => {
      if (this.#open.has(stream)) stream.leave();
    }, afterMs).unref();
  }

  #tick(): void {
    this.#now = this.#clock();
    for (const stream of [...this.#open]) stream.tick(this.#now);
  }
}
