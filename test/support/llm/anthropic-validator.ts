// A strict validator of streams of Anthropic Messages: the official SDK accepts broken ones in silence.
import assert from "node:assert/strict";
import { isObject, type JsonObject } from "../../../src/llm/json/values.ts";

/** One event of a stream. */
export interface StreamEvent {
  readonly name: string;
  readonly data: JsonObject;
}

/** What a valid stream says. */
export interface ValidatedMessage {
  readonly message: JsonObject;
  /** Blocks with everything their deltas added; `input` of calls as the text that was streamed. */
  readonly content: readonly JsonObject[];
  /** Of `message_delta`; null where an error ended the stream. */
  readonly stopReason: string | null;
  readonly usage: JsonObject | null;
  /** `error` of the event that ended the stream; null: none. */
  readonly error: JsonObject | null;
}

/** Deltas a block of each type may have, and the field of the text in them. */
const DELTAS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  text: { text_delta: "text", citations_delta: "citation" },
  thinking: { thinking_delta: "thinking", signature_delta: "signature" },
  tool_use: { input_json_delta: "partial_json" },
  server_tool_use: { input_json_delta: "partial_json" },
};

const STOP_REASONS = new Set([
  "end_turn",
  "max_tokens",
  "stop_sequence",
  "tool_use",
  "pause_turn",
  "refusal",
  "model_context_window_exceeded",
]);

/** Events as a client frames them: each of one `event` line and one `data` line. */
function parseEvents(stream: string): StreamEvent[] {
  assert.ok(stream === "" || stream.endsWith("\n\n"), "the stream ends within an event");
  return stream
    .split("\n\n")
    .slice(0, -1)
    .filter((event) => !event.startsWith(":"))
    .map((event) => {
      const match = /^event: (\w+)\ndata: (.+)$/.exec(event);
      assert.ok(match !== null, `no event of two lines: ${event}`);
      const data: unknown = JSON.parse(match[2]!);
      assert.ok(isObject(data) && data.type === match[1], `type differs from the event's name: ${event}`);
      return { name: match[1]!, data };
    });
}

/** @throws AssertionError naming the first thing that no valid stream has */
export function validateMessages(stream: string): ValidatedMessage {
  const check = new Check();
  for (const event of parseEvents(stream)) check.event(event);
  return check.result();
}

class Check {
  #message: JsonObject | null = null;
  readonly #content: Record<string, unknown>[] = [];
  #open = false;
  #stop: { readonly reason: string; readonly usage: JsonObject } | null = null;
  #error: JsonObject | null = null;
  #complete = false;

