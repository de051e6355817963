// Accepts the sockets of a port: counts them, does the TLS handshake, and detects the HTTP version of each client.
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Gateway } from "../core/gateway.ts";
import type { HandshakeWatch } from "../core/handshake.ts";
import type { ProxyHeaderWatch } from "../core/proxy-header.ts";
import type { Secured } from "../core/secured.ts";
import type { IssuedCertificates } from "../tls/issued-certificates.ts";
import type { ServerTls } from "../tls/server-tls.ts";
import { addressOf } from "./client-address.ts";
import type { ClientConnections } from "./client-connections.ts";
import { RawDownstream } from "./http/raw-downstream.ts";
import { HttpServer } from "./http/server.ts";
import { Http2Server } from "./http2/server.ts";
import type { ConnectionHandler } from "./listener.ts";
import type { HttpServerOptions } from "./options.ts";
import { ProxyPeers } from "./proxy-peers.ts";
import { SilentSockets } from "./silent-sockets.ts";
import { TlsAcceptor } from "./tls/acceptor.ts";

/** When idle connections are closed, those that have sent no request yet are kept until they are this old, ms. */
const FIRST_REQUEST_MS = 1000;
/** Longest wait for a handshake where no other is configured, ms. */
const HANDSHAKE_MS = 120_000;

/** Collaborators of a front. */
export interface FrontParts {
  readonly gateway: Gateway;
  readonly clients: ClientConnections;
  /** Mark of this process, by which loops are recognised. */
  readonly instanceId: string;
  /** Certificates issued by ACME while the gateway runs. */
  readonly issued: IssuedCertificates;
  /** Secret for session tickets if the configuration has none. */
  readonly ticketSecret: string;
  /** Receives the results of handshakes. */
  readonly watch: HandshakeWatch;
  /** Receives failures of PROXY headers. */
  readonly proxyHeaders: ProxyHeaderWatch;
}

/** One front: HTTP/1.1 and, where it is on, HTTP/2. */
export class HttpFront implements ConnectionHandler {
  readonly #options: HttpServerOptions;
  readonly #clients: ClientConnections;
  readonly #http1: HttpServer;
  readonly #http2: Http2Server | null;
  readonly #tls: TlsAcceptor | null;
  readonly #proxies: ProxyPeers;
  /** Accepted sockets, also those whose protocol is not known yet. */
  readonly #sockets = new Set<Socket>();
  readonly #silent: SilentSockets;
  readonly #watch: HandshakeWatch;

  constructor(options: HttpServerOptions, parts: FrontParts) {
    const { gateway, clients, instanceId, watch, proxyHeaders } = parts;
    this.#options = options;
    this.#clients = clients;
    this.#watch = watch;
    this.#proxies = new ProxyPeers(options.proxyProtocol, proxyHeaders);
    this.#http1 = new HttpServer(gateway, options, instanceId);
    this.#http2 = options.http2 === null ? null : new Http2Server(gateway, options, options.http2, instanceId);
    const silentMs = options.readMs || (options.tls === null ? 0 : HANDSHAKE_MS);
    this.#silent = new SilentSockets(silentMs, (socket) => this.#tooLate(socket));
    this.#tls = options.tls === null ? null : this.#acceptor(options.tls, silentMs, parts);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  accept(socket: Socket): void {
    if (!this.#clients.admit(socket)) return this.#turnAway(socket);
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    this.#proxies.pass(socket, () => this.#begin(socket, performance.now()));
  }

  certify(tls: ServerTls): void {
    this.#tls?.use(tls);
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
    this.#silent.closeIdle(FIRST_REQUEST_MS);
    this.#proxies.closeIdle();
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.stop();
  }

  stop(): void {
    this.#silent.stop();
    this.#tls?.stop();
    this.#http1.stop();
    this.#http2?.stop();
  }

  /** The first bytes tell HTTP/2 with prior knowledge (RFC 9113 §3.3) from HTTP/1, and TLS from HTTP without it. */
  #begin(socket: Socket, since: number): void {
    const tls = this.#tls;
    const http2 = this.#http2;
    if (tls !== null) {
      const enough = (bytes: Buffer) => isPlainHttp(bytes) || TlsAcceptor.isEnough(bytes);
      const accept = (bytes: Buffer) => {
        if (isPlainHttp(bytes)) answerPlain(socket, this.#watch);
        else tls.accept(socket, bytes);
      };
      this.#silent.listen(socket, enough, accept, since);
    } else if (http2 === null) this.#http1.open(socket, null);
    else if (this.#options.http2?.only === true) http2.open(socket, null);
    else {
      const open = (bytes: Buffer) => {
        if (isPreface(bytes)) http2.open(socket, null);
        else this.#http1.open(socket, null, since);
      };
      this.#silent.listen(socket, isDecided, open, since);
    }
  }

  #acceptor(tls: ServerTls, handshakeMs: number, { issued, ticketSecret, watch }: FrontParts): TlsAcceptor {
    return new TlsAcceptor(tls, {
      listener: this.#options.listener,
      protocols: alpnOf(this.#options),
      handshakeMs,
      issued,
      ticketSecret,
      watch,
      opened: (socket, secured) => this.#secured(socket, secured),
    });
  }

  #secured(socket: TLSSocket, secured: Secured): void {
    const speaksHttp2 = socket.alpnProtocol === "h2" || this.#options.http2?.only === true;
    if (speaksHttp2 && this.#http2 !== null) this.#http2.open(socket, secured);
    else this.#http1.open(socket, secured);
  }

  /** Answers a connection that has been silent for too long. */
  #tooLate(socket: Socket): void {
    if (this.#tls === null) return this.#http1.refuse(socket, "request_timeout");
    this.#watch.failed("timeout", "not a byte in time", addressOf(socket));
    socket.destroy();
  }

  #turnAway(socket: Socket): void {
    if (this.#tls !== null || !this.#clients.turnAway(socket)) return void socket.destroy();
    this.#http1.refuse(socket, "overloaded");
  }
}

/** Protocols accepted through ALPN (RFC 7301). */
function alpnOf({ http2 }: HttpServerOptions): readonly string[] {
  return [...(http2 === null ? [] : ["h2"]), ...(http2?.only === true ? [] : ["http/1.1"])];
}

/** `PRI * HTTP/2.0`: three letters are enough, no method of HTTP/1.1 begins so. */
function isPreface(bytes: Buffer): boolean {
  return bytes.length >= 3 && bytes[0] === 0x50 && bytes[1] === 0x52 && bytes[2] === 0x49;
}

/** Whether bytes are enough to tell a preface from a request. */
function isDecided(bytes: Buffer): boolean {
  return bytes.length >= 3 || !"PRI".startsWith(bytes.toString("latin1"));
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
