// Collects a streamed answer into a complete one.
import { badResponse, type Fault, LlmError } from "../../message/fault.ts";
import type { Part, Signature } from "../../message/request.ts";
import type { ChatResponse, FinishReason } from "../../message/response.ts";
import type { StreamSink } from "../../message/stream-sink.ts";
import { mergeUsage, type Usage } from "../../message/usage.ts";

/** A choice in the making. */
interface Draft {
  readonly parts: Part[];
  /** Index in {@link parts} of each call. */
  readonly tools: Map<number, number>;
  finish: FinishReason | null;
  stopSequence: string | null;
  logprobs: unknown;
}

/** Collects one answer. */
export class AnswerCollector implements StreamSink {
  #id = "";
  #model = "";
  #createdAt = 0;
  #usage: Usage | null = null;
  readonly #choices: Draft[] = [];
  #fault: Fault | null = null;
  /** The answer is complete, or a fault was reported. */
  isOver = false;

  /** The answer. @throws LlmError the fault that was reported; or `badGateway`, if a choice is not complete */
  response(): ChatResponse {
    if (this.#fault !== null) throw new LlmError(this.#fault);
    if (!this.isOver || this.#choices.length === 0) throw badResponse("a stream that ends before the answer does");
    const choices = this.#choices.map(({ parts, finish, stopSequence, logprobs }) => {
      if (finish === null) throw badResponse("an answer without a reason of its end");
      return { parts, finish, stopSequence, logprobs };
    });
    return {
      id: this.#id,
      model: this.#model,
      createdAt: this.#createdAt,
      choices,
      usage: this.#usage,
      serviceTier: null,
    };
  }

  start(id: string, model: string, createdAt: number): void {
    this.#id = id;
    this.#model = model;
    this.#createdAt = createdAt;
  }

  text(choice: number, text: string): void {
    const { parts } = this.#choice(choice);
    const last = parts.at(-1);
    if (last?.kind === "text") parts[parts.length - 1] = { ...last, text: last.text + text };
    else parts.push({ kind: "text", text, cache: null });
  }

  refusal(choice: number, text: string): void {
    const { parts } = this.#choice(choice);
    const last = parts.at(-1);
    if (last?.kind === "refusal") parts[parts.length - 1] = { ...last, text: last.text + text };
    else parts.push({ kind: "refusal", text });
  }

  reasoning(choice: number, text: string, summary: boolean): void {
    const { parts } = this.#choice(choice);
    const last = parts.at(-1);
    if (last?.kind === "reasoning" && last.signature === null)
      parts[parts.length - 1] = { ...last, text: last.text + text };
    else parts.push({ kind: "reasoning", text, summary, signature: null, redacted: false, id: null });
  }

  reasoningEnd(choice: number, signature: Signature | null, redacted: boolean, id: string | null): void {
    const { parts } = this.#choice(choice);
    const last = parts.at(-1);
    if (last?.kind === "reasoning" && last.signature === null && !redacted) {
      parts[parts.length - 1] = { ...last, signature, id };
    } else parts.push({ kind: "reasoning", text: "", summary: false, signature, redacted, id });
  }

  toolStart(choice: number, tool: number, id: string, name: string, freeform: boolean): void {
    const { parts, tools } = this.#choice(choice);
    tools.set(tool, parts.length);
    parts.push({ kind: "toolCall", id, name, arguments: "", freeform, signature: null, cache: null });
  }

  toolArguments(choice: number, tool: number, piece: string): void {
    const { parts, tools } = this.#choice(choice);
    const at = tools.get(tool);
    const part = at === undefined ? undefined : parts[at];
    if (part?.kind === "toolCall") parts[at!] = { ...part, arguments: part.arguments + piece };
  }

  toolEnd(choice: number, tool: number, signature: Signature | null): void {
    const { parts, tools } = this.#choice(choice);
    const at = tools.get(tool);
    const part = at === undefined ? undefined : parts[at];
    if (part?.kind === "toolCall") parts[at!] = { ...part, signature };
  }

  logprobs(choice: number, logprobs: unknown): void {
    this.#choice(choice).logprobs = logprobs;
  }

  usage(usage: Usage): void {
    this.#usage = mergeUsage(this.#usage, usage);
  }

  finish(choice: number, reason: FinishReason, stopSequence: string | null): void {
    const draft = this.#choice(choice);
    draft.finish = reason;
    draft.stopSequence = stopSequence;
  }

  end(): void {
    this.isOver = true;
  }

  fault(fault: Fault): void {
    this.#fault = fault;
    this.isOver = true;
  }

  #choice(index: number): Draft {
    for (let i = this.#choices.length; i <= index; i++) {
      this.#choices.push({ parts: [], tools: new Map(), finish: null, stopSequence: null, logprobs: null });
    }
    return this.#choices[index]!;
  }
}
