// Writes parts of turns as content blocks for a provider.

import { unsupported } from "../message/fault.ts";
import type { CacheMark, Part, ReasoningPart, ToolCallPart, ToolResultPart } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { argumentsOrRaw } from "../tools/arguments.ts";
import { wrapInput } from "../tools/freeform.ts";
import { CALL_IDS, callId, type ToolNames } from "../tools/ids.ts";
import type { Block } from "./block.ts";
import { cacheControl } from "./cache-marks.ts";
import { documentBlock, imageBlock } from "./write-media.ts";

/** Writes parts in the terms of one request to one model. */
export class BlockWriter {
  readonly #target: ModelTarget;
  readonly #names: ToolNames;

  constructor(target: ModelTarget, names: ToolNames) {
    this.#target = target;
    this.#names = names;
  }

  /**
   * @returns null: the provider would refuse it, or it proves nothing to it: blank text, thoughts of other models
   * @throws LlmError of `unsupported`
   */
  block(part: Part): Block | null {
    const block = this.#block(part);
    if (block !== null && "cache" in part && part.cache !== null) block.cache_control = cacheControl(part.cache);
    return block;
  }

  #block(part: Part): Block | null {
    switch (part.kind) {
      case "text":
      case "refusal":
        return textBlock(part.text);
      case "image":
        return imageBlock(part, this.#target);
      case "document":
        return documentBlock(part, this.#target);
      case "audio":
        throw unsupported("audio input");
      case "toolCall":
        return this.#call(part);
      case "toolResult":
        return this.#result(part);
      case "reasoning":
        return thoughtBlock(part, this.#target);
    }
  }

  #call({ id, name, arguments: args, freeform }: ToolCallPart): Block {
    const input = freeform ? wrapInput(args) : argumentsOrRaw(args);
    return { type: "tool_use", id: callId(id, CALL_IDS.anthropic), name: this.#names.out(name), input };
  }

  #result({ id, parts, failed }: ToolResultPart): Block {
    const block: Block = { type: "tool_result", tool_use_id: callId(id, CALL_IDS.anthropic) };
    const only = parts[0];
    if (parts.length === 1 && only?.kind === "text") block.content = only.text;
    else if (parts.length > 0) block.content = parts.map((part) => this.#block(part)).filter((part) => part !== null);
    if (failed) block.is_error = true;
    const mark = parts.reduce<CacheMark | null>((found, { cache }) => cache ?? found, null);
    if (mark !== null) block.cache_control = cacheControl(mark);
    return block;
  }
}

/** null: blank text is refused by the provider. */
export function textBlock(text: string): Block | null {
  return /\S/.test(text) ? { type: "text", text } : null;
}

/** A model signs its thoughts; it does not take back those of others, nor unsigned ones unless it wants its own. */
function thoughtBlock({ text, signature, redacted }: ReasoningPart, { facts, family }: ModelTarget): Block | null {
  if (signature === null)
    return facts.reasoningBack && text !== "" ? { type: "thinking", thinking: text, signature: "" } : null;
  if (signature.family !== (family ?? "anthropic")) return null;
  if (redacted) return { type: "redacted_thinking", data: signature.value };
  return { type: "thinking", thinking: text, signature: signature.value };
}
