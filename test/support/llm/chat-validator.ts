// Checks a stream of Chat Completions more strictly than the official clients do, which take broken ones in silence.
import assert from "node:assert/strict";

/** What a stream says, put together. */
export interface ChatAnswer {
  readonly id: string;
  readonly model: string;
  /** By choice. */
  readonly choices: readonly ChatChoice[];
  /** null: no usage chunk came. */
  readonly usage: Json | null;
  /** What the stream ended with instead of `[DONE]`; null: nothing. */
  readonly error: Json | null;
  readonly comments: number;
  readonly chunks: number;
}

/** One choice of a {@link ChatAnswer}. */
export interface ChatChoice {
  text: string;
  thoughts: string;
  refusal: string;
  readonly details: Json[];
  readonly calls: ChatCall[];
  /** Tokens that have log probabilities. */
  readonly logprobs: unknown[];
  finish: string | null;
}

/** One call of a {@link ChatChoice}. */
export interface ChatCall {
  readonly id: string;
  readonly name: string;
  readonly type: "function" | "custom" | "function_call";
  arguments: string;
  /** `extra_content`; null: none. */
  extra: unknown;
}

type Json = Readonly<Record<string, unknown>>;

const CHUNK_KEYS = new Set(["id", "object", "created", "model", "choices", "usage", "service_tier"]);
const CHOICE_KEYS = new Set(["index", "delta", "logprobs", "finish_reason"]);
const DELTA_KEYS = new Set(
  "role content refusal reasoning_content reasoning_details tool_calls function_call".split(" "),
);
const FINISHES = new Set(["stop", "length", "tool_calls", "content_filter", "function_call"]);

/**
 * Puts a stream together.
 * @param asked whether the client has asked for usage
 * @throws AssertionError naming what no client may be sent
 */
export function validateChatStream(stream: string, asked: { readonly usage: boolean }): ChatAnswer {
  const blocks = stream.split("\n\n");
  assert.equal(blocks.pop(), "", "bytes follow the last event");
  const check = new Check(asked.usage);
  for (const block of blocks) check.block(block);
  return check.answer();
}

class Check {
  readonly #asked: boolean;
  readonly #choices: ChatChoice[] = [];
  #head: Json | null = null;
  #usage: Json | null = null;
  #error: Json | null = null;
  #done = false;
  #comments = 0;
  #chunks = 0;

  constructor(asked: boolean) {
    this.#asked = asked;
  }

