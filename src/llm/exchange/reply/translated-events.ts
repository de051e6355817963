// An event stream in another format than the client's: read into the common form and written event by event.
import { EventReader } from "../../bytes/event-reader.ts";
import type { StreamReader, StreamWriter } from "../../format.ts";
import { badResponse, type Fault, LlmError } from "../../message/fault.ts";
import { RestoredTools } from "../../tools/restored-tools.ts";
import { deliverFault } from "./deliver-fault.ts";
import { MAX_EVENT_BYTES } from "./passed-events.ts";
import type { ReplyOutput, ReplyPart } from "./reply-part.ts";
import { TappedSink } from "./tapped-sink.ts";

/** Most text that is held before there is content, characters. */
const MAX_HELD = 256 * 1024;

/** Translates one stream. */
export class TranslatedEvents implements ReplyPart {
  readonly #to: ReplyOutput;
  readonly #events = new EventReader(this, MAX_EVENT_BYTES);
  readonly #writer: StreamWriter;
  readonly #sink: TappedSink;
  readonly #reader: StreamReader;
  /** Written, but not sent before there is content. */
  #held = "";
  #over = false;

  constructor(to: ReplyOutput) {
    this.#to = to;
    const { call, choice } = to;
    this.#writer = call.request.format.client.streamWriter(call.identity);
    const { toolNames, format } = choice.request;
    this.#sink = new TappedSink(this.#writer, call);
    this.#reader = format.provider.streamReader(
      toolNames === null ? this.#sink : new RestoredTools(this.#sink, toolNames),
    );
  }

  data(chunk: Buffer): boolean {
    if (this.#over) return true;
    this.#guarded(() => this.#events.feed(chunk));
    if (this.#over) return true;
    const more = this.#flush(false);
    if (this.#sink.isOver) this.#to.complete();
    return more;
  }

  end(): void {
    if (this.#over) return;
    this.#guarded(() => {
      this.#events.end();
      if (!this.#sink.isOver) this.#reader.close();
    });
    if (this.#over) return;
    this.#over = true;
    this.#flush(true);
  }

  event(name: string, data: string): void {
    if (this.#over || this.#sink.isOver) return;
    this.#reader.event(name, data);
    const { reported } = this.#sink;
    if (reported !== null) this.#faulted(reported);
  }

  comment(): void {}

  tooLarge(): void {
    this.#faulted(badResponse("an event that is too large").fault);
  }

  /** Runs a reader: what it throws is the provider's fault. */
  #guarded(read: () => void): void {
    try {
      read();
      const { reported } = this.#sink;
      if (reported !== null) this.#faulted(reported);
    } catch (error) {
      if (!(error instanceof LlmError)) throw error;
      this.#faulted(error.fault);
    }
  }

  #faulted(fault: Fault): void {
    if (this.#over) return;
    this.#over = true;
    this.#to.faulted(fault, (shown) => {
      const { call } = this.#to;
      if (!call.hasContent) return deliverFault(shown, this.#to);
      this.#writer.fault(shown);
      this.#to.events(Buffer.from(this.#held + this.#writer.take()), true);
    });
  }

  /** @returns false when the client is slower */
  #flush(last: boolean): boolean {
    const text = this.#held + this.#writer.take();
    if (!last && !this.#writer.hasContent && text.length < MAX_HELD) {
      this.#held = text;
      return true;
    }
    this.#held = "";
    if (text !== "") return this.#to.events(Buffer.from(text), last);
    if (last) this.#to.finish();
    return true;
  }
}
