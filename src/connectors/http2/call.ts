// One request and its response on an HTTP/2 stream.
import { type ClientHttp2Session, type ClientHttp2Stream, constants, type OutgoingHttpHeaders } from "node:http2";
import { Duplex } from "node:stream";
import type { BodyReceiver, Progress, Receiver, RequestBody, Upstream } from "../../core/edges.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { getField } from "../../wire/fields.ts";
import { rawFields, releaseStream } from "../../wire/http2-raw.ts";
import { trailerObject } from "./request-headers.ts";

const NO_FIELDS: readonly string[] = [];

/** A stream that notes whether the backend has ended it, as opposed to having reset it without an error. */
interface WatchedStream extends ClientHttp2Stream {
  whole?: boolean;
}

/** The pool a call waits in. */
export interface CallPool {
  readonly options: { readonly headTimeoutMs: number };
  /** Whether calls wait although connections stand: all their streams are in use. */
  readonly saturated: boolean;
  /** Monotonic, ms. */
  now(): number;
  /** Takes a waiting call out of the queue. */
  forget(call: Http2Call): void;
  /** Streams may have come free. */
  serve(): void;
}

/** The connection a call is on. */
interface CallSession {
  readonly raw: ClientHttp2Session;
  /** Bytes written so far. */
  readonly written: number;
  /** Why it was lost. */
  readonly fault: { readonly code: ErrorCode; readonly detail: string } | null;
  /** A stream was opened. @param writtenBefore {@link written} before it */
  began(writtenBefore: number): void;
  /** A stream is over. */
  ended(): void;
  /** Something has come from the backend. */
  heard(): void;
  /** Gives a stream up. */
  reset(stream: ClientHttp2Stream): void;
  /** A call was given up without an answer; the connection may be dead. @param since when it began */
  doubt(since: number): void;
  /** Whether the backend has said that it did not look at the stream. */
  ignored(id: number | undefined): boolean;
}

/** A call from its creation to its end, when it releases stream and receiver. */
export class Http2Call implements Upstream, BodyReceiver {
  readonly #pool: CallPool;
  readonly #headers: OutgoingHttpHeaders;
  readonly #body: RequestBody;
  /** The request may end with trailers. */
  readonly #trailing: boolean;
  #receiver: Receiver | null;
  #session: CallSession | null = null;
  #stream: WatchedStream | null = null;
  #answered = false;
  #begunAt = 0;
  /** Wait for the response head once the request is sent, ms; 0 off. */
  headTimeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** What the connection had written before this call. */
  #writtenBefore = 0;
  #trailers: readonly string[] = NO_FIELDS;
  #ownTrailers: readonly string[] = NO_FIELDS;

  /** @param trailing whether the trailers of the request are sent; calls of gRPC have none */
  constructor(pool: CallPool, headers: OutgoingHttpHeaders, body: RequestBody, trailing: boolean, receiver: Receiver) {
    this.#pool = pool;
    this.#headers = headers;
    this.#body = body;
    this.#trailing = trailing;
    this.#receiver = receiver;
    this.headTimeoutMs = pool.options.headTimeoutMs;
  }

  get waiting(): boolean {
    return this.#session === null && this.#pool.saturated;
  }

  get connecting(): boolean {
    return this.#session === null && !this.#pool.saturated;
  }

