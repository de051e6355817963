// Reads items of a streamed answer: what their deltas lack is taken from the `done` events.

import { isObject, type JsonObject, listOr, textOr } from "../json/values.ts";
import type { StreamSink } from "../message/stream-sink.ts";
import { newCallId } from "../tools/ids.ts";
import { inChat } from "./read-response.ts";
import { readThought } from "./reasoning-items.ts";
import { qualifiedName } from "./tool-names.ts";

/** An item in progress. */
export interface IncomingItem {
  readonly kind: "message" | "call" | "thought";
  /** A delta of one of its parts. @param part its index */
  delta(part: number, piece: string, logprobs: unknown): void;
  /** All that the item has. Without it the item is as complete as its deltas were. */
  complete(item: JsonObject): void;
  /** Nothing follows. May be called again. */
  close(): void;
}

/** The item that a provider has begun; null: the common form has none of its type. @param tool number of the next call */
export function incomingItem(item: JsonObject, sink: StreamSink, tool: number): IncomingItem | null {
  switch (item.type) {
    case "message":
      return new IncomingMessage(sink);
    case "reasoning":
      return new IncomingThought(sink);
    case "function_call":
    case "custom_tool_call":
      return new IncomingCall(sink, tool, item.type === "custom_tool_call");
    default:
      return null;
  }
}

/** A message: texts and refusals. */
export class IncomingMessage implements IncomingItem {
  readonly kind = "message";
  readonly #sink: StreamSink;
  /** Length told of each part, in UTF-16 units. */
  readonly #told: number[] = [];

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  delta(part: number, piece: string, logprobs: unknown): void {
    this.#tell(part, piece);
    const entries = listOr(logprobs);
    if (entries.length > 0) this.#sink.logprobs(0, inChat(entries));
    if (piece !== "") this.#sink.text(0, piece);
  }

  refuse(part: number, piece: string): void {
    this.#tell(part, piece);
    if (piece !== "") this.#sink.refusal(0, piece);
  }

  /** A whole part. */
  part(index: number, value: unknown): void {
    if (!isObject(value)) return;
    const told = this.#told[index] ?? 0;
    if (value.type === "refusal") this.refuse(index, (textOr(value.refusal) ?? "").slice(told));
    else this.delta(index, (textOr(value.text) ?? "").slice(told), told === 0 ? value.logprobs : null);
  }

  complete({ content }: JsonObject): void {
    listOr(content).forEach((part, index) => {
      this.part(index, part);
    });
  }

  close(): void {}

  #tell(part: number, piece: string): void {
    this.#told[part] = (this.#told[part] ?? 0) + piece.length;
  }
}

/** A thought: summaries of it, or itself. Of both, the one that came first is told. */
export class IncomingThought implements IncomingItem {
  readonly kind = "thought";
  readonly #sink: StreamSink;
  #source: "summary" | "content" | null = null;
  readonly #told: number[] = [];
  #closed = false;

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  delta(part: number, piece: string): void {
    this.#tell("content", part, piece);
  }

  summary(part: number, piece: string): void {
    this.#tell("summary", part, piece);
  }

  /** A whole part, or the rest of it. */
  part(source: "summary" | "content", index: number, value: unknown): void {
    const text = isObject(value) ? textOr(value.text) : textOr(value);
    if (this.#source !== null && this.#source !== source) return;
    this.#tell(source, index, (text ?? "").slice(this.#told[index] ?? 0));
  }

  complete(item: JsonObject): void {
    if (this.#closed) return;
    for (const source of ["content", "summary"] as const) {
      listOr(item[source]).forEach((part, index) => {
        this.part(source, index, part);
      });
    }
    const { signature, redacted, id } = readThought(item);
    this.#closed = true;
    if (signature !== null || this.#source !== null) this.#sink.reasoningEnd(0, signature, redacted, id);
  }

  close(): void {
    if (!this.#closed && this.#source !== null) this.#sink.reasoningEnd(0, null, false, null);
    this.#closed = true;
  }

  #tell(source: "summary" | "content", part: number, piece: string): void {
    if (piece === "" || this.#closed) return;
    this.#source ??= source;
    if (this.#source !== source) return;
    const told = this.#told[part] ?? 0;
    this.#told[part] = told + piece.length;
    this.#sink.reasoning(0, told === 0 && part > 0 ? `\n\n${piece}` : piece, source === "summary");
  }
}

/** A call of a tool. It is told from when its name is known. */
export class IncomingCall implements IncomingItem {
  readonly kind = "call";
  readonly #sink: StreamSink;
  readonly #tool: number;
  readonly #freeform: boolean;
  #state: "unnamed" | "open" | "closed" = "unnamed";
  /** Received before the name. */
  #early = "";
  #told = 0;

  constructor(sink: StreamSink, tool: number, freeform: boolean) {
    this.#sink = sink;
    this.#tool = tool;
    this.#freeform = freeform;
  }

  delta(_part: number, piece: string): void {
    if (piece === "" || this.#state === "closed") return;
    if (this.#state === "unnamed") {
      this.#early += piece;
      return;
    }
    this.#told += piece.length;
    this.#sink.toolArguments(0, this.#tool, piece);
  }

  /** What is known of the call, perhaps with all of its input. */
  named(item: JsonObject): void {
    const name = textOr(item.name) ?? "";
    if (this.#state === "unnamed" && name !== "") this.#start(item, name);
    this.whole(textOr(this.#freeform ? item.input : item.arguments) ?? "");
  }

  /** All of the input. */
  whole(input: string): void {
    const known = this.#state === "unnamed" ? this.#early.length : this.#told;
    this.delta(0, input.slice(known));
  }

  complete(item: JsonObject): void {
    this.named(item);
    this.close();
  }

  close(): void {
    if (this.#state === "open") this.#sink.toolEnd(0, this.#tool, null);
    this.#state = "closed";
  }

  #start(item: JsonObject, name: string): void {
    const id = textOr(item.call_id) ?? textOr(item.id) ?? newCallId();
    this.#state = "open";
    this.#sink.toolStart(0, this.#tool, id, qualifiedName(textOr(item.namespace), name), this.#freeform);
    const early = this.#early;
    this.#early = "";
    this.delta(0, early);
  }
}
