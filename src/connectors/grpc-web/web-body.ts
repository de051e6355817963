// The body of a gRPC-Web request as gRPC takes it: the same frames, without the base64 of the text form.
import type { BodyReceiver, RequestBody } from "../../core/edges.ts";
import { Base64Decoder } from "./base64-stream.ts";

const NO_TRAILERS: readonly string[] = [];

/** Passes the frames of a client on; text is decoded. */
export class WebBody implements RequestBody, BodyReceiver {
  /** Bytes announced: those of the frames where they pass as they are, else unknown. */
  readonly length: number;
  complete = false;
  bytes = 0;
  readonly #source: RequestBody;
  readonly #decoder: Base64Decoder | null;
  readonly #refuse: (message: string) => void;
  #to: BodyReceiver | null = null;
  #dead = false;

  /** @param refuse told, once, that the client's body is not base64 */
  constructor(source: RequestBody, text: boolean, refuse: (message: string) => void) {
    this.#source = source;
    this.#decoder = text ? new Base64Decoder() : null;
    this.#refuse = refuse;
    this.length = text && source.length !== 0 ? -1 : source.length;
    this.complete = source.complete;
  }

  limit(maxBytes: number): void {
    this.#source.limit(maxBytes);
  }

  start(to: BodyReceiver): void {
    const first = this.#to === null;
    this.#to = to;
    if (first) this.#source.start(this);
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
    this.#refuse("The grpc-web-text body is not valid base64.");
    return true;
  }
}
