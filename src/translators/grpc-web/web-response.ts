// A gRPC response as gRPC-Web: the frames, then the trailers in another frame, because browsers cannot read trailers.
import type { Receiver, SendFailure } from "../../core/edges.ts";
import { type Fields, getField } from "../../wire/fields.ts";
import { HOP, knownField } from "../../wire/known.ts";
import { MessageGate } from "./message-gate.ts";

const NO_TRAILERS: readonly string[] = [];
/** Flag of the frame that carries trailers (PROTOCOL-WEB, "HTTP/2 related behavior"). */
const TRAILER_FLAG = 0x80;
const IS_GRPC = /^application\/grpc(\+[\w.-]+)?\s*(;|$)/i;
/** Fields of the backend's response that do not fit the translated one. */
const OWN: ReadonlySet<string> = new Set(["content-type", "content-length", "trailer", "transfer-encoding"]);

/** What the call learns of its answer. */
export interface WebResponseObserver {
  /** The head is about to be delivered. */
  begins(response: WebResponse): void;
  /** Status of the call, where it is no field of the answer. */
  noteStatus(status: number): void;
}

/** Receives gRPC, reports gRPC-Web. */
export class WebResponse implements Receiver {
  readonly #to: Receiver;
  readonly #contentType: string;
  readonly #text: boolean;
  readonly #observer: WebResponseObserver;
  readonly #gate = new MessageGate();
  /** A head with `grpc-status` is complete by itself: nothing follows it. */
  #head: Fields | null = null;
  #over = false;

  /** @param contentType of the answer */
  constructor(to: Receiver, contentType: string, text: boolean, observer: WebResponseObserver) {
    this.#to = to;
    this.#observer = observer;
    this.#contentType = contentType;
    this.#text = text;
  }

  interim(): void {
    // gRPC-Web has no interim responses.
  }

  head(status: number, _reason: string, fields: string[]): void {
    if (this.#over) return;
    if (!IS_GRPC.test(getField(fields, "content-type") ?? "") && getField(fields, "grpc-status") === undefined) {
      return this.#fail(`not a gRPC response, HTTP status ${status}`);
    }
    const out: Fields = ["Content-Type", this.#contentType];
    for (let i = 0; i < fields.length; i += 2) {
      const lower = fields[i]!.toLowerCase();
      if (!OWN.has(lower) && knownField(lower) !== HOP && lower !== "connection") out.push(lower, fields[i + 1]!);
    }
    if (getField(fields, "grpc-status") !== undefined) this.#head = out;
    else this.#begin(out, -1);
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (this.#over) {
      release?.();
      return true;
    }
    if (this.#head !== null) this.#begin(this.#head, -1);
    const copies = this.#text || this.#gate.holds;
    const bytes = this.#gate.push(chunk);
    let more = true;
    if (bytes.length > 0 && !copies) more = this.#to.data(bytes, release, false);
    else {
      // Padded piece by piece, as the protocol allows: no message waits for the next one.
      const out = this.#text ? base64(bytes) : bytes;
      release?.();
      if (out.length > 0) more = this.#to.data(out, nothing, false);
    }
    if (last) this.end(NO_TRAILERS);
    return more;
  }

  end(trailers: readonly string[]): void {
    if (this.#over) return;
    if (this.#head !== null) {
      this.#over = true;
      this.#begin([...this.#head, "Content-Length", "0"], 0);
      this.#to.end(NO_TRAILERS);
      return;
    }
    const status = getField(trailers, "grpc-status");
    if (status === undefined) return this.#fail("no grpc-status");
    const last = this.ending(trailers);
    // A call that ends within a message fails whatever its status; one that has failed anyway loses only that message.
    if (last === null || (!this.#gate.whole && Number(status) === 0)) return this.#fail("ended inside of a message");
    this.#over = true;
    this.#observer.noteStatus(Number(status));
    this.#to.data(last, nothing, true);
  }

  /** The end of the answer that says `trailers`; null in the middle of a message of which a part has been delivered. */
  ending(trailers: readonly string[]): Buffer | null {
    if (this.#gate.open) return null;
    const frame = trailerFrame(trailers);
    return this.#text ? base64(frame) : frame;
  }

  flush(): void {
    if (this.#over || this.#head !== null) return;
    this.#to.flush();
  }

  failed(failure: SendFailure): void {
    if (this.#over) return;
    this.#over = true;
    this.#to.failed(failure);
  }

  #begin(fields: Fields, length: number): void {
    this.#head = null;
    this.#observer.begins(this);
    this.#to.head(200, "", fields, length);
  }

  #fail(detail: string): void {
    this.failed({ code: "upstream_protocol", progress: "responding", detail: `gRPC-Web: ${detail}` });
  }
}

/** The trailers as HTTP/1 field lines in lower case, without the empty line at the end. */
function trailerFrame(trailers: readonly string[]): Buffer {
  let text = "";
  for (let i = 0; i < trailers.length; i += 2) {
    text += `${trailers[i]!.toLowerCase()}: ${trailers[i + 1]!.replaceAll(/[\r\n]/g, " ")}\r\n`;
  }
  const lines = Buffer.from(text, "latin1");
  const frame = Buffer.allocUnsafe(5 + lines.length);
  frame[0] = TRAILER_FLAG;
  frame.writeUInt32BE(lines.length, 1);
  lines.copy(frame, 5);
  return frame;
}

function base64(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("base64"), "latin1");
}

/** The bytes were made here and are not borrowed: there is nothing to release. */
function nothing(): void {}
