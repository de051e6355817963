// The HTTP/2 adapter: node:http2 (nghttp2) parses, and every stream becomes a RequestContext for the gateway.
import {
  constants,
  createServer,
  type Http2Server as NodeServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { RequestContext } from "../../core/context.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Gateway } from "../../core/gateway.ts";
import type { Secured } from "../../core/secured.ts";
import { hostName } from "../../wire/authority.ts";
import { ForwardedPeer } from "../../wire/forwarded.ts";
import { BreachWatch } from "../../wire/http2-breach.ts";
import { deferClose, rawFields, releaseStream, resetStream } from "../../wire/http2-raw.ts";
import { addressOf } from "../client-address.ts";
import { Gate } from "../gate.ts";
import type { Http2Options, HttpServerOptions } from "../options.ts";
import { isKnownMethod, type Scan, scanFields } from "../scan.ts";
import { Http2Downstream } from "./downstream.ts";
import { readHead, type StreamHead } from "./head.ts";

/** How long a client may take to close its side when its session has ended, ms, where idle connections are kept for ever. */
const LINGER_MS = 75_000;
/** What one stream and one connection may have in flight towards us, bytes: bounds what a slow backend lets pile up. */
const STREAM_WINDOW = 256 * 1024;
const CONNECTION_WINDOW = 1024 * 1024;
/** Between two looks for breaches of the protocol that Node does not report, ms. */
const LOOK_MS = 1000;

/** One client connection. */
interface Client {
  readonly peer: ForwardedPeer;
  /** Streams under way. */
  active: number;
  readonly breach: BreachWatch;
  /** Says GOAWAY, and closes the connection behind its last stream. */
  readonly close: () => void;
  leaving: boolean;
  ageTimer: NodeJS.Timeout | undefined;
}

/** A front without a port of its own: sockets are given to it with {@link open}. */
export class Http2Server {
  readonly #server: NodeServer;
  readonly #gateway: Gateway;
  readonly #options: HttpServerOptions;
  readonly #http2: Http2Options;
  readonly #instanceId: string;
  readonly #clients = new Map<ServerHttp2Session, Client>();
  readonly gate = new Gate();
  #leaving = false;
  #lookTimer: NodeJS.Timeout | undefined;
  /** The socket of the session that begins; `session.socket` is a proxy that costs a look-up with every access. */
  #opening: { readonly socket: Socket; readonly secured: Secured | null } | null = null;

  /** @param instanceId mark of this process, by which loops are recognised */
  constructor(gateway: Gateway, options: HttpServerOptions, http2: Http2Options, instanceId: string) {
    this.#gateway = gateway;
    this.#options = options;
    this.#http2 = http2;
    this.#instanceId = instanceId;
    // What nghttp2 bounds by itself: resets (1000 at once, 33 a second, CVE-2023-44487), CONTINUATION frames, pings,
    // settings and the memory of a connection.
    this.#server = createServer({
      // The fields that stand for the request line count as fields here; they are not the client's.
      maxHeaderListPairs: options.maxHeaders + 5,
      settings: {
        maxConcurrentStreams: http2.maxStreams,
        maxHeaderListSize: options.maxHeaderBytes,
        initialWindowSize: STREAM_WINDOW,
        enablePush: false,
      },
    });
    this.#server.on("session", (session) => this.#session(session));
    this.#server.on("sessionError", () => undefined); // the session is closed by Node; its requests are told one by one
    this.#server.on("stream", (stream, headers, flags, ...rest: unknown[]) => {
      const ended = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      this.#stream(stream, readHead(headers, rawFields(rest), ended));
    });
  }

  /** Takes over a socket that speaks HTTP/2. */
  open(socket: Socket, secured: Secured | null): void {
    this.#opening = { socket, secured };
    this.#server.emit("connection", socket);
  }

  /** GOAWAY to all: what is under way is finished, what is new goes elsewhere. */
  announceClose(): void {
    this.#leaving = true;
    for (const session of [...this.#clients.keys()]) this.#goAway(session);
  }

  /** Closes connections that carry no stream. */
  closeIdle(): void {
    for (const client of [...this.#clients.values()]) if (client.active === 0) client.close();
  }

  stop(): void {
    clearInterval(this.#lookTimer);
    this.#lookTimer = undefined;
    this.#server.close();
  }

  /** Closes the connections of clients whose breach of the protocol nghttp2 has answered by itself. */
  #look(): void {
    for (const [session, client] of this.#clients) {
      if (client.breach.silent()) client.breach.probe(() => session.destroy());
    }
  }

  #session(session: ServerHttp2Session): void {
    const { socket, secured } = this.#opening!;
    const peer = new ForwardedPeer(addressOf(socket), this.#options.listener, secured);
    const breach = new BreachWatch(session, socket);
    const client: Client = { peer, active: 0, breach, close: deferClose(session), leaving: false, ageTimer: undefined };
    this.#clients.set(session, client);
    this.#lookTimer ??= setInterval(() => this.#look(), LOOK_MS).unref();
    session.setLocalWindowSize(CONNECTION_WINDOW);
    session.on("error", () => undefined);
    socket.once("finish", () => closeIn(this.#options.idleMs || LINGER_MS, socket));
    session.on("close", () => {
      clearTimeout(client.ageTimer);
      this.#clients.delete(session);
    });
    if (this.#options.idleMs > 0) {
      session.setTimeout(this.#options.idleMs);
      session.on("timeout", () => {
        if (client.active === 0) client.close();
      });
    }
    const { maxAgeMs } = this.#http2;
    // A tenth more or less, so that connections opened together do not all reconnect together.
    const age = maxAgeMs * (0.9 + Math.random() * 0.2);
    if (maxAgeMs > 0) client.ageTimer = setTimeout(() => this.#goAway(session), age).unref();
    if (this.#leaving) this.#goAway(session);
  }

  /**
   * nghttp2 takes no stream that arrives behind a GOAWAY of Node's, whatever number it names. A client that waits for an
   * answer sends nothing meanwhile, so it is told then; one that is idle is told with its next request.
   */
  #goAway(session: ServerHttp2Session): void {
    const client = this.#clients.get(session);
    if (client === undefined || session.destroyed || session.closed) return;
    client.leaving = true;
    if (client.active > 0) client.close();
  }

  #stream(stream: ServerHttp2Stream, head: StreamHead): void {
    stream.on("error", () => undefined); // reported by its close
    const client = this.#clients.get(stream.session as ServerHttp2Session);
    if (client === undefined) return void setImmediate(resetStream, stream, constants.NGHTTP2_REFUSED_STREAM);
    client.active++;
    stream.on("close", () => {
      client.active--;
    });
    if (!client.leaving) return this.gate.pass(() => this.#begin(stream, client, head));
    setImmediate(() => {
      client.close(); // before the answer, behind which the next request may come
      this.gate.pass(() => this.#begin(stream, client, head));
    });
  }

  #begin(stream: ServerHttp2Stream, client: Client, head: StreamHead): void {
    const { fields, method, target, authority } = head;
    const scan = scanFields(fields, "2.0", this.#instanceId);
    // A stream that is still open has a body, if only an end: it is 0 once that has come.
    const length = head.ended ? 0 : scan.bodyLength > 0 ? scan.bodyLength : -1;
    const downstream = new Http2Downstream(stream, length, this.#gateway, this.#options);
    const now = performance.now();
    const expects = head.expectsContinue;
    const ctx = new RequestContext(downstream, client.peer, method, target, fields, "2.0", expects, now);
    ctx.authority = authority;
    ctx.host = hostName(authority);
    downstream.attach(ctx);
    if (stream.destroyed) process.nextTick(() => downstream.closed());
    else {
      stream.on("close", () => {
        downstream.closed();
        releaseStream(stream);
      });
    }
    const code = this.#refusal(head, scan);
    ctx.detail = head.fault || scan.fault;
    if (code === null) this.#gateway.handle(ctx);
    else this.#gateway.refuse(ctx, code);
  }

  #refusal(head: StreamHead, { fault, looped }: Scan): ErrorCode | null {
    // nghttp2 holds a client to the limit only once it has acknowledged our settings.
    if (head.bytes > this.#options.maxHeaderBytes) return "headers_too_large";
    if (fault !== "" || head.fault !== "") return "bad_request";
    if (head.method === "CONNECT") return "method_not_allowed";
    if (!isKnownMethod(head.method)) return "method_unknown";
    return looped ? "loop_detected" : null;
  }
}

/** Node waits for ever for a client that does not close its side behind the end of a session; a slow one may read until then. */
function closeIn(ms: number, socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once("close", () => clearTimeout(timer));
}
