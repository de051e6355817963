// The client's side of one HTTP/2 stream.
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { RequestContext } from "../../core/context.ts";
import type { Downstream, Gateway, StreamLimits, Wire } from "../../core/edges.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { rawFields } from "../../wire/http2-raw.ts";
import { type BodyTrouble, HttpBody } from "../http/body.ts";
import type { ClientTimeouts } from "../http/downstream.ts";
import { headerObject } from "./header-object.ts";

/** Writes the reply of one stream. */
export class Http2Downstream implements Downstream, BodyTrouble {
  readonly body: HttpBody;
  readonly #stream: ServerHttp2Stream;
  readonly #gateway: Gateway;
  #ctx!: RequestContext;
  /** Head waiting for the first piece of its body. */
  #pending: OutgoingHttpHeaders | null = null;
  #trailers: OutgoingHttpHeaders | null = null;
  #length = -1;
  #stallMs: number;
  #bufferBytes = 0;
  #waitingForDrain = false;
  #ended = false;
  #completed = false;

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
    // A service may announce how long its messages are, and still has its status to send behind them.
    this.#length = length > 0 && this.#ctx.route?.grpc === true ? -1 : length;
  }

  write(chunk: Buffer, release: (() => void) | null): boolean {
    const stream = this.#stream;
    if (stream.destroyed || this.#ended) {
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
    this.#ended = true;
    if (trailers.length > 0) this.#trailers = headerObject(trailers);
    if (last === null && this.#pending !== null && trailers.length === 0) {
      this.#sendHead(true);
      return this.#finish();
    }
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
    if (!this.#stream.destroyed) this.#sendHead(false);
  }

  answer(status: number, fields: readonly string[], body: string, _close: boolean): void {
    const bytes = Buffer.from(body);
    const all = bytes.length > 0 ? [...fields, "content-length", String(bytes.length)] : [...fields];
    this.head(status, "", all, bytes.length);
    this.end(bytes.length > 0 && this.#ctx.method !== "HEAD" ? bytes : null, []);
  }

  abort(): void {
    this.#completed = false;
    this.#ended = true;
    if (!this.#stream.destroyed) this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  stream(limits: StreamLimits): void {
    this.#stallMs = limits.stallMs;
    this.#bufferBytes = limits.bufferBytes;
  }

  switch(): Wire | null {
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
      this.#stream.respond(headers, { endStream, waitForTrailers: !endStream && this.#length === -1 });
    } catch {
      // A field Node does not put into HTTP/2: this reply cannot be written truthfully.
      return this.abort();
    }
    if (!endStream && this.#length === -1) {
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

  /** The reply is written. A client that still sends is told to stop (RFC 9113 §8.1); that is no error. */
  #finish(): void {
    this.#completed = true;
    if (!this.body.complete && !this.#stream.destroyed) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }
}

const NOTHING = Buffer.alloc(0);
