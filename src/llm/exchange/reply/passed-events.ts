// An event stream in the client's own format: passed through, except for the name of the model.
import { EventReader } from "../../bytes/event-reader.ts";
import { objectOr, parseObject } from "../../json/values.ts";
import { badResponse } from "../../message/fault.ts";
import { mergeUsage, type Usage } from "../../message/usage.ts";
import { deliverFault } from "./deliver-fault.ts";
import type { ReplyOutput, ReplyPart } from "./reply-part.ts";
import { renamed } from "./whole-reply.ts";

/** Largest event, bytes. */
export const MAX_EVENT_BYTES = 64 * 1024 * 1024;
/** Most that is held before there is content. */
const MAX_HELD_EVENTS = 64;
const MAX_HELD_BYTES = 256 * 1024;
const OPEN_OBJECT = 0x7b;
const BLANK_LINE = Buffer.from("\n\n");

/** Reads the stream, holds its first events until there is content, and passes what comes in one chunk on in one write. */
export class PassedEvents implements ReplyPart {
  readonly #to: ReplyOutput;
  readonly #reader = new EventReader(this, MAX_EVENT_BYTES);
  readonly #model: Buffer | null;
  /** To be sent after the chunk that is read, or once there is content. */
  #out: Buffer[] = [];
  #outBytes = 0;
  #usage: Usage | null = null;
  /** There is content, or too much to be held. */
  #begun = false;
  #complete = false;
  /** The stream has ended: an event that is read now came without its blank line. */
  #ending = false;
  #over = false;

  constructor(to: ReplyOutput) {
    this.#to = to;
    this.#model = to.call.renamedTo(to.choice);
  }

  data(chunk: Buffer): boolean {
    this.#reader.feed(chunk);
    if (this.#over) return true;
    if (this.#complete) this.#begins();
    const more = this.#flush();
    if (this.#complete) this.#to.complete();
    return more;
  }

  end(): void {
    if (this.#over) return;
    this.#ending = true;
    this.#reader.end();
    if (this.#over) return;
    if (!this.#complete) return this.#truncated();
    this.#begins();
    if (this.#out.length > 0) this.#to.events(this.#taken(), true);
    else this.#to.finish();
    this.#over = true;
  }

  event(name: string, data: string, raw: Buffer): void {
    if (this.#over) return;
    const { choice, call } = this.#to;
    const { format } = choice.request;
    const object = parseObject(data);
    if (this.#ending && object === null && data !== "[DONE]") return; // it was cut
    if (!this.#begun) this.#to.made(objectOr(object?.response));
    const facts = format.provider.eventFacts(name, object);
    if (facts.usage !== null) {
      this.#usage = mergeUsage(this.#usage, facts.usage);
      call.used(this.#usage);
    }
    // What is complete stays so, whatever a provider says behind it.
    if (facts.fault !== null && !this.#complete) {
      const isShown = call.hasContent && !choice.credential.isIn(raw);
      this.#to.faulted(facts.fault, (fault) => {
        this.#end(isShown ? raw : null, () => deliverFault(fault, this.#to));
      });
      this.#over = true;
      return;
    }
    if (facts.fault !== null) return;
    if (facts.terminal) this.#complete = true;
    if (facts.usageOnly && !call.request.streamUsage) return;
    if (facts.content) {
      call.counted();
      this.#begins();
    }
    this.#add(this.#model === null ? raw : renamed(raw, format.modelKeys, this.#model, raw.indexOf(OPEN_OBJECT)));
  }

  /** Keep-alives of a provider are replaced by those of the gateway. */
  comment(): void {}

  tooLarge(): void {
    if (this.#over) return;
    const { fault } = badResponse("an event that is too large");
    this.#to.faulted(fault, () => deliverFault(fault, this.#to));
    this.#over = true;
  }

  #begins(): void {
    this.#begun = true;
  }

  #add(event: Buffer): void {
    // What is held must outlive the chunk it came in.
    this.#out.push(this.#begun ? event : Buffer.from(event));
    if (this.#ending) this.#out.push(BLANK_LINE);
    this.#outBytes += event.length;
    if (this.#out.length >= MAX_HELD_EVENTS || this.#outBytes >= MAX_HELD_BYTES) this.#begins();
  }

  /** @returns false when the client is slower */
  #flush(): boolean {
    if (!this.#begun || this.#out.length === 0) return true;
    return this.#to.events(this.#taken(), false);
  }

  #taken(): Buffer {
    const all = this.#out.length === 1 ? this.#out[0]! : Buffer.concat(this.#out);
    this.#out = [];
    this.#outBytes = 0;
    return all;
  }

  #truncated(): void {
    this.#over = true;
    const { fault } = badResponse("a stream that ends before the answer does");
    this.#to.faulted(fault, () => this.#end(null, () => deliverFault(fault, this.#to)));
  }

  /** @param raw event of the provider that ends the stream; null: `deliver` writes one */
  #end(raw: Buffer | null, deliver: () => void): void {
    if (raw !== null) {
      this.#add(raw);
      this.#to.events(this.#taken(), true);
      return;
    }
    if (this.#begun) this.#flush();
    deliver();
  }
}
