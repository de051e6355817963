// The HTTP/1.1 adapter: node:http parses (llhttp, strict), and every request becomes a RequestContext for the gateway.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { RequestContext } from "../../core/context.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Gateway } from "../../core/gateway.ts";
import type { Secured } from "../../core/secured.ts";
import { ForwardedPeer } from "../../wire/forwarded.ts";
import { addressOf } from "../client-address.ts";
import { Gate } from "../gate.ts";
import type { HttpServerOptions } from "../options.ts";
import { scanFields } from "../scan.ts";
import { type ClientConnection, type Expectation, isClosing, takeListeners } from "./client-connection.ts";
import { startClocks } from "./clocks.ts";
import { HttpDownstream } from "./downstream.ts";
import { handshakeRefusal } from "./handshake.ts";
import { causeOf, type Fault, faultOf, isForeign } from "./methods.ts";
import { namesWebSocket, withoutOffer } from "./offer.ts";
import { RawDownstream } from "./raw-downstream.ts";
import { UpgradeDownstream } from "./upgrade-downstream.ts";
import { contextOf, refusalOf, versionOf } from "./validate.ts";

/** Pipelined requests parsed ahead before reading stops; one is answered at a time. */
const MAX_PIPELINED = 32;
/** One read may bring more than that; a connection with this many is closed. */
const MAX_PARSED = 4000;

/** A parser front without a port of its own: sockets are given to it with {@link open}. */
export class HttpServer {
  readonly #server: Server;
  readonly #gateway: Gateway;
  readonly #options: HttpServerOptions;
  readonly #instanceId: string;
  readonly #connections = new Map<Socket, ClientConnection>();
  readonly gate = new Gate();
  #leaving = false;

