// One socket to a backend, carrying one exchange at a time.
import { connect as connectTcp, type NetConnectOpts, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ErrorCode } from "../../core/errors.ts";
import { Dial, type DialFailure, type Dialler } from "../../wire/dial.ts";
import { type Fields, joinField } from "../../wire/fields.ts";
import { ProtocolError, type ResponseHead } from "../../wire/response-head.ts";
import { type ResponseHandler, ResponseParser } from "../../wire/response-parser.ts";
import { connectSecure, whenSecure } from "../../wire/secure.ts";
import { placeToConnect, wasReset } from "../../wire/unix-socket.ts";
import { ConnectionWire } from "./connection-wire.ts";
import type { Exchange } from "./exchange.ts";
import type { ConnectionPool } from "./pool-contract.ts";
import { ReadBuffer } from "./read-buffer.ts";
import { Reuse } from "./reuse.ts";

const DIALLING = 0;
const SECURING = 1;
const READY = 2;
const CLOSED = 3;
/** The socket was handed over after a switch of protocols. */
const GIVEN_AWAY = 4;

/** A connection of a pool. */
export class Connection implements ResponseHandler, Dialler {
  readonly #pool: ConnectionPool<Connection, Exchange>;
  readonly #parser = new ResponseParser(this);
  #socket!: Socket;
  #state = DIALLING;
  #dial: Dial | null = null;
  #exchange: Exchange | null = null;
  /** What reads are given to once the protocol was switched. */
  #wire: ConnectionWire | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** Serves no exchange after the present one. */
  #last = false;
  readonly #reads: ReadBuffer;
  /** The response on the wire is complete; acted upon when the read that held its end has been parsed to the last byte. */
  #complete = false;
  #wantsMore = true;
  /** The one it is connected to; "" before. Noted here: Node remembers that of a socket, which must be asked afresh. */
  #address = "";
  readonly reuse = new Reuse();
  /** An exchange waits for what the backend may have sent meanwhile; nothing of it has been written. */
  #waits = false;

  constructor(pool: ConnectionPool<Connection, Exchange>) {
    this.#pool = pool;
    this.#reads = new ReadBuffer(pool.shared);
  }

  /** Whether another exchange may be put on it. @param now on the pool's clock, ms */
  isUsable(now: number): boolean {
    const open = this.#state === READY && !this.#last && this.#socket.readable && this.#socket.writable;
    return open && now < this.reuse.until;
  }

  /** Whether exchanges were completed on it before the present one. */
  get reused(): boolean {
    return this.reuse.served > 0;
  }

  /** Opens the socket; the exchange is sent once it stands. */
  dial(exchange: Exchange): void {
    this.#exchange = exchange;
    exchange.connection = this;
    this.#dial = new Dial(this.#pool.shared.network, this.#pool.target.address, exchange.times.dialTimeoutMs, this);
  }

