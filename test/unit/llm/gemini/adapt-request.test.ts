// Requests that pass to Gemini.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import type { JsonObject } from "../../../../src/llm/json.ts";
import { modelTarget } from "../../../support/llm/chat.ts";

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
});
