// Reads a provider's streamed answer.

import type { StreamReader } from "../format.ts";
import { objectsOf } from "../json/event-objects.ts";
import { type JsonObject, objectOr, textOr } from "../json/values.ts";
import { badResponse, faultOf } from "../message/fault.ts";
import type { Signature } from "../message/request.ts";
import type { StreamSink } from "../message/stream-sink.ts";
import { mergeUsage, type Usage } from "../message/usage.ts";
import { faultOfError } from "./errors.ts";
import { finishOf } from "./finish.ts";
import { isAnswer } from "./read-response.ts";
import { usageOf } from "./usage.ts";

/** A block that has begun. */
interface OpenBlock {
  /** `answer`: arguments of the tool that stands for an answer by a schema. `other`: for clients of this format only. */
  readonly kind: "text" | "thinking" | "tool" | "answer" | "other";
  /** Number of the call; -1: it is none. */
  readonly tool: number;
  /** Arguments that came with the start, for servers that send no pieces; "" none. */
  whole: string;
  signature: string;
}

/** Reads the events of one answer. */
export class AnthropicStreamReader implements StreamReader {
  readonly #to: StreamSink;
  readonly #blocks = new Map<unknown, OpenBlock>();
  #usage: Usage | null = null;
  #state: "waiting" | "started" | "finished" | "done" = "waiting";
  #tools = 0;
  ignored = 0;

  constructor(to: StreamSink) {
    this.#to = to;
  }

  event(name: string, data: string): void {
    if (this.#state === "done" || data === "[DONE]") return;
    for (const event of objectsOf(data)) this.#event(textOr(event.type) ?? name, event);
  }

  close(): void {
    if (this.#state === "done") return;
    this.#state = "done";
    this.#to.fault(faultOf("badGateway", "The provider closed the stream before the answer was complete"));
  }

  #event(type: string, event: JsonObject): void {
    switch (type) {
      case "message_start":
        return this.#start(objectOr(event.message) ?? {});
      case "content_block_start":
        return this.#open(event.index, objectOr(event.content_block) ?? {});
      case "content_block_delta":
        return this.#delta(event.index, objectOr(event.delta) ?? {});
      case "content_block_stop":
        return this.#close(event.index);
      case "message_delta":
        return this.#messageDelta(objectOr(event.delta) ?? {}, event.usage);
      case "message_stop":
        return this.#stop();
      case "error":
        this.#state = "done";
        return this.#to.fault(faultOfError(event, 0, -1));
      case "ping":
        return;
      default:
        this.ignored++;
    }
  }

  #start(message: JsonObject): void {
    if (this.#state !== "waiting") throw badResponse("a second message_start");
    this.#state = "started";
    this.#to.start(textOr(message.id) ?? "", textOr(message.model) ?? "", 0);
    this.#report(message.usage);
  }

  #report(value: unknown): void {
    const usage = usageOf(value);
    if (usage === null) return;
    this.#usage = mergeUsage(this.#usage, usage);
    this.#to.usage(this.#usage);
  }

  #open(index: unknown, block: JsonObject): void {
    if (this.#state !== "started") throw badResponse("a block before message_start or after stop_reason");
    if (this.#blocks.has(index)) throw badResponse("a block that begins twice");
    if (block.type === "redacted_thinking") {
      this.#blocks.set(index, openBlock("other", -1));
      this.#to.reasoningEnd(0, signatureOf(textOr(block.data) ?? ""), true, null);
    } else if (block.type === "tool_use" && !isAnswer(block)) {
      const input = objectOr(block.input) ?? {};
      const open = openBlock("tool", this.#tools++);
      if (Object.keys(input).length > 0) open.whole = JSON.stringify(input);
      this.#blocks.set(index, open);
      this.#to.toolStart(0, open.tool, textOr(block.id) ?? "", textOr(block.name) ?? "", false);
    } else {
      const open = openBlock(kindOf(block), -1);
      this.#blocks.set(index, open);
      if (open.kind === "other") this.ignored++;
      if (block.type === "text") this.#text(textOr(block.text) ?? "");
      if (block.type === "thinking") this.#thought(textOr(block.thinking) ?? "");
    }
  }

  #delta(index: unknown, delta: JsonObject): void {
    const block = this.#blocks.get(index);
    if (block === undefined) throw badResponse("a delta of no block");
    if (block.kind === "other") this.ignored++;
    switch (delta.type) {
      case "text_delta":
        if (block.kind === "text") this.#text(textOr(delta.text) ?? "");
        break;
      case "thinking_delta":
        if (block.kind === "thinking") this.#thought(textOr(delta.thinking) ?? "");
        break;
      case "signature_delta":
        block.signature = textOr(delta.signature) ?? "";
        break;
      case "input_json_delta":
        this.#arguments(block, textOr(delta.partial_json) ?? "");
    }
  }

  #text(text: string): void {
    if (text !== "") this.#to.text(0, text);
  }

  #thought(text: string): void {
    if (text !== "") this.#to.reasoning(0, text, false);
  }

  #arguments(block: OpenBlock, piece: string): void {
    if (piece === "") return;
    block.whole = "";
    if (block.kind === "tool") this.#to.toolArguments(0, block.tool, piece);
    else if (block.kind === "answer") this.#to.text(0, piece);
  }

  #close(index: unknown): void {
    const block = this.#blocks.get(index);
    if (block === undefined) return;
    this.#blocks.delete(index);
    if (block.kind === "thinking") this.#to.reasoningEnd(0, signatureOf(block.signature), false, null);
    if (block.kind !== "tool") return;
    if (block.whole !== "") this.#to.toolArguments(0, block.tool, block.whole);
    this.#to.toolEnd(0, block.tool, null);
  }

  #messageDelta(delta: JsonObject, usage: unknown): void {
    if (this.#state === "waiting") throw badResponse("a message_delta before message_start");
    this.#report(usage);
    if ((delta.stop_reason ?? null) === null || this.#state === "finished") return;
    for (const index of [...this.#blocks.keys()]) this.#close(index);
    this.#state = "finished";
    this.#to.finish(0, this.#finish(delta.stop_reason), textOr(delta.stop_sequence));
  }

  /** A call of the tool that stands for an answer is a plain end. */
  #finish(stopReason: unknown): ReturnType<typeof finishOf> {
    const finish = finishOf(stopReason, this.#tools > 0);
    return finish === "toolCalls" && this.#tools === 0 ? "stop" : finish;
  }

  #stop(): void {
    if (this.#state !== "finished") throw badResponse("a message_stop without stop_reason");
    this.#state = "done";
    this.#to.end();
  }
}

function openBlock(kind: OpenBlock["kind"], tool: number): OpenBlock {
  return { kind, tool, whole: "", signature: "" };
}

function kindOf(block: JsonObject): OpenBlock["kind"] {
  if (isAnswer(block)) return "answer";
  return block.type === "text" || block.type === "thinking" ? block.type : "other";
}

function signatureOf(value: string): Signature | null {
  return value === "" ? null : { family: "anthropic", value };
}
