// A strict reader of streams of OpenAI Responses: the official SDK takes broken ones in silence.
import assert from "node:assert/strict";
import { isObject, type JsonObject } from "../../../src/llm/json/values.ts";
import { ItemValidator } from "./responses-items.ts";

/** What a valid stream has said. */
export interface ResponsesStream {
  /** Of the last event; null: it is an `error` without one. */
  readonly response: JsonObject | null;
  /** `error` event; null: none. */
  readonly error: JsonObject | null;
  readonly events: readonly JsonObject[];
}

const DEMANDED =
  "id object created_at status error incomplete_details instructions metadata model output parallel_tool_calls temperature tool_choice tools top_p";
const TERMINALS: Readonly<Record<string, string>> = {
  "response.completed": "completed",
  "response.incomplete": "incomplete",
  "response.failed": "failed",
};

/**
 * Checks a whole stream, comments included, as a client received it.
 * @throws AssertionError naming the rule that is broken
 */
export function validateResponsesStream(text: string): ResponsesStream {
  const events = eventsOf(text);
  const validator = new StreamValidator();
  events.forEach((event, index) => {
    assert.equal(event.sequence_number, validator.standsAlone(event) ? 0 : index, "sequence numbers are contiguous");
    validator.event(event);
  });
  return { ...validator.end(), events };
}

function eventsOf(text: string): JsonObject[] {
  assert.ok(text === "" || text.endsWith("\n\n"), "the stream ends with a whole event");
  const events: JsonObject[] = [];
  for (const block of text.split("\n\n").slice(0, -1)) {
    if (block.startsWith(":")) continue;
    const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(block) ?? assert.fail(`no named event: ${block}`);
    assert.notEqual(data, "[DONE]");
    const value: unknown = JSON.parse(data!);
    assert.ok(isObject(value));
    assert.equal(value.type, name, "the name of an event is its type");
    events.push(value);
  }
  return events;
}

class StreamValidator {
  readonly #items = new ItemValidator();
  #first: JsonObject | null = null;
  #last: JsonObject | null = null;
  #error: JsonObject | null = null;
  #count = 0;

  /** An `error` made where nobody counts events. */
  standsAlone(event: JsonObject): boolean {
    return event.type === "error" && event.sequence_number === 0;
  }

  event(event: JsonObject): void {
    const type = String(event.type);
    assert.equal(this.#last, null, `nothing follows the end, not ${type}`);
    if (this.#error !== null) assert.equal(type, "response.failed", "nothing but a failure follows an error");
    if (type === "error") return this.#fail(event);
    if (this.#count++ === 0) assert.equal(type, "response.created", "the first event");
    if (isObject(event.response)) this.#report(type, event.response);
    else this.#items.event(type, event);
  }

  end(): { readonly response: JsonObject | null; readonly error: JsonObject | null } {
    assert.ok(this.#last !== null || this.#error !== null, "the stream has an end");
    return { response: this.#last, error: this.#error };
  }

  #fail(event: JsonObject): void {
    assert.equal(typeof event.message, "string");
    assert.ok(isObject(event.error));
    this.#error = event;
  }

  #report(type: string, response: JsonObject): void {
    for (const key of DEMANDED.split(" ")) assert.ok(key in response, `a response has ${key}`);
    assert.equal(response.object, "response");
    this.#first ??= response;
    assert.equal(response.id, this.#first.id, "the id stays");
    assert.equal(response.model, this.#first.model, "the model stays");
    const status = TERMINALS[type];
    if (status === undefined) {
      assert.ok(["response.created", "response.in_progress", "response.queued"].includes(type), type);
      assert.deepEqual(response.output, []);
      assert.equal(response.status, "in_progress");
      return;
    }
    assert.equal(response.status, status);
    this.#terminal(status, response);
    this.#last = response;
  }

  #terminal(status: string, response: JsonObject): void {
    if (status === "failed") {
      assert.ok(isObject(response.error));
      assert.equal(typeof response.error.code, "string");
      assert.equal(typeof response.error.message, "string");
    } else {
      assert.equal(response.error, null);
      this.#items.requireClosed();
    }
    assert.equal(isObject(response.incomplete_details), status === "incomplete", "what is incomplete says why");
    assert.deepEqual(response.output, this.#items.done, "the end holds everything streamed");
    if (isObject(response.usage)) validateUsage(response.usage);
  }
}

function validateUsage(usage: JsonObject): void {
  const details = [usage.input_tokens_details, usage.output_tokens_details] as Record<string, number>[];
  const [input, output] = [Number(usage.input_tokens), Number(usage.output_tokens)];
  assert.equal(usage.total_tokens, input + output);
  assert.ok(details[0]!.cached_tokens! + details[0]!.cache_write_tokens! <= input, "input includes what is cached");
  assert.ok(details[1]!.reasoning_tokens! <= output, "output includes thoughts");
}
