// The blocks of a turn in a client's request.

import { type JsonObject, textOr } from "../json/values.ts";
import type { Losses } from "../message/losses.ts";
import type { Part, Signature, ToolResultPart } from "../message/request.ts";
import { unsealCall, unsealThought } from "../reasoning/sealed-thoughts.ts";
import { cacheMark, flagOrNull, list, member, object, Place, text, textOrNull } from "./read-fields.ts";
import { type Media, readMedia, textPart } from "./read-media.ts";

/** Reads the content of turns that are no text alone. */
export class BlockReader {
  readonly #losses: Losses;
  readonly #parts: Part[] = [];
  /** Of the call that follows; null: none. */
  #callProof: Signature | null = null;

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  get parts(): readonly Part[] {
    return this.#parts;
  }

  /** The next block. @throws LlmError `invalid` */
  read(value: unknown, place: Place): void {
    const block = member(value, place);
    const media = readMedia(block, place, this.#losses);
    if (media !== null) this.#parts.push(...media);
    else if (block.type === "tool_use") this.#call(block, place);
    else if (block.type === "tool_result") this.#parts.push(readResult(block, place, this.#losses));
    else if (block.type === "thinking") this.#thought(block, place);
    else if (block.type === "redacted_thinking") this.#redacted(text(block, "data", place));
    else this.#losses.native(`block ${text(block, "type", place)}`);
  }

  #call(block: JsonObject, place: Place): void {
    const toolset = textOr(block.toolset_name);
    if (toolset !== null) this.#losses.native(`tool ${toolset}`);
    this.#parts.push({
      kind: "toolCall",
      id: text(block, "id", place),
      name: text(block, "name", place),
      arguments: JSON.stringify(object(block, "input", place)),
      freeform: false,
      signature: this.#callProof,
      cache: cacheMark(block, place),
    });
    this.#callProof = null;
  }

  #thought(block: JsonObject, place: Place): void {
    const shown = text(block, "thinking", place);
    const proof = textOrNull(block, "signature", place) ?? "";
    if (proof === "") {
      this.#parts.push({ kind: "reasoning", text: shown, summary: false, signature: null, redacted: false, id: null });
      return;
    }
    const thought = unsealThought(shown, proof, "anthropic");
    const own = thought.signature?.family === "anthropic"; // a text that is not shown has not been encrypted
    this.#parts.push(own ? { ...thought, redacted: false } : thought);
  }

  #redacted(data: string): void {
    this.#callProof = unsealCall(data);
    if (this.#callProof === null) this.#parts.push(unsealThought("", data, "anthropic"));
  }
}

function readResult(block: JsonObject, place: Place, losses: Losses): ToolResultPart {
  return {
    kind: "toolResult",
    id: text(block, "tool_use_id", place),
    name: null,
    parts: resultContent(block, place, losses),
    failed: flagOrNull(block, "is_error", place) ?? false,
    freeform: false,
    cache: cacheMark(block, place),
  };
}

function resultContent(result: JsonObject, place: Place, losses: Losses): readonly Media[] {
  if ((result.content ?? null) === null) return [];
  if (typeof result.content === "string") return [textPart(result.content, null)];
  return list(result, "content", place, "a text or a list of blocks").flatMap((value, index) => {
    const at = new Place(place, "content", index);
    const block = member(value, at);
    const media = readMedia(block, at, losses);
    if (media === null) losses.native(`block ${text(block, "type", at)}`);
    return media ?? [];
  });
}
