// One HTTP/2 connection to a backend: dialled once, shared by many streams, closed after GOAWAY.

import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { connect as connectTcp, type NetConnectOpts, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ErrorCode } from "../../core/errors.ts";
import { authorityOf } from "../../wire/authority.ts";
import { Dial, type DialFailure, type Dialler } from "../../wire/dial.ts";
import { BreachWatch, expectPong } from "../../wire/http2-breach.ts";
import { connectSecure, whenSecure } from "../../wire/secure.ts";
import { placeToConnect } from "../../wire/unix-socket.ts";
import type { SessionPool } from "./pool-contract.ts";
import { ResetPacer } from "./reset-pacer.ts";

/** A GOAWAY of this kind tells a client that it pings too often (gRPC: "too_many_pings"). */
const CALM = constants.NGHTTP2_ENHANCE_YOUR_CALM;

/** Wait for the answer to a ping where none is configured, ms. */
const PING_TIMEOUT_MS = 10_000;
/** The same where the connection is in doubt, ms. */
const DOUBT_MS = 2000;
/** Between two looks for a breach of the protocol that Node does not report, ms. */
const LOOK_MS = 100;
/** Looks without a byte after which also a connection is asked whose bytes were all heard of. */
const SILENT_LOOKS = 10;

/** How far those came that waited for a connection; null: it was open. */
type Unopened = "unsent" | "unable" | null;

/** One connection of a pool. */
export class Http2Session implements Dialler {
  readonly #pool: SessionPool<Http2Session>;
  readonly #dial: Dial;
  readonly #begunAt: number;
  /** This and what stands on it are there once it is connected. */
  #session: ClientHttp2Session | null = null;
  #state: "dialling" | "ready" | "leaving" | "closed" = "dialling";
  #timer: NodeJS.Timeout | undefined;
  #lastReadAt: number;
  #pingAt = 0;
  #readBefore = 0;
  /** Streams the backend has promised to look at; later ones were not processed. */
  #lastStream = 2 ** 31 - 1;
  readonly #resets = new ResetPacer();
  #socket!: Socket;
  #breach!: BreachWatch;
  #lookTimer: NodeJS.Timeout | undefined;
  /** A probe was sent and nothing heard since: gRPC servers count pings between two messages of theirs. */
  #probed = false;
  #looks = 0;
  /** Bytes written before the last stream was opened. */
  #writtenBefore = -1;
  /** Streams under way. */
  active = 0;
  /** Since when none is, ms. */
  idleSince: number;
  /** Why it could not be opened, or was lost. */
  fault: { readonly code: ErrorCode; readonly detail: string; readonly unopened: Unopened } | null = null;

  constructor(pool: SessionPool<Http2Session>) {
    this.#pool = pool;
    this.idleSince = this.#lastReadAt = this.#begunAt = pool.now();
    this.#dial = new Dial(pool.network, pool.target.address, pool.options.dialTimeoutMs, this);
  }

  open(address: string): Socket {
    const { target, options } = this.#pool;
    const base: NetConnectOpts = { ...placeToConnect(address, target.port), noDelay: true };
    if (target.scheme === "http") return connectTcp(base);
    return connectSecure(base, target.address, options.tls, "h2");
  }

