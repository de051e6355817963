// Answers whose tools have the names and kinds that the client declared.

import type { Fault } from "../message/fault.ts";
import type { Part, Signature } from "../message/request.ts";
import type { ChatResponse, FinishReason } from "../message/response.ts";
import type { StreamSink } from "../message/stream-sink.ts";
import type { Usage } from "../message/usage.ts";
import { InputUnwrapper, unwrapInput } from "./freeform.ts";
import type { ToolNames } from "./ids.ts";

function restorePart(part: Part, names: ToolNames): Part {
  if (part.kind !== "toolCall") return part;
  const name = names.back(part.name);
  if (!names.wrapped(part.name)) return { ...part, name };
  return { ...part, name, freeform: true, arguments: unwrapInput(part.arguments) };
}

/** A complete answer with the tools as the client knows them. @param names of the request that was written */
export function restoreTools(response: ChatResponse, names: ToolNames): ChatResponse {
  const choices = response.choices.map((choice) => {
    return { ...choice, parts: choice.parts.map((part) => restorePart(part, names)) };
  });
  return { ...response, choices };
}

/** Passes a streamed answer on, with the tools as the client knows them. */
export class RestoredTools implements StreamSink {
  readonly #to: StreamSink;
  readonly #names: ToolNames;
  /** Calls of freeform tools in progress, by choice and tool. */
  readonly #inputs = new Map<string, InputUnwrapper>();

  /** @param names of the request that was written */
  constructor(to: StreamSink, names: ToolNames) {
    this.#to = to;
    this.#names = names;
  }

  toolStart(choice: number, tool: number, id: string, name: string, freeform: boolean): void {
    const wrapped = this.#names.wrapped(name);
    if (wrapped) this.#inputs.set(`${choice}.${tool}`, new InputUnwrapper());
    this.#to.toolStart(choice, tool, id, this.#names.back(name), freeform || wrapped);
  }

  toolArguments(choice: number, tool: number, piece: string): void {
    const input = this.#inputs.size === 0 ? undefined : this.#inputs.get(`${choice}.${tool}`);
    const passed = input === undefined ? piece : input.push(piece);
    if (passed !== "") this.#to.toolArguments(choice, tool, passed);
  }

  toolEnd(choice: number, tool: number, signature: Signature | null): void {
    const key = `${choice}.${tool}`;
    const rest = this.#inputs.get(key)?.end() ?? "";
    this.#inputs.delete(key);
    if (rest !== "") this.#to.toolArguments(choice, tool, rest);
    this.#to.toolEnd(choice, tool, signature);
  }

  start(id: string, model: string, createdAt: number): void {
    this.#to.start(id, model, createdAt);
  }

  text(choice: number, text: string): void {
    this.#to.text(choice, text);
  }

  refusal(choice: number, text: string): void {
    this.#to.refusal(choice, text);
  }

  reasoning(choice: number, text: string, summary: boolean): void {
    this.#to.reasoning(choice, text, summary);
  }

  reasoningEnd(choice: number, signature: Signature | null, redacted: boolean, id: string | null): void {
    this.#to.reasoningEnd(choice, signature, redacted, id);
  }

  logprobs(choice: number, logprobs: unknown): void {
    this.#to.logprobs(choice, logprobs);
  }

  usage(usage: Usage): void {
    this.#to.usage(usage);
  }

  finish(choice: number, reason: FinishReason, stopSequence: string | null): void {
    this.#to.finish(choice, reason, stopSequence);
  }

  end(): void {
    this.#to.end();
  }

  fault(fault: Fault): void {
    this.#to.fault(fault);
  }
}
