// The body of a gRPC-Web request converted to gRPC: the same frames, without the base64 of the text form.
import type { BodyReceiver, RequestBody } from "../../core/edges.ts";
import { Base64Decoder } from "./base64-stream.ts";

const NO_TRAILERS: readonly string[] = [];

/** Told by the body of an attempt what concerns the client and not the connector. */
export interface WebBodyObserver {
  /** Reading begins: a client that waits for `100 Continue` may send. */
  needed(): void;
  /** The client's body is not base64: nothing more is delivered. */
  refused(message: string): void;
}

/** Passes the frames of a client on; text is decoded. */
export class WebBody implements RequestBody, BodyReceiver {
  /** Bytes announced: those of the frames where they pass as they are, else unknown. */
  readonly length: number;
  complete = false;
  bytes = 0;
  readonly #source: RequestBody;
  readonly #decoder: Base64Decoder | null;
  readonly #observer: WebBodyObserver;
  #to: BodyReceiver | null = null;
  #dead = false;

  constructor(source: RequestBody, text: boolean, observer: WebBodyObserver) {
    this.#source = source;
    this.#decoder = text ? new Base64Decoder() : null;
    this.#observer = observer;
    this.length = text && source.length !== 0 ? -1 : source.length;
    this.complete = source.complete;
  }

  limit(maxBytes: number): void {
    this.#source.limit(maxBytes);
  }

  start(to: BodyReceiver): void {
    const first = this.#to === null;
    this.#to = to;
    if (!first) return;
    this.#observer.needed();
    this.#source.start(this);
  }

  resume(): void {
    this.#source.resume();
  }

  data(chunk: Buffer): boolean {
    if (this.#dead) return true;
    const bytes = this.#decoder === null ? chunk : this.#decoder.push(chunk);
    if (bytes === null) return this.#bad();
    if (bytes.length === 0) return true;
    this.bytes += bytes.length;
    return this.#to!.data(bytes);
  }

  end(): void {
    if (this.#dead) return;
    if (this.#decoder !== null && !this.#decoder.whole) {
      this.#bad();
      return;
    }
    this.complete = true;
    // Trailers are not part of a gRPC request.
    this.#to!.end(NO_TRAILERS);
  }

  #bad(): true {
    this.#dead = true;
    this.#observer.refused("The grpc-web-text body is not valid base64.");
    return true;
  }
}
