// Rules that list all models of a provider: which names fit, where they lead, and dated names of models that are listed.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ListedModel } from "../../../../src/llm/exchange/own/read-model-list.ts";
import { undated } from "../../../../src/llm/models/dated-names.ts";
import { openId, openNamesOf } from "../../../../src/llm/models/open-names.ts";
import { dryLlmRoutes } from "../../../../src/snapshot/check/dry-llm.ts";
import type { LlmRuleParts } from "../../../../src/snapshot/llm/llm-routes.ts";
import { contextOf } from "../../../support/context.ts";
import { loadFine } from "../../../support/load.ts";

const config = (models: readonly string[], strategy = "") =>
  loadFine(`gateway:
  llm:
    providers:
      openai: { kind: openai, apiKeys: [ k ] }
      anthropic: { kind: anthropic, apiKeys: [ k ] }
      google: { kind: gemini, apiKeys: [ k ] }
      openrouter: { kind: openrouter, apiKeys: [ k ] }
      local: { kind: openaiCompatible, baseUrl: "http://127.0.0.1:9/v1" }
    models:
      tiny: { provider: local, upstreamName: llama3.2, contextIn: 77 }
  router: { rules: [ { path: /*, strategy: { type: llm, models: ${JSON.stringify(models)}${strategy} } } ] }
`);

async function partsOf(models: readonly string[], strategy = ""): Promise<LlmRuleParts> {
  const loaded = config(models, strategy);
  return (await dryLlmRoutes(loaded)).partsOf(loaded.rules[0]!);
}

/** `id → name at provider`, in order. */
function found({ models }: LlmRuleParts, name: string): string[] {
  const ctx = contextOf({ method: "POST", target: "/v1/chat/completions" });
  return models
    .find(ctx, name)
    .map(({ id, upstreamName, provider }) => `${id} → ${upstreamName} at ${provider.settings.id}`);
}

const listed = (upstreamName: string, more: Partial<ListedModel> = {}): ListedModel => ({
  upstreamName,
  displayName: "",
  createdAt: 0,
  contextIn: 0,
  contextOut: 0,
  ...more,
});

describe("a name that fits an entry", () => {
  const cases: readonly (readonly [models: string, name: string, ...found: string[]])[] = [
    ["openai:*", "openai:gpt-9", "openai:gpt-9 → gpt-9 at openai"],
    ["openai:*", "gpt-9", "openai:gpt-9 → gpt-9 at openai"],
    ["openai/*", "openai/gpt-9", "openai/gpt-9 → gpt-9 at openai", "openai/gpt-9 → openai/gpt-9 at openrouter"],
    ["openai/*", "openai:gpt-9", "openai/gpt-9 → gpt-9 at openai"],
    ["openai/*", "models/openai/gpt-9", "openai/gpt-9 → gpt-9 at openai", "openai/gpt-9 → openai/gpt-9 at openrouter"],
    ["openai/*", "ft:gpt-4o:org::id", "openai/ft:gpt-4o:org::id → ft:gpt-4o:org::id at openai"],
    ["openai/gpt-9*", "gpt-9-mini", "openai/gpt-9-mini → gpt-9-mini at openai"],
    ["openai/gpt-9*", "gpt-8"],
    ["openai/*", "qwen/qwen3"],
    ["openai/*", "anthropic/claude-9"],
    ["google/*", "gemini-9", "google/gemini-9 → gemini-9 at google"],
    ["local/*", "local/any:7b", "local/any:7b → any:7b at local"],
    ["local/*", "Qwen/Qwen3-32B", "local/Qwen/Qwen3-32B → Qwen/Qwen3-32B at local"],
    ["openrouter/*", "openrouter/auto", "openrouter/auto → openrouter/auto at openrouter"],
    ["openrouter/*", "qwen/qwen3:free", "openrouter/qwen/qwen3:free → qwen/qwen3:free at openrouter"],
    ["openrouter:*", "qwen/qwen3", "openrouter:qwen/qwen3 → qwen/qwen3 at openrouter"],
    [
      "openrouter:anthropic/*",
      "anthropic/claude-9",
      "openrouter:anthropic/claude-9 → anthropic/claude-9 at openrouter",
    ],
    ["deepseek/*", "deepseek/r9", "deepseek/r9 → deepseek/r9 at openrouter"],
    ["anthropic/*", "anthropic/claude-9", "anthropic/claude-9 → claude-9 at anthropic"],
  ];
  for (const [models, name, ...expected] of cases) {
    test(`${name} with ${models}: ${expected.join(", ") || "none"}`, async () => {
      assert.deepEqual(found(await partsOf([models]), name), expected);
    });
  }

  test("never reaches beyond the path of a model", async () => {
    const parts = await partsOf(["google/*", "local/*"]);
    for (const name of [
      "..",
      "../x",
      "a/../b",
      "a//b",
      "a/./b",
      "/a",
      "a/",
      "a b",
      "a\nb",
      "a%2fb",
      "a?b",
      "a#b",
      "ä",
      `a${"b".repeat(256)}`,
      "*",
      "",
    ]) {
      assert.deepEqual(found(parts, name), [], JSON.stringify(name));
      assert.deepEqual(found(parts, `google/${name}`), [], JSON.stringify(name));
    }
  });

  test("means one that is written before any other, and what llm.models says of it", async () => {
    const parts = await partsOf(["local/*", "openai/gpt-5", "tiny"]);
    const [tiny] = parts.models.find(contextOf({}), "llama3.2");
    assert.deepEqual([tiny!.id, tiny!.facts.contextIn], ["tiny", 77]);
    assert.deepEqual(found(parts, "gpt-5")[0], "openai/gpt-5 → gpt-5 at openai");
    const open = await partsOf(["local/*"]);
    assert.equal(open.models.find(contextOf({}), "llama3.2")[0]!.facts.contextIn, 77);
  });

  test("leads first to who lists it, then to its author, then to whose list is unknown", async () => {
    const parts = await partsOf(["local/*", "anthropic/*", "openai:*"]);
    const at = (name: string) => parts.models.find(contextOf({}), name).map(({ provider }) => provider.settings.id);
    assert.deepEqual(at("gpt-5-mini"), ["openai", "local", "anthropic"]);
    assert.deepEqual(at("claude-haiku-4-5-20251001"), ["anthropic", "local", "openai"]);
    assert.deepEqual(at("unheard-of"), ["local", "anthropic", "openai"]);
    const { catalogue, open } = parts.setup;
    const [local, anthropic] = open.entries.map(({ provider }) => provider.settings);
    await catalogue.list(local!, "", async () => [listed("other")]);
    assert.deepEqual(at("unheard-of"), ["anthropic", "openai", "local"]);
    await catalogue.list(anthropic!, "", async () => [listed("new-one", { contextIn: 5, contextOut: 3 })]);
    assert.deepEqual(at("new-one"), ["anthropic", "openai", "local"]);
    const { facts } = parts.models.find(contextOf({}), "new-one")[0]!;
    assert.deepEqual([facts.contextIn, facts.contextOut], [5, 3]);
  });

  test("is allowed by the name that it has here, however the client writes it", async () => {
    const parts = await partsOf(["openai:*"], ', allow: { "*": [ "openai:gpt-9" ] }');
    for (const name of ["gpt-9", "openai:gpt-9"]) assert.equal(found(parts, name).length, 1);
    for (const name of ["gpt-9-pro", "openai:gpt-9-pro", "GPT-9"]) assert.deepEqual(found(parts, name), []);
  });
});

