// Lists of models in the form of each API, page by page.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ListRow, listFor, rowFor } from "../../../../src/llm/exchange/listing/model-rows.ts";

const row = (id: string, more: Partial<ListRow> = {}): ListRow => ({
  id,
  displayName: "",
  createdAt: 0,
  contextIn: 0,
  contextOut: 0,
  thinks: null,
  ...more,
});
const full = row("openai/gpt-5", {
  displayName: "GPT-5",
  createdAt: 1_754_000_000,
  contextIn: 400_000,
  contextOut: 128_000,
  thinks: true,
});

describe("a model", () => {
  test("of OpenAI has its author and date, and a name for agents", () => {
    const shape = {
      id: "openai/gpt-5",
      object: "model",
      created: 1_754_000_000,
      owned_by: "openai",
      display_name: "GPT-5",
    };
    assert.deepEqual(rowFor("openai", full), shape);
    const plain = { id: "tiny", object: "model", created: 0, owned_by: "gateway", display_name: "tiny" };
    assert.deepEqual(rowFor("openai", row("tiny")), plain);
  });

  test("of Anthropic has its sizes, or says that they are unknown", () => {
    const rest = { capabilities: null, lifecycle: "active", line: null, deprecated_at: null, retires_at: null };
    assert.deepEqual(rowFor("anthropic", full), {
      type: "model",
      id: "openai/gpt-5",
      display_name: "GPT-5",
      created_at: "2025-07-31T22:13:20.000Z",
      max_input_tokens: 400_000,
      max_tokens: 128_000,
      ...rest,
    });
    assert.deepEqual(rowFor("anthropic", row("tiny")), {
      type: "model",
      id: "tiny",
      display_name: "tiny",
      created_at: "1970-01-01T00:00:00.000Z",
      max_input_tokens: null,
      max_tokens: null,
      ...rest,
    });
  });

  test("of Gemini has only what is known", () => {
    const supportedGenerationMethods = ["generateContent", "countTokens"];
    assert.deepEqual(rowFor("gemini", full), {
      name: "models/openai/gpt-5",
      displayName: "GPT-5",
      inputTokenLimit: 400_000,
      outputTokenLimit: 128_000,
      supportedGenerationMethods,
      thinking: true,
    });
    assert.deepEqual(rowFor("gemini", row("tiny")), {
      name: "models/tiny",
      displayName: "tiny",
      supportedGenerationMethods,
    });
  });
});

describe("a list", () => {
  const rows = ["a", "b", "c", "d", "e"].map((id) => row(id));
  const claude = (query: string) => {
    const { data, ...rest } = listFor("anthropic", rows, query) as { data: { id: string }[] };
    return { ids: data.map(({ id }) => id).join(""), ...rest };
  };
  test("of Anthropic is cut as the client asks", () => {
    const all = { ids: "abcde", has_more: false, first_id: "a", last_id: "e" };
    for (const query of ["", "?limit=1000", "?limit=5", "?limit=0", "?limit=x", "?after_id=none"])
      assert.deepEqual(claude(query), all);
    assert.deepEqual(claude("?limit=2"), { ids: "ab", has_more: true, first_id: "a", last_id: "b" });
    assert.deepEqual(claude("?limit=2&after_id=b"), { ids: "cd", has_more: true, first_id: "c", last_id: "d" });
    assert.deepEqual(claude("?limit=2&after_id=d"), { ids: "e", has_more: false, first_id: "e", last_id: "e" });
    assert.deepEqual(claude("?limit=2&before_id=d"), { ids: "bc", has_more: true, first_id: "b", last_id: "c" });
    assert.deepEqual(claude("?limit=3&before_id=d"), { ids: "abc", has_more: false, first_id: "a", last_id: "c" });
    assert.deepEqual(claude("?after_id=e"), { ids: "", has_more: false, first_id: null, last_id: null });
  });
  test("of Gemini is cut as the client asks", () => {
    const gemini = (query: string) => {
      const { models, ...rest } = listFor("gemini", rows, query) as { models: { displayName: string }[] };
      return { ids: models.map(({ displayName }) => displayName).join(""), ...rest };
    };
    for (const query of ["", "?pageSize=1000", "?pageToken=x"]) assert.deepEqual(gemini(query), { ids: "abcde" });
    assert.deepEqual(gemini("?pageSize=2"), { ids: "ab", nextPageToken: "2" });
    assert.deepEqual(gemini("?pageSize=2&pageToken=4"), { ids: "e" });
  });
  test("of OpenAI is whole", () => {
    const { data } = listFor("openai", rows, "?limit=2") as { data: unknown[] };
    assert.equal(data.length, 5);
  });
});
