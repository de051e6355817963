// What stands behind a bound port: counts sockets, does the TLS handshake, and finds out which HTTP each client speaks.
import type { Socket } from "node:net";
import type { TLSSocket, Server as TlsServer } from "node:tls";
import type { Gateway } from "../core/gateway.ts";
import { type HandshakeWatch, UNWATCHED } from "../core/handshake.ts";
import type { ProxyHeaderWatch } from "../core/proxy-header.ts";
import { addressOf } from "./client-address.ts";
import type { ClientConnections } from "./client-connections.ts";
import { firstBytes } from "./first-bytes.ts";
import { RawDownstream } from "./http/raw-downstream.ts";
import { HttpServer } from "./http/server.ts";
import { Http2Server } from "./http2/server.ts";
import type { ConnectionHandler } from "./listener.ts";
import type { HttpServerOptions } from "./options.ts";
import { ProxyPeers } from "./proxy-peers.ts";
import { tlsServer } from "./tls-server.ts";

/** When idle connections are closed, those that have sent no request yet are kept until they are this old, ms. */
const FIRST_REQUEST_MS = 1000;
/** Longest wait for a handshake where no other is configured, ms. */
const HANDSHAKE_MS = 120_000;

/** Interval of the check for connections that send nothing, ms. */
const SWEEP_MS = 1000;

/** One front: HTTP/1.1 and, where it is on, HTTP/2. */
export class HttpFront implements ConnectionHandler {
  readonly #options: HttpServerOptions;
  readonly #clients: ClientConnections;
  readonly #http1: HttpServer;
  readonly #http2: Http2Server | null;
  readonly #tls: TlsServer | null;
  readonly #proxies: ProxyPeers;
  /** Accepted sockets, also those whose protocol is not known yet. */
  readonly #sockets = new Set<Socket>();
  /** Sockets that have sent nothing yet, and since when. */
  readonly #silent = new Map<Socket, { readonly since: number; readonly stop: () => void }>();
  /** Longest time a socket may send nothing, ms; 0: no limit. */
  readonly #silentMs: number;
  readonly #watch: HandshakeWatch;
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param instanceId mark of this process, by which loops are recognised @param watch told of handshakes @param headers of PROXY headers */
  constructor(
    gateway: Gateway,
    options: HttpServerOptions,
    clients: ClientConnections,
    instanceId: string,
    watch: HandshakeWatch = UNWATCHED,
    headers: ProxyHeaderWatch | null = null,
  ) {
    this.#options = options;
    this.#clients = clients;
    this.#watch = watch;
    this.#proxies = new ProxyPeers(options.proxyProtocol, headers);
    this.#silentMs = options.readMs || (options.tls === null ? 0 : HANDSHAKE_MS);
    this.#http1 = new HttpServer(gateway, options, instanceId);
    this.#http2 = options.http2 === null ? null : new Http2Server(gateway, options, options.http2, instanceId);
    const opened = (socket: TLSSocket) => {
      const speaksHttp2 = socket.alpnProtocol === "h2" || options.http2?.only === true;
      if (speaksHttp2 && this.#http2 !== null) this.#http2.open(socket);
      else this.#http1.open(socket);
    };
    const { tls, requireCertificate } = options;
    this.#tls = tls === null ? null : tlsServer(tls, requireCertificate, this.#silentMs, opened, watch);
    if (this.#silentMs > 0) this.#timer = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  get connections(): number {
    return this.#sockets.size;
  }

  accept(socket: Socket): void {
    if (!this.#clients.admit(socket)) return this.#turnAway(socket);
    this.#sockets.add(socket);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#silent.delete(socket);
    });
    this.#proxies.pass(socket, () => this.#serve(socket));
  }

  #serve(socket: Socket): void {
    const tls = this.#tls;
    if (tls !== null) {
      this.#listen(socket, isAnything, (bytes) => {
        if (isPlainHttp(bytes)) answerPlain(socket, this.#watch);
        else tls.emit("connection", socket);
      });
    } else if (this.#http2 === null) this.#http1.open(socket);
    else if (this.#options.http2?.only === true) this.#http2.open(socket);
    else {
      this.#listen(socket, isDecided, (bytes, since) => {
        if (isPreface(bytes)) this.#http2!.open(socket);
        else this.#http1.open(socket, since);
      });
    }
  }

  hold(): void {
    this.#http1.gate.hold();
    this.#http2?.gate.hold();
  }

  release(): void {
    this.#http1.gate.release();
    this.#http2?.gate.release();
  }

  announceClose(): void {
    this.#http1.announceClose();
    this.#http2?.announceClose();
  }

  closeIdle(): void {
    this.#http1.closeIdle(FIRST_REQUEST_MS);
    this.#http2?.closeIdle();
    this.#proxies.closeIdle();
    const now = performance.now();
    for (const [socket, { since }] of this.#silent) if (now - since >= FIRST_REQUEST_MS) socket.end();
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.stop();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#http1.stop();
    this.#http2?.stop();
  }

  /** The first bytes tell HTTP/2 with prior knowledge (RFC 9113 §3.3) from HTTP/1, and TLS from HTTP without it. */
  #listen(socket: Socket, enough: (bytes: Buffer) => boolean, then: (bytes: Buffer, since: number) => void): void {
    const since = performance.now();
    const stop = firstBytes(socket, enough, (bytes) => {
      this.#silent.delete(socket);
      then(bytes, since);
    });
    this.#silent.set(socket, { since, stop });
  }

  /** Answers connections that have been silent for too long. */
  #sweep(): void {
    const latest = performance.now() - this.#silentMs;
    for (const [socket, { since, stop }] of this.#silent) {
      if (since > latest) return; // the rest are younger
      this.#silent.delete(socket);
      stop();
      if (this.#tls === null) this.#http1.refuse(socket, "request_timeout");
      else {
        this.#watch.failed("timeout", "not a byte in time", addressOf(socket));
        socket.destroy();
      }
    }
  }

  #turnAway(socket: Socket): void {
    if (this.#tls !== null || !this.#clients.turnAway(socket)) return void socket.destroy();
    this.#http1.refuse(socket, "overloaded");
  }
}

/** `PRI * HTTP/2.0`: three letters are enough, no method of HTTP/1.1 begins so. */
function isPreface(bytes: Buffer): boolean {
  return bytes.length >= 3 && bytes[0] === 0x50 && bytes[1] === 0x52 && bytes[2] === 0x49;
}

/** Whether bytes are enough to tell a preface from a request. */
function isDecided(bytes: Buffer): boolean {
  return bytes.length >= 3 || !"PRI".startsWith(bytes.toString("latin1"));
}

function isAnything(): boolean {
  return true;
}

/** Whether bytes are the beginning of a request line: a handshake begins with 22, a method with a letter. */
function isPlainHttp(bytes: Buffer): boolean {
  const byte = bytes[0]! & 0xdf;
  return byte >= 0x41 && byte <= 0x5a;
}

/** Tells a client that speaks HTTP without TLS, in HTTP without TLS. */
function answerPlain(socket: Socket, watch: HandshakeWatch): void {
  watch.failed("plain_http", "HTTP without TLS on a port of HTTPS", addressOf(socket));
  socket.on("error", () => socket.destroy());
  const text = "This port speaks HTTPS. Ask again with https:// instead of http://.\n";
  new RawDownstream(socket).answer(400, ["Content-Type", "text/plain; charset=utf-8"], text);
  socket.resume();
}
