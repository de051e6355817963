// Lists of models of every API: names, sizes, pages, and what is no list.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LIST_FORMS, type ListedModel } from "../../../../src/llm/exchange/own/read-model-list.ts";

const listed = (upstreamName: string, more: Partial<ListedModel> = {}): ListedModel => ({
  upstreamName,
  displayName: "",
  createdAt: 0,
  contextIn: 0,
  contextOut: 0,
  ...more,
});

test("lists of OpenAI, and what compatible servers add about sizes", () => {
  const data = [
    { id: "gpt-5", object: "model", created: 1_754_000_000, owned_by: "system" },
    { id: "q/w", name: "Q: W", context_length: 262_144, top_provider: { max_completion_tokens: 65_536 } },
    { id: "vllm", max_model_len: 8192 },
    { id: "mistral", max_context_length: 131_072 },
    { id: "groq", context_window: 131_072, max_completion_tokens: 32_768 },
  ];
  assert.deepEqual(LIST_FORMS.openai.read({ object: "list", data }), {
    models: [
      listed("gpt-5", { createdAt: 1_754_000_000 }),
      listed("q/w", { displayName: "Q: W", contextIn: 262_144, contextOut: 65_536 }),
      listed("vllm", { contextIn: 8192 }),
      listed("mistral", { contextIn: 131_072 }),
      listed("groq", { contextIn: 131_072, contextOut: 32_768 }),
    ],
    next: null,
  });
});

test("lists of Anthropic, page by page", () => {
  const row = {
    type: "model",
    id: "claude-x",
    display_name: "Claude X",
    created_at: "2026-02-01T00:00:00Z",
    max_input_tokens: 1_000_000,
    max_tokens: 128_000,
  };
  const models = [
    listed("claude-x", {
      displayName: "Claude X",
      createdAt: 1_769_904_000,
      contextIn: 1_000_000,
      contextOut: 128_000,
    }),
  ];
  const { read, first } = LIST_FORMS.anthropic;
  assert.equal(first, "?limit=1000");
  assert.deepEqual(read({ data: [row], has_more: false, last_id: "claude-x" }), { models, next: null });
  assert.equal(read({ data: [row], has_more: true, last_id: "a&b" })!.next, "?limit=1000&after_id=a%26b");
  assert.equal(read({ data: [row], has_more: true })!.next, null);
});

test("lists of Gemini, page by page", () => {
  const row = { name: "models/gemini-x", displayName: "Gemini X", inputTokenLimit: 1000, outputTokenLimit: 10 };
  const models = [listed("gemini-x", { displayName: "Gemini X", contextIn: 1000, contextOut: 10 })];
  const { read } = LIST_FORMS.gemini;
  assert.deepEqual(read({ models: [row] }), { models, next: null });
  assert.equal(read({ models: [row], nextPageToken: "t/1" })!.next, "?pageSize=1000&pageToken=t%2F1");
});

test("what is no list is none, and rows that are no models are left out", () => {
  for (const { read } of Object.values(LIST_FORMS)) {
    for (const body of [{}, { data: "x", models: 1 }, { error: { message: "no" } }]) assert.equal(read(body), null);
  }
  const data = [
    null,
    1,
    "x",
    {},
    { id: 7 },
    { id: "" },
    { id: "x".repeat(300) },
    { id: "odd", created: "soon", context_length: -1 },
  ];
  assert.deepEqual(LIST_FORMS.openai.read({ data })!.models, [listed("odd")]);
});
