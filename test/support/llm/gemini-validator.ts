// Checks a stream of streamGenerateContent more strictly than Google's clients do, which take broken ones in silence.
import assert from "node:assert/strict";

/** What a stream says, put together. */
export interface GeminiAnswer {
  /** By candidate. */
  readonly candidates: readonly GeminiCandidate[];
  /** The last report; null: none. */
  readonly usage: Readonly<Record<string, number>> | null;
  /** What the stream ended with instead of an answer; null: nothing. */
  readonly error: { readonly code: number; readonly message: string; readonly status: string } | null;
  readonly modelVersion: string;
  readonly responseId: string;
  /** Comments, such as those that keep the connection alive. */
  readonly comments: number;
  readonly chunks: number;
}

/** One candidate of a {@link GeminiAnswer}. */
export interface GeminiCandidate {
  text: string;
  thoughts: string;
  readonly calls: { readonly id: string; readonly name: string; readonly args: object }[];
  /** Of thoughts and calls. */
  readonly signatures: string[];
  finishReason: string | null;
}

const FINISH_REASONS = new Set([
  ...["STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"],
  ...["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "IMAGE_SAFETY"],
]);
const PARTS = new Set(["text", "thought", "thoughtSignature", "functionCall"]);
const FUNCTION_NAME = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

type Json = Readonly<Record<string, unknown>>;

/**
 * Puts an event stream together.
 * @param anyNames whether calls may have names that no client declares, as models invent them
 * @throws AssertionError naming what no client may be sent
 */
export function validateGeminiEvents(stream: string, anyNames = false): GeminiAnswer {
  const blocks = stream.split(/\r\n\r\n|\n\n/);
  assert.equal(blocks.pop(), "", "bytes follow the last event");
  const check = new Check(anyNames);
  for (const block of blocks) {
    if (block.startsWith(":")) check.comment(block);
    else check.event(block);
  }
  return check.answer();
}

/** Puts a stream together that is one array. @throws AssertionError */
export function validateGeminiArray(stream: string): GeminiAnswer {
  const chunks: unknown = JSON.parse(stream);
  assert.ok(Array.isArray(chunks), "the stream is no array");
  const check = new Check(false);
  for (const chunk of chunks) check.chunk(chunk);
  return check.answer();
}

class Check {
  readonly #candidates: GeminiCandidate[] = [];
  #usage: Readonly<Record<string, number>> | null = null;
  #error: GeminiAnswer["error"] = null;
  #names: { modelVersion: string; responseId: string } | null = null;
  #comments = 0;
  #chunks = 0;
  readonly #name: RegExp;

  constructor(anyNames: boolean) {
    this.#name = anyNames ? /./ : FUNCTION_NAME;
  }

  comment(block: string): void {
    for (const line of block.split(/\r?\n/)) assert.ok(line.startsWith(":"), `a comment shares an event: ${block}`);
    this.#comments++;
  }

  event(block: string): void {
    assert.ok(block.startsWith("data:"), `an event does not begin with data: ${block}`);
    assert.ok(!/[\r\n]/.test(block), `an event has several lines: ${block}`);
    const data = block.slice("data:".length).trim();
    assert.notEqual(data, "[DONE]", "Gemini's streams have no [DONE]");
    this.chunk(JSON.parse(data));
  }

  chunk(value: unknown): void {
    const chunk = objectOf(value, "a chunk");
    assert.equal(this.#error, null, "something follows the error");
    this.#chunks++;
    if ("error" in chunk) return this.#fail(chunk);
    this.#named(chunk);
    assert.ok(Array.isArray(chunk.candidates), "a chunk without candidates");
    for (const candidate of chunk.candidates) this.#candidate(objectOf(candidate, "a candidate"));
    if (chunk.usageMetadata !== undefined) this.#report(objectOf(chunk.usageMetadata, "usageMetadata"));
  }

  answer(): GeminiAnswer {
    assert.ok(this.#chunks > 0, "the stream is empty");
    if (this.#error === null) {
      assert.ok(this.#candidates.length > 0, "no candidate, and no error");
      for (const candidate of this.#candidates) assert.ok(candidate?.finishReason, "a candidate never ends");
    }
    const names = this.#names ?? { modelVersion: "", responseId: "" };
    return {
      ...names,
      candidates: this.#candidates,
      usage: this.#usage,
      error: this.#error,
      comments: this.#comments,
      chunks: this.#chunks,
    };
  }

  #fail(chunk: Json): void {
    assert.deepEqual(Object.keys(chunk), ["error"], "an error shares its chunk");
    const { code, message, status } = objectOf(chunk.error, "error");
    assert.ok(typeof code === "number" && code >= 400 && code < 600, `clients ignore an error of code ${code}`);
    assert.ok(typeof message === "string" && message !== "");
    assert.ok(typeof status === "string" && /^[A-Z_]+$/.test(status));
    this.#error = { code, message, status };
  }

  #named({ modelVersion, responseId }: Json): void {
    assert.ok(typeof modelVersion === "string" && modelVersion !== "", "a chunk without modelVersion");
    assert.ok(typeof responseId === "string" && responseId !== "", "a chunk without responseId");
    this.#names ??= { modelVersion, responseId };
    assert.deepEqual({ modelVersion, responseId }, this.#names, "the answer changes its name");
  }

  #candidate({ index, content, finishReason }: Json): void {
    assert.ok(typeof index === "number" && Number.isInteger(index) && index >= 0, "a candidate without an index");
    let candidate = this.#candidates[index];
    if (candidate === undefined) {
      candidate = { text: "", thoughts: "", calls: [], signatures: [], finishReason: null };
      this.#candidates[index] = candidate;
    }
    assert.equal(candidate.finishReason, null, "a candidate goes on behind its finishReason");
    const { role, parts } = objectOf(content, "content");
    assert.equal(role, "model");
    assert.ok(Array.isArray(parts) && parts.length > 0, "clients forget an answer that has content without parts");
    for (const part of parts) addPart(objectOf(part, "a part"), this.#name, candidate);
    if (finishReason === undefined) return;
    assert.ok(typeof finishReason === "string" && FINISH_REASONS.has(finishReason), `finishReason ${finishReason}`);
    candidate.finishReason = finishReason;
  }

  #report(written: Json): void {
    const usage: Record<string, number> = {};
    for (const [name, count] of Object.entries(written)) {
      assert.ok(typeof count === "number" && Number.isInteger(count) && count >= 0, `${name} is ${count}`);
      assert.ok(count >= (this.#usage?.[name] ?? 0), `${name} shrinks`);
      usage[name] = count;
    }
    const of = (name: string): number => usage[name] ?? 0;
    const sum =
      of("promptTokenCount") + of("toolUsePromptTokenCount") + of("candidatesTokenCount") + of("thoughtsTokenCount");
    assert.equal(of("totalTokenCount"), sum, "the total is not that of its parts");
    assert.ok(of("cachedContentTokenCount") <= of("promptTokenCount"), "more was cached than was read");
    this.#usage = usage;
  }
}

function addPart(part: Json, name: RegExp, to: GeminiCandidate): void {
  for (const key of Object.keys(part)) assert.ok(PARTS.has(key), `a part has ${key}`);
  const { text, thought, thoughtSignature, functionCall } = part;
  assert.ok((text === undefined) !== (functionCall === undefined), "a part must have one kind of data");
  if (thoughtSignature !== undefined) {
    assert.ok(typeof thoughtSignature === "string" && BASE64.test(thoughtSignature), "a signature is no Base64");
    to.signatures.push(thoughtSignature);
  }
  if (functionCall !== undefined) addCall(objectOf(functionCall, "functionCall"), name, to);
  else if (thought === true) to.thoughts += textOf(text);
  else to.text += textOf(text);
}

function addCall(call: Json, allowed: RegExp, to: GeminiCandidate): void {
  assert.deepEqual(Object.keys(call).sort(), ["args", "id", "name"], "a call is whole, and has nothing else");
  const { id, name, args } = call;
  assert.ok(typeof id === "string" && id !== "", "a call without an id");
  assert.ok(typeof name === "string" && allowed.test(name), `a call of ${name}`);
  assert.ok(!to.calls.some((other) => other.id === id), `two calls have the id ${id}`);
  to.calls.push({ id, name, args: objectOf(args, "args") });
}

function textOf(value: unknown): string {
  assert.equal(typeof value, "string");
  return value as string;
}

function objectOf(value: unknown, what: string): Json {
  assert.ok(typeof value === "object" && value !== null && !Array.isArray(value), `${what} is no object`);
  return value as Json;
}
