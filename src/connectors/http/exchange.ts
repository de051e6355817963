// One request and its response on a connection: sends head and body, and passes the parsed response to a Receiver.
import type { BodyReceiver, Progress, Receiver, RequestBody, Upstream } from "../../core/edges.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { BackendTimes } from "../../core/route-settings.ts";
import type { Fields } from "../../wire/fields.ts";
import type { ResponseHead } from "../../wire/response-head.ts";
import type { ConnectionWire } from "./connection-wire.ts";
import type { HttpClientOptions } from "./options.ts";
import { emptyBody } from "./request-head.ts";

const NOTHING = (): void => undefined;
const END_OF_HEAD = "\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";

/** The pool an exchange waits in. */
export interface ExchangePool {
  readonly options: HttpClientOptions;
  /** Takes an exchange that waits for a connection out of the queue. */
  forget(exchange: Exchange): void;
}

/** The connection an exchange is on. */
interface ExchangeConnection {
  /** Whether it has served before. */
  readonly reused: boolean;
  /** @returns false when it is full: no more until {@link Exchange.drained} */
  write(data: string | Buffer): boolean;
  cork(): void;
  uncork(): void;
  /** Reads on after a `data` that returned false. */
  resume(): void;
  destroy(): void;
}

/** An exchange from its creation to its end, when it releases connection, receiver and timers. */
export class Exchange implements Upstream, BodyReceiver {
  readonly #pool: ExchangePool;
  readonly #head: string;
  readonly #body: RequestBody;
  readonly #waitsForContinue: boolean;
  #receiver: Receiver | null;
  #timer: NodeJS.Timeout | undefined;
  #begun = false;
  #bodyStarted = false;
  readonly #chunked: boolean;
  /** The head is on its way; one of unknown length waits a moment, since a body that is already over needs no chunks. */
  #headSent = false;
  #answered = false;
  #headSeen = false;
  #corked = false;
  connection: ExchangeConnection | null = null;
  /** The connection is closed after this exchange. */
  exclusive = false;
  /** Must not use a connection that has served before. */
  fresh = false;
  /** The request asks for another protocol. */
  upgrade = false;
  /** Called once: when the exchange is over, or the connection closes that has switched protocols. */
  onOver: () => void = NOTHING;
  /** Those of the pool unless the request is of a kind with its own. */
  times: BackendTimes;
  /** What ends the head when there is no body after all. */
  readonly #endOfEmpty: string;
  /** The request is HEAD. */
  readonly toHead: boolean;
  /** All of the request has been written. */
  requestComplete: boolean;

  constructor(pool: ExchangePool, method: string, head: string, body: RequestBody, waits: boolean, receiver: Receiver) {
    this.#pool = pool;
    this.#head = head;
    this.#body = body;
    this.#chunked = body.length === -1;
    this.#waitsForContinue = waits;
    this.#receiver = receiver;
    this.times = pool.options;
    this.toHead = method === "HEAD";
    this.#endOfEmpty = this.#chunked ? emptyBody(method) + END_OF_HEAD : END_OF_HEAD;
    this.requestComplete = body.length === 0;
  }

  /** @see Upstream.waiting */
  get waiting(): boolean {
    return this.connection === null && this.#receiver !== null;
  }

  /** @see Upstream.connecting */
  get connecting(): boolean {
    return this.connection !== null && !this.#begun;
  }

