// Liveness of both ends of a WebSocket: pings at their intervals, timeouts checked once a second.
import { TICK_MS } from "../core/streams.ts";

/** Intervals of one connection, ms; 0 = off. */
export interface LivenessTimes {
  /** Pings to the client. */
  readonly pingClientMs: number;
  /** Longest silence of the client: no data, no pong. */
  readonly clientSilenceMs: number;
  /** Pings to the backend. */
  readonly pingBackendMs: number;
  /** Longest wait for anything from the backend after a ping. */
  readonly backendPongMs: number;
  /** Longest silence of the backend in spite of pings. */
  readonly backendSilenceMs: number;
  /** Longest time without a message in either direction. */
  readonly idleMs: number;
}

/** The connection whose ends are watched. */
export interface LivenessHandler {
  /** Sends a ping. @returns false when none can be inserted now, because a frame is under way or the reader is slow */
  ping(side: "client" | "backend"): boolean;
  /** One side does not answer, or no message has come for too long. */
  lapsed(who: "client" | "backend" | "idle"): void;
}

/** Times of one connection. The clock comes from outside, coarse and shared. */
export class Liveness {
  readonly #times: LivenessTimes;
  readonly #handler: LivenessHandler;
  /** When the client was last heard, ms. Set by the handler. */
  clientAt: number;
  backendAt: number;
  messageAt: number;
  #clientPingAt: number;
  #backendPingAt: number;

  constructor(times: LivenessTimes, handler: LivenessHandler, now: number) {
    this.#times = times;
    this.#handler = handler;
    this.clientAt = this.backendAt = this.messageAt = this.#clientPingAt = this.#backendPingAt = now;
  }

  /** @param now ms, on the clock of the fields above */
  tick(now: number): void {
    const t = this.#times;
    // What was heard since the last tick carries the time of that tick, so one tick more is waited for.
    const surely = now - TICK_MS;
    if (passed(t.clientSilenceMs, this.clientAt, surely)) return this.#handler.lapsed("client");
    if (passed(t.backendSilenceMs, this.backendAt, surely)) return this.#handler.lapsed("backend");
    const unanswered = this.#backendPingAt > this.backendAt;
    if (unanswered && passed(t.backendPongMs, this.#backendPingAt, now)) return this.#handler.lapsed("backend");
    if (passed(t.idleMs, this.messageAt, surely)) return this.#handler.lapsed("idle");
    if (passed(t.pingClientMs, Math.max(this.#clientPingAt, this.clientAt), now)) {
      if (this.#handler.ping("client")) this.#clientPingAt = now;
      else this.clientAt = now;
    }
    if (!unanswered && passed(t.pingBackendMs, this.backendAt, now)) {
      if (this.#handler.ping("backend")) this.#backendPingAt = now;
      else this.backendAt = now;
    }
  }
}

function passed(limitMs: number, since: number, now: number): boolean {
  return limitMs > 0 && now - since >= limitMs;
}
