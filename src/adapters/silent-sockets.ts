// Accepted sockets that have not sent enough bytes yet to recognise their protocol, with a time limit.
import type { Socket } from "node:net";
import { firstBytes } from "./first-bytes.ts";

/** Interval of the check, ms. */
const SWEEP_MS = 1000;

interface Silence {
  readonly since: number;
  readonly stop: () => void;
}

/** The waiting sockets of one listener. */
export class SilentSockets {
  /** The oldest first. */
  readonly #waiting = new Map<Socket, Silence>();
  readonly #maxMs: number;
  readonly #late: (socket: Socket) => void;
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param maxMs longest wait, ms; 0 = no limit @param late called with a socket that exceeds it, which is no longer read */
  constructor(maxMs: number, late: (socket: Socket) => void) {
    this.#maxMs = maxMs;
    this.#late = late;
    if (maxMs > 0) this.#timer = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /**
   * Reads until `enough` returns true, puts the bytes back, and calls `then`.
   * @param since when the socket was accepted, on the monotonic clock, ms
   */
  listen(socket: Socket, enough: (bytes: Buffer) => boolean, then: (bytes: Buffer) => void, since: number): void {
    const stop = firstBytes(socket, enough, (bytes) => {
      this.#waiting.delete(socket);
      then(bytes);
    });
    this.#waiting.set(socket, { since, stop });
    socket.once("close", () => this.#waiting.delete(socket));
  }

  /** Closes the sockets that have waited for at least `graceMs`. */
  closeIdle(graceMs: number): void {
    const latest = performance.now() - graceMs;
    for (const [socket, { since }] of this.#waiting) if (since <= latest) socket.end();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    const latest = performance.now() - this.#maxMs;
    for (const [socket, { since, stop }] of this.#waiting) {
      if (since > latest) return; // the rest are younger
      this.#waiting.delete(socket);
      stop();
      this.#late(socket);
    }
  }
}
