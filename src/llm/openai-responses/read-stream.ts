// Reads a provider's streamed answer.

import type { StreamReader } from "../format.ts";
import { objectsOf } from "../json/event-objects.ts";
import { isObject, type JsonObject, listOr, numberOr, objectOr, textOr } from "../json/values.ts";
import { badResponse, type Fault } from "../message/fault.ts";
import type { StreamSink } from "../message/stream-sink.ts";
import { faultOfError } from "../openai/errors.ts";
import { finishOf } from "./finish.ts";
import { CANCELLED } from "./read-response.ts";
import {
  IncomingCall,
  type IncomingItem,
  IncomingMessage,
  IncomingThought,
  incomingItem,
} from "./read-stream-items.ts";
import { readUsage } from "./usage.ts";

/** Events of the common form; all others, such as those of tools a provider runs, have no place in it. */
const EVENTS: Readonly<Record<string, (reader: ResponsesStreamReader, data: JsonObject) => void>> = {
  "response.created": (reader, data) => reader.start(objectOr(data.response)),
  "response.in_progress": (reader, data) => reader.start(objectOr(data.response)),
  "response.output_item.added": (reader, data) => reader.added(data),
  "response.output_item.done": (reader, data) => reader.done(data),
  "response.content_part.done": (reader, data) => reader.part(data),
  "response.output_text.delta": (reader, data) =>
    reader.message(data)?.delta(...delta(data, "content_index"), data.logprobs),
  "response.output_text.done": (reader, data) =>
    reader
      .message(data)
      ?.part(index(data, "content_index"), { type: "output_text", text: data.text, logprobs: data.logprobs }),
  "response.refusal.delta": (reader, data) => reader.refusal(data)?.refuse(...delta(data, "content_index")),
  "response.refusal.done": (reader, data) =>
    reader.refusal(data)?.part(index(data, "content_index"), { type: "refusal", refusal: data.refusal }),
  "response.reasoning_text.delta": (reader, data) => reader.thought(data)?.delta(...delta(data, "content_index")),
  "response.reasoning_text.done": (reader, data) =>
    reader.thought(data)?.part("content", index(data, "content_index"), data.text),
  "response.reasoning_summary_text.delta": (reader, data) =>
    reader.thought(data)?.summary(...delta(data, "summary_index")),
  "response.reasoning_summary_text.done": (reader, data) =>
    reader.thought(data)?.part("summary", index(data, "summary_index"), data.text),
  "response.reasoning_summary_part.done": (reader, data) =>
    reader.thought(data)?.part("summary", index(data, "summary_index"), data.part),
  "response.function_call_arguments.delta": (reader, data) => reader.call(data, false)?.delta(...delta(data, "")),
  "response.function_call_arguments.done": (reader, data) =>
    reader.call(data, false)?.whole(textOr(data.arguments) ?? ""),
  "response.custom_tool_call_input.delta": (reader, data) => reader.call(data, true)?.delta(...delta(data, "")),
  "response.custom_tool_call_input.done": (reader, data) => reader.call(data, true)?.whole(textOr(data.input) ?? ""),
  "response.completed": (reader, data) => reader.end(objectOr(data.response)),
  "response.incomplete": (reader, data) => reader.end({ ...objectOr(data.response), status: "incomplete" }),
  "response.failed": (reader, data) => reader.fail(objectOr(data.response)?.error),
  "response.cancelled": (reader, data) => reader.end(objectOr(data.response)),
  error: (reader, data) => reader.fail(isObject(data.error) ? data.error : data),
};

function index(data: JsonObject, key: string): number {
  return numberOr(data[key]) ?? 0;
}

function delta(data: JsonObject, key: string): [part: number, piece: string] {
  return [index(data, key), textOr(data.delta) ?? ""];
}

