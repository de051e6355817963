// Requests in the common form in the words of OpenAI, OpenRouter and compatible servers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import type { ChatRequest, Reasoning } from "../../../../src/llm/message/request.ts";
import type { Dialect, ModelFacts } from "../../../../src/llm/models/model.ts";
import { tool } from "../../../support/llm/common-form.ts";
import { COMPATIBLE, OPENROUTER, write } from "./provider-requests.ts";

/** What is written beside the model and the messages. */
function more(
  request: Partial<ChatRequest>,
  facts: Partial<ModelFacts> = {},
  dialect: Partial<Dialect> = {},
): JsonObject {
  const { model, messages, ...rest } = write(request, facts, dialect).body;
  assert.equal(model, "model");
  assert.ok(Array.isArray(messages));
  return rest;
}

const sampling = {
  temperature: null,
  topP: null,
  topK: null,
  frequencyPenalty: null,
  presencePenalty: null,
  seed: null,
  logitBias: null,
};
const EFFORTS = { kind: "effort", efforts: ["none", "low", "medium", "high"] } as const;
const BUDGET = { kind: "budget", min: 1024, max: 32_000, off: true } as const;
const reasoning = (asked: Partial<Reasoning>): Reasoning => ({
  effort: null,
  budget: null,
  adaptive: false,
  visible: null,
  summary: null,
  ...asked,
});
const schema = { kind: "schema", name: "a", description: null, schema: { type: "object" }, strict: true } as const;

