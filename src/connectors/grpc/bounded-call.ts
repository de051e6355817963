// Limits the messages of a gRPC call by wrapping body and receiver: a message that is too large fails the call.
import type { BodyReceiver, Receiver, RequestBody, SendFailure, Upstream } from "../../core/edges.ts";
import { getField } from "../../wire/fields.ts";
import { SizeGate } from "./size-gate.ts";

/** Largest messages, bytes; 0 no limit. */
export interface MessageBounds {
  readonly maxSendBytes: number;
  readonly maxReceiveBytes: number;
}

/** Passes everything on until a message is too large; then reports that, once, and nothing more. */
export class BoundedCall implements Receiver, RequestBody, BodyReceiver {
  readonly #receiver: Receiver;
  readonly #body: RequestBody;
  readonly #sent: SizeGate | null;
  #received: SizeGate | null;
  #to: BodyReceiver | null = null;
  #over = false;
  #answering = false;
  /** The call under way, to be given up. */
  call: Upstream | null = null;

  constructor(body: RequestBody, receiver: Receiver, bounds: MessageBounds) {
    this.#body = body;
    this.#receiver = receiver;
    this.#sent = bounds.maxSendBytes > 0 ? new SizeGate(bounds.maxSendBytes) : null;
    this.#received = bounds.maxReceiveBytes > 0 ? new SizeGate(bounds.maxReceiveBytes) : null;
  }

  get length(): number {
    return this.#body.length;
  }

  get complete(): boolean {
    return this.#body.complete;
  }

  get bytes(): number {
    return this.#body.bytes;
  }

  limit(maxBytes: number): void {
    this.#body.limit(maxBytes);
  }

  start(to: BodyReceiver): void {
    this.#to = to;
    this.#body.start({
      data: (chunk) => this.#pass(chunk),
      end: (trailers) => this.#to?.end(trailers),
    });
  }

  interim(status: number, fields: readonly string[]): void {
    if (!this.#over) this.#receiver.interim(status, fields);
  }

  head(status: number, reason: string, fields: string[], length: number): void {
    this.#answering = true;
    // A page of a proxy in between has no messages, and what it says is not their length.
    if (!/^application\/grpc/i.test(getField(fields, "content-type") ?? "")) this.#received = null;
    if (!this.#over) this.#receiver.head(status, reason, fields, length);
  }

  data(chunk: Buffer): boolean;
  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean;
  data(chunk: Buffer, release: (() => void) | null = null, last = false): boolean {
    if (this.#over) return true;
    if (this.#received?.admits(chunk) === false) {
      this.#tooLarge("message from the backend is too large");
      return true;
    }
    return this.#receiver.data(chunk, release, last);
  }

  end(trailers: readonly string[]): void {
    if (!this.#over) this.#receiver.end(trailers);
  }

  flush(): void {
    if (!this.#over) this.#receiver.flush();
  }

  failed(failure: SendFailure): void {
    if (!this.#over) this.#receiver.failed(failure);
  }

  resume(): void {
    this.#body.resume();
  }

  #pass(chunk: Buffer): boolean {
    if (this.#over || this.#to === null) return true;
    if (this.#sent?.admits(chunk) === false) {
      this.#tooLarge("message from the client is too large");
      return true;
    }
    return this.#to.data(chunk);
  }

  #tooLarge(detail: string): void {
    this.#over = true;
    this.#to = null;
    this.call?.abort();
    this.#receiver.failed({ code: "message_too_large", progress: this.#answering ? "responding" : "sent", detail });
  }
}