  open(address: string): Socket {
    const { target, options } = this.#pool;
    const base: NetConnectOpts = {
      ...placeToConnect(address, target.port),
      keepAlive: options.probeMs > 0,
      keepAliveInitialDelay: options.probeMs,
      noDelay: true,
      onread: { buffer: () => this.#reads.bytes, callback: (length) => this.#read(length) },
    };
    if (target.scheme === "http") return connectTcp(base);
    return connectSecure(base, target.address, options.tls, "http/1.1", this.#pool.session);
  }

  connected(socket: Socket, address: string): void {
    this.#dial = null;
    this.#socket = socket;
    this.#address = address;
    socket.on("error", (error: NodeJS.ErrnoException) => this.#lost(error));
    socket.on("end", () => this.#ended());
    socket.on("close", () => this.#lost(null));
    socket.on("drain", () => this.#exchange?.drained());
    if (this.#pool.target.scheme === "http") return this.#ready();
    const { tls, tlsTimeoutMs } = this.#pool.options;
    const keep = (session: Buffer) => {
      this.#pool.session = session;
    };
    whenSecure(socket as TLSSocket, tls, () => this.#ready(), keep);
    this.#state = SECURING;
    this.#arm(tlsTimeoutMs, "upstream_tls_failed", "TLS handshake timed out");
  }

  failed({ reason, own }: DialFailure): void {
    this.#fail(own ? "overloaded" : "connect_failed", reason, own ? "unable" : "unsent");
  }

  /**
   * Puts an exchange on this idle connection. Where the backend may have ended it, or said something that answers nothing,
   * one whole turn of the event loop comes first: what has arrived by now is read before the request is written.
   */
  carry(exchange: Exchange, now: number): void {
    this.#exchange = exchange;
    exchange.connection = this;
    if (!this.reuse.isDoubtful(now)) return this.#begin(exchange);
    this.#waits = true;
    setImmediate(setImmediate, () => {
      if (this.#exchange !== exchange) return;
      this.#waits = false;
      this.#begin(exchange);
    });
  }

  /** @returns false when the socket is full */
  write(data: Buffer | string): boolean {
    return typeof data === "string" ? this.#socket.write(data, "latin1") : this.#socket.write(data);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** Reads on. */
  resume(): void {
    if (this.#state === READY) this.#socket.resume();
  }

  /** Takes no further exchange; closes at once when idle. */
  retire(): void {
    this.#last = true;
    if (this.#exchange === null) this.destroy();
  }

  /** Closes the socket at once, without a word to the exchange on it: the caller has ended that. */
  destroy(): void {
    this.#exchange = null;
    this.#close();
  }

  /** Whether the remote address is one of these. */
  isAt(addresses: ReadonlySet<string>): boolean {
    return this.#address === "" || addresses.has(this.#address);
  }

  onInterim(status: number, fields: Fields): void {
    this.#exchange?.onInterim(status, fields);
  }

  onSwitch(fields: Fields): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#state = GIVEN_AWAY;
    this.#pool.remove(this);
    this.#wire = new ConnectionWire(this.#socket);
    if (exchange === null) this.#socket.destroy();
    else exchange.onSwitch(fields, this.#wire);
  }

  onHead(head: ResponseHead, length: number): void {
    if (!head.keepAlive || bindsConnection(head)) this.#last = true;
    this.reuse.heed(head, length);
    const exchange = this.#exchange;
    // Sent because the connection was idle, while the request was on its way (RFC 9110 §15.5.9).
    if (head.status === 408 && !head.keepAlive && this.reused && exchange?.requestComplete === true) {
      this.#exchange = null;
      this.#close();
      return exchange.refused("408 on a kept connection");
    }
    exchange?.onHead(head, length);
  }

  onData(source: Buffer, start: number, end: number, last: boolean): void {
    if (this.#wire !== null) return this.#wire.take(source, start, end);
    if (last) this.#complete = true;
    const exchange = this.#exchange;
    if (exchange === null) return;
    const chunk = start === 0 && end === source.length ? source : source.subarray(start, end);
    const release = this.#reads.handOver(source, end - start);
    if (!exchange.onData(chunk, release, last)) this.#wantsMore = false;
  }

  onComplete(trailers: Fields): void {
    this.#complete = true;
    this.#exchange?.onComplete(trailers);
  }

  #ready(): void {
    clearTimeout(this.#timer);
    this.#state = READY;
    if (this.#exchange === null) return this.#rest();
    this.#begin(this.#exchange);
  }

  #begin(exchange: Exchange): void {
    this.#complete = false;
    if (exchange.exclusive) this.#last = true;
    this.#parser.begin(exchange.toHead, exchange.upgrade);
    exchange.begin();
  }

  #arm(ms: number, code: ErrorCode, detail: string): void {
    clearTimeout(this.#timer);
    if (ms > 0) this.#timer = setTimeout(() => this.#fail(code, detail), ms);
  }

  /** Parses one read. @returns false to stop reading until {@link resume} */
  #read(length: number): boolean {
    if (this.#wire !== null) return this.#wire.read(this.#reads.bytes, length);
    this.#wantsMore = true;
    this.#reads.begin();
    if (this.#parser.done) {
      // Bytes without a request: a late error page or an attempt to answer the next request in advance.
      this.#fail("upstream_protocol", "unsolicited bytes");
      return true;
    }
    try {
      if (!this.#parser.execute(this.#reads.bytes, length)) this.#last = true;
    } catch (error) {
      const detail = error instanceof ProtocolError ? error.message : String(error);
      this.#fail("upstream_protocol", detail);
      return true;
    }
    const switched = this.#wire as ConnectionWire | null; // by what was parsed
    if (switched !== null) return switched.wantsMore;
    this.#reads.next(length, this.#parser.remaining, this.#complete);
    if (this.#complete) this.#finish();
    else this.#exchange?.flush();
    return this.#wantsMore;
  }

  #finish(): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#complete = false;
    this.reuse.served++;
    const reusable = exchange?.requestComplete === true && !this.#last && this.#state === READY;
    exchange?.settle();
    if (!reusable || !this.reuse.allowed) return this.#close();
    this.#wantsMore = true;
    this.#rest();
  }

  #rest(): void {
    const { shared, options } = this.#pool;
    this.reuse.rest(shared.now(), options.idleTimeoutMs);
    this.#pool.release(this);
  }

  /** The backend sent its last byte. */
  #ended(): void {
    if (this.#state === GIVEN_AWAY) return;
    this.#last = true;
    if (wasReset(this.#socket)) return this.#fail("upstream_reset", "connection reset");
    if (this.#state === READY && !this.#parser.done && this.#parser.finish()) return this.#finish();
    this.#fail("upstream_reset", "connection ended");
  }

  #lost(error: NodeJS.ErrnoException | null): void {
    if (this.#state === CLOSED || this.#state === GIVEN_AWAY) return;
    if (this.#state === READY) return this.#fail("upstream_reset", error?.code ?? "closed");
    this.#pool.shared.network.resolver.forget(this.#pool.target.address);
    this.#fail("upstream_tls_failed", error?.code ?? "closed");
  }

  #fail(code: ErrorCode, detail: string, before: "unsent" | "unable" = "unsent"): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    const unsent = this.#state === READY ? null : before;
    this.#close();
    if (this.#waits && exchange !== null) return this.#pool.send(exchange);
    exchange?.fail(code, detail, unsent);
  }

  #close(): void {
    if (this.#state === CLOSED || this.#state === GIVEN_AWAY) return;
    this.#state = CLOSED;
    clearTimeout(this.#timer);
    if (this.#dial === null) this.#socket.destroy();
    else this.#dial.stop();
    this.#pool.remove(this);
  }
}

/** A challenge for NTLM or Negotiate: the connection would then carry a client's identity. */
function bindsConnection(head: ResponseHead): boolean {
  return head.status === 401 && /\b(ntlm|negotiate)\b/i.test(joinField(head.fields, "www-authenticate") ?? "");
}
