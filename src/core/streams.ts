// Everything that stays open after its head: one clock for all of them, and one place to ask them to leave.

/** A WebSocket or event stream that is open. */
export interface OpenStream {
  readonly kind: "websocket" | "sse" | "grpc";
  /** Called about once a second with the monotonic time, ms: pings, silence, age. */
  tick(now: number): void;
  /** The process is leaving: end truthfully, so that the client connects elsewhere. */
  leave(): void;
}

/** Between two ticks, ms: {@link OpenStreams.now} may be this much behind, so a silence seems this much longer. */
export const TICK_MS = 1000;

/** All open streams of the process. Ten thousand of them share one timer. */
export class OpenStreams {
  readonly #open = new Set<OpenStream>();
  readonly #clock: () => number;
  #timer: NodeJS.Timeout | undefined;
  #now = 0;
  /** All were asked to leave: those that come now are asked at once. */
  #leaving = false;

  /** @param clock monotonic, ms */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Monotonic time, ms, as of the last tick: precise enough for silence, and free to read for every message. */
  get now(): number {
    return this.#timer === undefined ? this.#clock() : this.#now;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Those of one kind; looks at all of them. */
  count(kind: OpenStream["kind"]): number {
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

  /** Asks all to leave, evenly spread over `spreadMs` in random order, so that their clients do not return at one moment. */
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
