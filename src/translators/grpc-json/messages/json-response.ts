// The gRPC response of one attempt as an HTTP response. Its status is sent when the result of the call is known.
import type { Receiver, SendFailure } from "../../../core/edges.ts";
import { type Fields, getField } from "../../../wire/fields.ts";
import { httpStatusOf } from "../../../wire/grpc.ts";
import type { DescriptorPool } from "../descriptors/pool.ts";
import type { InputError } from "../input-error.ts";
import { FrameError, FrameReader } from "./frames.ts";
import { codeOfHttpStatus, OK } from "./grpc-status.ts";
import type { RawBody } from "./http-body.ts";
import type { MessagePrinter } from "./message-printer.ts";
import { addResponseMetadata } from "./metadata.ts";
import type { BodyObserver } from "./request-body.ts";
import { type StatusJson, statusOf } from "./status-json.ts";
import { EVENTS, type StreamForm } from "./stream-form.ts";

/** How a response is to be written. */
export interface ResponsePlan {
  readonly pool: DescriptorPool;
  readonly printer: MessagePrinter;
  /** null for methods that answer with one message. */
  readonly form: StreamForm | null;
  readonly maxBytes: number;
  /** The request was HEAD: the answer is a head alone (RFC 9110 §9.3.2). */
  readonly headOnly: boolean;
  /** The client waits for `100 Continue`. */
  readonly waits: boolean;
  /** Told the status of the call: no field of the answer says it. */
  readonly noteStatus: (code: number) => void;
}

const IS_GRPC = /^application\/grpc(\+proto)?\s*(;|$)/i;
const NO_TRAILERS: readonly string[] = [];

/** Receives gRPC, reports HTTP. */
export class JsonResponse implements Receiver, BodyObserver {
  readonly #plan: ResponsePlan;
  readonly #to: Receiver;
  readonly #frames: FrameReader;
  readonly #onMessage = (message: Buffer): void => this.#message(message);
  /** Fields of the response head; null before it came. */
  #fields: readonly string[] | null = null;
  /** Not a gRPC response: what it says of itself, and its body is skipped. */
  #foreign: StatusJson | null = null;
  /** The one answer of a unary call, ready to go. */
  #answer: { readonly contentType: string; readonly body: Buffer } | null = null;
  #count = 0;
  #begun = false;
  #more = true;
  #over = false;

  constructor(plan: ResponsePlan, to: Receiver) {
    this.#plan = plan;
    this.#to = to;
    this.#frames = new FrameReader(plan.maxBytes);
  }

