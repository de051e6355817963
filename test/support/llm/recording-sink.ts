// Records what a reader of a streamed answer calls.
import type { Fault } from "../../../src/llm/message/fault.ts";
import type { StreamSink } from "../../../src/llm/message/stream-sink.ts";

/** One call: the name of the method, then its arguments. */
export type SinkCall = readonly [keyof StreamSink, ...unknown[]];

/** Calls in order; text, thoughts and arguments that follow each other are joined. */
export class RecordingSink implements StreamSink {
  readonly calls: SinkCall[] = [];

  start(...args: unknown[]): void {
    this.calls.push(["start", ...args]);
  }

  text(choice: number, text: string): void {
    this.#join("text", [choice], text, []);
  }

  refusal(choice: number, text: string): void {
    this.#join("refusal", [choice], text, []);
  }

  reasoning(choice: number, text: string, summary: boolean): void {
    this.#join("reasoning", [choice], text, [summary]);
  }

  reasoningEnd(...args: unknown[]): void {
    this.calls.push(["reasoningEnd", ...args]);
  }

  toolStart(...args: unknown[]): void {
    this.calls.push(["toolStart", ...args]);
  }

  toolArguments(choice: number, tool: number, piece: string): void {
    this.#join("toolArguments", [choice, tool], piece, []);
  }

  toolEnd(...args: unknown[]): void {
    this.calls.push(["toolEnd", ...args]);
  }

  logprobs(...args: unknown[]): void {
    this.calls.push(["logprobs", ...args]);
  }

  usage(...args: unknown[]): void {
    this.calls.push(["usage", ...args]);
  }

  finish(...args: unknown[]): void {
    this.calls.push(["finish", ...args]);
  }

  end(): void {
    this.calls.push(["end"]);
  }

  fault(fault: Fault): void {
    this.calls.push(["fault", fault]);
  }

  /** Arguments of the last call of a method; null: it was not called. */
  last(name: keyof StreamSink): readonly unknown[] | null {
    return this.calls.findLast(([called]) => called === name)?.slice(1) ?? null;
  }

  #join(name: keyof StreamSink, before: readonly unknown[], piece: string, after: readonly unknown[]): void {
    const last = this.calls.at(-1);
    const joins = last?.[0] === name && before.every((value, index) => last[index + 1] === value);
    const text = joins ? `${last[before.length + 1]}${piece}` : piece;
    if (joins) this.calls.pop();
    this.calls.push([name, ...before, text, ...after]);
  }
}
