// The tables of models.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EFFORTS } from "../../../../src/llm/message/request.ts";
import { factsOf, KNOWN_MODELS, knownModel, TABLE_DATE } from "../../../../src/llm/models/known-models.ts";
import { PROVIDER_KINDS, type ProviderKind } from "../../../../src/llm/providers/kinds.ts";

describe("the tables of models", () => {
  for (const known of KNOWN_MODELS) {
    const { id, aliases, facts, price } = known;
    test(`know ${id} by all its names, and nothing impossible about it`, () => {
      assert.match(id, /^[a-z-]+\/[a-z0-9.-]+$/);
      const model = id.slice(id.indexOf("/") + 1);
      for (const name of [id, model, ...aliases]) assert.equal(knownModel(name), known, name);
      assert.ok(facts.contextOut <= facts.contextIn || facts.contextIn === 0);
      if (price !== null) assert.ok(price.input > 0 && price.output >= price.input && price.upTo >= 0);
      const { reasoning } = facts;
      const listed = reasoning.kind === "level" ? reasoning.levels : "efforts" in reasoning ? reasoning.efforts : [];
      const ranks = listed.map((effort) => EFFORTS.indexOf(effort));
      assert.deepEqual(
        ranks,
        [...ranks].sort((a, b) => a - b),
      );
      if (reasoning.kind === "budget") assert.ok(reasoning.min <= reasoning.max && reasoning.max < facts.contextOut);
    });
  }

  test("have no name twice", () => {
    const names = KNOWN_MODELS.flatMap(({ id, aliases }) => [id.slice(id.indexOf("/") + 1), ...aliases]);
    assert.equal(new Set(names).size, names.length);
  });

  test("say from which day they are", () => assert.match(TABLE_DATE, /^20\d\d-\d\d-\d\d$/));

  for (const [name, id] of [
    ["gpt-5-mini-2025-08-07", "openai/gpt-5-mini"],
    ["openai/gpt-5.4-nano-2026-03-17", "openai/gpt-5.4-nano"],
    ["gpt-5-chat-latest", "openai/gpt-5-chat"],
    ["gpt-4o-2024-11-20", "openai/gpt-4o"],
    ["gpt-4o-audio-preview-2025-06-03", "openai/gpt-4o-audio-preview"],
    ["claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"],
    ["claude-sonnet-4-5@20250929", "anthropic/claude-sonnet-4-5"],
    ["anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4-5"],
    ["claude-opus-4-20250514", "anthropic/claude-opus-4"],
    ["gemini-2.5-pro-preview-05-06", "google/gemini-2.5-pro"],
    ["gemini-2.5-flash-preview-09-2025", "google/gemini-2.5-flash"],
    ["gemini-3-pro-preview", "google/gemini-3-pro"],
    ["models/gemini-2.5-flash-lite-001", "google/gemini-2.5-flash-lite"],
    ["deepseek/deepseek-r1:free", "deepseek/deepseek-r1"],
    ["deepseek-v4-flash-0731", "deepseek/deepseek-v4.1-flash"],
    ["llama3.3:70b", "meta-llama/llama-3.3-70b-instruct"],
    ["mistral-large-2512", "mistralai/mistral-large-3"],
    ["mistral/mistral-small-2506", "mistralai/mistral-small"],
    ["mistral-small-latest", "mistralai/mistral-small"],
    ["codestral-latest", "mistralai/codestral"],
  ] as const) {
    test(`take ${name} for ${id}`, () => assert.equal(knownModel(name)?.id, id));
  }

  for (const name of [
    "",
    "/",
    ":",
    "-latest",
    "gpt-7",
    "acme/gpt-5-turbo",
    "claude-3-opus",
    "gemini-flash-latest",
    "a:b:c:d:e:f",
  ]) {
    test(`do not know ${name || "an empty name"}, and have facts for any kind of provider`, () => {
      assert.equal(knownModel(name), null);
      for (const kind of Object.keys(PROVIDER_KINDS) as ProviderKind[]) {
        const { facts, price } = factsOf(name, name, kind);
        assert.equal(price, null);
        assert.equal(facts.contextIn + facts.contextOut, 0);
        assert.equal(facts.tools, true);
      }
    });
  }

  test("shape how models of each author think", () => {
    const shape = (name: string, kind: ProviderKind) => factsOf(name, name, kind).facts.reasoning;
    const pro = { kind: "budget", min: 128, max: 32_768, off: false };
    assert.deepEqual(shape("google/gemini-2.5-pro", "gemini"), pro);
    assert.equal(shape("gemini-4-ultra", "gemini").kind, "level");
    assert.equal(shape("claude-next", "anthropic").kind, "adaptive");
    assert.equal(shape("gpt-4.1", "openai").kind, "none");
  });

  test("go by the name at the provider, else by that of the configuration", () => {
    const window = (name: string, upstreamName: string) => factsOf(name, upstreamName, "openai").facts.contextIn;
    assert.equal(window("fast/gpt-4o", "gpt-5-mini"), 400_000);
    assert.equal(window("azure/gpt-4o", "my-deployment"), 128_000);
  });

  test("give list prices for the author's own provider and for OpenRouter only", () => {
    const price = (name: string, kind: ProviderKind) => factsOf(name, name, kind).price;
    assert.deepEqual(price("openai/gpt-5", "openai"), { input: 1.25, output: 10, upTo: 0 });
    assert.deepEqual(price("openai/gpt-5", "openrouter"), { input: 1.25, output: 10, upTo: 0 });
    assert.deepEqual(price("deepseek/deepseek-v4-pro", "openaiCompatible")?.input, 1.32);
    assert.equal(price("local/llama3.3:70b", "openaiCompatible"), null);
    assert.equal(price("azure/gpt-5", "openaiCompatible"), null);
  });
});