  /** @param instanceId mark of this process, by which loops are recognised */
  constructor(gateway: Gateway, options: HttpServerOptions, instanceId: string) {
    this.#gateway = gateway;
    this.#options = options;
    this.#instanceId = instanceId;
    this.#server = createServer({
      maxHeaderSize: options.maxHeaderBytes,
      headersTimeout: options.readMs,
      requestTimeout: 0, // a slow upload is bounded by silence, not by total time
      keepAliveTimeout: options.idleMs,
      connectionsCheckingInterval: 1000,
      requireHostHeader: false, // refused by scanFields, in our own words
    });
    this.#server.maxHeadersCount = 0; // Node would drop the surplus silently; it is counted and refused instead
    this.#server.on("request", (request, response) => this.#request(request, response, "nothing"));
    this.#server.on("checkContinue", (request, response) => {
      // Node finds the word anywhere in the field; only the word alone is the expectation.
      const exact = request.headers.expect?.toLowerCase() === "100-continue";
      this.#request(request, response, exact ? "continue" : "unknown");
    });
    this.#server.on("checkExpectation", (request, response) => this.#request(request, response, "unknown"));
    this.#server.on("clientError", (error: NodeJS.ErrnoException, socket) => this.#fault(error, socket as Socket));
    this.#server.on("connect", (_request, socket) => {
      takeListeners(socket as Socket, this.#connections.get(socket as Socket));
      this.#wrong(socket as Socket, { code: "method_not_allowed", detail: "CONNECT" });
    });
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket as Socket, head));
    startClocks(this.#server);
  }

  /** Takes over a socket that speaks HTTP/1. @param since when it was accepted, on the monotonic clock, ms */
  open(socket: Socket, secured: Secured | null, since = performance.now()): void {
    const peer = new ForwardedPeer(addressOf(socket), this.#options.listener, secured);
    this.#connections.set(socket, {
      peer,
      openedAt: since,
      current: null,
      used: false,
      closing: false,
      paused: false,
      stallArmed: false,
      active: 0,
      fault: null,
      again: null,
    });
    socket.on("close", () => this.#connections.delete(socket));
    this.#server.emit("connection", socket);
  }

  /** Answers a connection that never became one of HTTP: over the limit, or silent for too long. */
  refuse(socket: Socket, code: ErrorCode): void {
    socket.on("error", () => socket.destroy());
    this.#raw(socket, { code, detail: "" });
    socket.resume();
  }

  announceClose(): void {
    this.#leaving = true;
  }

  /** Closes connections that carry no request, unless they are younger than `graceMs` and about to bring their first. */
  closeIdle(graceMs: number): void {
    const now = performance.now();
    for (const [socket, state] of this.#connections) {
      if (state.active > 0 || (!state.used && now - state.openedAt < graceMs)) continue;
      socket.end();
    }
  }

  /** Stops the timers; call when no connection is left, or none is wanted any more. */
  stop(): void {
    this.#server.close(() => undefined);
  }

  #request(request: IncomingMessage, response: ServerResponse, expect: Expectation): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) return void request.socket.destroy();
    // Nothing is answered behind a reply that ends the connection, so nothing may have an effect there.
    if (isClosing(connection)) return;
    connection.used = true;
    if (isForeign(request)) request.httpVersionMajor = 0; // refused as any other version is
    if (connection.active++ === 0) return this.#start(connection, request, response, expect);
    // Pipelined: Node assigns the socket when the predecessor is done, and only then does this one begin.
    if (connection.active > MAX_PARSED) return void request.socket.destroy();
    if (connection.active > MAX_PIPELINED && !connection.paused) this.#pause(connection, request.socket);
    let begun = false;
    response.once("socket", () => {
      begun = true;
      this.#start(connection, request, response, expect);
    });
    response.once("close", () => {
      if (!begun) this.#finished(connection, request.socket);
    });
  }

  /** Stops reading, but not at once: while it parses, Node itself would resume the socket. */
  #pause(connection: ClientConnection, socket: Socket): void {
    connection.paused = true;
    setImmediate(() => {
      if (connection.active > MAX_PIPELINED && connection.again === null) socket.pause();
      else connection.paused = false;
    });
  }

  #start(connection: ClientConnection, request: IncomingMessage, response: ServerResponse, expect: Expectation): void {
    this.gate.pass(() => this.#begin(connection, request, response, expect));
  }

  #begin(connection: ClientConnection, request: IncomingMessage, response: ServerResponse, expect: Expectation): void {
    if (connection.stallArmed) {
      connection.stallArmed = false;
      request.socket.setTimeout(0);
    }
    const scan = scanFields(request.rawHeaders, versionOf(request), this.#instanceId);
    const downstream = new HttpDownstream(request, response, scan.bodyLength, this.#gateway, this.#options);
    const ctx = contextOf(request, connection.peer, downstream, scan, expect === "continue");
    this.#attach(connection, request, response, downstream, ctx);
    // What follows a request is parsed ahead. Where that stopped in the middle of this one, its own body is at fault.
    if (connection.fault !== null && !request.complete) {
      const { detail } = connection.fault;
      connection.fault = null;
      return downstream.broken(detail);
    }
    const { maxHeaders, http1 } = this.#options;
    const code = refusalOf(request, scan, maxHeaders, expect) ?? (http1 ? null : "upgrade_required");
    this.#handle(ctx, code, scan.fault);
  }

  /** Takes over a socket on which a request asks for another protocol: Node has stopped parsing and removed its listeners. */
  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return void socket.destroy();
    const leave = takeListeners(socket, connection);
    if (isClosing(connection)) return;
    connection.used = true;
    if (!namesWebSocket(request.rawHeaders)) {
      connection.again = () => {
        leave();
        socket.unshift(withoutOffer(request, head));
        this.#server.emit("connection", socket);
        socket.resume();
      };
      if (connection.active === 0) this.#readAgain(connection, socket);
      return;
    }
    // Frames would mix with the replies still to come.
    if (connection.active > 0)
      return this.#wrong(socket, { code: "bad_request", detail: "a handshake behind a request under way" });
    connection.active++;
    this.gate.pass(() => this.#beginUpgrade(connection.peer, request, socket, head));
  }

  #readAgain(connection: ClientConnection, socket: Socket): void {
    const { again } = connection;
    connection.again = null;
    socket.setTimeout(0);
    if (!connection.closing && !socket.destroyed) again?.();
  }

  #beginUpgrade(peer: ForwardedPeer, request: IncomingMessage, socket: Socket, head: Buffer): void {
    const scan = scanFields(request.rawHeaders, versionOf(request), this.#instanceId);
    const downstream = new UpgradeDownstream(socket, head, this.#gateway, this.#options.writeMs);
    const ctx = contextOf(request, peer, downstream, scan, false);
    downstream.attach(ctx);
    if (socket.destroyed) process.nextTick(() => downstream.closed());
    else socket.on("close", () => downstream.closed());
    const { maxHeaders, upgrades } = this.#options;
    const fault = refusalOf(request, scan, maxHeaders, "nothing") ?? handshakeRefusal(request, scan);
    const code = fault ?? (upgrades ? null : "no_route");
    ctx.upgrade = code === null;
    this.#handle(ctx, code, scan.fault);
  }

  /** @param code why the request is refused before it is routed; null: it is not @param detail the reason in words, for the log */
  #handle(ctx: RequestContext, code: ErrorCode | null, detail: string): void {
    ctx.detail = detail;
    if (code === null) this.#gateway.handle(ctx);
    else this.#gateway.refuse(ctx, code);
  }

  #attach(
    connection: ClientConnection,
    request: IncomingMessage,
    response: ServerResponse,
    downstream: HttpDownstream,
    ctx: RequestContext,
  ): void {
    downstream.attach(ctx);
    if (this.#leaving) downstream.closeAfter();
    connection.current = { request, downstream };
    const { socket } = request;
    const closed = () => {
      if (downstream.stallArmed) connection.stallArmed = true;
      // Node hands the socket to the next reply before it says that this one is closed.
      if (connection.current?.downstream === downstream) connection.current = null;
      if (downstream.closing) connection.closing = true;
      downstream.closed();
      this.#finished(connection, socket);
    };
    // A client may go away while its request is held.
    if (response.destroyed || socket.destroyed) process.nextTick(closed);
    else response.on("close", closed);
  }

  #finished(connection: ClientConnection, socket: Socket): void {
    connection.active--;
    if (connection.again !== null) {
      if (connection.active === 0) this.#readAgain(connection, socket);
      return;
    }
    if (connection.paused && connection.active <= MAX_PIPELINED) {
      connection.paused = false;
      socket.resume();
    }
    if (connection.active === 0 && connection.fault !== null) this.#raw(socket, connection.fault);
  }

  #fault(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (error.code === "ECONNRESET" || !socket.writable || connection === undefined) return void socket.destroy();
    const { current } = connection;
    if (isClosing(connection)) return current?.downstream.broken(causeOf(error));
    // The client ended its side in the middle of a request: it has left and reads no answer.
    if (error.code === "HPE_INVALID_EOF_STATE") return void socket.destroy();
    // Either what follows the request under way is not HTTP, or the body of that request itself is not.
    if (current !== null && !current.request.complete) current.downstream.broken(causeOf(error));
    else this.#wrong(socket, faultOf(error));
  }

  /** Answers bytes that are no valid request, once the requests before them are answered. */
  #wrong(socket: Socket, fault: Fault): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.active === 0) this.#raw(socket, fault);
    else connection.fault = fault;
  }

  #raw(socket: Socket, { code, detail }: Fault): void {
    if (!socket.writable) return void socket.destroy();
    const connection = this.#connections.get(socket);
    const peer = connection?.peer ?? new ForwardedPeer(addressOf(socket), this.#options.listener, null);
    // A first request that never came has been waited for since the connection was opened.
    const since = connection === undefined || connection.used ? performance.now() : connection.openedAt;
    const downstream = new RawDownstream(socket);
    const ctx = new RequestContext(downstream, peer, "-", "-", [], "1.1", false, since);
    ctx.detail = detail;
    this.#gateway.refuse(ctx, code);
    ctx.bytesOut = downstream.bytes;
    this.#gateway.done(ctx, true);
  }
}