  connected(socket: Socket): void {
    const { options, target } = this.#pool;
    const session = connect(`${target.scheme}://${authorityOf(target)}`, {
      createConnection: () => this.#watch(socket),
      settings: { enablePush: false, initialWindowSize: options.streamWindow },
      peerMaxConcurrentStreams: options.maxStreams,
    });
    // Not "connect": how many streams the backend takes is known once it has said so (RFC 9113 §3.4: before all else).
    session.on("remoteSettings", () => this.#settled());
    session.on("goaway", (code, lastStream) => this.#goingAway(code, lastStream));
    session.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ERR_HTTP2_ERROR") this.#failed(error.message, "upstream_protocol");
      else this.#failed(error.code ?? error.message);
    });
    session.on("close", () => this.#closed());
    this.#session = session;
    this.#breach = new BreachWatch(session, socket);
    this.#look();
    if (socket instanceof TLSSocket) {
      this.#arm(options.tlsTimeoutMs, "TLS handshake timed out");
      whenSecure(socket, options.tls, () => {
        if (socket.alpnProtocol !== "h2") socket.destroy(new Error("the backend does not speak HTTP/2"));
      });
    } else if (options.dialTimeoutMs > 0) {
      this.#arm(Math.max(1, options.dialTimeoutMs - (this.#pool.now() - this.#begunAt)), "dial timed out");
    }
  }

  failed({ reason, own }: DialFailure): void {
    this.fault = own
      ? { code: "overloaded", detail: reason, unopened: "unable" }
      : { code: "connect_failed", detail: reason, unopened: "unsent" };
    this.#closed();
  }

  /** Whether a stream may be put on it now. */
  get ready(): boolean {
    return this.#state === "ready" && !this.raw.closed && !this.raw.destroyed;
  }

  get dialling(): boolean {
    return this.#state === "dialling";
  }

  /** Streams it takes at once. */
  get capacity(): number {
    const theirs = this.raw.remoteSettings?.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
    return Math.min(this.#pool.options.maxStreams, theirs);
  }

  /** Whether it has carried a stream. */
  get used(): boolean {
    return this.#writtenBefore !== -1;
  }

  /** Once it is connected. */
  get raw(): ClientHttp2Session {
    return this.#session!;
  }

  /** A stream was opened on it. @param writtenBefore {@link written} before */
  began(writtenBefore: number): void {
    this.active++;
    this.#writtenBefore = writtenBefore;
    this.#look();
  }

  /** Bytes given to the socket so far. */
  get written(): number {
    return this.#socket.bytesWritten;
  }

  /** One of its streams is closed. */
  ended(): void {
    this.active--;
    this.idleSince = this.#pool.now();
    // Not now: nghttp2 may be in the middle of what it has read, and does not bear to be ended there.
    if (this.active === 0 && this.#state === "leaving") setImmediate(() => this.raw.close());
  }

  /**
   * Resets a stream. Backends count resets by connection and close one that brings too many, with all that is on it: after
   * a number of them this connection takes no new streams, and further resets wait for their turn.
   */
  reset(stream: ClientHttp2Stream): void {
    this.#resets.reset(stream);
    if (this.#resets.many && this.#state === "ready" && this.#pool.mayReplace) this.retire();
  }

  /** A byte came from the backend. */
  heard(): void {
    this.#lastReadAt = this.#pool.now();
    this.#breach.heard();
    this.#probed = false;
  }

  /** Whether a stream that failed on it was not looked at by the backend. */
  ignored(streamId: number | undefined): boolean {
    return streamId !== undefined && streamId > this.#lastStream;
  }

  /** Takes no new streams; closes when the last one is over. */
  retire(): void {
    if (this.#state === "closed") return;
    this.#state = "leaving";
    this.#pool.left(this);
    // Node pings no session that was told to close: it is told when nothing is under way that a ping could be needed for.
    if (this.active === 0) this.raw.close();
  }

  destroy(): void {
    if (this.#session !== null) return this.#session.destroy();
    this.#dial.stop();
    this.#closed();
  }

  /** Called once a second: pings, and idleness. */
  tick(now: number): void {
    const { options } = this.#pool;
    this.#resets.tick();
    if (this.#state === "ready" && this.active === 0) {
      if (options.idleTimeoutMs > 0 && now - this.idleSince >= options.idleTimeoutMs) this.retire();
      return;
    }
    const pingMs = options.pingMs * this.#pool.pingFactor;
    if (pingMs === 0 || this.#state === "dialling") return;
    // Not all that a backend sends is told by Node: window updates, above all, are not.
    const { bytesRead } = this.#socket;
    if (bytesRead !== this.#readBefore) this.#lastReadAt = now;
    this.#readBefore = bytesRead;
    if (now - Math.max(this.#lastReadAt, this.#pingAt) < pingMs) return;
    this.#ping(now, options.pingTimeoutMs || PING_TIMEOUT_MS, () => {
      this.#failed("no answer to a ping");
      this.destroy();
    });
  }

  /**
   * A call was given up without an answer. If nothing at all has come since it began, the connection may be dead: it has to
   * show that it lives, or takes no new streams. Those under way are left to it, since a backend may just have paused.
   */
  doubt(since: number): void {
    if (this.#state !== "ready" || Math.max(this.#lastReadAt, this.#pingAt) >= since) return;
    this.#ping(this.#pool.now(), DOUBT_MS, () => this.retire());
  }

  #ping(now: number, withinMs: number, silent: () => void): void {
    if (this.raw.destroyed) return; // its "close" is on the way, and a ping would throw
    this.#pingAt = now;
    expectPong(this.raw, this.#socket, withinMs, () => this.heard(), silent);
  }

  /** While a call waits, looks for bytes that were received without an event, and for requests that were not written. */
  #look(): void {
    this.#lookTimer ??= setInterval(() => {
      if (this.#state === "closed" || (this.active === 0 && this.#state !== "dialling")) {
        clearInterval(this.#lookTimer);
        this.#lookTimer = undefined;
      }
      const unwritten = this.active > 0 && this.written === this.#writtenBefore;
      const silent = ++this.#looks % SILENT_LOOKS === 0 && this.#breach.silent();
      if (this.#probed || !(unwritten || silent || this.#breach.suspects)) return;
      this.#probed = true;
      this.#breach.probe(() => {
        this.#failed("breach of HTTP/2", "upstream_protocol");
        this.destroy();
      });
    }, LOOK_MS).unref();
  }

  /** After an alert behind the handshake (TLS 1.3: no client certificate) Node neither closes the socket nor says "close". */
  #watch(socket: Socket): Socket {
    this.#socket = socket;
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#failed(error.code ?? error.message);
      socket.destroy();
    });
    return socket.on("close", () => this.#closed());
  }

  #arm(ms: number, detail: string): void {
    clearTimeout(this.#timer);
    if (ms === 0) return;
    this.#timer = setTimeout(() => {
      this.#failed(detail);
      this.destroy();
    }, ms);
  }

  /** The backend has said what it takes, for the first time or anew: it may be more than before. */
  #settled(): void {
    if (this.#socket.destroyed) return; // it was not whom it has to be
    clearTimeout(this.#timer);
    if (this.#state === "dialling") {
      this.#state = "ready";
      this.raw.setLocalWindowSize(this.#pool.options.connectionWindow);
      this.raw.unref(); // the process ends when the gateway stops, not when its backends do
    }
    this.#pool.serve();
  }

  #goingAway(code: number, lastStream: number): void {
    this.#lastStream = lastStream;
    if (code === CALM) this.#pool.calmDown();
    if (this.#state === "ready") this.#state = "leaving";
    this.#pool.left(this);
  }

  /** @param lost what it is called when the connection stood already */
  #failed(detail: string, lost: ErrorCode = "upstream_reset"): void {
    clearTimeout(this.#timer);
    if (this.fault !== null) return;
    const undialled = this.#socket instanceof TLSSocket ? "upstream_tls_failed" : "connect_failed";
    const dialling = this.#state === "dialling";
    const code = dialling && lost === "upstream_reset" ? undialled : lost;
    this.fault = { code, detail, unopened: dialling ? "unsent" : null };
    if (dialling) this.#pool.network.resolver.forget(this.#pool.target.address);
  }

  #closed(): void {
    if (this.#state === "closed") return;
    clearTimeout(this.#timer);
    clearInterval(this.#lookTimer);
    if (this.#state === "dialling") this.#failed("closed");
    this.#state = "closed";
    this.#pool.remove(this);
  }
}
