// One request and its response on an HTTP/2 stream.
import { type ClientHttp2Stream, constants, type OutgoingHttpHeaders } from "node:http2";
import type { BodyReceiver, Progress, Receiver, RequestBody, Upstream } from "../../core/edges.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { getField } from "../../wire/fields.ts";
import { letGo, rawFields } from "../../wire/http2-raw.ts";
import type { Http2Pool } from "./pool.ts";
import type { Http2Session } from "./session.ts";

const NO_FIELDS: readonly string[] = [];

/** A call from its creation to its end; at the end it lets go of stream and receiver. */
export class Http2Call implements Upstream, BodyReceiver {
  readonly #pool: Http2Pool;
  readonly #headers: OutgoingHttpHeaders;
  readonly #body: RequestBody;
  #receiver: Receiver | null;
  #session: Http2Session | null = null;
  #stream: ClientHttp2Stream | null = null;
  #answered = false;
  #begunAt = 0;
  #trailers: readonly string[] = NO_FIELDS;

  constructor(pool: Http2Pool, headers: OutgoingHttpHeaders, body: RequestBody, receiver: Receiver) {
    this.#pool = pool;
    this.#headers = headers;
    this.#body = body;
    this.#receiver = receiver;
  }

  /** A connection stands: opens the stream. */
  begin(session: Http2Session): void {
    this.#session = session;
    const endStream = this.#body.length === 0;
    let stream: ClientHttp2Stream;
    try {
      stream = session.raw.request(this.#headers, { endStream });
    } catch (error) {
      // A field Node does not put into HTTP/2, or a connection that has just been lost.
      const lost = session.raw.destroyed || session.raw.closed;
      return this.fail(lost ? "upstream_reset" : "bad_request", (error as Error).message, "unsent");
    }
    this.#stream = stream;
    this.#begunAt = this.#pool.now();
    session.active++;
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
    stream.on("end", () => this.#end());
    stream.on("drain", () => this.#body.resume());
    stream.on("close", () => this.#closed());
    if (!endStream) this.#body.start(this);
  }

  data(chunk: Buffer): boolean {
    return this.#stream === null || this.#stream.destroyed ? false : this.#stream.write(chunk);
  }

  /** Trailers of requests are not forwarded: nothing that is called through HTTP/2 here has them. */
  end(): void {
    this.#stream?.end();
  }

  resume(): void {
    this.#stream?.resume();
  }

  abort(): void {
    this.#receiver = null;
    if (this.#stream === null) return this.#pool.forget(this);
    if (!this.#stream.closed) this.#stream.close(constants.NGHTTP2_CANCEL);
    if (!this.#answered) this.#session!.doubt(this.#begunAt);
  }

  fail(code: ErrorCode, detail: string, progress: Progress): void {
    const receiver = this.#receiver;
    this.#receiver = null;
    receiver?.failed({ code, progress, detail });
  }

  #head(status: number, fields: string[], ended: boolean): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#receiver?.head(status, "", fields, ended ? 0 : Number(getField(fields, "content-length") ?? -1));
    if (!ended) this.#receiver?.flush();
  }

  #end(): void {
    // A stream that was reset ends too, without having been answered.
    if (!this.#answered || this.#receiver === null) return;
    if (this.#stream!.rstCode !== constants.NGHTTP2_NO_ERROR) return;
    const receiver = this.#receiver;
    this.#receiver = null;
    receiver.end(this.#trailers);
  }

  #closed(): void {
    const session = this.#session!;
    const stream = this.#stream!;
    session.active--;
    session.idleSince = this.#pool.now();
    if (this.#receiver !== null) this.#lost(session, stream);
    letGo(stream);
    this.#pool.serve();
  }

  #lost(session: Http2Session, stream: ClientHttp2Stream): void {
    const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || session.ignored(stream.id);
    const before: Progress = stream.id === undefined ? "unsent" : refused ? "refused" : "sent";
    const progress: Progress = this.#answered ? "responding" : before;
    const detail = session.fault?.detail ?? `stream reset with code ${stream.rstCode}`;
    this.fail("upstream_reset", detail, progress);
  }
}

function release(): void {} // chunks are owned: nobody waits for them

/** Without pseudo fields. */
function plain(raw: readonly string[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) if (raw[i]!.charCodeAt(0) !== 0x3a) fields.push(raw[i]!, raw[i + 1]!);
  return fields;
}
