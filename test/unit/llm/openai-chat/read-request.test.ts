// Requests of clients of Chat Completions in the common form.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import { chatRequest, tool } from "../../../support/llm/common-form.ts";

import { read } from "./requests.ts";

/** Members of a body, and what they mean beside a plain request. */
const FIELDS: readonly (readonly [string, JsonObject, Partial<ChatRequest>])[] = [
  ["nothing more", {}, {}],
  [
    "null everywhere",
    {
      temperature: null,
      tools: null,
      stop: null,
      n: null,
      stream: null,
      response_format: null,
      tool_choice: null,
      reasoning_effort: null,
      metadata: null,
      max_tokens: null,
      logprobs: null,
      stream_options: null,
      user: null,
      functions: null,
    },
    {},
  ],
  ["the output's bound, old and new", { max_tokens: 5, max_completion_tokens: 7 }, { maxTokens: 7 }],
  ["the old bound", { max_tokens: 5 }, { maxTokens: 5 }],
  ["one stop sequence", { stop: "END" }, { stop: ["END"] }],
  ["several", { stop: ["A", "B"] }, { stop: ["A", "B"] }],
  [
    "sampling",
    {
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      frequency_penalty: 1,
      presence_penalty: -1,
      seed: 7,
      logit_bias: { 50256: -100 },
    },
    {
      sampling: {
        temperature: 0.5,
        topP: 0.9,
        topK: 5,
        frequencyPenalty: 1,
        presencePenalty: -1,
        seed: 7,
        logitBias: { 50256: -100 },
      },
    },
  ],
  ["choices", { n: 3 }, { choices: 3 }],
  ["log probabilities", { logprobs: true, top_logprobs: 4 }, { logprobs: 4 }],
  ["log probabilities without alternatives", { logprobs: true }, { logprobs: 0 }],
  ["no log probabilities", { logprobs: false }, {}],
  ["text", { response_format: { type: "text" } }, {}],
  ["JSON", { response_format: { type: "json_object" } }, { output: { kind: "json" } }],
  [
    "a schema",
    {
      response_format: {
        type: "json_schema",
        json_schema: { name: "a", description: "b", schema: { type: "object" }, strict: true },
      },
    },
    { output: { kind: "schema", name: "a", description: "b", schema: { type: "object" }, strict: true } },
  ],
  [
    "a schema as llama.cpp has it",
    { response_format: { type: "json_object", schema: { type: "object" } } },
    { output: { kind: "schema", name: "answer", description: null, schema: { type: "object" }, strict: null } },
  ],
  ["another shape", { response_format: { type: "grammar" } }, { nativeOnly: ["response_format grammar"] }],
  ["a stream", { stream: true }, { stream: true }],
  [
    "a stream with usage",
    { stream: true, stream_options: { include_usage: true, include_obfuscation: false } },
    { stream: true, streamUsage: true },
  ],
  [
    "the account",
    { user: "u", prompt_cache_key: "k", service_tier: "flex", metadata: { a: "b" }, verbosity: "low" },
    { user: "u", cacheKey: "k", serviceTier: "flex", metadata: { a: "b" }, verbosity: "low" },
  ],
  ["the newer user", { user: "u", safety_identifier: "s" }, { user: "s" }],
  ["what says nothing", { store: false, modalities: ["text"] }, {}],
  [
    "what only OpenAI has",
    {
      store: true,
      modalities: ["text", "audio"],
      audio: { voice: "sage", format: "mp3" },
      web_search_options: {},
      moderation: { model: "m" },
    },
    { nativeOnly: ["web_search_options", "moderation", "store", "modalities"] },
  ],
  [
    "what can be left out",
    {
      prediction: { type: "content", content: "x" },
      prompt_cache_options: { mode: "explicit" },
      prompt_cache_retention: "24h",
      frobnicate: 1,
    },
    { droppable: ["prediction", "prompt_cache_options", "prompt_cache_retention", "frobnicate"] },
  ],
  [
    "effort",
    { reasoning_effort: "xhigh" },
    { reasoning: { effort: "xhigh", budget: null, adaptive: false, visible: null, summary: null } },
  ],
  ["an effort only one provider knows", { reasoning_effort: "default" }, { droppable: ["reasoning_effort"] }],
  [
    "reasoning as OpenRouter has it",
    { reasoning: { max_tokens: 2000, exclude: true, summary: "auto" } },
    { reasoning: { effort: null, budget: 2000, adaptive: false, visible: false, summary: "auto" } },
  ],
  [
    "reasoning switched on",
    { reasoning: { enabled: true } },
    { reasoning: { effort: null, budget: null, adaptive: true, visible: null, summary: null } },
  ],
  [
    "thinking switched off (DeepSeek)",
    { thinking: { type: "disabled" } },
    { reasoning: { effort: "none", budget: null, adaptive: false, visible: null, summary: null } },
  ],
  [
    "a thinking budget",
    { thinking: { type: "enabled", budget_tokens: 4096 } },
    { reasoning: { effort: null, budget: 4096, adaptive: false, visible: null, summary: null } },
  ],
];