test("what providers list has the name for clients that leads back to it", () => {
  const { llm } = config(["openai/*"]);
  const names: readonly (readonly [glob: string, ...ids: string[]])[] = [
    ["openai/*", "openai/gpt-9", "openai/gpt-9"],
    ["openai:*", "openai:gpt-9"],
    ["openrouter/*", "openrouter/openai/gpt-9"],
    ["openrouter:*", "openrouter:openai/gpt-9"],
    ["deepseek/*", "openai/gpt-9"],
  ];
  for (const [glob, ...ids] of names) {
    const upstream = ["gpt-9", "openai/gpt-9"];
    const shown = openNamesOf(llm!, glob).map((open) =>
      openId(open, upstream[open.provider.id === "openrouter" ? 1 : 0]!),
    );
    assert.deepEqual(shown, ids, glob);
  }
});

describe("a dated name of a model that is listed without", () => {
  test("is asked for as that version at its author, then as it is listed", async () => {
    const parts = await partsOf(["anthropic/claude-haiku-4-5", "openai/gpt-5", "tiny"]);
    assert.deepEqual(found(parts, "claude-haiku-4-5-20251001"), [
      "anthropic/claude-haiku-4-5 → claude-haiku-4-5-20251001 at anthropic",
      "anthropic/claude-haiku-4-5 → claude-haiku-4-5 at anthropic",
    ]);
    assert.deepEqual(found(parts, "openai/gpt-5-2025-08-07"), [
      "openai/gpt-5 → gpt-5-2025-08-07 at openai",
      "openai/gpt-5 → gpt-5 at openai",
      "openai/gpt-5 → openai/gpt-5 at openrouter",
    ]);
    assert.deepEqual(found(parts, "tiny-2025-08-07"), ["tiny → llama3.2 at local"]);
  });

  test("is not another model", async () => {
    const parts = await partsOf(["openai:gpt-5", "openai:gpt-4o-2024-05-13", "tiny"]);
    for (const name of [
      "gpt-5-mini",
      "gpt-5-mini-2025-08-07",
      "gpt-4o",
      "gpt-4o-2024-11-20",
      "llama3.2:1b",
      "gpt-5-preview",
    ])
      assert.deepEqual(found(parts, name), [], name);
  });

  test("has its date in one of the forms that authors use", () => {
    for (const end of ["-2025-08-07", "-20250929", "@20250929", "-05-06", "-09-2025", "-2512", "-latest"])
      assert.equal(undated(`model-1${end}`), "model-1");
    for (const name of ["model-1", "model:7b", "model-preview", "-2512", ""]) assert.equal(undated(name), null);
  });
});
