// An event stream for a client that has asked for a complete answer: some servers stream without being asked.
import { EventReader } from "../../bytes/event-reader.ts";
import type { StreamReader } from "../../format.ts";
import { badResponse, LlmError } from "../../message/fault.ts";
import { restoreTools } from "../../tools/restored-tools.ts";
import { AnswerCollector } from "./answer-collector.ts";
import { deliverFault } from "./deliver-fault.ts";
import { MAX_EVENT_BYTES } from "./passed-events.ts";
import type { ReplyOutput, ReplyPart } from "./reply-part.ts";

/** Collects the answer. */
export class CollectedEvents implements ReplyPart {
  readonly #to: ReplyOutput;
  readonly #events = new EventReader(this, MAX_EVENT_BYTES);
  readonly #answer = new AnswerCollector();
  readonly #reader: StreamReader;
  #over = false;

  constructor(to: ReplyOutput) {
    this.#to = to;
    this.#reader = to.choice.request.format.provider.streamReader(this.#answer);
  }

  data(chunk: Buffer): boolean {
    this.#guarded(() => {
      this.#events.feed(chunk);
      if (this.#answer.isOver) this.#send();
    });
    return true;
  }

  end(): void {
    this.#guarded(() => {
      this.#events.end();
      if (!this.#answer.isOver) this.#reader.close();
      this.#send();
    });
  }

  event(name: string, data: string): void {
    if (!this.#answer.isOver) this.#reader.event(name, data);
  }

  comment(): void {}

  tooLarge(): void {
    throw badResponse("an event that is too large");
  }

  #send(): void {
    const { call, choice } = this.#to;
    const { toolNames } = choice.request;
    const response = this.#answer.response();
    const known = toolNames === null ? response : restoreTools(response, toolNames);
    if (known.usage !== null) call.used(known.usage);
    const body = Buffer.from(JSON.stringify(call.request.format.client.writeResponse(known, call.identity)));
    this.#over = true;
    call.contentBegins();
    this.#to.answer(200, body, ["Content-Type", "application/json"]);
  }

  #guarded(read: () => void): void {
    if (this.#over) return;
    try {
      read();
    } catch (error) {
      if (!(error instanceof LlmError)) throw error;
      this.#over = true;
      this.#to.faulted(error.fault, () => deliverFault(error.fault, this.#to));
    }
  }
}