  block(block: string): void {
    if (block.startsWith(":")) {
      assert.ok(!block.includes("\n"), "a comment shares its block");
      this.#comments++;
      return;
    }
    assert.ok(!this.#done && this.#error === null, `an event follows the last one: ${block}`);
    assert.match(block, /^data: [^\n\r]*$/, "an event is not one line of data");
    const data = block.slice("data: ".length);
    if (data === "[DONE]") this.#done = true;
    else this.#data(JSON.parse(data) as Json);
  }

  answer(): ChatAnswer {
    assert.ok(this.#done || this.#error !== null, "the stream ends neither with [DONE] nor with an error");
    if (this.#done) {
      assert.ok(this.#choices.length > 0, "the answer has no choice");
      for (const [index, choice] of this.#choices.entries()) finished(choice, index);
    }
    return {
      id: String(this.#head?.id ?? ""),
      model: String(this.#head?.model ?? ""),
      ...{ choices: this.#choices, usage: this.#usage, error: this.#error },
      ...{ comments: this.#comments, chunks: this.#chunks },
    };
  }

  #data(chunk: Json): void {
    if ("error" in chunk) {
      assert.deepEqual(Object.keys(chunk), ["error"]);
      this.#error = chunk.error as Json;
      assert.deepEqual(Object.keys(this.#error), ["message", "type", "param", "code"]);
      assert.ok(typeof this.#error.message === "string" && this.#error.message !== "", "an error has no message");
      return;
    }
    this.#chunks++;
    this.#common(chunk);
    assert.equal(this.#usage, null, "a chunk follows the usage");
    const choices = chunk.choices as readonly Json[];
    assert.ok(Array.isArray(choices), "choices are no list");
    if (choices.length === 0) this.#reported(chunk.usage as Json);
    else {
      assert.equal("usage" in chunk, this.#asked, "usage is null exactly where it was asked for");
      assert.equal(chunk.usage ?? null, null, "usage comes with a choice");
      for (const choice of choices) this.#choice(choice);
    }
  }

  #common(chunk: Json): void {
    only(chunk, CHUNK_KEYS, "chunk");
    const { id, object, created, model } = chunk;
    assert.equal(object, "chat.completion.chunk");
    assert.ok(typeof id === "string" && id !== "", "a chunk has no id");
    assert.ok(Number.isInteger(created), "created is no number of seconds");
    assert.equal(typeof model, "string");
    this.#head ??= { id, created, model };
    assert.deepEqual({ id, created, model }, this.#head, "id, created or model change");
  }

  #reported(usage: Json): void {
    assert.ok(this.#asked, "usage was not asked for");
    for (const [index, choice] of this.#choices.entries()) finished(choice, index);
    const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
    assert.equal(total, Number(prompt) + Number(completion), "the total is not the sum");
    const read = usage.prompt_tokens_details as Json;
    assert.ok(Number(read.cached_tokens) + Number(read.cache_write_tokens) <= Number(prompt));
    const written = usage.completion_tokens_details as Json;
    assert.ok(Number(written.reasoning_tokens) <= Number(completion));
    this.#usage = usage;
  }

  #choice(choice: Json): void {
    only(choice, CHOICE_KEYS, "choice");
    const index = choice.index as number;
    assert.ok(Number.isInteger(index) && index >= 0 && index < 128, "a choice has no index");
    const delta = choice.delta as Json;
    only(delta, DELTA_KEYS, "delta");
    const known = this.#choices[index];
    if (known === undefined) assert.equal(delta.role, "assistant", `choice ${index} does not begin with its role`);
    else assert.ok(!("role" in delta), `choice ${index} has its role twice`);
    assert.equal(known?.finish ?? null, null, `choice ${index} goes on after its finish`);
    const state = known ?? { ...{ text: "", thoughts: "", refusal: "" }, ...lists(), finish: null };
    this.#choices[index] = state;
    addDelta(state, delta);
    if (choice.logprobs !== null) {
      const { content, refusal, ...rest } = choice.logprobs as Json;
      assert.deepEqual(rest, {});
      state.logprobs.push(...((content ?? []) as unknown[]), ...((refusal ?? []) as unknown[]));
    }
    const finish = choice.finish_reason as string | null;
    assert.ok(finish === null || FINISHES.has(finish), `finish reason ${finish}`);
    state.finish = finish;
  }
}

function lists(): Pick<ChatChoice, "details" | "calls" | "logprobs"> {
  return { details: [], calls: [], logprobs: [] };
}

function addDelta(state: ChatChoice, delta: Json): void {
  state.text += textOf(delta, "content");
  state.thoughts += textOf(delta, "reasoning_content");
  state.refusal += textOf(delta, "refusal");
  state.details.push(...((delta.reasoning_details ?? []) as Json[]));
  for (const call of (delta.tool_calls ?? []) as Json[]) addCall(state, call);
  if (delta.function_call !== undefined) addFunction(state, delta.function_call as Json);
}

function textOf(delta: Json, key: string): string {
  const value = delta[key] ?? "";
  assert.equal(typeof value, "string", `${key} is no text`);
  return value as string;
}

function addCall({ calls }: ChatChoice, delta: Json): void {
  const index = delta.index as number;
  assert.ok(Number.isInteger(index) && index <= calls.length, "a call has no index, or leaves one out");
  let call = calls[index];
  const piece = (delta.function ?? delta.custom) as Json | undefined;
  assert.ok(piece !== undefined, "a call is neither function nor custom");
  if (call === undefined) {
    const { id, type } = delta;
    assert.ok(typeof id === "string" && id !== "", "a call begins without an id");
    assert.ok(
      calls.every((each) => each.id !== id),
      "two calls have one id",
    );
    assert.ok(type === "function" || type === "custom", "a call begins without a type");
    assert.ok(typeof piece.name === "string" && piece.name !== "", "a call begins without a name");
    call = { id, name: piece.name, type, arguments: "", extra: null };
    calls.push(call);
  } else assert.ok(!("id" in delta) && !("name" in piece), "a call begins twice");
  assert.equal(delta.custom === undefined ? "function" : "custom", call.type, "a call changes its type");
  call.arguments += String((call.type === "custom" ? piece.input : piece.arguments) ?? "");
  call.extra ??= delta.extra_content ?? null;
}

function addFunction({ calls }: ChatChoice, delta: Json): void {
  let call = calls[0];
  if (call === undefined) {
    assert.ok(typeof delta.name === "string" && delta.name !== "", "a function call begins without a name");
    call = { id: "", name: delta.name, type: "function_call", arguments: "", extra: null };
    calls.push(call);
  }
  call.arguments += String(delta.arguments ?? "");
}

function finished(choice: ChatChoice | undefined, index: number): void {
  assert.ok(choice !== undefined && choice.finish !== null, `choice ${index} has no finish`);
  const called = choice.finish === "tool_calls" || choice.finish === "function_call";
  assert.ok(!called || choice.calls.length > 0, `choice ${index} ends with calls and has none`);
  assert.ok(choice.finish !== "stop" || choice.calls.length === 0, `choice ${index} has calls and ends with stop`);
  if (!called) return;
  for (const call of choice.calls) {
    if (call.type !== "custom") assert.doesNotThrow(() => JSON.parse(call.arguments), `arguments ${call.arguments}`);
  }
}

function only(object: Json, keys: ReadonlySet<string>, what: string): void {
  for (const key of Object.keys(object)) assert.ok(keys.has(key), `a ${what} has ${key}`);
}
