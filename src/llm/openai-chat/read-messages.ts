// Reads `messages` of a client's request: instructions, and turns.

import { isObject, type JsonObject, listOr, textOr } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import type { Losses } from "../message/losses.ts";
import type { Part, TextPart, ToolCallPart, ToolResultPart, Turn } from "../message/request.ts";
import { cacheMark, readParts, readTexts } from "./read-parts.ts";
import { readCallProof, readThoughts } from "./reasoning-fields.ts";

/** What the messages say. */
export interface Conversation {
  readonly system: readonly TextPart[];
  readonly turns: readonly Turn[];
}

/**
 * Reads `messages`. Instructions before the first other message are those at the beginning; results of tools that follow one
 * another are one turn.
 * @throws LlmError `invalid`
 */
export function readMessages(messages: unknown, losses: Losses): Conversation {
  if (!Array.isArray(messages) || messages.length === 0) throw invalid("messages", "must be a list of messages");
  const reader = new MessageReader(losses);
  for (const [index, message] of messages.entries()) {
    if (!isObject(message)) throw invalid(`messages[${index}]`, "must be an object");
    reader.add(message, index);
  }
  return reader;
}

class MessageReader implements Conversation {
  readonly system: TextPart[] = [];
  readonly turns: Turn[] = [];
  readonly #losses: Losses;
  /** Calls so far, by id. */
  readonly #calls = new Map<string, ToolCallPart>();
  /** Results of the turn in progress; null: the last message was no result. */
  #results: ToolResultPart[] | null = null;

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  add(message: JsonObject, index: number): void {
    if (textOr(message.name) !== null && message.role !== "function") this.#losses.drop("messages.name");
    if (message.role === "tool" || message.role === "function") this.#addResult(message, index);
    else {
      this.#results = null;
      this.#addTurn(message, index);
    }
  }

  #addTurn(message: JsonObject, index: number): void {
    switch (message.role) {
      case "system":
      case "developer": {
        const parts = readTexts(message.content, index);
        if (this.turns.length === 0) this.system.push(...parts);
        else this.turns.push({ role: "system", parts });
        break;
      }
      case "user":
        this.turns.push({ role: "user", parts: readParts(message.content, index, this.#losses) });
        break;
      case "assistant":
        this.turns.push({ role: "assistant", parts: this.#assistantParts(message, index) });
        break;
      default:
        throw invalid(`messages[${index}].role`, "must be developer, system, user, assistant or tool");
    }
  }

  #assistantParts(message: JsonObject, index: number): readonly Part[] {
    const { parts: thoughts, proofs } = readThoughts(message);
    const parts: Part[] = [...thoughts];
    if ((message.content ?? null) !== null) parts.push(...readParts(message.content, index, this.#losses));
    if (textOr(message.refusal)) parts.push({ kind: "refusal", text: message.refusal as string });
    if (isObject(message.audio)) this.#losses.native("messages.audio");
    if (message.prefix === true) this.#losses.native("messages.prefix");
    const first = parts.length;
    for (const call of readCalls(message, index)) {
      const proof = proofs.find(({ id }) => id === call.id) ?? (parts.length === first ? proofs[0] : undefined);
      const known = call.signature === null && proof !== undefined ? { ...call, signature: proof.signature } : call;
      this.#calls.set(known.id, known);
      parts.push(known);
    }
    return parts;
  }

  #addResult(message: JsonObject, index: number): void {
    const call = this.#callOf(message, index);
    const id = call?.id ?? (message.tool_call_id as string);
    const parts = readParts(message.content ?? "", index, this.#losses).map((part) => {
      if (part.kind === "text" || part.kind === "image" || part.kind === "document") return part;
      throw invalid(`messages[${index}].content`, `must not hold ${part.kind}`);
    });
    const result: ToolResultPart = {
      kind: "toolResult",
      id,
      name: call?.name ?? textOr(message.name),
      parts,
      failed: false,
      freeform: call?.freeform ?? false,
      cache: cacheMark(message),
    };
    if (this.#results === null) {
      this.#results = [];
      this.turns.push({ role: "user", parts: this.#results });
    }
    this.#results.push(result);
  }

  /** The call that a result answers; undefined: it is not in the request. */
  #callOf({ role, tool_call_id: id, name }: JsonObject, index: number): ToolCallPart | undefined {
    if (role === "tool") {
      if (typeof id !== "string") throw invalid(`messages[${index}].tool_call_id`, "must be a text");
      return this.#calls.get(id);
    }
    const call = [...this.#calls.values()].findLast((each) => each.name === name);
    if (call === undefined) throw invalid(`messages[${index}].name`, "must be that of a function called before");
    return call;
  }
}

function readCalls(message: JsonObject, index: number): readonly ToolCallPart[] {
  const calls = listOr(message.tool_calls).map((call, at) => readCall(call, index, at));
  const old = message.function_call;
  if (!isObject(old)) return calls;
  // The deprecated call has no id; its place is as good, and the same on every turn.
  return [...calls, callPart(`call_function_${index}`, old, `messages[${index}].function_call`)];
}

function readCall(call: unknown, message: number, index: number): ToolCallPart {
  const place = `messages[${message}].tool_calls[${index}]`;
  if (!isObject(call)) throw invalid(place, "must be an object");
  if (typeof call.id !== "string") throw invalid(`${place}.id`, "must be a text");
  const signature = readCallProof(call);
  if (call.type !== "custom") return { ...callPart(call.id, call.function, `${place}.function`), signature };
  const { name, input } = isObject(call.custom) ? call.custom : call;
  if (typeof name !== "string") throw invalid(`${place}.custom.name`, "must be a text");
  if (typeof input !== "string") throw invalid(`${place}.custom.input`, "must be a text");
  return { kind: "toolCall", id: call.id, name, arguments: input, freeform: true, signature, cache: null };
}

function callPart(id: string, called: unknown, place: string): ToolCallPart {
  if (!isObject(called) || typeof called.name !== "string") throw invalid(`${place}.name`, "must be a text");
  const args = called.arguments ?? "";
  if (typeof args !== "string") throw invalid(`${place}.arguments`, "must be a text");
  return { kind: "toolCall", id, name: called.name, arguments: args, freeform: false, signature: null, cache: null };
}
