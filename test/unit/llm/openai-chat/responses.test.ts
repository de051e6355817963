// Complete answers of Chat Completions, read and written.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import type { Part } from "../../../../src/llm/message/request.ts";
import type { ChatResponse, Choice } from "../../../../src/llm/message/response.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { call, chatResponse, identity, text } from "../../../support/llm/common-form.ts";
import { answering, openaiClient } from "./openai-client.ts";

function read(message: JsonObject, more: JsonObject = {}): Choice {
  const choices = [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop", ...more }];
  return openaiChat.provider.readResponse({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 5,
    model: "gpt",
    choices,
  }).choices[0]!;
}

const thought = (value: string, more: object = {}): Part => ({
  kind: "reasoning",
  text: value,
  summary: false,
  signature: null,
  redacted: false,
  id: null,
  ...more,
});

/** What, message, parts, finish. */
const MESSAGES: readonly (readonly [string, JsonObject, readonly Part[], string])[] = [
  ["text", { content: "Hi", refusal: null, annotations: [] }, [text("Hi")], "stop"],
  ["nothing", { content: null }, [], "stop"],
  ["text in parts", { content: [{ type: "text", text: "Hi" }] }, [text("Hi")], "stop"],
  ["a refusal", { content: null, refusal: "No" }, [{ kind: "refusal", text: "No" }], "stop"],
  ["a thought (DeepSeek, vLLM)", { reasoning_content: "Hm", content: "Hi" }, [thought("Hm"), text("Hi")], "stop"],
  [
    "a thought in two fields",
    { reasoning: "Hm", reasoning_content: "Hm", content: "Hi" },
    [thought("Hm"), text("Hi")],
    "stop",
  ],
  [
    "a thought in the content (Mistral)",
    {
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "Hm" }] },
        { type: "text", text: "Hi" },
      ],
    },
    [thought("Hm"), text("Hi")],
    "stop",
  ],
  [
    "a proved thought (OpenRouter)",
    {
      reasoning: "Hm",
      content: "Hi",
      reasoning_details: [{ type: "reasoning.text", text: "Hm", signature: "s", format: "anthropic-claude-v1" }],
    },
    [thought("Hm", { signature: { family: "anthropic", value: "s" } }), text("Hi")],
    "stop",
  ],
  [
    "a summary and its encrypted thought (OpenRouter)",
    {
      reasoning_details: [
        { type: "reasoning.summary", summary: "S", format: "openai-responses-v1" },
        { type: "reasoning.encrypted", data: "e", id: "rs_1", format: "openai-responses-v1" },
      ],
    },
    [thought("S", { summary: true, signature: { family: "openai", value: "e" }, id: "rs_1" })],
    "stop",
  ],
  [
    "calls that end with stop",
    { content: "Let me", tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }] },
    [text("Let me"), call("a", "f", "{}")],
    "toolCalls",
  ],
  [
    "a freeform call",
    { tool_calls: [{ id: "a", type: "custom", custom: { name: "p", input: "raw" } }] },
    [call("a", "p", "raw", { freeform: true })],
    "toolCalls",
  ],
  [
    "arguments as an object",
    { tool_calls: [{ id: "a", function: { name: "f", arguments: { a: 1 } } }] },
    [call("a", "f", '{"a":1}')],
    "toolCalls",
  ],
  [
    "the proof of a call (Google)",
    {
      tool_calls: [
        { id: "a", function: { name: "f", arguments: "{}" }, extra_content: { google: { thought_signature: "s" } } },
      ],
    },
    [call("a", "f", "{}", { signature: { family: "gemini", value: "s" } })],
    "toolCalls",
  ],
  [
    "the proof of a call (OpenRouter)",
    {
      tool_calls: [{ id: "a", function: { name: "f", arguments: "{}" } }],
      reasoning_details: [{ type: "reasoning.encrypted", data: "s", id: "a", format: "google-gemini-v1" }],
    },
    [call("a", "f", "{}", { signature: { family: "gemini", value: "s" } })],
    "toolCalls",
  ],
];

