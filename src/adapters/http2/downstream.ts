// The client's side of one HTTP/2 stream.
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { RequestContext } from "../../core/context.ts";
import type { Downstream, StreamLimits, UpgradedSocket } from "../../core/edges.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Gateway } from "../../core/gateway.ts";
import { rawFields, resetStream } from "../../wire/http2-raw.ts";
import { isBodiless, SHORTAGE, SURPLUS } from "../announce.ts";
import { type BodyFaultHandler, HttpBody } from "../body.ts";
import type { ClientTimeouts } from "../options.ts";
import { headerObject } from "./header-object.ts";

/** Writes the reply of one stream. */
export class Http2Downstream implements Downstream, BodyFaultHandler {
  readonly body: HttpBody;
  readonly #stream: ServerHttp2Stream;
  readonly #gateway: Gateway;
  #ctx!: RequestContext;
  /** Head waiting for the first piece of its body. */
  #pending: OutgoingHttpHeaders | null = null;
  #trailers: OutgoingHttpHeaders | null = null;
  /** Announced bytes still to be written; -1 unknown. */
  #left = -1;
  /** The reply ends with its head, whatever is written to it. */
  #bodiless = false;
  #stallMs: number;
  #bufferBytes = 0;
  #waitingForDrain = false;
  #ended = false;
  #completed = false;
  #stopTimer: NodeJS.Timeout | undefined;

  constructor(stream: ServerHttp2Stream, bodyLength: number, gateway: Gateway, timeouts: ClientTimeouts) {
    this.#stream = stream;
    this.#gateway = gateway;
    this.#stallMs = timeouts.writeMs;
    stream.on("timeout", () => this.abort());
    let trailers: readonly string[] = [];
    stream.on("trailers", (_headers, _flags, ...rest: unknown[]) => {
      trailers = rawFields(rest);
    });
    this.body = new HttpBody(stream, bodyLength, timeouts.readMs, this, () => trailers);
  }

  /** Ties the stream to its context. */
  attach(ctx: RequestContext): void {
    this.#ctx = ctx;
  }

