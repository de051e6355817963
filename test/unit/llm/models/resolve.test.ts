// Which providers serve a model, from its name alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { familyOf, sourcesOf } from "../../../../src/llm/models/resolve.ts";
import { PROVIDER_KINDS, type ProviderKind } from "../../../../src/llm/providers/kinds.ts";
import type { ModelSettings, ProviderSettings } from "../../../../src/llm/settings.ts";

const provider = (id: string, kind: ProviderKind): ProviderSettings => ({
  id,
  kind,
  origin: "https://h",
  basePath: "",
  apiKeys: [],
  headers: [],
  formats: PROVIDER_KINDS[kind].formats,
  dialect: PROVIDER_KINDS[kind].dialect,
  idleTimeoutMs: 0,
  ttftTimeoutMs: 0,
  keyless: false,
});
const PROVIDERS = [
  provider("openrouter", "openrouter"),
  provider("openai", "openai"),
  provider("second", "openai"),
  provider("claude", "anthropic"),
  provider("local", "openaiCompatible"),
];
const MODELS: readonly ModelSettings[] = [
  { id: "small", provider: "local", upstreamName: "llama3.2:3b", facts: {}, price: null },
  { id: "openai/gpt-5", provider: "second", upstreamName: "gpt-5", facts: {}, price: null },
];

function sources(name: string, models: readonly ModelSettings[] = []): string[] {
  return sourcesOf({ providers: PROVIDERS, models }, name).map(({ provider, upstreamName, settings }) => {
    return `${provider.id} ${upstreamName}${settings === null ? "" : ` (${settings.id})`}`;
  });
}

test("an author means its own providers first, then one of all authors", () => {
  assert.deepEqual(sources("openai/gpt-5"), ["openai gpt-5", "second gpt-5", "openrouter openai/gpt-5"]);
  assert.deepEqual(sources("deepseek/r1"), ["openrouter deepseek/r1"]);
});

test("models of Anthropic reach a provider of all authors only by its name", () => {
  assert.deepEqual(sources("anthropic/opus"), ["claude opus"]);
  assert.deepEqual(sources("openrouter:anthropic/opus"), ["openrouter anthropic/opus"]);
});

test("the name of a provider is an author that nobody else has", () => {
  assert.deepEqual(sources("local/meta/llama"), ["local meta/llama"]);
  assert.deepEqual(sources("claude/opus"), ["claude opus"]);
  assert.deepEqual(sources("openrouter/deepseek/r1"), ["openrouter deepseek/r1"]);
  assert.deepEqual(sources("openrouter/auto"), ["openrouter openrouter/auto"]);
});

test("a provider before a colon is the only one, and other colons belong to the model", () => {
  assert.deepEqual(sources("second:gpt-5"), ["second gpt-5"]);
  assert.deepEqual(sources("second:openai/gpt-5"), ["second gpt-5"]);
  assert.deepEqual(sources("local:llama3.2:3b"), ["local llama3.2:3b"]);
  assert.deepEqual(sources("openrouter:deepseek/r1:free"), ["openrouter deepseek/r1:free"]);
});

test("a configured model is served where it says, and lends its settings to its other names", () => {
  assert.deepEqual(sources("small", MODELS), ["local llama3.2:3b (small)"]);
  assert.deepEqual(sources("openai/gpt-5", MODELS), ["second gpt-5 (openai/gpt-5)"]);
  assert.deepEqual(sources("local:llama3.2:3b", MODELS), ["local llama3.2:3b (small)"]);
});

test("a name that says no provider has none", () => {
  for (const name of ["gpt-5", "", "/", "openai/", "/x", "nobody:x", ":x", "local:"])
    assert.deepEqual(sources(name), [], name);
});

test("a model takes proofs of thoughts of its author, whatever provider it is reached through", () => {
  const families = [
    "openai/gpt-5",
    "openrouter:anthropic/claude",
    "openrouter:google/gemini",
    "claude:opus",
    "local:llama",
  ];
  const found = families.map((name) => familyOf(sourcesOf({ providers: PROVIDERS, models: [] }, name)[0]!, name));
  assert.deepEqual(found, ["openai", "anthropic", "gemini", "anthropic", "other"]);
});
