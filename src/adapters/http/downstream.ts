// The client's side of one HTTP/1 exchange over node:http: writes the reply with as few writes as possible.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestContext } from "../../core/context.ts";
import type { Downstream, StreamLimits, UpgradedSocket } from "../../core/edges.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Gateway } from "../../core/gateway.ts";
import { announce, isBodiless, SHORTAGE, SURPLUS } from "../announce.ts";
import { type BodyFaultHandler, HttpBody } from "../body.ts";
import type { ClientTimeouts } from "../options.ts";
import { cut, linger } from "./ending.ts";
import { pairsOf, writeInterim } from "./extra-fields.ts";
import { keepAlive, sendEnd, setHead, setWhole } from "./head-text.ts";

/** A body up to this size leaves in one write with its head, bytes. */
const ONE_WRITE_BYTES = 16 * 1024;
/** An unread body up to this size is read over to keep the connection, bytes. */
const SKIP_BYTES = 64 * 1024;

/** Writes the reply to one request. */
export class HttpDownstream implements Downstream, BodyFaultHandler {
  readonly body: HttpBody;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #gateway: Gateway;
  readonly #timeouts: ClientTimeouts;
  #stallMs: number;
  #bufferBytes = 0;
  #ctx!: RequestContext;
  /** Head waiting for the first piece of its body. */
  #pending: string[] | null = null;
  #status = 0;
  #reason = "";
  /** Bytes of body that may still be written; Infinity when the head announces none. */
  #left = Number.POSITIVE_INFINITY;
  #bodiless = false;
  #waitingForDrain = false;
  #closing = false;
  #ended = false;
  /** A stall clock runs on the socket; it must not outlive the reply. */
  stallArmed = false;
  /** Nothing more can or will come from the client: an early answer is not followed by reading on. */
  #broken = false;
  #endLinger: () => void = () => undefined;
  /** The reply is not what its head announced. */
  #lengthWrong = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    bodyLength: number,
    gateway: Gateway,
    timeouts: ClientTimeouts,
  ) {
    this.#request = request;
    this.#response = response;
    this.#gateway = gateway;
    this.#timeouts = timeouts;
    this.#stallMs = timeouts.writeMs;
    this.body = new HttpBody(request, bodyLength, timeouts.readMs, this, () => request.rawTrailers);
  }

  /** Ties the request to its context. */
  attach(ctx: RequestContext): void {
    this.#ctx = ctx;
  }

  /** The response is over, completely or not. */
  closed(): void {
    // The rest of the body must be read, or nothing behind it on this connection ever is.
    this.body.discard();
    this.#gateway.done(this.#ctx, this.#response.writableFinished && !this.#lengthWrong);
  }

  interim(status: number, fields: readonly string[]): void {
    if (this.#ctx.httpVersion === "1.0" || this.#response.headersSent) return;
    if (status === 100) this.#response.writeContinue();
    else if (status !== 101) writeInterim(this.#response, status, fields);
  }

  head(status: number, reason: string, fields: string[], length: number): void {
    this.#status = status;
    this.#reason = reason;
    this.#bodiless = isBodiless(this.#ctx.method, status);
    this.#left = announce(this.#bodiless, status, fields, length);
    this.#pending = fields;
    if (this.#closing) fields.push("Connection", "close");
  }

  write(chunk: Buffer, release: (() => void) | null): boolean {
    if (chunk.length > this.#left || this.#ended || this.#response.destroyed) {
      if (!this.#bodiless) this.end(chunk, []);
      release?.();
      return true;
    }
    this.#left -= chunk.length;
    this.#sendHead();
    this.#ctx.bytesOut += chunk.length;
    const more =
      release === null ? this.#response.write(Buffer.from(chunk)) : this.#response.write(chunk, release as () => void);
    if (!more) this.#awaitDrain();
    else if (this.#bufferBytes > 0 && this.#response.writableLength >= this.#bufferBytes) return this.#awaitFlush();
    return more;
  }

  end(given: Buffer | null, trailers: readonly string[]): void {
    if (this.#response.destroyed || this.#ended) return;
    this.#ended = true;
    const last = this.#whole(given);
    if (this.#left > 0 && this.#left !== Number.POSITIVE_INFINITY) return this.abort();
    if (last !== null) this.#ctx.bytesOut += last.length;
    if (last !== null && this.#pending !== null && last.length <= ONE_WRITE_BYTES && this.#sendWhole(last)) return;
    this.#sendHead();
    if (trailers.length > 0) this.#response.addTrailers(pairsOf(trailers));
    if (!this.#skippable()) return this.#linger(last);
    if (last === null) this.#response.end();
    else this.#response.end(Buffer.from(last));
    this.#armStall();
  }

  flush(): void {
    if (this.#pending === null) return;
    this.#sendHead();
    this.#response.flushHeaders();
  }

  answer(status: number, fields: readonly string[], body: string | Buffer, close: boolean): void {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    if (close || !this.#skippable()) this.#closing = true;
    this.head(status, "", [...fields, "Content-Length", String(bytes.length)], bytes.length);
    this.end(bytes, []);
  }

  abort(): void {
    const socket = this.#response.socket;
    if (socket !== null) cut(socket);
    else this.#response.destroy();
  }

  tooLarge(): void {
    this.#refuse("body_too_large");
  }

  stalled(): void {
    this.#broken = true; // a client that sends nothing more need not be read on
    this.#refuse("request_timeout");
  }

  /** Whether no further request will be answered on this connection. */
  get closing(): boolean {
    return this.#closing;
  }

  /** The bytes of the body break its framing: nothing more can be read on this connection. @param detail why, for the log */
  broken(detail: string): void {
    this.#broken = true;
    if (!this.#ended) this.#ctx.detail = detail;
    if (this.#ended) this.#endLinger();
    else this.#refuse("bad_request");
  }

  stream(limits: StreamLimits): void {
    this.#stallMs = limits.stallMs;
    this.#bufferBytes = limits.bufferBytes;
  }

  switch(): UpgradedSocket | null {
    return null;
  }

  /** Ends keep-alive after this reply. Must come before the head. */
  closeAfter(): void {
    this.#closing = true;
  }

  /** Whether the rest of the body is small and sure to come: then Node reads over it, and the connection stays open. */
  #skippable(): boolean {
    const { body } = this;
    return (
      body.complete || (!this.#closing && !this.#ctx.expectsContinue && body.length >= 0 && body.length <= SKIP_BYTES)
    );
  }

  /** The last piece cut to what the head announced; a reply that is more or less than that is not complete. */
  #whole(last: Buffer | null): Buffer | null {
    if (this.#bodiless) return null;
    const bytes = last?.length ?? 0;
    const left = this.#left;
    this.#left = Math.max(0, left - bytes);
    if (bytes === left || left === Number.POSITIVE_INFINITY) return last;
    this.#lengthWrong = true;
    this.#ctx.error ??= "upstream_protocol";
    this.#ctx.detail = bytes > left ? SURPLUS : SHORTAGE;
    return bytes > left ? last!.subarray(0, left) : last;
  }

  #refuse(code: ErrorCode): void {
    if (this.#ended) return; // answered already; the answer may still be on its way
    this.#closing = true;
    this.body.discard();
    this.#gateway.refuse(this.#ctx, code);
  }

  /** Whether this reply is of the common kind whose head we write ourselves: HTTP/1.1, connection stays, a body may follow. */
  #isPlain(): boolean {
    const { httpVersion } = this.#ctx;
    return httpVersion === "1.1" && !this.#closing && this.#response.shouldKeepAlive && !this.#bodiless;
  }

  #sendWhole(body: Buffer): boolean {
    if (this.#left !== 0 || !this.#isPlain() || !this.#skippable()) return false;
    const fields = this.#pending!;
    this.#pending = null;
    setWhole(
      this.#response,
      this.#status,
      this.#reason,
      fields,
      keepAlive(this.#timeouts.idleMs),
      body.toString("latin1"),
    );
    this.#response.end();
    this.#armStall();
    return true;
  }

  #sendHead(): void {
    const fields = this.#pending;
    if (fields === null) return;
    this.#pending = null;
    // What is left of the request may never come, or be refused by its sender: no other request can follow it.
    if (!this.#closing && !this.#skippable()) {
      this.#closing = true;
      fields.push("Connection", "close");
    }
    if (this.#isPlain()) {
      const chunked = this.#left === Number.POSITIVE_INFINITY;
      const line = keepAlive(this.#timeouts.idleMs);
      return setHead(this.#response, this.#status, this.#reason, fields, chunked, line);
    }
    if (this.#reason === "") this.#response.writeHead(this.#status, fields);
    else this.#response.writeHead(this.#status, this.#reason, fields);
  }

  /** The socket can be written to again. Called where Node no longer emits `drain` on the response. */
  drain(): void {
    this.#response.emit("drain");
  }

  #awaitDrain(): void {
    if (this.#waitingForDrain) return;
    this.#waitingForDrain = true;
    this.#armStall();
    this.#response.once("drain", () => this.#drained());
  }

  /** Below Node's own mark no drain is announced: an empty write is answered when what stands before it has left. */
  #awaitFlush(): boolean {
    if (this.#waitingForDrain) return false;
    this.#waitingForDrain = true;
    this.#armStall();
    this.#response.socket?.write("", () => this.#drained());
    return false;
  }

  #drained(): void {
    this.#waitingForDrain = false;
    if (!this.#ended) this.#response.socket?.setTimeout(0);
    this.#ctx.upstream?.resume();
  }

  /** Node ends a connection on which nothing moves for this long, and counts partial progress of a write as movement. */
  #armStall(): void {
    const { socket } = this.#response;
    if (socket !== null && socket.writableLength > 0 && this.#stallMs > 0) {
      socket.setTimeout(this.#stallMs);
      this.stallArmed = true;
    }
  }

  /** The reply is complete but the request is not: the client is still sending. */
  #linger(last: Buffer | null): void {
    if (last !== null) this.#response.write(Buffer.from(last));
    sendEnd(this.#response);
    this.body.discard();
    this.#armStall();
    this.#endLinger = linger(this.#request, () => void this.#response.end());
    if (this.#broken) this.#endLinger();
  }
}