  /** A connection stands: opens the stream. */
  begin(session: CallSession): void {
    this.#session = session;
    const endStream = this.#body.length === 0;
    const waitForTrailers = this.#trailing && !endStream;
    this.#writtenBefore = session.written;
    let stream: WatchedStream;
    try {
      stream = session.raw.request(this.#headers, { endStream, waitForTrailers });
    } catch (error) {
      // A field Node does not put into HTTP/2, or a connection that has just been lost.
      const lost = session.raw.destroyed || session.raw.closed;
      return this.fail(lost ? "upstream_reset" : "bad_request", (error as Error).message, "unsent");
    }
    this.#stream = stream;
    this.#begunAt = this.#pool.now();
    session.began(this.#writtenBefore);
    stream.push = watchedPush;
    stream.on("error", () => undefined); // told by its close
    stream.on("headers", (headers, _flags, ...rest: unknown[]) => {
      session.heard();
      const status = Number(headers[":status"]);
      if (status !== 100) this.#receiver?.interim(status, plain(rawFields(rest)));
    });
    stream.on("response", (headers, flags, ...rest: unknown[]) => {
      session.heard();
      this.#head(Number(headers[":status"]), plain(rawFields(rest)), (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0);
    });
    stream.on("data", (chunk: Buffer) => {
      session.heard();
      if (this.#receiver !== null && !this.#receiver.data(chunk, release, false)) stream.pause();
    });
    stream.on("trailers", (_headers, _flags, ...rest: unknown[]) => {
      this.#trailers = plain(rawFields(rest));
    });
    if (waitForTrailers) stream.on("wantTrailers", () => stream.sendTrailers(trailerObject(this.#ownTrailers)));
    stream.on("end", () => this.#end());
    stream.on("drain", () => this.#body.resume());
    stream.on("close", () => this.#closed());
    if (endStream) this.#requestSent();
    else this.#body.start(this);
  }

  data(chunk: Buffer): boolean {
    const stream = this.#stream;
    return this.#receiver === null || stream === null || stream.destroyed ? false : stream.write(chunk);
  }

  end(trailers: readonly string[]): void {
    this.#ownTrailers = trailers;
    this.#stream?.end();
    this.#requestSent();
  }

  resume(): void {
    this.#stream?.resume();
  }

  abort(): void {
    clearTimeout(this.#timer);
    this.#receiver = null;
    if (this.#stream === null) return this.#pool.forget(this);
    this.#session!.reset(this.#stream);
    if (!this.#answered) this.#session!.doubt(this.#begunAt);
  }

  fail(code: ErrorCode, detail: string, progress: Progress): void {
    const receiver = this.#receiver;
    clearTimeout(this.#timer);
    this.#receiver = null;
    receiver?.failed({ code, progress, detail });
  }

  #head(status: number, fields: string[], ended: boolean): void {
    if (this.#answered) return;
    this.#answered = true;
    clearTimeout(this.#timer);
    this.#receiver?.head(status, "", fields, ended ? 0 : Number(getField(fields, "content-length") ?? -1));
    if (!ended) this.#receiver?.flush();
  }

  #end(): void {
    const receiver = this.#receiver;
    const stream = this.#stream!;
    // A stream that was reset ends too: its reply is not whole, whatever the code (RFC 9113 §8.1).
    if (receiver === null) return;
    if (!this.#answered || stream.whole !== true) return void stream.destroy();
    this.#receiver = null;
    receiver.end(this.#trailers);
    // The rest of the request is not needed: a stream left half open would count against the connection's limit.
    if (!stream.writableFinished) this.#session!.reset(stream);
  }

  #requestSent(): void {
    if (this.headTimeoutMs === 0 || this.#answered || this.#receiver === null) return;
    this.#timer = setTimeout(() => {
      const receiver = this.#receiver;
      this.abort();
      receiver?.failed({ code: "upstream_timeout", progress: "sent", detail: "no response head in time" });
    }, this.headTimeoutMs);
  }

  #closed(): void {
    const session = this.#session!;
    const stream = this.#stream!;
    session.ended();
    if (this.#receiver !== null) this.#lost(session, stream);
    releaseStream(stream);
    this.#pool.serve();
  }

  #lost(session: CallSession, stream: ClientHttp2Stream): void {
    const { fault } = session;
    const unseen =
      stream.rstCode === constants.NGHTTP2_REFUSED_STREAM ||
      session.ignored(stream.id) ||
      session.written === this.#writtenBefore;
    const before: Progress = stream.id === undefined ? "unsent" : unseen ? "refused" : "sent";
    const progress: Progress = this.#answered ? "responding" : before;
    const code = fault?.code === "upstream_protocol" ? fault.code : "upstream_reset";
    this.fail(code, fault?.detail ?? `stream reset with code ${stream.rstCode}`, progress);
  }
}

/** Node ends a stream for END_STREAM and for a reset without error alike, but closes it first only for the latter. */
function watchedPush(this: WatchedStream, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && !this.closed) this.whole = true;
  return Duplex.prototype.push.call(this, chunk, encoding);
}

function release(): void {} // chunks are owned: their memory is not reused

/** Without pseudo fields. */
function plain(raw: readonly string[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) if (raw[i]!.charCodeAt(0) !== 0x3a) fields.push(raw[i]!, raw[i + 1]!);
  return fields;
}