/** What, request, facts, dialect, members of the body, warnings. */
const FIELDS: readonly (readonly [
  string,
  Partial<ChatRequest>,
  Partial<ModelFacts>,
  Partial<Dialect>,
  JsonObject,
  readonly string[],
])[] = [
  ["nothing is invented", {}, {}, {}, {}, []],
  [
    "a stream asks for usage",
    { stream: true, streamUsage: false },
    {},
    {},
    { stream: true, stream_options: { include_usage: true } },
    [],
  ],
  ["but not of servers that refuse it", { stream: true }, {}, { streamUsage: false }, { stream: true }, []],
  ["the output's bound", { maxTokens: 9 }, {}, {}, { max_completion_tokens: 9 }, []],
  ["under its old name", { maxTokens: 9 }, {}, COMPATIBLE, { max_tokens: 9 }, []],
  [
    "clamped to what the model can",
    { maxTokens: 9000 },
    { contextOut: 4096 },
    {},
    { max_completion_tokens: 4096 },
    ["max_tokens"],
  ],
  ["stop sequences and choices", { stop: ["A"], choices: 2 }, {}, {}, { stop: ["A"], n: 2 }, []],
  ["no stop sequences for models without", { stop: ["A"] }, { stop: false }, {}, {}, ["stop"]],
  [
    "sampling",
    {
      sampling: {
        ...sampling,
        temperature: 0,
        topP: 0.5,
        frequencyPenalty: 1,
        presencePenalty: 1,
        seed: 1,
        logitBias: { 1: 2 },
      },
      logprobs: 3,
    },
    {},
    {},
    {
      temperature: 0,
      top_p: 0.5,
      frequency_penalty: 1,
      presence_penalty: 1,
      seed: 1,
      logit_bias: { 1: 2 },
      logprobs: true,
      top_logprobs: 3,
    },
    [],
  ],
  ["no top_k for OpenAI", { sampling: { ...sampling, topK: 5 } }, {}, {}, {}, ["top_k"]],
  ["top_k for compatible servers", { sampling: { ...sampling, topK: 5 } }, {}, COMPATIBLE, { top_k: 5 }, []],
  [
    "no sampling for models without; what is usual is no loss",
    { sampling: { ...sampling, temperature: 0, topP: 1 } },
    { sampling: false },
    {},
    {},
    ["temperature"],
  ],
  ["JSON", { output: { kind: "json" } }, {}, {}, { response_format: { type: "json_object" } }, []],
  [
    "a schema",
    { output: schema },
    {},
    {},
    { response_format: { type: "json_schema", json_schema: { name: "a", schema: { type: "object" }, strict: true } } },
    [],
  ],
  [
    "an effort",
    { reasoning: reasoning({ effort: "high" }) },
    { reasoning: EFFORTS },
    {},
    { reasoning_effort: "high" },
    [],
  ],
  [
    "an effort the model has not",
    { reasoning: reasoning({ effort: "max" }) },
    { reasoning: EFFORTS },
    {},
    { reasoning_effort: "high" },
    ["reasoning.effort"],
  ],
  [
    "a budget for a model that knows efforts",
    { reasoning: reasoning({ budget: 8000 }) },
    { reasoning: EFFORTS },
    {},
    { reasoning_effort: "medium" },
    [],
  ],
  [
    "a budget for a model that counts, without a field for it",
    { reasoning: reasoning({ budget: 8000 }) },
    { reasoning: BUDGET },
    COMPATIBLE,
    { reasoning_effort: "medium" },
    [],
  ],
  [
    "no thought",
    { reasoning: reasoning({ effort: "none" }) },
    { reasoning: BUDGET },
    COMPATIBLE,
    { reasoning_effort: "none" },
    [],
  ],
  ["thought of a model that cannot", { reasoning: reasoning({ effort: "high" }) }, {}, {}, {}, ["reasoning"]],
  [
    "an effort for OpenRouter, unseen",
    { reasoning: reasoning({ effort: "low", visible: false }) },
    { reasoning: EFFORTS },
    OPENROUTER,
    { reasoning: { effort: "low", exclude: true } },
    [],
  ],
  [
    "a budget for OpenRouter",
    { reasoning: reasoning({ budget: 8000 }) },
    { reasoning: BUDGET },
    OPENROUTER,
    { reasoning: { max_tokens: 8000 } },
    [],
  ],
  [
    "thought as the model likes for OpenRouter",
    { reasoning: reasoning({ adaptive: true }) },
    { reasoning: BUDGET },
    OPENROUTER,
    { reasoning: { enabled: true } },
    [],
  ],
  [
    "the account at OpenAI",
    { user: "u", cacheKey: "k", serviceTier: "flex", verbosity: "low" },
    {},
    {},
    { safety_identifier: "u", prompt_cache_key: "k", service_tier: "flex", verbosity: "low" },
    [],
  ],
  [
    "the account elsewhere",
    { user: "u", cacheKey: "k", serviceTier: "flex", verbosity: "low" },
    {},
    COMPATIBLE,
    { user: "u" },
    ["verbosity", "service_tier", "prompt_cache_key"],
  ],
  ["Anthropic's tier", { serviceTier: "standard_only" }, {}, {}, { service_tier: "default" }, []],
  ["metadata of answers that are not stored", { metadata: { a: "b" } }, {}, {}, {}, ["metadata"]],
  ["what the client can do without", { droppable: ["prediction"] }, {}, {}, {}, ["prediction"]],
];

describe("fields for providers", () => {
  for (const [what, request, facts, dialect, body, warnings] of FIELDS) {
    test(what, () => {
      assert.deepEqual(more(request, facts, dialect), body);
      assert.deepEqual(write(request, facts, dialect).warnings, warnings);
    });
  }

  test("a long user and cache key are bounded, and the same for the same", () => {
    const { safety_identifier: id, prompt_cache_key: key } = more({ user: "u".repeat(200), cacheKey: "u".repeat(200) });
    assert.ok(String(id).length === 64 && id === key);
    assert.notEqual(id, more({ user: `${"u".repeat(199)}v` }).safety_identifier);
  });
});

const REFUSED: readonly (readonly [string, Partial<ChatRequest>, Partial<ModelFacts>, Partial<Dialect>])[] = [
  ["web_search_options", { nativeOnly: ["web_search_options"] }, {}, {}],
  ["A tool", { tools: [tool("f")] }, { tools: false }, {}],
  ["An answer by a JSON schema", { output: schema }, { schema: false }, {}],
  ["More than one choice", { choices: 2 }, {}, OPENROUTER],
];

describe("what cannot be expressed", () => {
  for (const [what, request, facts, dialect] of REFUSED) {
    test(`${what} is refused by name`, () => {
      assert.throws(
        () => write(request, facts, dialect),
        (error) => error instanceof LlmError && error.message.startsWith(`${what} is not supported`),
      );
    });
  }
});
