// Writes `input` for a provider: turns as items.

import type { JsonObject } from "../json/values.ts";
import { unsupported } from "../message/fault.ts";
import type { ChatRequest, Part, ReasoningPart, ToolCallPart, ToolResultPart, Turn } from "../message/request.ts";
import { wrapInput } from "../tools/freeform.ts";
import { CallNames } from "./tool-names.ts";
import { type UserPart, writePart } from "./write-content.ts";
import type { ResponsesContext } from "./write-context.ts";

/** @throws LlmError of `unsupported` */
export function writeInput({ turns, tools }: ChatRequest, context: ResponsesContext): readonly JsonObject[] {
  const writer = new InputWriter(context, new CallNames(tools, context));
  for (const turn of turns) writer.add(turn);
  return writer.items;
}

class InputWriter {
  readonly items: JsonObject[] = [];
  readonly #context: ResponsesContext;
  readonly #names: CallNames;
  /** Ids of the calls of freeform tools. */
  readonly #freeform = new Set<string>();
  /** Of the message being written. */
  #content: JsonObject[] = [];

  constructor(context: ResponsesContext, names: CallNames) {
    this.#context = context;
    this.#names = names;
  }

  add({ role, parts }: Turn): void {
    const name = role === "system" && this.#context.to.dialect.developerRole ? "developer" : role;
    for (const part of parts) {
      const item = this.#item(part);
      if (item === undefined) this.#content.push(role === "assistant" ? answerPart(part) : this.#inputPart(part));
      else if (item !== null) {
        this.#flush(name);
        this.items.push(item);
      }
    }
    this.#flush(name);
  }

  /** undefined: it is part of a message; null: it is left out. */
  #item(part: Part): JsonObject | null | undefined {
    switch (part.kind) {
      case "toolCall":
        return this.#call(part);
      case "toolResult":
        return this.#output(part);
      case "reasoning":
        return this.#thought(part);
      default:
        return undefined;
    }
  }

  #flush(role: string): void {
    if (this.#content.length === 0) return;
    this.items.push({ type: "message", role, content: this.#content });
    this.#content = [];
  }

  #inputPart(part: Part): JsonObject {
    if (part.kind === "refusal") return { type: "input_text", text: part.text };
    return writePart(part as UserPart, this.#context);
  }

  #call({ id, name, arguments: args, freeform, cache }: ToolCallPart): JsonObject {
    if (cache !== null) this.#context.warnings.add("cache_control");
    const call = { call_id: this.#context.callId(id), ...this.#names.fields(name) };
    if (!freeform) return { type: "function_call", ...call, arguments: args === "" ? "{}" : args };
    if (!this.#context.native) return { type: "function_call", ...call, arguments: JSON.stringify(wrapInput(args)) };
    this.#freeform.add(id);
    return { type: "custom_tool_call", ...call, input: args };
  }

  #output({ id, parts, failed, freeform, cache }: ToolResultPart): JsonObject {
    if (cache !== null) this.#context.warnings.add("cache_control");
    const custom = this.#context.native && (freeform || this.#freeform.has(id));
    return {
      type: custom ? "custom_tool_call_output" : "function_call_output",
      call_id: this.#context.callId(id),
      output: this.#result(parts, failed),
    };
  }

  #result(parts: ToolResultPart["parts"], failed: boolean): string | readonly JsonObject[] {
    const written = parts.map((part) => writePart(part, this.#context));
    if (written.every(({ type }) => type === "input_text")) {
      const text = written.map((part) => part.text).join("\n");
      return failed ? `Error: ${text}` : text;
    }
    return failed ? [{ type: "input_text", text: "Error:" }, ...written] : written;
  }

  /** Thoughts go to the family that has proved them; without a proof only to models that demand them. */
  #thought({ text, summary, signature, id }: ReasoningPart): JsonObject | null {
    const { to, family } = this.#context;
    const wanted = signature === null ? to.facts.reasoningBack && text !== "" && !summary : signature.family === family;
    if (!wanted) return null;
    return {
      type: "reasoning",
      ...(id === null ? null : { id }),
      summary: summary && text !== "" ? [{ type: "summary_text", text }] : [],
      ...(summary || text === "" ? null : { content: [{ type: "reasoning_text", text }] }),
      ...(signature === null ? null : { encrypted_content: signature.value }),
    };
  }
}

/** A part of a message of the model. @throws LlmError of `unsupported` */
function answerPart(part: Part): JsonObject {
  switch (part.kind) {
    case "text":
      return { type: "output_text", text: part.text };
    case "refusal":
      return { type: "refusal", refusal: part.text };
    default:
      throw unsupported(`A part of kind ${part.kind} in an answer of the model`);
  }
}
