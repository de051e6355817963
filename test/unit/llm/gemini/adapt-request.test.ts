// Requests that pass to Gemini.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { seal } from "../../../../src/llm/reasoning/sealed-thoughts.ts";
import { modelTarget } from "../../../support/llm/common-form.ts";

describe("a request that passes to a model of Gemini", () => {
  const adapt = (body: JsonObject, contextOut = 100): unknown => {
    const warnings: string[] = [];
    return [gemini.provider.adaptRequest!(body, modelTarget({ contextOut }), warnings), warnings];
  };

  test("keeps a cap the model can reach", () => {
    for (const body of [{}, { generationConfig: null }, { generationConfig: { maxOutputTokens: 100 } }]) {
      assert.deepEqual(adapt(body), [{}, []]);
    }
    assert.deepEqual(adapt({ generationConfig: { maxOutputTokens: 999 } }, 0), [{}, []]);
  });

  test("has one the model cannot reach lowered, however it is spelled, with a warning", () => {
    assert.deepEqual(adapt({ generationConfig: { maxOutputTokens: 101 } }), [
      { generationConfig: { maxOutputTokens: "100" } },
      ["generationConfig.maxOutputTokens"],
    ]);
    assert.deepEqual(adapt({ generation_config: { max_output_tokens: 101 } }), [
      { generation_config: { max_output_tokens: "100" } },
      ["generation_config.max_output_tokens"],
    ]);
  });

  test("has a budget for thoughts put into the range of the model, with a warning", () => {
    const thoughts = (thinkingBudget: number) => {
      const warnings: string[] = [];
      const facts = { contextOut: 100, reasoning: { kind: "budget", min: 128, max: 32768, off: false } } as const;
      const body = { generationConfig: { maxOutputTokens: 101, thinkingConfig: { thinkingBudget } } };
      const { generationConfig } = gemini.provider.adaptRequest!(body, modelTarget(facts), warnings);
      return [(generationConfig as JsonObject).thinkingConfig, warnings.slice(1)];
    };
    const warned = ["generationConfig.thinkingConfig.thinkingBudget"];
    assert.deepEqual(thoughts(1), [{ thinkingBudget: "128" }, warned]);
    assert.deepEqual(thoughts(40_000), [{ thinkingBudget: "32768" }, warned]);
    for (const fits of [-1, 0, 128, 32768]) assert.deepEqual(thoughts(fits), [undefined, []]);
  });

  const sealed = (family: "gemini" | "anthropic", hidden: string | null = null): string => {
    return seal({ signature: { family, value: "c2ln" }, redacted: false, summary: false, id: null, hidden }, "gemini");
  };
  const contentsOf = (contents: readonly JsonObject[], reasoningBack = true): unknown => {
    const edits = gemini.provider.adaptRequest!({ contents }, modelTarget({ reasoningBack }));
    return edits.contents === undefined ? contents : JSON.parse(String(edits.contents));
  };
  const CALL = { functionCall: { id: "c1", name: "f", args: {} } };
  const SKIP = "skip_thought_signature_validator";

  test("passes as it is where every proof is Google's", () => {
    const contents = [
      { role: "user", parts: [{ text: "a" }] },
      { role: "model", parts: [{ text: "t", thought: true }, { ...CALL, thoughtSignature: "c2ln" }, CALL] },
      { role: "model", parts: [{ function_call: {}, thought_signature: "c2ln" }] },
      { role: "model" },
    ];
    assert.equal(contentsOf(contents), contents);
    const unsigned = [{ role: "model", parts: [CALL] }];
    assert.equal(contentsOf(unsigned, false), unsigned);
    assert.deepEqual(adapt({ contents: "x" }), [{}, []]);
  });

  test("loses proofs of others, and gets the literal where a call then has none", () => {
    const contents = [
      { role: "user", parts: [{ text: "a" }] },
      { role: "model", parts: [{ text: "why", thought: true, thoughtSignature: sealed("anthropic") }] },
      {
        role: "model",
        parts: [
          { text: "", thought: true, thought_signature: sealed("anthropic", "why") },
          { text: "so", thoughtSignature: sealed("anthropic") },
          { ...CALL, thoughtSignature: sealed("anthropic") },
          CALL,
        ],
      },
    ];
    assert.deepEqual(contentsOf(contents), [
      contents[0],
      { role: "model", parts: [{ text: "so" }, { ...CALL, thoughtSignature: SKIP }, CALL] },
    ]);
  });

  test("has its own proofs back that were sealed for being hidden", () => {
    const parts = [{ text: "", thought: true, thoughtSignature: sealed("gemini", "why") }];
    assert.deepEqual(contentsOf([{ role: "model", parts }]), [
      { role: "model", parts: [{ text: "why", thought: true, thoughtSignature: "c2ln" }] },
    ]);
  });
});