  needed(): void {
    if (this.#plan.waits && !this.#over) this.#to.interim(100, []);
  }

  refused(error: InputError): void {
    // "sent" whatever reached the backend: to translate the same input again would fail again.
    this.#fail({ code: error.code, progress: "sent", detail: error.message, message: error.message });
  }

  interim(): void {
    // Interim responses of the service are dropped: metadata has none, and 100 is sent when the body is needed for the call.
  }

  head(status: number, _reason: string, fields: string[]): void {
    if (this.#over) return;
    this.#fields = fields;
    if (IS_GRPC.test(getField(fields, "content-type") ?? "")) return this.#wait();
    this.#foreign = statusOf(fields, this.#plan.pool) ?? {
      code: codeOfHttpStatus(status),
      message: `The service answered with HTTP status ${status}.`,
      details: [],
    };
    if (status === 200 && getField(fields, "grpc-status") === undefined) this.#broken("not a gRPC response");
  }

  /** Whether the call succeeds is known with its first message; only event streams begin without one. */
  #wait(): void {
    if (getField(this.#fields!, "grpc-status") !== undefined) return; // complete by itself
    const events = this.#plan.form === EVENTS && !this.#plan.printer.raw;
    this.#to.begun?.(events ? () => this.#release() : null);
  }

  #release(): void {
    if (this.#over) return;
    this.#begin(EVENTS.contentType);
    this.#to.flush();
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    this.#more = true;
    if (!this.#over && this.#foreign === null) {
      try {
        this.#frames.push(chunk, this.#onMessage);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        this.#broken(error.message);
      }
    }
    release?.();
    if (last) this.end(NO_TRAILERS);
    return this.#more || this.#over;
  }

  end(trailers: readonly string[]): void {
    if (this.#over) return;
    const fields = this.#fields ?? NO_TRAILERS;
    const status = this.#foreign ?? statusOf(trailers, this.#plan.pool) ?? statusOf(fields, this.#plan.pool);
    if (status === undefined) return this.#broken("no grpc-status");
    this.#plan.noteStatus(status.code);
    if (status.code !== OK) return this.#error(status, trailers);
    if (this.#foreign !== null) return this.#broken("not a gRPC response");
    if (!this.#frames.whole) return this.#broken("ended inside of a message");
    if (this.#plan.form === null) this.#unary(trailers);
    else this.#streamed(this.#plan.form);
  }

  /** The last piece of a stream that has begun, where its call has failed; null: it has not begun, or is the bytes of a file. */
  ending(trailers: readonly string[]): Buffer | null {
    const { form, printer, pool } = this.#plan;
    const status = statusOf(trailers, pool);
    if (!this.#begun || form === null || printer.raw || status === undefined) return null;
    return Buffer.from(form.error(printer.status(status, true), this.#count));
  }

  flush(): void {
    if (this.#begun && !this.#over) this.#to.flush();
  }

  failed(failure: SendFailure): void {
    this.#fail(failure);
  }

  /** One message came; `message` is valid during the call only. */
  #message(message: Buffer): void {
    if (this.#over) return;
    const { printer, form } = this.#plan;
    const index = this.#count++;
    if (form === null && index > 0) return this.#broken("more than one message from a unary method");
    let raw: RawBody | null = null;
    let text = "";
    try {
      if (form === null) this.#answer = this.#print(message);
      else if (printer.raw) raw = printer.body(message);
      else text = form.message(printer.json(message, true), index);
    } catch (error) {
      return this.#broken(`message not understood: ${(error as Error).message}`);
    }
    if (form === null) return;
    if (raw !== null) return this.#piece(raw, index);
    this.#begin(form.contentType);
    this.#write(text);
  }

  #print(message: Buffer): { readonly contentType: string; readonly body: Buffer } {
    const { printer } = this.#plan;
    if (!printer.raw) return { contentType: "application/json", body: Buffer.from(printer.json(message, false)) };
    const { contentType, data } = printer.body(message);
    return { contentType, body: Buffer.from(data) };
  }

  /** A piece of a streamed HttpBody; the first one says the type of all. */
  #piece({ contentType, data }: RawBody, index: number): void {
    if (index === 0) this.#begin(contentType);
    if (data.length === 0 || this.#plan.headOnly) return;
    const view = Buffer.from(data.buffer, data.byteOffset, data.length);
    this.#more = this.#to.data(view, null, false);
  }

  #unary(trailers: readonly string[]): void {
    if (this.#answer === null) return this.#broken("no message from a unary method");
    const { contentType, body } = this.#answer;
    this.#complete(200, contentType, body, trailers);
  }

  #streamed(form: StreamForm): void {
    const { raw } = this.#plan.printer;
    this.#begin(raw ? "application/octet-stream" : form.contentType);
    this.#last(raw ? "" : form.end(this.#count));
  }

  /** The service refused or failed: an answer of its own, or the end of a stream that had begun. */
  #error(status: StatusJson, trailers: readonly string[]): void {
    const { printer, form } = this.#plan;
    if (!this.#begun || form === null) {
      const body = Buffer.from(printer.status(status, false));
      return this.#complete(httpStatusOf(status.code), "application/json", body, trailers);
    }
    // An error cannot be written behind the bytes of a file: the reply is cut off, so that it is not taken for complete.
    if (printer.raw) return this.#broken(`grpc-status ${status.code} in the middle of a body`);
    this.#last(form.error(printer.status(status, true), this.#count));
  }

  #complete(status: number, contentType: string, body: Buffer, trailers: readonly string[]): void {
    const fields = this.#head(contentType);
    addResponseMetadata(fields, trailers, "Grpc-Trailer-");
    fields.push("Content-Length", String(body.length));
    this.#over = true;
    this.#to.head(status, "", fields, body.length);
    if (body.length === 0 || this.#plan.headOnly) this.#to.end(NO_TRAILERS);
    else this.#to.data(body, nothing, true);
  }

  #head(contentType: string): Fields {
    const fields: Fields = ["Content-Type", contentType];
    addResponseMetadata(fields, this.#fields ?? NO_TRAILERS, "Grpc-Metadata-");
    return fields;
  }

  #begin(contentType: string): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#to.head(200, "", this.#head(contentType), -1);
  }

  #write(text: string): void {
    if (!this.#plan.headOnly) this.#more = this.#to.data(Buffer.from(text), nothing, false);
  }

  #last(text: string): void {
    this.#over = true;
    if (text === "" || this.#plan.headOnly) this.#to.end(NO_TRAILERS);
    else this.#to.data(Buffer.from(text), nothing, true);
  }

  #broken(detail: string): void {
    this.#fail({ code: "upstream_protocol", progress: "responding", detail: `gRPC: ${detail}` });
  }

  #fail(failure: SendFailure): void {
    if (this.#over) return;
    this.#over = true;
    this.#to.failed(failure);
  }
}

/** The bytes were made here and are not borrowed: there is nothing to release. */
function nothing(): void {}
