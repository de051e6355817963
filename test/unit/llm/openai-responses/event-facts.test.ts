// What events of Responses say that pass untranslated, and errors of streams.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventFacts } from "../../../../src/llm/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { faultOf } from "../../../../src/llm/message/fault.ts";
import { openaiResponses } from "../../../../src/llm/openai-responses/format.ts";

const NOTHING: EventFacts = { content: false, usage: null, terminal: false, fault: null, usageOnly: false };
const USAGE = { input: 3, cacheRead: 2, cacheWrite: 0, cacheWriteLong: 0, output: 4, reasoning: 0 };
const REPORTED = { input_tokens: 5, input_tokens_details: { cached_tokens: 2 }, output_tokens: 4 };

test("events say whether they have content, whether they are the last, and what they report", () => {
  const limited = { code: "rate_limit_exceeded", message: "slow" };
  const rateLimit = faultOf("rateLimit", "The provider limits requests at the moment", null, "rate_limit_exceeded");
  const rows: [JsonObject, Partial<EventFacts>][] = [
    [{ type: "response.created", response: {} }, {}],
    [{ type: "response.in_progress", response: {} }, {}],
    [{ type: "response.queued", response: {} }, {}],
    [{ type: "keepalive", sequence_number: 2 }, {}],
    [{ type: "response.output_item.added", item: { type: "message" } }, {}],
    [{ type: "response.output_item.added", item: { type: "reasoning" } }, {}],
    [{ type: "response.content_part.added", part: {} }, {}],
    [{ type: "response.output_item.added", item: { type: "function_call" } }, { content: true }],
    [{ type: "response.output_item.added", item: { type: "web_search_call" } }, { content: true }],
    [{ type: "response.output_text.delta", delta: "x" }, { content: true }],
    [{ type: "response.something.new" }, { content: true }],
    [
      { type: "response.completed", response: { usage: REPORTED } },
      { content: true, terminal: true, usage: USAGE },
    ],
    [
      { type: "response.incomplete", response: {} },
      { content: true, terminal: true },
    ],
    [
      { type: "response.failed", response: { error: limited, usage: REPORTED } },
      { fault: rateLimit, usage: USAGE },
    ],
    [{ type: "error", ...limited }, { fault: rateLimit }],
    [{ type: "error", error: limited }, { fault: rateLimit }],
    [{ error: limited }, { fault: rateLimit }],
    [{ unknown: 1 }, {}],
  ];
  for (const [event, want] of rows) {
    const facts = openaiResponses.provider.eventFacts("", event);
    assert.deepEqual(facts, { ...NOTHING, ...want }, JSON.stringify(event));
  }
  const { eventFacts } = openaiResponses.provider;
  assert.deepEqual(eventFacts("", null), NOTHING);
  assert.equal(eventFacts("response.output_text.delta", { delta: "x" }).content, true);
  assert.equal(eventFacts("response.completed", {}).fault?.kind, "badGateway");
  assert.equal(eventFacts("response.cancelled", {}).fault?.kind, "server");
});

test("an error for a client has the status and shape of OpenAI's", () => {
  const { status, body } = openaiResponses.client.writeError(faultOf("overloaded", "Busy"), "req");
  assert.deepEqual(
    [status, body],
    [503, { error: { message: "Busy", type: "service_unavailable_error", param: null, code: "server_is_overloaded" } }],
  );
});

test("an error of a provider is read by status and code", () => {
  const { readError } = openaiResponses.provider;
  const overflow = {
    error: { message: "too long", code: "context_length_exceeded", param: "input", type: "invalid_request_error" },
  };
  const fault = readError(400, overflow, []);
  assert.deepEqual([fault.kind, fault.param], ["contextOverflow", "input"]);
  assert.equal(readError(429, null, ["retry-after-ms", "250"]).retryAfterMs, 250);
});

test("the format has its names, paths and ids", () => {
  assert.equal(openaiResponses.provider.path("gpt", true), "/responses");
  assert.equal(openaiResponses.client.replyId("a".repeat(24)), `resp_${"a".repeat(24)}`);
  assert.match(openaiResponses.client.keepAlive, /^:.*\n\n$/);
});
