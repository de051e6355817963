// Decodes the replies of providers that compress although they were asked not to.
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import type { Receiver, SendFailure } from "../../core/edges.ts";
import { dropFields, joinField } from "../../wire/fields.ts";
import { codingsOf } from "./decode-body.ts";

const CHANGED_FIELDS: ReadonlySet<string> = new Set(["content-encoding", "content-length"]);
/** Of bytes that are given away for good. */
const KEPT = () => undefined;

type Decoder = ReturnType<typeof createGunzip>;

/** @param first byte: that of zlib's format, or of the bare data that many send as `deflate` */
type MakeDecoder = (first: number) => Decoder;

const DECODERS: ReadonlyMap<string, MakeDecoder> = new Map<string, MakeDecoder>([
  ["gzip", () => createGunzip()],
  ["x-gzip", () => createGunzip()],
  ["br", () => createBrotliDecompress() as Decoder],
  ["deflate", (first) => ((first & 15) === 8 ? createInflate() : createInflateRaw())],
]);

/**
 * Passes a reply on; a coding it has is taken off, off the event loop. What has come is passed on before more comes. The
 * backend is not slowed down for a client that is: instead, the reply fails when too much waits for it.
 */
export class DecodedReply implements Receiver {
  readonly #to: Receiver;
  readonly #maxAhead: number;
  /** null: the reply has no coding. */
  #make: MakeDecoder | null = null;
  #decoder: Decoder | null = null;
  #trailers: readonly string[] = [];
  /** Bytes passed on since the receiver last had room. */
  #ahead = 0;
  #over = false;

  /** @param maxAhead bytes that may wait for a receiver without room */
  constructor(to: Receiver, maxAhead: number) {
    this.#to = to;
    this.#maxAhead = maxAhead;
  }

  interim(status: number, fields: readonly string[]): void {
    this.#to.interim(status, fields);
  }

  head(status: number, reason: string, fields: string[], length: number): void {
    const codings = codingsOf(joinField(fields, "content-encoding") ?? "");
    if (codings.length === 0 || length === 0) return this.#to.head(status, reason, fields, length);
    this.#make = DECODERS.get(codings.join()) ?? null;
    if (this.#make === null) return this.#fail("unknown content coding");
    dropFields(fields, CHANGED_FIELDS);
    this.#to.head(status, reason, fields, -1);
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (this.#over) {
      release?.();
      return true;
    }
    if (this.#make === null) return this.#to.data(chunk, release, last);
    if (chunk.length > 0) {
      this.#decoder ??= this.#begin(this.#make(chunk[0]!));
      // Decoding takes place later, when a chunk that is lent is no longer there.
      if (release === null) this.#decoder.write(Buffer.from(chunk));
      else this.#decoder.write(chunk, release);
      if (this.#decoder.writableLength > this.#maxAhead) this.#fail("too much waits to be decoded");
    }
    if (last) this.end([]);
    return true;
  }

  end(trailers: readonly string[]): void {
    if (this.#over) return;
    if (this.#make === null) return this.#to.end(trailers);
    if (this.#decoder === null) return this.#fail("the coded body is empty");
    this.#trailers = trailers;
    this.#decoder.end();
  }

  flush(): void {
    if (!this.#over) this.#to.flush();
  }

  failed(failure: SendFailure): void {
    if (this.#over) return;
    this.#stop();
    this.#to.failed(failure);
  }

  #begin(decoder: Decoder): Decoder {
    decoder.on("data", (chunk: Buffer) => this.#pass(chunk));
    decoder.on("end", () => this.#complete());
    decoder.on("error", () => this.#fail("the content coding is malformed"));
    return decoder;
  }

  #pass(chunk: Buffer): void {
    if (this.#over) return;
    this.#ahead = this.#to.data(chunk, KEPT, false) ? 0 : this.#ahead + chunk.length;
    if (this.#ahead > this.#maxAhead) this.#fail("too much waits for the client");
  }

  #complete(): void {
    if (this.#over) return;
    this.#over = true;
    this.#to.end(this.#trailers);
  }

  #fail(detail: string): void {
    if (this.#over) return;
    this.#stop();
    this.#to.failed({ code: "upstream_protocol", progress: "responding", detail });
  }

  #stop(): void {
    this.#over = true;
    this.#decoder?.destroy();
  }
}
