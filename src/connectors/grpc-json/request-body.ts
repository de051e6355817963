// The client's JSON body as a stream of gRPC frames, made as it is read, no faster than the backend takes them.
import type { BodyReceiver, RequestBody } from "../../core/edges.ts";
import { InputError, tooLarge } from "./input-error.ts";
import { JsonSplitter } from "./json-splitter.ts";
import { type RequestPlan, requestFrame, takesRawBody } from "./request-message.ts";

const NO_TRAILERS: readonly string[] = [];
/** Takes what is left of a body nobody needs, so that the connection can go on. */
const SINK: BodyReceiver = { data: () => true, end: () => undefined };
/** Types a message may itself be an array in. */
const ARRAY_FORMS: ReadonlySet<string> = new Set(["google.protobuf.ListValue", "google.protobuf.Value"]);

/** Where the body of an attempt tells what it cannot say to the connector. */
export interface BodyObserver {
  /** The client waits for `100 Continue` before it sends its body, which is needed now. */
  needed(): void;
  /** The client's input cannot be translated: nothing more is delivered. */
  refused(error: InputError): void;
}

/** One message, or one after the other where the method takes a stream. */
export class FrameBody implements RequestBody, BodyReceiver {
  readonly length = -1;
  complete = false;
  bytes = 0;
  readonly #plan: RequestPlan;
  readonly #source: RequestBody;
  readonly #observer: BodyObserver;
  readonly #raw: boolean;
  readonly #splitter: JsonSplitter | null;
  #to: BodyReceiver | null = null;
  /** The body of a unary call, collected. */
  #pieces: Buffer[] = [];
  #collected = 0;
  #messages = 0;
  /** The receiver is full. */
  #full = false;
  /** The source was told to wait. */
  #holding = false;
  #sourceEnded = false;
  #dead = false;

  constructor(plan: RequestPlan, source: RequestBody, observer: BodyObserver) {
    this.#plan = plan;
    this.#source = source;
    this.#observer = observer;
    const { method, body } = plan.binding;
    this.#raw = takesRawBody(plan.binding);
    const list = body !== null && body !== "*" && body.fieldKind === "list";
    const arrays = !list && !ARRAY_FORMS.has(typeOfBody(plan));
    this.#splitter =
      method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming"
        ? new JsonSplitter(plan.maxBytes, arrays)
        : null;
  }

  limit(maxBytes: number): void {
    this.#source.limit(maxBytes);
  }

  start(to: BodyReceiver): void {
    const first = this.#to === null;
    this.#to = to;
    if (!first) return;
    const source = this.#source;
    if (this.#plan.binding.body === null || source.length === 0) {
      // The message does not wait for a body that says nothing about it.
      this.#send(null);
      this.#finish();
      if (source.length !== 0 && !source.complete) source.start(SINK);
      return;
    }
    this.#observer.needed();
    source.start(this);
  }

  resume(): void {
    if (this.#dead) return;
    this.#full = false;
    this.#pump();
    if (!this.#full && this.#holding) {
      this.#holding = false;
      this.#source.resume();
    }
  }

  data(chunk: Buffer): boolean {
    if (this.#dead) return true;
    if (this.#splitter === null) this.#collect(chunk);
    else if (this.#raw) this.#send(chunk);
    else {
      this.#splitter.push(chunk);
      this.#pump();
    }
    this.#holding = this.#full && !this.#dead;
    return !this.#holding;
  }

  end(): void {
    if (this.#dead) return;
    this.#sourceEnded = true;
    if (this.#splitter === null) {
      this.#send(this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#collected));
      this.#pieces = [];
      this.#finish();
    } else if (this.#raw) this.#finish();
    else this.#pump();
  }

  #collect(chunk: Buffer): void {
    this.#collected += chunk.length;
    if (this.#collected > this.#plan.maxBytes) this.#refuse(tooLarge(this.#plan.maxBytes));
    else this.#pieces.push(chunk);
  }

  /** Sends messages until the receiver is full or there are no more. */
  #pump(): void {
    if (this.#splitter === null || this.#raw) return;
    while (!this.#full && !this.#dead && !this.complete) {
      let message: Buffer | null = null;
      try {
        message = this.#splitter.next(this.#sourceEnded);
      } catch (error) {
        return this.#refuse(error as InputError);
      }
      if (message !== null) this.#send(message);
      else if (this.#sourceEnded) this.#finish();
      else return;
    }
  }

  #send(body: Buffer | null): void {
    this.#messages++;
    let out: Buffer;
    try {
      out = requestFrame(this.#plan, body);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const place = this.#splitter === null || this.#raw ? "" : `Message ${this.#messages}: `;
      return this.#refuse(new InputError(place + error.message, error.code));
    }
    this.bytes += out.length;
    if (!this.#to!.data(out)) this.#full = true;
  }

  #finish(): void {
    if (this.#dead || this.complete) return;
    this.complete = true;
    this.#to!.end(NO_TRAILERS);
  }

  #refuse(error: InputError): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#pieces = [];
    this.#observer.refused(error);
  }
}

function typeOfBody({ binding }: RequestPlan): string {
  const { method, body } = binding;
  return (body === null || body === "*" ? method.input : body.message)?.typeName ?? "";
}
