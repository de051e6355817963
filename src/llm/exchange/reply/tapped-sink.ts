// Notes usage, end and faults of a streamed answer on its way to the writer.
import type { Fault } from "../../message/fault.ts";
import type { Signature } from "../../message/request.ts";
import type { FinishReason } from "../../message/response.ts";
import type { StreamSink } from "../../message/stream-sink.ts";
import { mergeUsage, type Usage } from "../../message/usage.ts";
import type { Call } from "../call.ts";

/** Passes an answer on. Faults are kept back: another candidate may take over. */
export class TappedSink implements StreamSink {
  readonly #to: StreamSink;
  readonly #call: Call;
  #usage: Usage | null = null;
  /** The fault the provider has reported; null: none. */
  reported: Fault | null = null;
  /** The provider has completed the answer, or reported a fault. */
  isOver = false;

  constructor(to: StreamSink, call: Call) {
    this.#to = to;
    this.#call = call;
  }

  start(id: string, model: string, createdAt: number): void {
    this.#to.start(id, model, createdAt);
  }

  text(choice: number, text: string): void {
    this.#call.counted();
    this.#to.text(choice, text);
  }

  refusal(choice: number, text: string): void {
    this.#call.counted();
    this.#to.refusal(choice, text);
  }

  reasoning(choice: number, text: string, summary: boolean): void {
    this.#call.counted();
    this.#to.reasoning(choice, text, summary);
  }

  reasoningEnd(choice: number, signature: Signature | null, redacted: boolean, id: string | null): void {
    this.#to.reasoningEnd(choice, signature, redacted, id);
  }

  toolStart(choice: number, tool: number, id: string, name: string, freeform: boolean): void {
    this.#to.toolStart(choice, tool, id, name, freeform);
  }

  toolArguments(choice: number, tool: number, piece: string): void {
    this.#call.counted();
    this.#to.toolArguments(choice, tool, piece);
  }

  toolEnd(choice: number, tool: number, signature: Signature | null): void {
    this.#to.toolEnd(choice, tool, signature);
  }

  logprobs(choice: number, logprobs: unknown): void {
    this.#to.logprobs(choice, logprobs);
  }

  usage(usage: Usage): void {
    this.#usage = mergeUsage(this.#usage, usage);
    this.#call.used(this.#usage);
    this.#to.usage(usage);
  }

  finish(choice: number, reason: FinishReason, stopSequence: string | null): void {
    this.#to.finish(choice, reason, stopSequence);
  }

  end(): void {
    this.isOver = true;
    this.#to.end();
  }

  fault(fault: Fault): void {
    this.reported = fault;
    this.isOver = true;
  }
}
