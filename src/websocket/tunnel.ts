// A WebSocket whose bytes pass untouched: compression, fragments, pings and close codes are between client and backend.
import type { UpgradedSocket, UpgradedSocketHandler } from "../core/edges.ts";
import type { OpenStream } from "../core/streams.ts";
import { closeFrame, FrameTracker, MASKED_PING, PING } from "./frames.ts";
import { Liveness, type LivenessHandler } from "./liveness.ts";
import {
  GOING_AWAY,
  INTERNAL_ERROR,
  NORMAL,
  SERVICE_LOST,
  SERVICE_RESTART,
  type Session,
  type SessionParts,
} from "./session.ts";

/** An open tunnel. Over when the client's socket is closed. */
export class Tunnel implements Session, OpenStream, LivenessHandler {
  readonly #parts: SessionParts;
  readonly #liveness: Liveness;
  readonly #fromClient: Direction;
  readonly #fromBackend: Direction;
  /** The gateway itself has said goodbye: what still comes is read and dropped. */
  #closing = false;
  /** Close frame waiting for the end of the frame that is under way to the client. */
  #farewell: Buffer | null = null;
  #farewellCode = 0;
  #deadline = 0;
  #over = false;

  get kind(): "websocket" {
    return "websocket";
  }

  constructor(parts: SessionParts) {
    const { client, backend, streams, settings } = parts;
    this.#parts = parts;
    this.#liveness = new Liveness(settings.times, this, streams.now);
    this.#fromClient = new Direction(this, client, backend);
    this.#fromBackend = new Direction(this, backend, client);
    streams.add(this);
    client.open(this.#fromClient);
    backend.open(this.#fromBackend);
  }

  resume(): void {} // each direction pauses and resumes by itself

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts.streams.remove(this);
    this.#leaveBackend();
    this.#parts.client.destroy();
  }

  leave(): void {
    this.close(SERVICE_RESTART, "service restart");
  }

  close(code: number, reason: string): void {
    if (this.#closing || this.#over || this.#farewell !== null) return;
    this.#deadline = this.#parts.streams.now + this.#parts.settings.closeGraceMs;
    this.#farewell = closeFrame(code, reason, false);
    this.#farewellCode = code;
    if (this.#fromBackend.tracker.lost) return this.#parts.client.destroy();
    this.written(this.#fromBackend);
  }

  /** In the middle of a frame nothing can be put in; a client that was told goodbye already is only waited for. */
  written(direction: Direction): void {
    const { tracker } = this.#fromBackend;
    if (this.#farewell === null || direction !== this.#fromBackend || !tracker.between || tracker.closed) return;
    const { client, backend, counts } = this.#parts;
    this.#closing = true;
    counts.closeCode = this.#farewellCode;
    client.write(this.#farewell);
    if (this.#fromClient.tracker.between) backend.write(closeFrame(GOING_AWAY, "", true));
    if (this.#fromClient.tracker.closed) client.end();
  }

  tick(now: number): void {
    const { settings, client } = this.#parts;
    if ((this.#closing || this.#farewell !== null) && now >= this.#deadline) return client.destroy();
    const { clientStallMs, backendStallMs } = settings;
    if (this.#fromBackend.stalled(now, clientStallMs) || this.#fromClient.stalled(now, backendStallMs)) {
      this.#parts.ctx.detail = "write stalled";
      return client.destroy();
    }
    this.#liveness.tick(now);
  }

  ping(side: "client" | "backend"): boolean {
    const { client, backend } = this.#parts;
    if (
      this.#closing ||
      this.#farewell !== null ||
      !(side === "client" ? this.#fromBackend : this.#fromClient).mayInsert
    )
      return false;
    if (side === "client") client.write(PING);
    else backend.write(MASKED_PING);
    return true;
  }

  lapsed(who: "client" | "backend" | "idle"): void {
    this.#parts.ctx.detail = who === "idle" ? "idle for too long" : `${who} is silent`;
    if (who === "client") this.#parts.client.destroy();
    else this.close(who === "idle" ? NORMAL : INTERNAL_ERROR, who === "idle" ? "idle" : "service silent");
  }

  /** A direction brought bytes. @returns whether they are passed on */
  passed(direction: Direction, messages: number, bytes: number): boolean {
    const { ctx, counts, streams, client } = this.#parts;
    const live = this.#liveness;
    if (messages > 0) live.messageAt = streams.now;
    if (direction === this.#fromClient) {
      live.clientAt = streams.now;
      ctx.bytesIn += bytes;
      counts.received += messages;
      // The answer to our own close frame: the connection has ended as it should.
      if (this.#closing && direction.tracker.closed) client.end();
    } else {
      live.backendAt = streams.now;
      ctx.bytesOut += bytes;
      counts.sent += messages;
      if (direction.tracker.closed && !this.#closing) counts.closeCode = direction.tracker.closeCode;
    }
    return !this.#closing;
  }

  /** The side that `direction` reads from takes more: what is written to it goes on. */
  drained(direction: Direction): void {
    (direction === this.#fromClient ? this.#fromBackend : this.#fromClient).goOn();
  }

  /** A direction will bring nothing more. */
  ended(direction: Direction): void {
    const { client, backend } = this.#parts;
    if (direction === this.#fromClient) backend.end();
    else if (!this.#closing) this.#lastWords(INTERNAL_ERROR, SERVICE_LOST);
    else client.end();
  }

  /** One side is gone. */
  closed(direction: Direction): void {
    if (direction === this.#fromClient) this.abort();
    else if (!this.#over && !direction.hasEnded) this.#lastWords(INTERNAL_ERROR, SERVICE_LOST);
  }

  /** The backend is gone: a client that was not told why is told now, where a frame can be put in. */
  #lastWords(code: number, reason: string): void {
    const { client, counts } = this.#parts;
    const { tracker } = this.#fromBackend;
    if (!tracker.closed && !tracker.between) return client.destroy();
    if (!tracker.closed) {
      counts.closeCode = code;
      client.write(closeFrame(code, reason, false));
    }
    this.#closing = true;
    this.#deadline = this.#parts.streams.now + this.#parts.settings.closeGraceMs;
    client.end();
  }

  /** The client is gone: a backend that was not told so is told now. */
  #leaveBackend(): void {
    const { backend } = this.#parts;
    const { tracker } = this.#fromClient;
    if (this.#fromBackend.hasClosed) return;
    if (tracker.between && !tracker.closed && !this.#closing) backend.write(closeFrame(GOING_AWAY, "", true));
    backend.end();
    const timer = setTimeout(() => backend.destroy(), this.#parts.settings.backendGraceMs);
    timer.unref();
    this.#fromBackend.onClosed = () => clearTimeout(timer);
  }
}

/** One direction: bytes read from one side and written to the other. */
class Direction implements UpgradedSocketHandler {
  readonly tracker = new FrameTracker();
  readonly #tunnel: Tunnel;
  readonly #from: UpgradedSocket;
  readonly #to: UpgradedSocket;
  #waiting = false;
  #waitingSince = 0;
  hasEnded = false;
  hasClosed = false;
  onClosed: () => void = () => undefined;

  constructor(tunnel: Tunnel, from: UpgradedSocket, to: UpgradedSocket) {
    this.#tunnel = tunnel;
    this.#from = from;
    this.#to = to;
  }

  /** Whether a frame of ours may go the same way now: between two frames, and nobody is waiting for the reader. */
  get mayInsert(): boolean {
    return this.tracker.between && !this.tracker.closed && !this.#waiting;
  }

  data(chunk: Buffer): boolean {
    const { tracker } = this;
    const before = tracker.messages;
    tracker.feed(chunk);
    if (!this.#tunnel.passed(this, tracker.messages - before, chunk.length)) return true;
    const more = this.#to.write(chunk);
    this.#tunnel.written(this);
    if (more) return true;
    this.#waiting = true;
    this.#waitingSince = 0;
    return false;
  }

  drained(): void {
    this.#tunnel.drained(this);
  }

  goOn(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#from.resume();
  }

  /** Whether the reader has taken nothing for longer than `limitMs`. */
  stalled(now: number, limitMs: number): boolean {
    if (!this.#waiting || limitMs === 0) return false;
    if (this.#waitingSince === 0) this.#waitingSince = now;
    return now - this.#waitingSince >= limitMs;
  }

  end(): void {
    this.hasEnded = true;
    this.#tunnel.ended(this);
  }

  closed(): void {
    this.hasClosed = true;
    this.onClosed();
    this.#tunnel.closed(this);
  }
}