describe("fields of a request", () => {
  for (const [what, body, expected] of FIELDS) {
    test(what, () => assert.deepEqual(read(body), chatRequest({ streamUsage: false, functions: false, ...expected })));
  }

  test("tools of both kinds", () => {
    const parameters = { type: "object", properties: { a: { type: "string" } } };
    const format = { type: "grammar", grammar: { definition: "x", syntax: "lark" } };
    const { tools, nativeOnly } = read({
      tools: [
        { type: "function", function: { name: "f", description: "F", parameters, strict: true } },
        { type: "function", function: { name: "g" }, cache_control: { type: "ephemeral" } },
        { type: "custom", custom: { name: "patch", description: "P", format } },
        { type: "openrouter:web_search" },
      ],
    });
    assert.deepEqual(tools, [
      tool("f", { description: "F", schema: parameters, strict: true }),
      tool("g", { cache: { ttlSeconds: 0 } }),
      tool("patch", { description: "P", grammar: format, freeform: true }),
    ]);
    assert.deepEqual(nativeOnly, ["tool openrouter:web_search"]);
  });

  const CHOICES: readonly (readonly [unknown, ChatRequest["toolChoice"]])[] = [
    ["auto", { mode: "auto", allowed: null }],
    ["none", { mode: "none", allowed: null }],
    ["required", { mode: "required", allowed: null }],
    ["any", { mode: "required", allowed: null }],
    [
      { type: "function", function: { name: "f" } },
      { mode: "required", allowed: ["f"] },
    ],
    [
      { type: "custom", custom: { name: "p" } },
      { mode: "required", allowed: ["p"] },
    ],
    [
      {
        type: "allowed_tools",
        allowed_tools: {
          mode: "auto",
          tools: [
            { type: "function", function: { name: "f" } },
            { type: "custom", custom: { name: "p" } },
          ],
        },
      },
      { mode: "auto", allowed: ["f", "p"] },
    ],
  ];
  for (const [choice, expected] of CHOICES) {
    test(`the choice ${JSON.stringify(choice)}`, () =>
      assert.deepEqual(read({ tool_choice: choice }).toolChoice, expected));
  }

  test("deprecated functions", () => {
    const request = read({ functions: [{ name: "f", parameters: { type: "object" } }], function_call: { name: "f" } });
    assert.deepEqual(request.tools, [tool("f", { schema: { type: "object" } })]);
    assert.deepEqual(request.toolChoice, { mode: "required", allowed: ["f"] });
    assert.equal(request.functions, true);
    assert.equal(request.parallelTools, false);
    assert.deepEqual(read({ function_call: "none" }).toolChoice, { mode: "none", allowed: null });
  });
});
