// The client's JSON body as a stream of gRPC frames, converted as it is read, with back-pressure of the backend.
import type { BodyReceiver, RequestBody } from "../../../core/edges.ts";
import { Gathered } from "../../../wire/gathered.ts";
import { InputError, tooLarge } from "../input-error.ts";
import { JsonSplitter } from "./json-splitter.ts";
import { type RequestPlan, requestFrame, takesRawBody } from "./request-message.ts";

const NO_TRAILERS: readonly string[] = [];
/** Reads and drops the rest of a body that is not needed, so that the connection can be used again. */
const SINK: BodyReceiver = { data: () => true, end: () => undefined };
/** Message types whose JSON form may itself be an array. */
const ARRAY_FORMS: ReadonlySet<string> = new Set(["google.protobuf.ListValue", "google.protobuf.Value"]);

/** Pieces of a streamed raw body that come together are sent together, up to this many bytes: a message each would multiply tiny ones. */
const PIECE_BYTES = 16 * 1024;

/** Told by the body of an attempt what concerns the client and not the connector. */
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
  /** The body of a unary call, or the next piece of a raw one. */
  readonly #collected = new Gathered();
  /** Runs when the pieces that came together are there. */
  #flush: NodeJS.Immediate | null = null;
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
    const { body } = this.#plan.binding;
    if (body === null || source.length === 0) {
      // The message does not wait for a body that says nothing about it.
      if (this.#raw) this.#send(this.#collected.bytes);
      else if (body === null || this.#splitter === null) this.#send(null);
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
    if (this.#raw && this.#splitter !== null) this.#sendPiece();
    else this.#pump();
    if (!this.#full && this.#holding) {
      this.#holding = false;
      this.#source.resume();
    }
  }

  data(chunk: Buffer): boolean {
    if (this.#dead) return true;
    if (this.#splitter === null) this.#collect(chunk);
    else if (this.#raw) this.#addPiece(chunk);
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
      this.#send(this.#collected.take());
      this.#finish();
    } else if (this.#raw) {
      this.#sendPiece(true);
      this.#finish();
    } else this.#pump();
  }

  #collect(chunk: Buffer): void {
    const { maxBytes } = this.#plan;
    if (this.#collected.length + chunk.length > maxBytes) this.#refuse(tooLarge(maxBytes));
    else this.#collected.add(chunk, true);
  }

  #addPiece(chunk: Buffer): void {
    const most = Math.min(PIECE_BYTES, this.#plan.maxBytes / 2);
    if (this.#collected.length + chunk.length > most) this.#sendPiece();
    if (this.#dead) return;
    this.#collected.add(chunk, true);
    if (chunk.length >= most) this.#sendPiece();
    else this.#flush ??= setImmediate(() => this.#flushPiece());
  }

  #flushPiece(): void {
    this.#flush = null;
    if (!this.#full && !this.#dead) this.#sendPiece();
  }

  /** @param last also sends an empty one where there was none: an empty file is a file */
  #sendPiece(last = false): void {
    if (this.#collected.length === 0 && !(last && this.#messages === 0)) return;
    this.#send(this.#collected.take());
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
    this.#collected.clear();
    this.#observer.refused(error);
  }
}

function typeOfBody({ binding }: RequestPlan): string {
  const { method, body } = binding;
  return (body === null || body === "*" ? method.input : body.message)?.typeName ?? "";
}
