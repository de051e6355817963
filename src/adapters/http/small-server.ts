// A small, tightly limited HTTP/1.1 server for operators and their tools: one request per connection.

import { randomUUID } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import { type HandshakeWatch, UNWATCHED } from "../../core/handshake.ts";
import { IssuedCertificates } from "../../tls/issued-certificates.ts";
import type { ServerTls } from "../../tls/server-tls.ts";
import type { ConnectionHandler } from "../listener.ts";
import { SilentSockets } from "../silent-sockets.ts";
import { TlsAcceptor } from "../tls/acceptor.ts";
import { startClocks } from "./clocks.ts";

/** Connections at once. One more takes the place of the oldest on which nothing was asked yet, or is closed without a word. */
const MAX_CONNECTIONS = 64;
/** Of these, connections of peers that may not ask anything, so that they cannot take the place of those who may. */
const MAX_STRANGERS = 8;
/** For the TLS handshake, and for the complete request, ms. */
const REQUEST_MS = 10_000;
/** Between two looks for requests that take too long, ms. */
const CHECK_MS = 1000;
/** Longest silence on a connection, such as of a client that does not read, ms. */
const SILENCE_MS = 30_000;
/** Largest request head, bytes. */
const MAX_HEAD_BYTES = 16 * 1024;

/** Settings of a {@link SmallServer}. */
interface SmallServerOptions {
  /** null: plain HTTP. */
  readonly tls: ServerTls | null;
  /** Certificates issued by ACME; needed if `tls` refers to them. */
  readonly issued?: IssuedCertificates;
  /** Receives the results of TLS handshakes. */
  readonly watch?: HandshakeWatch;
  /** Whether a peer may ask at all; the answer that it may not is the handler's. */
  mayAsk(address: string): boolean;
  /** Called when another server takes its place, or its port is given up: answers that go on should end. */
  closing?(): void;
}

/** Passes every request to its handler. */
export class SmallServer implements ConnectionHandler {
  readonly #server: Server;
  readonly #tls: TlsAcceptor | null;
  readonly #greetings = new SilentSockets(REQUEST_MS, (socket) => void socket.destroy());
  readonly #mayAsk: (address: string) => boolean;
  readonly #closing: () => void;
  /** Accepted sockets, also those in their handshake. */
  readonly #sockets = new Set<Socket>();
  /** Those on which nothing was asked yet, by peer, the oldest first. */
  readonly #silent = new Map<string, Socket>();
  #strangers = 0;

  constructor(options: SmallServerOptions, handler: RequestListener) {
    this.#mayAsk = (address) => options.mayAsk(address);
    this.#closing = () => options.closing?.();
    const limits = {
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: CHECK_MS,
      maxHeaderSize: MAX_HEAD_BYTES,
    };
    this.#server = createServer(limits, (request, response) => {
      // One request a connection: what was pipelined behind it is never looked at, and nothing idle holds up the end of
      // the process.
      if (!this.#silent.delete(peerOf(request.socket))) return;
      response.setHeader("Connection", "close");
      handler(request, response);
    });
    this.#server.timeout = SILENCE_MS;
    startClocks(this.#server);
    const { tls, issued = new IssuedCertificates(), watch = UNWATCHED } = options;
    this.#tls =
      tls === null
        ? null
        : new TlsAcceptor(tls, {
            listener: "management",
            protocols: ["http/1.1"],
            handshakeMs: REQUEST_MS,
            ticketSecret: randomUUID(),
            issued,
            watch,
            opened: (socket) => void this.#server.emit("connection", socket),
          });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  accept(socket: Socket): void {
    const stranger = !this.#mayAsk(socket.remoteAddress ?? "");
    if (stranger && this.#strangers >= MAX_STRANGERS) return void socket.destroy();
    if (this.#sockets.size >= MAX_CONNECTIONS && !this.#makeRoom()) return void socket.destroy();
    const peer = peerOf(socket);
    this.#sockets.add(socket);
    this.#silent.set(peer, socket);
    if (stranger) this.#strangers++;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      if (this.#silent.get(peer) === socket) this.#silent.delete(peer);
      if (stranger) this.#strangers--;
    });
    const tls = this.#tls;
    if (tls === null) return void this.#server.emit("connection", socket);
    const begin = (bytes: Buffer) => tls.accept(socket, bytes);
    this.#greetings.listen(socket, TlsAcceptor.isEnough, begin, performance.now());
  }

  certify(tls: ServerTls): void {
    this.#tls?.use(tls);
  }

  hold(): void {}
  release(): void {}

  announceClose(): void {
    this.#closing();
  }

  closeIdle(): void {
    for (const socket of this.#silent.values()) socket.destroy();
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.stop();
  }

  stop(): void {
    this.#greetings.stop();
    this.#tls?.stop();
    this.#server.close(() => undefined);
  }

  /** Closes the oldest silent connection, so that a client that only opens connections does not keep others out. */
  #makeRoom(): boolean {
    const [oldest] = this.#silent;
    if (oldest === undefined) return false;
    const [peer, socket] = oldest;
    this.#silent.delete(peer);
    this.#sockets.delete(socket);
    socket.destroy();
    return true;
  }
}

/** Identifies the peer: a raw socket and the TLS socket on it give the same text. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}|${remotePort}`;
}