/** Reads one stream. */
export class ResponsesStreamReader implements StreamReader {
  ignored = 0;
  readonly #sink: StreamSink;
  /** By place in the output. */
  readonly #items = new Map<number, IncomingItem>();
  /** Ids of items → place. */
  readonly #places = new Map<string, number>();
  #started = false;
  #ended = false;
  #calls = 0;
  #refused = false;

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  event(name: string, data: string): void {
    if (this.#ended || data === "[DONE]") return;
    for (const object of objectsOf(data)) {
      if (!this.#ended) this.#read(name, object);
    }
  }

  close(): void {
    if (!this.#ended) this.#fault(badResponse("the stream ended before the answer was complete").fault);
  }

  #read(name: string, data: JsonObject): void {
    const type = textOr(data.type) ?? name;
    if (Object.hasOwn(EVENTS, type)) EVENTS[type]!(this, data);
    else if (!type.startsWith("response.") && (data.error ?? null) !== null) this.fail(data.error);
    else this.ignored++;
  }

  start(response: JsonObject | null): void {
    if (this.#started) return;
    this.#started = true;
    this.#sink.start(textOr(response?.id) ?? "", textOr(response?.model) ?? "", numberOr(response?.created_at) ?? 0);
  }

  added(data: JsonObject): void {
    const item = objectOr(data.item);
    if (item === null) return;
    const known = this.#open(item, this.#place(data, item));
    if (known instanceof IncomingCall) known.named(item);
  }

  done(data: JsonObject): void {
    const item = objectOr(data.item);
    if (item === null) return;
    this.#open(item, this.#place(data, item))?.complete(item);
    this.#noteRefusal(item);
  }

  part(data: JsonObject): void {
    const part = objectOr(data.part);
    if (part?.type === "reasoning_text") this.thought(data)?.part("content", index(data, "content_index"), part);
    else if (part !== null) this.message(data)?.part(index(data, "content_index"), part);
    if (part?.type === "refusal") this.#refused = true;
  }

  message(data: JsonObject): IncomingMessage | null {
    const item = this.#open({ type: "message" }, this.#place(data, null));
    return item instanceof IncomingMessage ? item : null;
  }

  refusal(data: JsonObject): IncomingMessage | null {
    this.#refused = true;
    return this.message(data);
  }

  thought(data: JsonObject): IncomingThought | null {
    const item = this.#open({ type: "reasoning" }, this.#place(data, null));
    return item instanceof IncomingThought ? item : null;
  }

  call(data: JsonObject, freeform: boolean): IncomingCall | null {
    const item = this.#open({ type: freeform ? "custom_tool_call" : "function_call" }, this.#place(data, null));
    return item instanceof IncomingCall ? item : null;
  }

  fail(error: unknown): void {
    this.#fault(faultOfError(error));
  }

  end(response: JsonObject | null): void {
    if (response === null) throw badResponse("its last event has no response");
    if ((response.error ?? null) !== null || response.status === "failed") return this.fail(response.error);
    if (response.status === "cancelled") return this.#fault(CANCELLED);
    this.start(response);
    this.#compare(listOr(response.output).filter(isObject));
    for (const item of this.#items.values()) item.close();
    this.#ended = true;
    const usage = readUsage(objectOr(response.usage));
    if (usage !== null) this.#sink.usage(usage);
    this.#sink.finish(0, finishOf(response, { calls: this.#calls > 0, refusal: this.#refused }), null);
    this.#sink.end();
  }

  /** Tells what the whole answer has and the stream had not. */
  #compare(output: readonly JsonObject[]): void {
    const streamed = [...this.#items.values()];
    let place = Math.max(-1, ...this.#items.keys()) + 1;
    for (const item of output) {
      const id = textOr(item.id);
      const known = id === null ? undefined : this.#items.get(this.#places.get(id) ?? -1);
      // Some servers give items other ids in the end: then they are in the order in which they were streamed.
      const same = known ?? streamed.find(({ kind }) => kind === KINDS[String(item.type)]);
      if (same !== undefined) streamed.splice(streamed.indexOf(same), 1);
      (same ?? this.#open(item, place++))?.complete(item);
      this.#noteRefusal(item);
    }
  }

  #fault(fault: Fault): void {
    this.#ended = true;
    this.#sink.fault(fault);
  }

  #noteRefusal({ content }: JsonObject): void {
    if (listOr(content).some((part) => isObject(part) && part.type === "refusal")) this.#refused = true;
  }

  /** Place of the item an event is about: where it says none, that of the item with its id, else the last. */
  #place(data: JsonObject, item: JsonObject | null): number {
    const id = textOr(data.item_id) ?? textOr(item?.id);
    const last = Math.max(0, this.#items.size - 1);
    const next = item === null ? last : this.#items.size;
    const place = numberOr(data.output_index) ?? (id === null ? undefined : this.#places.get(id)) ?? next;
    if (id !== null) this.#places.set(id, place);
    return place;
  }

  #open(item: JsonObject, place: number): IncomingItem | null {
    const known = this.#items.get(place);
    if (known !== undefined) return known;
    this.start(null);
    const opened = incomingItem(item, this.#sink, this.#calls);
    if (opened === null) return null;
    if (opened.kind === "call") this.#calls++;
    this.#items.set(place, opened);
    return opened;
  }
}

const KINDS: Readonly<Record<string, IncomingItem["kind"]>> = {
  message: "message",
  reasoning: "thought",
  function_call: "call",
  custom_tool_call: "call",
};
