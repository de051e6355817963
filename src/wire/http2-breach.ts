// Finds out that nghttp2 has ended a session because of its peer. Node reports some breaches of HTTP/2 and not others: after
// those, nghttp2 has sent its GOAWAY, reads no more, sends no more, and the session looks open for ever.
import type { ClientHttp2Session, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { ping } from "./http2-raw.ts";

/** Bytes that libuv holds and the kernel has not taken yet; Node has no public property for it. */
interface SessionInternals {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/** Watches one session by the bytes of its socket. */
export class BreachWatch {
  readonly #session: ClientHttp2Session | ServerHttp2Session;
  readonly #socket: Socket;
  #explained = 0;
  /** Bytes read up to the last look, and up to the last probe that nghttp2 has passed. */
  #looked = 0;
  #passed = 0;

  constructor(session: ClientHttp2Session | ServerHttp2Session, socket: Socket) {
    this.#session = session;
    this.#socket = socket;
  }

  /** Called when Node reports a frame: nghttp2 has accepted all bytes up to there. */
  heard(): void {
    this.#explained = this.#socket.bytesRead;
  }

  /** Whether bytes have come for which Node has reported no frame. */
  get suspects(): boolean {
    return !this.#session.destroyed && this.#socket.bytesRead !== this.#explained;
  }

  /**
   * Called at intervals. A breach may come in one read with frames that Node has reported, and nothing is read behind it.
   * @returns whether bytes have come since the last probe, and none since the last call
   */
  silent(): boolean {
    const { bytesRead } = this.#socket;
    const before = this.#looked;
    this.#looked = bytesRead;
    return bytesRead === before && bytesRead !== this.#passed;
  }

  /**
   * Sends a PING: it leaves at once, unless nghttp2 has ended the session or the socket is full. A peer that answers none is
   * told to leave.
   * @param broken called when it does not leave although the socket takes more
   */
  probe(broken: () => void): void {
    const session = this.#session;
    const socket = this.#socket;
    this.heard();
    if (session.destroyed || isFull(socket)) return;
    const { bytesRead, bytesWritten } = socket;
    if (!ping(session, (error) => error === null && this.#answered())) return session.close();
    setImmediate(() => {
      if (session.destroyed || isFull(socket)) return;
      if (socket.bytesWritten !== bytesWritten) this.#passed = bytesRead;
      else if ((session.state.outboundQueueSize ?? 0) > 0) broken();
    });
  }

  #answered(): void {
    this.heard();
    this.#passed += PONG_BYTES;
  }
}

/** Size of the answer to a PING (RFC 9113 §4.1, §6.7). */
const PONG_BYTES = 17;

/**
 * Sends a PING to find out whether the peer still answers.
 * @param silent called when it neither answers nor sends anything else, nor takes some of what the socket was full of
 */
export function expectPong(
  session: ClientHttp2Session,
  socket: Socket,
  withinMs: number,
  answered: () => void,
  silent: () => void,
): void {
  const { bytesRead } = socket;
  const full = isFull(socket);
  const taken = socket.bytesWritten - queued(socket);
  const timer = setTimeout(() => {
    const moved = full && socket.bytesWritten - queued(socket) !== taken;
    if (socket.bytesRead === bytesRead && !moved) silent();
  }, withinMs);
  timer.unref();
  const sent = session.ping((error) => {
    clearTimeout(timer);
    if (error === null) answered();
  });
  if (!sent) clearTimeout(timer);
}

function isFull(socket: Socket): boolean {
  return queued(socket) > 0;
}

function queued(socket: Socket): number {
  return (socket as unknown as SessionInternals)._handle?.writeQueueSize ?? 0;
}
