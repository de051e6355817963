// One timer for all that a request waits for: its end, the end of an attempt, a second attempt, the pause before the next.
import type { RetryRule } from "../core/retry.ts";

const NEVER = Number.POSITIVE_INFINITY;
/** Timers of Node may ring this much before their time, ms. */
export const EARLY_MS = 1;
/** Maximum delay of a Node timer, ms; with a longer one it fires at once. Clients may set any deadline. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Called by the clock when a moment has come. */
export interface ClockHandler {
  /** The client must have had its answer by now. */
  late(): void;
  /** One attempt has taken too long. */
  attemptIsLate(): void;
  /** The first attempt is slow enough for a hedge. */
  firstIsSlow(): void;
  /** The pause is over. */
  pauseIsOver(): void;
}

/** All moments are monotonic, ms. */
export class RequestClock {
  readonly #handler: ClockHandler;
  #timer: NodeJS.Timeout | undefined;
  /** When the client must have its head, or all of the response. */
  endsAt = NEVER;
  #attemptEndsAt = NEVER;
  #hedgeAt = NEVER;
  #nextAt = NEVER;

  constructor(handler: ClockHandler) {
    this.#handler = handler;
  }

  /** Begins to watch the end of the whole. */
  endAt(at: number): void {
    this.endsAt = at;
    this.#set();
  }

  /** Whether the end has come: timers may ring a moment early. */
  get isOver(): boolean {
    return performance.now() + EARLY_MS >= this.endsAt;
  }

  /** An attempt begins. @param rule null: no timeouts */
  begin(rule: RetryRule | null): void {
    const perTryMs = rule === null ? 0 : rule.perTryMs;
    const hedgeAfterMs = rule === null ? 0 : rule.hedgeAfterMs;
    if (perTryMs === 0 && hedgeAfterMs === 0 && this.#attemptEndsAt === NEVER && this.#hedgeAt === NEVER) return;
    const now = performance.now();
    this.#attemptEndsAt = perTryMs > 0 ? now + perTryMs : NEVER;
    this.#hedgeAt = hedgeAfterMs > 0 ? now + hedgeAfterMs : NEVER;
    this.#set();
  }

  /** A response has begun: no further attempt. @param stream it has no end that could be waited for */
  answered(stream: boolean): void {
    if (!stream && this.#attemptEndsAt === NEVER && this.#hedgeAt === NEVER) return;
    if (stream) this.endsAt = NEVER;
    this.#attemptEndsAt = this.#hedgeAt = NEVER;
    this.#set();
  }

  /** Waits before the next attempt. */
  pause(ms: number): void {
    this.#attemptEndsAt = this.#hedgeAt = NEVER;
    this.#nextAt = performance.now() + ms;
    this.#set();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.endsAt = this.#attemptEndsAt = this.#hedgeAt = this.#nextAt = NEVER;
  }

  ring(): void {
    if (this.isOver) return this.#handler.late();
    const now = performance.now() + EARLY_MS;
    if (now >= this.#nextAt) {
      this.#nextAt = NEVER;
      this.#set();
      return this.#handler.pauseIsOver();
    }
    if (now >= this.#attemptEndsAt) {
      this.#attemptEndsAt = this.#hedgeAt = NEVER;
      this.#set();
      return this.#handler.attemptIsLate();
    }
    if (now >= this.#hedgeAt) {
      this.#hedgeAt = NEVER;
      this.#set();
      return this.#handler.firstIsSlow();
    }
    this.#set();
  }

  #set(): void {
    clearTimeout(this.#timer);
    const at = Math.min(this.endsAt, this.#attemptEndsAt, this.#hedgeAt, this.#nextAt);
    this.#timer = at === NEVER ? undefined : setTimeout(ring, waitUntil(at), this);
  }
}

function waitUntil(at: number): number {
  return Math.min(MAX_TIMER_MS, Math.max(1, at - performance.now()));
}

function ring(clock: RequestClock): void {
  clock.ring();
}