  event({ name, data }: StreamEvent): void {
    assert.ok(!this.#complete && this.#error === null, `${name} after the end`);
    switch (name) {
      case "ping":
        return;
      case "error":
        return this.#fail(data);
      case "message_start":
        return this.#start(data);
      case "content_block_start":
        return this.#begin(data);
      case "content_block_delta":
        return this.#delta(data);
      case "content_block_stop":
        assert.ok(this.#open, "content_block_stop of no block");
        assert.equal(data.index, this.#content.length - 1, "content_block_stop of another block");
        this.#finishBlock();
        return;
      case "message_delta":
        return this.#messageDelta(data);
      case "message_stop":
        assert.ok(this.#stop !== null, "message_stop without message_delta");
        this.#complete = true;
        return;
      default:
        assert.fail(`unknown event ${name}`);
    }
  }

  result(): ValidatedMessage {
    assert.ok(this.#complete || this.#error !== null, "the stream ends without message_stop or error");
    assert.ok(this.#message !== null || this.#error !== null, "no message_start");
    return {
      message: this.#message ?? {},
      content: this.#content,
      stopReason: this.#stop?.reason ?? null,
      usage: this.#stop?.usage ?? null,
      error: this.#error,
    };
  }

  #start({ message }: JsonObject): void {
    assert.equal(this.#message, null, "a second message_start");
    assert.ok(isObject(message) && isObject(message.usage));
    assert.equal(message.type, "message");
    assert.equal(message.role, "assistant");
    assert.deepEqual(message.content, [], "message_start with content");
    assert.equal(message.stop_reason, null);
    assert.match(String(message.id), /^msg_./);
    assert.ok(typeof message.model === "string" && message.model !== "");
    assertCount(message.usage.output_tokens);
    assertCount(message.usage.input_tokens);
    assert.ok(Number(message.usage.input_tokens) > 0, "message_start without input_tokens");
    this.#message = message;
  }

  #begin({ index, content_block: block }: JsonObject): void {
    assert.ok(this.#message !== null, "content before message_start");
    assert.ok(this.#stop === null, "content after message_delta");
    assert.ok(!this.#open, "a block within a block");
    assert.equal(index, this.#content.length, "block indices have a gap");
    assert.ok(isObject(block));
    if (block.type === "text") assert.equal(block.text, "");
    if (block.type === "thinking") assert.equal(`${block.thinking}${block.signature}`, "");
    if (block.type === "redacted_thinking") assert.ok(typeof block.data === "string" && block.data !== "");
    if (block.type === "tool_use") {
      assert.match(String(block.id), /^[a-zA-Z0-9_-]+$/);
      assert.match(String(block.name), /./);
      assert.deepEqual(block.input, {});
    }
    this.#content.push(block.type === "tool_use" ? { ...block, input: "" } : { ...block });
    this.#open = true;
  }

  #delta({ index, delta }: JsonObject): void {
    assert.ok(this.#open, "a delta of no block");
    assert.equal(index, this.#content.length - 1, "a delta of another block");
    assert.ok(isObject(delta));
    const block = this.#content.at(-1)!;
    const field = DELTAS[String(block.type)]?.[String(delta.type)];
    assert.ok(field !== undefined, `${delta.type} in a block of ${block.type}`);
    assert.equal(typeof delta[field], "string");
    if (field === "signature") assert.equal(block.signature, "", "a second signature");
    const target = field === "partial_json" ? "input" : field;
    block[target] = `${block[target] ?? ""}${delta[field]}`;
  }

  #finishBlock(): void {
    const { type, text, thinking, signature } = this.#content.at(-1)!;
    if (type === "text") assert.notEqual(text, "", "an empty text block");
    if (type === "thinking") assert.notEqual(`${thinking}${signature}`, "", "an empty thought");
    this.#open = false;
  }

  #messageDelta({ delta, usage }: JsonObject): void {
    assert.ok(this.#message !== null, "message_delta before message_start");
    assert.ok(!this.#open, "message_delta within a block");
    assert.ok(this.#stop === null, "a second message_delta");
    assert.ok(isObject(delta) && isObject(usage), "message_delta without delta or usage");
    const reason = String(delta.stop_reason);
    assert.ok(STOP_REASONS.has(reason), `stop_reason ${reason}`);
    assert.equal(delta.stop_sequence !== null, reason === "stop_sequence", "stop_sequence and stop_reason differ");
    const called = this.#content.filter(({ type }) => type === "tool_use");
    if (reason === "tool_use") assert.ok(called.length > 0, "stop_reason tool_use without a call");
    else assert.ok(reason !== "end_turn" || called.length === 0, "a call and stop_reason end_turn");
    if (reason !== "max_tokens") for (const { input } of called) assertInput(String(input));
    assertCount(usage.output_tokens);
    for (const key of ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"]) {
      if ((usage[key] ?? null) !== null) assertCount(usage[key]);
    }
    this.#stop = { reason, usage };
  }

  #fail({ error }: JsonObject): void {
    assert.ok(isObject(error) && typeof error.type === "string" && typeof error.message === "string");
    this.#error = error;
  }
}

function assertCount(value: unknown): void {
  assert.ok(Number.isSafeInteger(value) && Number(value) >= 0, `no count of tokens: ${String(value)}`);
}

/** Nothing at all stands for `{}`. */
function assertInput(json: string): void {
  assert.ok(json === "" || isObject(JSON.parse(json)), `arguments that are no object: ${json}`);
}
