// Reads `input` of a client's request: the items of a conversation.
import { isObject, type JsonObject, listOr, textOr } from "../json/values.ts";
import { invalid, type LlmError } from "../message/fault.ts";
import type { Losses } from "../message/losses.ts";
import type { Part, Signature, TextPart, ToolCallPart, ToolResultPart, Turn } from "../message/request.ts";
import { type ContentPart, readContent, textPart } from "./read-content.ts";
import { type CallProof, readCallProof, readThought } from "./reasoning-items.ts";
import { qualifiedName } from "./tool-names.ts";

/** Items the common form has; all others belong to providers of this format. */
const ITEMS: Readonly<Record<string, (input: InputReader, item: JsonObject, at: number) => void>> = {
  message: (input, item, at) => input.message(item, at),
  function_call: (input, item, at) => input.call(item, at, false),
  custom_tool_call: (input, item, at) => input.call(item, at, true),
  function_call_output: (input, item, at) => input.output(item, at, false),
  custom_tool_call_output: (input, item, at) => input.output(item, at, true),
  reasoning: (input, item) => input.reasoning(item),
  additional_tools: (input, item, at) => input.moreTools(item, at),
};

/** Some clients refer to items unless told otherwise, and their users must learn how to tell them. */
const REFERENCE =
  "input item_reference (an item stored by its provider; clients that set store: false send items whole)";

/** In place of the id of a call: the next one. */
const NEXT = "";

/** Reads items into turns; those the model has made in a row are one turn. */
export class InputReader {
  /** Instructions before the first turn. */
  readonly system: TextPart[] = [];
  readonly turns: Turn[] = [];
  /** Tools declared in the middle, with their places. */
  readonly tools: { readonly list: readonly unknown[]; readonly place: string }[] = [];
  readonly #losses: Losses;
  readonly #calls = new Map<string, { readonly parts: Part[]; readonly index: number }>();
  /** Signatures that came before their calls, by id of the call. */
  readonly #signatures = new Map<string, Signature>();
  /** Of the last turn if it can be added to. */
  #open: { readonly role: "assistant" | "user"; readonly parts: Part[] } | null = null;
  /** First output of a tool without a call; -1 none. */
  #orphan = -1;

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  /** @throws LlmError `invalid` */
  read(input: unknown): void {
    if (input === undefined || input === null) return;
    if (typeof input === "string") {
      this.turns.push({ role: "user", parts: [textPart(input)] });
      return;
    }
    if (!Array.isArray(input)) throw invalid("input", "must be a text or a list of items");
    for (let at = 0; at < input.length; at++) this.#item(input[at], at);
  }

  /** @throws LlmError `invalid` for outputs of tools without a call, which only a stored answer could have made */
  requireCalls(): void {
    if (this.#orphan !== -1) throw malformed(this.#orphan, "call_id", "is the id of no function call before it");
  }

  #item(item: unknown, at: number): void {
    if (!isObject(item)) throw invalid(`input[${at}]`, "must be an object");
    const type = item.type ?? (item.role === undefined ? null : "message");
    if (typeof type !== "string") throw malformed(at, "type", "must be a text");
    const read = Object.hasOwn(ITEMS, type) ? ITEMS[type] : undefined;
    if (read !== undefined) read(this, item, at);
    else if (type === "item_reference") this.#losses.native(REFERENCE);
    else this.#losses.native("input", type);
  }

  message(item: JsonObject, at: number): void {
    const { role, content } = item;
    if ((item.phase ?? null) !== null) this.#losses.drop("phase");
    const parts = readContent(content, at, "content", this.#losses);
    switch (role) {
      case "assistant":
        this.#partsOf("assistant").push(...parts);
        return;
      case "user":
        this.#turn({ role, parts });
        return;
      case "system":
      case "developer":
        this.#instructions(parts, at);
        return;
      default:
        throw malformed(at, "role", "must be user, assistant, system or developer");
    }
  }

  call(item: JsonObject, at: number, freeform: boolean): void {
    const id = required(item, "call_id", at);
    const name = qualifiedName(textOr(item.namespace), required(item, "name", at));
    const args = required(item, freeform ? "input" : "arguments", at);
    if (isObject(item.caller) && item.caller.type !== "direct") this.#losses.native("input[].caller");
    const signature = this.#signatures.get(id) ?? this.#signatures.get(NEXT) ?? null;
    this.#signatures.delete(NEXT);
    const parts = this.#partsOf("assistant");
    this.#calls.set(id, { parts, index: parts.length });
    parts.push({ kind: "toolCall", id, name, arguments: args, freeform, signature, cache: null });
  }

  output(item: JsonObject, at: number, freeform: boolean): void {
    const call = this.#callOf(item, at);
    const parts = readContent(item.output, at, "output", this.#losses).filter(isResultContent);
    this.#partsOf("user").push({
      kind: "toolResult",
      id: call?.id ?? required(item, "call_id", at),
      name: call?.name ?? null,
      parts,
      failed: false,
      freeform,
      cache: null,
    });
  }

  reasoning(item: JsonObject): void {
    const proof = readCallProof(item);
    if (proof === null) this.#partsOf("assistant").push(readThought(item));
    else this.#sign(proof);
  }

  moreTools({ tools }: JsonObject, at: number): void {
    this.tools.push({ list: listOr(tools), place: `input[${at}].tools` });
  }

  /** Streams have the proof of a call after it, whole answers before. */
  #sign({ call, signature }: CallProof): void {
    const place = call === null ? undefined : this.#calls.get(call);
    if (place === undefined) this.#signatures.set(call ?? NEXT, signature);
    else place.parts[place.index] = { ...(place.parts[place.index] as ToolCallPart), signature };
  }

  /** The call an output belongs to: by id, or where there is none by name, the last one. */
  #callOf(item: JsonObject, at: number): ToolCallPart | null {
    const id = textOr(item.call_id);
    const found =
      id === null ? this.#lastCall(required(item, "name", at), textOr(item.namespace)) : this.#calls.get(id);
    if (found === undefined && this.#orphan === -1) this.#orphan = at;
    return found === undefined ? null : (found.parts[found.index] as ToolCallPart);
  }

  #lastCall(name: string, namespace: string | null) {
    const wanted = qualifiedName(namespace, name);
    return [...this.#calls.values()].findLast(({ parts, index }) => (parts[index] as ToolCallPart).name === wanted);
  }

  #instructions(parts: readonly ContentPart[], at: number): void {
    const texts = parts.filter((part) => part.kind === "text");
    if (texts.length < parts.length) throw malformed(at, "content", "must be text in instructions");
    if (this.turns.length === 0) this.system.push(...texts);
    else this.#turn({ role: "system", parts: texts });
  }

  #turn(turn: Turn): void {
    this.#open = null;
    this.turns.push(turn);
  }

  #partsOf(role: "assistant" | "user"): Part[] {
    if (this.#open?.role === role) return this.#open.parts;
    const parts: Part[] = [];
    this.#turn({ role, parts });
    this.#open = { role, parts };
    return parts;
  }
}

function isResultContent(part: ContentPart): part is ToolResultPart["parts"][number] {
  return part.kind === "text" || part.kind === "image" || part.kind === "document";
}

function required(item: JsonObject, key: string, at: number): string {
  const value = item[key];
  if (typeof value !== "string") throw malformed(at, key, "must be a text");
  return value;
}

function malformed(at: number, key: string, what: string): LlmError {
  return invalid(`input[${at}].${key}`, what);
}