describe("answers of providers", () => {
  for (const [what, message, parts, finish] of MESSAGES) {
    test(what, () => assert.deepEqual(read(message), { parts, finish, stopSequence: null, logprobs: null }));
  }

  test("calls without ids, and deprecated ones, get one each", () => {
    const { parts } = read({
      tool_calls: [{ function: { name: "f" } }, { id: "", function: { name: "g" } }],
      function_call: { name: "h", arguments: "{}" },
    });
    const ids = parts.map((part) => part.kind === "toolCall" && part.id);
    assert.equal(new Set(ids).size, 3);
    for (const id of ids) assert.match(String(id), /^call_/);
  });

  const FINISHES: readonly (readonly [unknown, JsonObject, string, string | null])[] = [
    ["length", {}, "length", null],
    ["content_filter", {}, "contentFilter", null],
    ["tool_calls", {}, "stop", null],
    [null, {}, "stop", null],
    ["eos", {}, "stop", null],
    ["model_length", {}, "length", null],
    ["stop", { stop_reason: "END" }, "stopSequence", "END"],
    ["stop", { stop_reason: 2 }, "stop", null],
  ];
  for (const [word, more, finish, sequence] of FINISHES) {
    test(`${word} with ${JSON.stringify(more)} is ${finish}`, () => {
      const choice = read({ content: "Hi" }, { finish_reason: word, ...more });
      assert.deepEqual([choice.finish, choice.stopSequence], [finish, sequence]);
    });
  }

  test("several choices, usage, tier and log probabilities", () => {
    const logprobs = { content: [{ token: "A" }], refusal: null };
    const choice = (content: string) => ({ message: { content }, finish_reason: "stop", logprobs });
    const response = openaiChat.provider.readResponse({
      ...{ id: "i", created: 5, model: "gpt", service_tier: "flex", choices: [choice("A"), choice("B")] },
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
    assert.deepEqual(
      response.choices.map(({ parts }) => parts),
      [[text("A")], [text("B")]],
    );
    assert.deepEqual(response.choices[0]!.logprobs, logprobs);
    assert.deepEqual([response.id, response.createdAt, response.model, response.serviceTier], ["i", 5, "gpt", "flex"]);
    assert.equal(response.usage!.input, 3);
  });

  const FAULTS: readonly (readonly [string, JsonObject, string])[] = [
    ["an error of status 200", { error: { message: "slow", code: 429 } }, "rateLimit"],
    ["vLLM's error object", { object: "error", message: "bad", code: 400 }, "invalid"],
    ["an error in a choice", { choices: [{ error: { code: 502, message: "x" }, message: {} }] }, "badGateway"],
    ["no choices", { choices: [] }, "badGateway"],
    ["no message", { choices: [{ finish_reason: "stop" }] }, "badGateway"],
    ["a call without a name", { choices: [{ message: { tool_calls: [{ id: "a" }] } }] }, "badGateway"],
    ["an unknown finish", { choices: [{ message: {}, finish_reason: "vibes" }] }, "badGateway"],
    ["a finish that is an error", { choices: [{ message: {}, finish_reason: "error" }] }, "server"],
  ];
  for (const [what, body, kind] of FAULTS) {
    test(`${what} is ${kind}`, () => {
      assert.throws(
        () => openaiChat.provider.readResponse(body),
        (error) => error instanceof LlmError && error.fault.kind === kind,
      );
    });
  }
});

const USAGE = { input: 3, cacheRead: 2, cacheWrite: 1, cacheWriteLong: 0, output: 5, reasoning: 4 };

/** The answer as OpenAI's client has it. */
async function received(response: ChatResponse, request: Parameters<typeof identity>[0] = {}) {
  const body = openaiChat.client.writeResponse(response, identity(request, { id: "chatcmpl-9" }));
  const client = openaiClient(answering(JSON.stringify(body), "application/json"));
  return await client.chat.completions.create({ model: "m", messages: [] });
}

describe("answers for clients", () => {
  test("has no service tier that OpenAI does not know", async () => {
    const answer = await received(chatResponse({ parts: [text("Hi")] }, { serviceTier: "standard" }));
    assert.equal("service_tier" in answer, false);
  });

  test("are what OpenAI's client expects", async () => {
    const parts = [
      thought("Hm", { signature: { family: "anthropic", value: "s" } }),
      text("Let "),
      text("me"),
      call("a", "f", ""),
      call("b", "g", '{"x":1}'),
    ];
    const answer = await received(
      chatResponse({ parts, finish: "toolCalls" }, { model: "gpt", usage: USAGE, serviceTier: "flex" }),
    );
    assert.deepEqual(
      { ...answer, choices: [], usage: null },
      {
        ...{ id: "chatcmpl-9", object: "chat.completion", created: 1_700_000_000 },
        model: "acme/model",
        choices: [],
        usage: null,
        service_tier: "flex",
      },
    );
    assert.deepEqual(answer.choices, [
      {
        index: 0,
        message: {
          role: "assistant",
          content: "Let me",
          refusal: null,
          reasoning_content: "Hm",
          reasoning_details: [
            { type: "reasoning.text", text: "Hm", signature: "s", format: "anthropic-claude-v1", id: null, index: 0 },
          ],
          tool_calls: [
            { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
            { id: "b", type: "function", function: { name: "g", arguments: '{"x":1}' } },
          ],
        },
        logprobs: null,
        finish_reason: "tool_calls",
      },
    ]);
    const { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details: details } = answer.usage!;
    assert.deepEqual([prompt_tokens, completion_tokens, total_tokens, details!.cached_tokens], [6, 9, 15, 2]);
  });

  test("have no content or usage where there is none", async () => {
    const answer = await received(chatResponse({ parts: [{ kind: "refusal", text: "No" }], finish: "contentFilter" }));
    assert.deepEqual(
      [answer.choices[0]!.message.content, answer.choices[0]!.message.refusal, answer.choices[0]!.finish_reason],
      [null, "No", "content_filter"],
    );
    assert.equal(answer.usage, undefined);
  });

  test("call by function_call where functions were declared", async () => {
    const answer = await received(chatResponse({ parts: [call("a", "f", "")], finish: "toolCalls" }), {
      functions: true,
    });
    assert.deepEqual(answer.choices[0]!.message.function_call, { name: "f", arguments: "{}" });
    assert.equal(answer.choices[0]!.finish_reason, "function_call");
  });

  test("hide thoughts the client does not want", async () => {
    const hidden = { effort: null, budget: null, adaptive: false, visible: false, summary: null };
    const answer = await received(chatResponse({ parts: [thought("Hm"), text("Hi")] }), { reasoning: hidden });
    assert.ok(!("reasoning_content" in answer.choices[0]!.message));
  });
});

describe("a loop of two turns", () => {
  const proved = [
    thought("Hm", { signature: { family: "anthropic", value: "s" } }),
    thought("", { redacted: true, signature: { family: "anthropic", value: "r" } }),
    thought("Sum", { summary: true, signature: { family: "openai", value: "e" }, id: "rs_1" }),
    text("Let me"),
    call("a", "f", "{}", { signature: { family: "gemini", value: "g" } }),
    call("b", "p", "raw", { freeform: true }),
  ];

  test("brings back what the client was given, proofs included", async () => {
    const { choices } = await received(chatResponse({ parts: proved, finish: "toolCalls" }));
    const messages = [{ role: "user", content: "Hi" }, { ...choices[0]!.message }];
    const request = openaiChat.client.readRequest({ model: "m", messages }, { model: null, stream: null });
    assert.deepEqual(request.turns[1]!.parts, proved);
  });
});
