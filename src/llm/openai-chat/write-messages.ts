// Writes `messages` for a provider.

import type { JsonObject } from "../json/values.ts";
import { documentText } from "../message/document-text.ts";
import type { ChatRequest, Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart } from "../message/request.ts";
import { wrapInput } from "../tools/freeform.ts";
import { writeCallProof, writeDetails } from "./reasoning-fields.ts";
import type { ChatContext } from "./write-context.ts";
import { type UserPart, writeContent, writePart, writeTexts } from "./write-parts.ts";

/** @throws LlmError of `unsupported` */
export function writeMessages({ system, turns }: ChatRequest, context: ChatContext): readonly JsonObject[] {
  const writer = new MessageWriter(context);
  if (system.length > 0) writer.addSystem(system);
  for (const { role, parts } of turns) {
    if (role === "system") writer.addSystem(parts.filter((part) => part.kind === "text"));
    else if (role === "user") writer.addUser(parts);
    else writer.addAssistant(parts);
  }
  return writer.end();
}

class MessageWriter {
  readonly #context: ChatContext;
  readonly #messages: JsonObject[] = [];
  /** Media of tools' results, which only messages of users can hold. They wait until all results of a turn are written. */
  #media: JsonObject[] = [];

  constructor(context: ChatContext) {
    this.#context = context;
  }

  addSystem(parts: readonly TextPart[]): void {
    this.#flush();
    const role = this.#context.to.dialect.developerRole ? "developer" : "system";
    this.#messages.push({ role, content: writeTexts(parts, "\n\n", this.#context) });
  }

  addUser(parts: readonly Part[]): void {
    const others: UserPart[] = [];
    for (const part of parts) {
      if (part.kind === "toolResult") this.#addResult(part);
      else if (isUserPart(part)) others.push(part);
      else if (part.kind === "refusal") others.push({ kind: "text", text: part.text, cache: null });
    }
    if (others.length === 0) return;
    const content = writeContent(others, this.#context);
    if (this.#media.length === 0) this.#messages.push({ role: "user", content });
    else this.#flush(typeof content === "string" ? [{ type: "text", text: content }] : content);
  }

  addAssistant(parts: readonly Part[]): void {
    this.#flush();
    const calls = parts.filter((part) => part.kind === "toolCall");
    const content = textOf(parts, this.#context);
    const thoughts = this.#thoughts(parts, calls);
    if (content === null && calls.length === 0 && thoughts === null) return;
    this.#messages.push({
      role: "assistant",
      content: content ?? (calls.length > 0 ? null : ""),
      ...thoughts,
      ...(calls.length === 0 ? null : { tool_calls: calls.map((call) => this.#call(call)) }),
    });
  }

  end(): readonly JsonObject[] {
    this.#flush();
    return this.#messages;
  }

  /** Media that wait, and what follows them, as one message. */
  #flush(more: readonly JsonObject[] = []): void {
    if (this.#media.length === 0) return;
    this.#messages.push({ role: "user", content: [...this.#media, ...more] });
    this.#media = [];
  }

  #addResult({ id, name, parts, failed, cache }: ToolResultPart): void {
    const media = parts.filter(
      (part) => part.kind !== "text" && (part.kind !== "document" || documentText(part) === null),
    );
    const text = parts.map((part) =>
      part.kind === "text" ? part.text : part.kind === "document" ? documentText(part) : null,
    );
    const said = text.filter((each) => each !== null).join("\n");
    const content = said === "" && media.length > 0 ? "The result follows as media." : said;
    const message = {
      role: "tool",
      tool_call_id: this.#context.callId(id),
      content: failed ? `Error: ${content}` : content,
    };
    this.#messages.push(this.#context.marked(message, cache ?? parts.at(-1)?.cache ?? null));
    if (media.length === 0) return;
    this.#media.push({ type: "text", text: `Media in the result of ${name ?? id}:` });
    this.#media.push(...media.map((part) => writePart({ ...part, cache: null }, this.#context)));
  }

  #call({ id, name, arguments: args, freeform, signature, cache }: ToolCallPart): JsonObject {
    const { names, to, openRouter, family } = this.#context;
    const proof = signature !== null && signature.family === family && !openRouter ? writeCallProof(signature) : null;
    if (cache !== null) this.#context.warnings.add("cache_control");
    const call = { id: this.#context.callId(id), ...proof };
    if (freeform && to.dialect.genuine)
      return { ...call, type: "custom", custom: { name: names.out(name), input: args } };
    const json = freeform ? JSON.stringify(wrapInput(args)) : args === "" ? "{}" : args;
    return { ...call, type: "function", function: { name: names.out(name), arguments: json } };
  }

  /** Thoughts the model may have back: proved ones of its own, and unproved ones where it demands them. */
  #thoughts(parts: readonly Part[], calls: readonly ToolCallPart[]): JsonObject | null {
    const { to, openRouter, family } = this.#context;
    const thoughts = parts.filter((part) => part.kind === "reasoning");
    if (openRouter) {
      const details = this.#details(thoughts, calls);
      if (details.length > 0) return { reasoning_details: details };
    }
    if (!to.facts.reasoningBack) return null;
    const own = thoughts.filter(({ signature, summary }) => !summary && (signature?.family ?? family) === family);
    const text = own.map((thought) => thought.text).join("");
    // Such models refuse a turn with calls that lacks the field, as turns of other models do.
    if (text === "" && calls.length === 0) return null;
    return openRouter ? { reasoning: text } : { reasoning_content: text };
  }

  #details(thoughts: readonly ReasoningPart[], calls: readonly ToolCallPart[]): readonly JsonObject[] {
    const { family } = this.#context;
    const details: JsonObject[] = [];
    for (const thought of thoughts) {
      if (thought.signature?.family === family) details.push(...writeDetails(thought, details.length));
    }
    for (const { id, signature } of calls) {
      if (signature === null || signature.family !== family) continue;
      const proof: ReasoningPart = { kind: "reasoning", text: "", summary: false, signature, redacted: true, id: null };
      details.push(...writeDetails({ ...proof, id: this.#context.callId(id) }, details.length));
    }
    return details;
  }
}

function isUserPart(part: Part): part is UserPart {
  return part.kind === "text" || part.kind === "image" || part.kind === "audio" || part.kind === "document";
}

/** Texts and refusals of an answer as one content, as it was streamed; null: there are none. */
function textOf(parts: readonly Part[], context: ChatContext): string | JsonObject[] | null {
  const texts = parts.flatMap((part): TextPart[] => {
    if (part.kind === "text") return [part];
    return part.kind === "refusal" ? [{ kind: "text", text: part.text, cache: null }] : [];
  });
  return texts.length === 0 ? null : writeTexts(texts, "", context);
}
