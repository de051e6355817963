// A gRPC response as gRPC-Web: the frames, then the trailers in a frame of their own, because browsers see no trailers.
import type { Receiver, SendFailure } from "../../core/edges.ts";
import { type Fields, getField } from "../../wire/fields.ts";
import { HOP, knownField } from "../../wire/known.ts";

const NO_TRAILERS: readonly string[] = [];
/** Flag of the frame that carries trailers (PROTOCOL-WEB, "HTTP/2 related behavior"). */
const TRAILER_FLAG = 0x80;
const IS_GRPC = /^application\/grpc(\+[\w.-]+)?\s*(;|$)/i;
/** Fields of the backend's response that do not fit the translated one. */
const OWN: ReadonlySet<string> = new Set(["content-type", "content-length", "trailer", "transfer-encoding"]);

/** Receives gRPC, reports gRPC-Web. */
export class WebResponse implements Receiver {
  readonly #to: Receiver;
  readonly #contentType: string;
  readonly #text: boolean;
  readonly #noteStatus: (status: number) => void;
  /** A head with `grpc-status` is complete by itself: nothing follows it. */
  #head: { readonly status: number; readonly fields: Fields } | null = null;
  #over = false;

  /**
   * @param contentType of the answer
   * @param noteStatus told the status of the call where it is no field of the answer
   */
  constructor(to: Receiver, contentType: string, text: boolean, noteStatus: (status: number) => void) {
    this.#to = to;
    this.#noteStatus = noteStatus;
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
    if (getField(fields, "grpc-status") !== undefined) this.#head = { status: 200, fields: out };
    else this.#to.head(200, "", out, -1);
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (this.#over) {
      release?.();
      return true;
    }
    this.#sendHead();
    let more = true;
    if (!this.#text) more = this.#to.data(chunk, release, false);
    else {
      // Padded piece by piece, as the protocol allows: no byte of a message waits for the next one.
      const text = base64(chunk);
      release?.();
      more = this.#to.data(text, nothing, false);
    }
    if (last) this.end(NO_TRAILERS);
    return more;
  }

  end(trailers: readonly string[]): void {
    if (this.#over) return;
    if (this.#head !== null) {
      const { status, fields } = this.#head;
      this.#over = true;
      fields.push("Content-Length", "0");
      this.#to.head(status, "", fields, 0);
      this.#to.end(NO_TRAILERS);
      return;
    }
    const status = getField(trailers, "grpc-status");
    if (status === undefined) return this.#fail("no grpc-status");
    this.#over = true;
    this.#noteStatus(Number(status));
    const frame = trailerFrame(trailers);
    this.#to.data(this.#text ? base64(frame) : frame, nothing, true);
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

  #sendHead(): void {
    if (this.#head === null) return;
    const { status, fields } = this.#head;
    this.#head = null;
    this.#to.head(status, "", fields, -1);
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

/** The bytes are ours: nothing to give back. */
function nothing(): void {}