  /** The stream is over, completely or not. */
  closed(): void {
    clearTimeout(this.#stopTimer);
    this.body.discard();
    this.#gateway.done(this.#ctx, this.#completed);
  }

  interim(status: number, fields: readonly string[]): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.headersSent || status === 101) return;
    stream.additionalHeaders({ ...headerObject(fields), ":status": status });
  }

  head(status: number, _reason: string, fields: string[], length: number): void {
    this.#pending = headerObject(fields);
    this.#pending[":status"] = status;
    // RFC 9110 §8.6, §15.3.6: the length of a body that neither of them has.
    if (status === 204 || status === 205) delete this.#pending["content-length"];
    this.#bodiless = isBodiless(this.#ctx.method, status);
    // A service may announce how long its messages are, and still has its status to send behind them.
    this.#left = length > 0 && this.#ctx.route?.grpc === true ? -1 : length;
  }

  write(chunk: Buffer, release: (() => void) | null): boolean {
    const stream = this.#stream;
    if (stream.destroyed || this.#ended || this.#bodiless || !this.#fits(chunk.length)) {
      release?.();
      return true;
    }
    this.#sendHead(false);
    this.#ctx.bytesOut += chunk.length;
    const more = release === null ? stream.write(Buffer.from(chunk)) : stream.write(chunk, release as () => void);
    if (!more || (this.#bufferBytes > 0 && stream.writableLength >= this.#bufferBytes)) return this.#awaitDrain(more);
    return true;
  }

  end(last: Buffer | null, trailers: readonly string[]): void {
    const stream = this.#stream;
    if (stream.destroyed || this.#ended) return;
    if (this.#bodiless) last = null;
    else if (!this.#fits(last === null ? 0 : last.length)) return;
    else if (this.#left > 0) return this.#refuseLength(SHORTAGE);
    this.#ended = true;
    if (this.#bodiless || (this.#pending !== null && last === null && trailers.length === 0)) {
      this.#sendHead(true);
      return this.#finish();
    }
    if (trailers.length > 0) this.#trailers = headerObject(trailers);
    this.#sendHead(false);
    if (last === null) stream.end();
    else {
      this.#ctx.bytesOut += last.length;
      stream.end(Buffer.from(last));
    }
    stream.once("finish", () => this.#finish());
    this.#armStall();
  }

  flush(): void {
    if (!this.#stream.destroyed) this.#sendHead(this.#bodiless);
  }

  answer(status: number, fields: readonly string[], body: string | Buffer, _close: boolean): void {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const all = bytes.length > 0 ? [...fields, "content-length", String(bytes.length)] : [...fields];
    this.head(status, "", all, bytes.length);
    this.end(bytes.length > 0 ? bytes : null, []);
  }

  abort(): void {
    this.#completed = false;
    this.#ended = true;
    const stream = this.#stream;
    if (stream.destroyed) return;
    setImmediate(resetStream, stream, constants.NGHTTP2_INTERNAL_ERROR);
    // A reset never leaves when the client reads nothing at all; then the stream is destroyed.
    clearTimeout(this.#stopTimer);
    this.#stopTimer = setTimeout(() => stream.destroy(), RESET_WAIT_MS);
  }

  stream(limits: StreamLimits): void {
    this.#stallMs = limits.stallMs;
    this.#bufferBytes = limits.bufferBytes;
  }

  switch(): UpgradedSocket | null {
    return null;
  }

  /** The connection carries many requests: it is told to leave by GOAWAY, not by one of its replies. */
  closeAfter(): void {}

  tooLarge(): void {
    this.#refuse("body_too_large");
  }

  stalled(): void {
    this.#refuse("request_timeout");
  }

  #refuse(code: ErrorCode): void {
    if (this.#ended) return;
    this.body.discard();
    this.#gateway.refuse(this.#ctx, code);
  }

  #sendHead(endStream: boolean): void {
    const headers = this.#pending;
    if (headers === null) return;
    this.#pending = null;
    try {
      // With trailers possible, Node must be told before the body ends.
      this.#stream.respond(headers, { endStream, waitForTrailers: !endStream && this.#left === -1 });
    } catch {
      // Node refuses one of the fields in HTTP/2, so the reply cannot be written as it is.
      return this.abort();
    }
    if (!endStream && this.#left === -1) {
      this.#stream.once("wantTrailers", () => {
        if (!this.#stream.destroyed) this.#stream.sendTrailers(this.#trailers ?? {});
      });
    }
  }

  #awaitDrain(more: boolean): boolean {
    if (this.#waitingForDrain) return false;
    this.#waitingForDrain = true;
    this.#armStall();
    const goOn = () => {
      this.#waitingForDrain = false;
      this.#stream.setTimeout(0);
      this.#ctx.upstream?.resume();
    };
    // Below Node's own mark no drain is announced: an empty write is answered when what stands before it has left.
    if (more) this.#stream.write(NOTHING, goOn);
    else this.#stream.once("drain", goOn);
    return false;
  }

  #armStall(): void {
    if (this.#stallMs > 0) this.#stream.setTimeout(this.#stallMs);
  }

  /** Counts what is to be written against what was announced. @returns false when it is more; the reply is cut off then */
  #fits(bytes: number): boolean {
    if (this.#left === -1) return true;
    this.#left -= bytes;
    if (this.#left >= 0) return true;
    this.#left = 0;
    this.#refuseLength(SURPLUS);
    return false;
  }

  #refuseLength(detail: string): void {
    this.#ctx.detail = detail;
    this.#gateway.refuse(this.#ctx, "upstream_protocol");
  }

  #finish(): void {
    this.#completed = true;
    if (this.body.complete) return;
    this.body.discard();
    this.#stopClient(1);
  }

  /**
   * Tells a client that still sends to stop, but only once it has been sent the end of its reply (RFC 9113 §8.1): a reset
   * drops what nghttp2 still holds, trailers above all. No event says when END_STREAM has left, so it is looked for.
   */
  #stopClient(waitMs: number): void {
    this.#stopTimer = setTimeout(() => {
      const stream = this.#stream;
      if (stream.destroyed || stream.closed) return;
      if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
      else this.#stopClient(Math.min(2 * waitMs, MAX_STOP_WAIT_MS));
    }, waitMs);
  }
}

/** Longest time between two looks whether a reply has left, ms. */
const MAX_STOP_WAIT_MS = 100;
/** Longest wait for a reset to leave, ms. */
const RESET_WAIT_MS = 1000;
const NOTHING = Buffer.alloc(0);
