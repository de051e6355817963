// Items of a stream of Responses: brackets, places, and deltas that equal what is `done`.
import assert from "node:assert/strict";
import { isObject, type JsonObject } from "../../../src/llm/json/values.ts";

/** An item between `added` and `done`. */
interface OpenItem {
  readonly item: JsonObject;
  /** Parts that are done, by list. */
  readonly parts: { readonly content: JsonObject[]; readonly summary: JsonObject[] };
  /** The part in progress. */
  part: { readonly list: "content" | "summary"; readonly added: JsonObject; text: string; done: boolean } | null;
  input: string;
  inputDone: boolean;
}

/** Event → list the part is in, key of its whole text, kind of part. */
const TEXTS: Readonly<Record<string, readonly ["content" | "summary", string, string]>> = {
  "response.output_text": ["content", "text", "output_text"],
  "response.refusal": ["content", "refusal", "refusal"],
  "response.reasoning_text": ["content", "text", "reasoning_text"],
  "response.reasoning_summary_text": ["summary", "text", "summary_text"],
};
/** Event → key of the whole input, type of item. */
const INPUTS: Readonly<Record<string, readonly [string, string]>> = {
  "response.function_call_arguments": ["arguments", "function_call"],
  "response.custom_tool_call_input": ["input", "custom_tool_call"],
};
const PARTS: Readonly<Record<string, "content" | "summary">> = {
  "response.content_part": "content",
  "response.reasoning_summary_part": "summary",
};

/** Checks the events of items. */
export class ItemValidator {
  readonly #open = new Map<number, OpenItem>();
  readonly #done = new Map<number, JsonObject>();
  readonly #ids = new Set<unknown>();
  #count = 0;

  /** Complete items, by place. */
  get done(): readonly JsonObject[] {
    return [...this.#done].sort(([a], [b]) => a - b).map(([, item]) => item);
  }

  requireClosed(): void {
    assert.deepEqual([...this.#open.keys()], [], "every item is done");
  }

  /** @throws AssertionError */
  event(type: string, event: JsonObject): void {
    const dot = type.lastIndexOf(".");
    const [subject, verb] = [type.slice(0, dot), type.slice(dot + 1)];
    if (subject === "response.output_item") return verb === "added" ? this.#added(event) : this.#itemDone(event);
    if (subject in PARTS) return verb === "added" ? this.#partAdded(subject, event) : this.#partDone(subject, event);
    if (subject in TEXTS) return this.#text(subject, verb, event);
    if (subject in INPUTS) return this.#input(subject, verb, event);
    assert.fail(`unknown event ${type}`);
  }

  #added({ output_index: index, item }: JsonObject): void {
    assert.ok(isObject(item));
    assert.equal(index, this.#count++, "items are numbered from 0 without a gap");
    assert.ok(!this.#ids.has(item.id), "ids of items are unique");
    this.#ids.add(item.id);
    if ("status" in item) assert.equal(item.status, "in_progress");
    for (const key of ["content", "summary"]) assert.deepEqual(item[key] ?? [], [], "items begin empty");
    for (const key of ["arguments", "input"]) assert.equal(item[key] ?? "", "", "items begin empty");
    const parts = { content: [], summary: [] };
    this.#open.set(Number(index), { item, parts, part: null, input: "", inputDone: false });
  }

  #itemDone({ output_index: index, item }: JsonObject): void {
    assert.ok(isObject(item));
    const open = this.#at(index, item.id);
    assert.equal(item.type, open.item.type);
    assert.equal(open.part, null, "every part is done");
    assert.deepEqual(item.content ?? [], open.parts.content);
    assert.deepEqual(item.summary ?? [], open.parts.summary);
    for (const [key, type] of Object.values(INPUTS)) {
      if (item.type !== type) continue;
      assert.ok(open.inputDone, "input is done before its item");
      assert.equal(item[key], open.input);
      for (const same of ["call_id", "name", "namespace"]) assert.equal(item[same], open.item[same]);
      assert.equal(typeof item.call_id, "string");
    }
    if (item.type === "function_call" && item.status === "completed") JSON.parse(open.input);
    this.#open.delete(Number(index));
    this.#done.set(Number(index), item);
  }

  #at(index: unknown, id: unknown): OpenItem {
    const open = this.#open.get(Number(index)) ?? assert.fail(`no item in progress at ${index}`);
    assert.equal(id, open.item.id, "events name their item");
    return open;
  }

  #partAdded(subject: string, event: JsonObject): void {
    const list = PARTS[subject]!;
    const open = this.#at(event.output_index, event.item_id);
    assert.equal(open.part, null, "parts follow each other");
    assert.equal(event[`${list}_index`], open.parts[list].length, "parts are numbered from 0");
    assert.ok(isObject(event.part));
    assert.equal(event.part.text ?? event.part.refusal, "", "parts begin empty");
    open.part = { list, added: event.part, text: "", done: false };
  }

  #partDone(subject: string, event: JsonObject): void {
    const { part, open } = this.#part(PARTS[subject]!, event);
    assert.ok(part.done, "the text is done before its part");
    assert.ok(isObject(event.part));
    assert.equal(event.part.type, part.added.type);
    assert.equal(event.part.text ?? event.part.refusal, part.text);
    open.parts[part.list].push(event.part);
    open.part = null;
  }

  #part(list: "content" | "summary", event: JsonObject) {
    const open = this.#at(event.output_index, event.item_id);
    const { part } = open;
    assert.ok(part !== null && part.list === list, `a part of ${list} is in progress`);
    assert.equal(event[`${list}_index`], open.parts[list].length);
    return { open, part };
  }

  #text(subject: string, verb: string, event: JsonObject): void {
    const [list, key, kind] = TEXTS[subject]!;
    const { part } = this.#part(list, event);
    assert.equal(part.added.type, kind);
    assert.ok(!part.done, "nothing follows the whole text");
    if (kind === "output_text") assert.ok(Array.isArray(event.logprobs));
    if (verb === "delta") {
      assert.ok(typeof event.delta === "string" && event.delta !== "", "deltas have text");
      part.text += event.delta;
      return;
    }
    assert.equal(verb, "done");
    assert.equal(event[key], part.text, "deltas equal what is done");
    part.done = true;
  }

  #input(subject: string, verb: string, event: JsonObject): void {
    const [key, type] = INPUTS[subject]!;
    const open = this.#at(event.output_index, event.item_id);
    assert.equal(open.item.type, type);
    assert.ok(!open.inputDone, "nothing follows the whole input");
    if (verb === "delta") {
      open.input += String(event.delta);
      return;
    }
    assert.equal(verb, "done");
    assert.equal(event[key], open.input, "deltas equal what is done");
    open.inputDone = true;
  }
}
