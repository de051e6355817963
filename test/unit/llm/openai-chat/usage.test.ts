// Usage in the words of Chat Completions, and what events say that pass untranslated.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { Usage } from "../../../../src/llm/message/usage.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { chatResponse, identity } from "../../../support/llm/common-form.ts";

const NONE: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, output: 0, reasoning: 0 };

/** What a server reports, and what it has cost. */
const REPORTS: readonly (readonly [string, JsonObject, Partial<Usage>])[] = [
  ["plain counts", { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }, { input: 10, output: 5 }],
  [
    "caches and thoughts among the counts",
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 2 },
    },
    { input: 3, cacheRead: 4, cacheWrite: 3, output: 3, reasoning: 2 },
  ],
  [
    "two lifetimes of caches",
    {
      prompt_tokens: 10,
      completion_tokens: 0,
      prompt_tokens_details: {
        cache_write_tokens: 5,
        cache_write_tokens_details: { ttl_30m_tokens: 3, ttl_12h_tokens: 2 },
      },
    },
    { input: 5, cacheWrite: 3, cacheWriteLong: 2 },
  ],
  [
    "DeepSeek's cache",
    { prompt_tokens: 10, completion_tokens: 5, prompt_cache_hit_tokens: 6, prompt_cache_miss_tokens: 4 },
    { input: 4, cacheRead: 6, output: 5 },
  ],
  [
    "thoughts beside the completion (xAI)",
    { prompt_tokens: 10, completion_tokens: 5, total_tokens: 22, completion_tokens_details: { reasoning_tokens: 7 } },
    { input: 10, output: 5, reasoning: 7 },
  ],
  [
    "thoughts only in the total (Gemini)",
    { prompt_tokens: 10, completion_tokens: 5, total_tokens: 22 },
    { input: 10, output: 5, reasoning: 7 },
  ],
  [
    "more cached than read",
    { prompt_tokens: 1, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 4 } },
    { cacheRead: 4, output: 1 },
  ],
  [
    "more thoughts than completion",
    { prompt_tokens: 1, completion_tokens: 1, completion_tokens_details: { reasoning_tokens: 4 } },
    { input: 1, reasoning: 1 },
  ],
  [
    "numbers that are none",
    {
      prompt_tokens: 1,
      completion_tokens: null,
      prompt_tokens_details: null,
      completion_tokens_details: { reasoning_tokens: "x" },
    },
    { input: 1 },
  ],
];

describe("usage", () => {
  for (const [what, usage, expected] of REPORTS) {
    test(what, () => assert.deepEqual(openaiChat.provider.usageOf({ usage }), { ...NONE, ...expected }));
  }

  test("none where none is reported", () => {
    for (const body of [{}, { usage: null }, { usage: {} }, { usage: 7 }, { x_groq: {} }])
      assert.equal(openaiChat.provider.usageOf(body), null);
  });

  test("is the same after it was written for a client and read again", () => {
    const usage = { input: 3, cacheRead: 2, cacheWrite: 1, cacheWriteLong: 0, output: 5, reasoning: 4 };
    assert.deepEqual(
      openaiChat.provider.usageOf(openaiChat.client.writeResponse(chatResponse({}, { usage }), identity())),
      usage,
    );
  });
});

/** An event, and what it is: c content, t terminal, u usage, o usage only, f fault. */
const EVENTS: readonly (readonly [string, string, JsonObject | null, string])[] = [
  ["the first chunk", "", { choices: [{ index: 0, delta: { role: "assistant", content: "", refusal: null } }] }, ""],
  ["text", "", { choices: [{ index: 0, delta: { content: "Hi" } }] }, "c"],
  ["a thought", "", { choices: [{ index: 0, delta: { reasoning: "Hm" } }] }, "c"],
  ["a call", "", { choices: [{ index: 0, delta: { content: null, tool_calls: [{ index: 0 }] } }] }, "c"],
  ["no call", "", { choices: [{ index: 0, delta: { content: null, tool_calls: [] } }] }, ""],
  ["sound", "", { choices: [{ index: 0, delta: { audio: { data: "A" } } }] }, "c"],
  ["the finish", "", { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }, "ct"],
  [
    "the finish with usage",
    "",
    { choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1 } },
    "ctu",
  ],
  ["usage", "", { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }, "uo"],
  ["usage that is null", "", { choices: [], usage: null }, ""],
  ["an error", "", { error: { message: "x", code: 429 } }, "f"],
  ["an event named error", "error", { message: "x" }, "f"],
  ["[DONE]", "", null, ""],
];

describe("events that pass", () => {
  for (const [what, name, data, expected] of EVENTS) {
    test(`${what} is ${expected === "" ? "nothing" : expected}`, () => {
      const { content, terminal, usage, usageOnly, fault } = openaiChat.provider.eventFacts(name, data);
      const flags = [content && "c", terminal && "t", usage !== null && "u", usageOnly && "o", fault !== null && "f"];
      assert.equal(flags.filter(Boolean).join(""), expected);
    });
  }
});