  /** The connection stands: sends the head, and the body with it unless the client waits for `100 Continue`. */
  begin(): void {
    const connection = this.connection!;
    this.#begun = true;
    if (this.requestComplete || this.#body.length === 0) {
      this.requestComplete = true;
      this.#sendHead(this.#endOfEmpty);
      return this.#requestSent();
    }
    if (this.#waitsForContinue) {
      this.#sendHead(this.#chunked ? CHUNKED : END_OF_HEAD);
      this.#timer = setTimeout(() => this.#continueBody(), this.#pool.options.continueTimeoutMs);
      return;
    }
    // Head and the part of the body that is already here leave in one write.
    connection.cork();
    this.#corked = true;
    if (!this.#chunked) this.#sendHead(END_OF_HEAD);
    this.#startBody();
    if (!this.#headSent) setImmediate(sendChunkedHead, this);
    process.nextTick(uncork, this);
  }

  /** @param rest what stands behind the fields the head has already */
  #sendHead(rest: string): void {
    this.#headSent = true;
    this.connection!.write(this.#head + rest);
  }

  /** The body takes its time: the head does not wait for it. */
  sendChunkedHead(): void {
    if (!this.#headSent && this.connection !== null) this.#sendHead(CHUNKED);
  }

  uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.connection?.uncork();
  }

  data(chunk: Buffer): boolean {
    const connection = this.connection;
    if (connection === null) return false;
    if (!this.#chunked) return connection.write(chunk);
    this.sendChunkedHead();
    const cork = !this.#corked;
    if (cork) connection.cork();
    connection.write(`${chunk.length.toString(16)}\r\n`);
    connection.write(chunk);
    const more = connection.write("\r\n");
    if (cork) connection.uncork();
    return more;
  }

  end(trailers: readonly string[]): void {
    if (this.connection === null) return;
    if (!this.#headSent && trailers.length === 0) this.#sendHead(this.#endOfEmpty);
    else if (this.#chunked) {
      this.sendChunkedHead();
      let last = "0\r\n";
      for (let i = 0; i < trailers.length; i += 2) last += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
      this.connection.write(`${last}\r\n`);
    }
    this.requestComplete = true;
    this.#requestSent();
  }

  /** The socket takes more. */
  drained(): void {
    if (this.#bodyStarted && !this.requestComplete) this.#body.resume();
  }

  onInterim(status: number, fields: Fields): void {
    this.#answered = true;
    if (status === 100) return this.#waitsForContinue ? this.#continueBody() : undefined;
    this.#receiver?.interim(status, fields);
  }

  /** The backend has switched protocols: its socket is the receiver's. */
  onSwitch(fields: Fields, wire: ConnectionWire): void {
    const receiver = this.#receiver;
    wire.onClose(this.onOver);
    this.onOver = NOTHING;
    this.settle();
    if (receiver?.switched === undefined) wire.destroy();
    else receiver.switched(fields, wire);
  }

  onHead(head: ResponseHead, length: number): void {
    this.#answered = true;
    this.#headSeen = true;
    clearTimeout(this.#timer);
    this.#receiver?.head(head.status, head.reason, head.fields, length);
  }

  onData(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    return this.#receiver === null ? true : this.#receiver.data(chunk, release, last);
  }

  onComplete(trailers: Fields): void {
    this.#receiver?.end(trailers);
  }

  flush(): void {
    if (this.#headSeen) this.#receiver?.flush();
  }

  resume(): void {
    this.connection?.resume();
  }

  abort(): void {
    const connection = this.connection;
    this.settle();
    if (connection === null) this.#pool.forget(this);
    else connection.destroy();
  }

  /** The exchange is over: releases connection, receiver and timers. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#receiver = null;
    this.connection = null;
    const { onOver } = this;
    this.onOver = NOTHING;
    onOver();
  }

  /** @param unsent why no byte can have reached the backend; null: the connection had been established */
  fail(code: ErrorCode, detail: string, unsent: "unsent" | "unable" | null = "unsent"): void {
    this.#fail(code, detail, unsent ?? this.#progress(code));
  }

  /** The backend had given the connection up before it saw the request. */
  refused(detail: string): void {
    this.#fail("upstream_reset", detail, "refused");
  }

  #fail(code: ErrorCode, detail: string, progress: Progress): void {
    const receiver = this.#receiver;
    this.settle();
    receiver?.failed({ code, progress, detail });
  }

  #progress(code: ErrorCode): Progress {
    if (this.#headSeen) return "responding";
    // Bytes that are no answer, on a kept connection, belong to no request or to the one before.
    const unanswered = (code === "upstream_reset" || code === "upstream_protocol") && !this.#answered;
    return unanswered && this.connection?.reused === true ? "reset_on_reuse" : "sent";
  }

  #continueBody(): void {
    if (this.#bodyStarted || this.connection === null) return;
    clearTimeout(this.#timer);
    this.#receiver?.interim(100, []);
    this.#startBody();
  }

  #startBody(): void {
    this.#bodyStarted = true;
    this.#body.start(this);
  }

  #requestSent(): void {
    const { headTimeoutMs } = this.times;
    if (headTimeoutMs === 0 || this.#headSeen) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const connection = this.connection;
      this.connection = null;
      connection?.destroy();
      this.fail("upstream_timeout", "no response head in time", null);
    }, headTimeoutMs);
  }
}

function uncork(exchange: Exchange): void {
  exchange.uncork();
}

function sendChunkedHead(exchange: Exchange): void {
  exchange.sendChunkedHead();
}
