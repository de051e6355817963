// A WebSocket in tunnel mode: compression, fragments, pings and close codes are between client and backend.
import type { UpgradedSocket, UpgradedSocketHandler } from "../core/edges.ts";
import { closeFrame, FrameTracker, MASKED_PING, PING } from "./frames.ts";
import { GOING_AWAY, INTERNAL_ERROR, SERVICE_LOST, Session, type SessionParts } from "./session.ts";

/** An open tunnel. */
export class Tunnel extends Session {
  readonly #fromClient: Direction;
  readonly #fromBackend: Direction;
  /** Close frame waiting for the end of the frame that is under way to the client. */
  #closeFrame: Buffer | null = null;
  #closeCode = 0;
  #over = false;

  constructor(parts: SessionParts) {
    super(parts);
    const { client, backend } = parts;
    this.#fromClient = new Direction(this, client, backend);
    this.#fromBackend = new Direction(this, backend, client);
    client.open(this.#fromClient);
    backend.open(this.#fromBackend);
  }

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.parts.streams.remove(this);
    this.#closeBackend();
    this.parts.client.destroy();
  }

  close(code: number, reason: string): void {
    if (this.closing || this.#over || this.#closeFrame !== null) return;
    this.awaitClose();
    this.#closeFrame = closeFrame(code, reason, false);
    this.#closeCode = code;
    if (this.#fromBackend.tracker.lost) return this.parts.client.destroy();
    this.written(this.#fromBackend);
  }

  /**
   * Sends the close frame that waits, once the frame under way to the client is complete. A client whose backend has sent a
   * close frame already is only waited for.
   */
  written(direction: Direction): void {
    const { tracker } = this.#fromBackend;
    if (this.#closeFrame === null || direction !== this.#fromBackend || !tracker.between || tracker.closed) return;
    const { client, backend, counts } = this.parts;
    this.closing = true;
    counts.closeCode = this.#closeCode;
    client.write(this.#closeFrame);
    if (this.#fromClient.tracker.between) backend.write(closeFrame(GOING_AWAY, "", true));
    if (this.#fromClient.tracker.closed) client.end();
  }

  protected stalled(now: number): boolean {
    const { clientStallMs, backendStallMs } = this.parts.settings;
    return this.#fromBackend.stalled(now, clientStallMs) || this.#fromClient.stalled(now, backendStallMs);
  }

  ping(side: "client" | "backend"): boolean {
    const { client, backend } = this.parts;
    const direction = side === "client" ? this.#fromBackend : this.#fromClient;
    if (this.closing || this.#closeFrame !== null || !direction.mayInsert) return false;
    if (side === "client") client.write(PING);
    else backend.write(MASKED_PING);
    return true;
  }

  /** A direction brought bytes. @returns whether they are passed on */
  passed(direction: Direction, messages: number, bytes: number): boolean {
    const { counts, streams, client } = this.parts;
    if (messages > 0) this.liveness.messageAt = streams.now;
    if (direction === this.#fromClient) {
      this.heardClient(bytes);
      counts.received += messages;
      // The answer to our own close frame: the connection has ended as it should.
      if (this.closing && direction.tracker.closed) client.end();
    } else {
      this.heardBackend(bytes);
      counts.sent += messages;
      if (direction.tracker.closed && !this.closing) counts.closeCode = direction.tracker.closeCode;
    }
    return !this.closing;
  }

  /** The side that `direction` reads from takes more: what is written to it goes on. */
  drained(direction: Direction): void {
    (direction === this.#fromClient ? this.#fromBackend : this.#fromClient).goOn();
  }

  /** A direction will bring nothing more. */
  ended(direction: Direction): void {
    const { client, backend } = this.parts;
    if (direction === this.#fromClient) backend.end();
    else if (!this.closing) this.#closeClient(INTERNAL_ERROR, SERVICE_LOST);
    else client.end();
  }

  /** One side is gone. */
  closed(direction: Direction): void {
    if (direction === this.#fromClient) this.abort();
    else if (!this.#over && !direction.hasEnded) this.#closeClient(INTERNAL_ERROR, SERVICE_LOST);
  }

  /** The backend is gone: a client that was sent no close frame is sent one now, where one can be inserted. */
  #closeClient(code: number, reason: string): void {
    const { client, counts } = this.parts;
    const { tracker } = this.#fromBackend;
    if (!tracker.closed && !tracker.between) return client.destroy();
    if (!tracker.closed) {
      counts.closeCode = code;
      client.write(closeFrame(code, reason, false));
    }
    this.closing = true;
    this.awaitClose();
    client.end();
  }

  /** The client is gone: a backend that was sent no close frame is sent one now. */
  #closeBackend(): void {
    const { backend } = this.parts;
    const { tracker } = this.#fromClient;
    if (this.#fromBackend.hasClosed) return;
    if (tracker.between && !tracker.closed && !this.closing) backend.write(closeFrame(GOING_AWAY, "", true));
    backend.end();
    const timer = setTimeout(() => backend.destroy(), this.parts.settings.backendGraceMs);
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

  /** Whether a frame of ours may be inserted now: between two frames, while the reader keeps up. */
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
