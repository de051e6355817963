// Writes `output` of a complete answer for a client.

import type { ReplyIdentity } from "../format.ts";
import type { JsonObject } from "../json/values.ts";
import type { Part, ReasoningPart, ToolCallPart } from "../message/request.ts";
import { OWN_THOUGHT, sealCall, sealThought } from "./reasoning-items.ts";
import { asSummary, ItemIds } from "./response-object.ts";
import { AS_DECLARED, CallNames } from "./tool-names.ts";

/** Whether an item is all that was to be said. */
export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** A text of a message. @param logprobs of its tokens */
export function outputText(text: string, logprobs: readonly unknown[]): JsonObject {
  return { type: "output_text", text, annotations: [], logprobs };
}

/** A message. */
export function messageItem(id: string, status: ItemStatus, content: readonly JsonObject[]): JsonObject {
  return { id, type: "message", status, role: "assistant", content };
}

/** A call. @param name fields of {@link CallNames} @param input arguments, or raw input */
export function callItem(
  id: string,
  status: ItemStatus,
  call: string,
  name: JsonObject,
  freeform: boolean,
  input: string,
): JsonObject {
  const head = { id, type: freeform ? "custom_tool_call" : "function_call", status, call_id: call, ...name };
  return freeform ? { ...head, input } : { ...head, arguments: input };
}

/** A thought. @param summary whether to show the text as one @param encrypted proof; null: none */
export function thoughtItem(id: string, text: string, summary: boolean, encrypted: string | null): JsonObject {
  return {
    id,
    type: "reasoning",
    summary: summary && text !== "" ? [{ type: "summary_text", text }] : [],
    ...(summary || text === "" ? null : { content: [{ type: "reasoning_text", text }] }),
    ...(encrypted === null ? null : { encrypted_content: encrypted }),
  };
}

/** The items of a complete answer: texts in a row are one text. */
export function itemsOf(
  parts: readonly Part[],
  logprobs: readonly unknown[],
  last: ItemStatus,
  as: ReplyIdentity,
): JsonObject[] {
  const writer = new ItemWriter(as, logprobs);
  for (const part of parts) writer.add(part);
  return writer.end(last);
}

class ItemWriter {
  readonly #items: JsonObject[] = [];
  readonly #ids: ItemIds;
  readonly #names: CallNames;
  readonly #as: ReplyIdentity;
  /** Of all tokens; they go to the first text. */
  #logprobs: readonly unknown[];
  /** Of the message being written. */
  #content: { readonly kind: "text" | "refusal"; text: string }[] = [];

  constructor(as: ReplyIdentity, logprobs: readonly unknown[]) {
    this.#as = as;
    this.#ids = new ItemIds(as.id);
    this.#names = new CallNames(as.request.tools, AS_DECLARED);
    this.#logprobs = logprobs;
  }

  add(part: Part): void {
    switch (part.kind) {
      case "text":
      case "refusal":
        return this.#say(part.kind, part.text);
      case "toolCall":
        return this.#call(part);
      case "reasoning":
        return this.#think(part);
    }
  }

  end(last: ItemStatus): JsonObject[] {
    this.#flush();
    const item = this.#items.at(-1);
    if (item !== undefined && "status" in item) this.#items[this.#items.length - 1] = { ...item, status: last };
    return this.#items;
  }

  #say(kind: "text" | "refusal", text: string): void {
    const open = this.#content.at(-1);
    if (open?.kind === kind) open.text += text;
    else this.#content.push({ kind, text });
  }

  #flush(): void {
    if (this.#content.length === 0) return;
    const content = this.#content.map(({ kind, text }) => {
      if (kind === "refusal") return { type: "refusal", refusal: text };
      const logprobs = this.#logprobs;
      this.#logprobs = [];
      return outputText(text, logprobs);
    });
    this.#items.push(messageItem(this.#ids.id("msg", this.#items.length), "completed", content));
    this.#content = [];
  }

  #call({ id, name, arguments: args, freeform, signature }: ToolCallPart): void {
    this.#flush();
    if (signature !== null)
      this.#items.push(thoughtItem(this.#ids.id(OWN_THOUGHT, this.#items.length), "", true, sealCall(signature, id)));
    const own = this.#ids.id(freeform ? "ctc" : "fc", this.#items.length);
    const input = freeform || args !== "" ? args : "{}";
    this.#items.push(callItem(own, "completed", id, this.#names.fields(name), freeform, input));
  }

  #think(part: ReasoningPart): void {
    this.#flush();
    const { text, summary, signature, id } = part;
    const own = signature?.family === "openai" && id !== null ? id : this.#ids.id(OWN_THOUGHT, this.#items.length);
    this.#items.push(
      thoughtItem(own, text, asSummary(summary, this.#as.request.reasoning), sealThought(signature, part)),
    );
  }
}
