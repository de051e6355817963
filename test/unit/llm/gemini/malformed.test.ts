// Requests of Gemini clients that are refused.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";

const HELLO = { contents: [{ parts: [{ text: "Hello" }] }] };

function withPart(part: unknown, role = "user"): JsonObject {
  return { contents: [{ role, parts: [{ text: "a" }, part] }] };
}

function withConfig(generationConfig: unknown): JsonObject {
  return { ...HELLO, generationConfig };
}

function withFunction(declaration: unknown): JsonObject {
  return { ...HELLO, tools: [{ functionDeclarations: [declaration] }] };
}

const PART = "contents[0].parts[1]";
const CONFIG = "generationConfig";
const CASES: readonly (readonly [string, JsonObject])[] = [
  ["contents", {}],
  ["contents", { contents: [] }],
  ["contents", { contents: [{ parts: [] }] }],
  ["contents", { contents: "Hello" }],
  ["contents[1]", { contents: [HELLO.contents[0], 7] }],
  ["contents[0].role", { contents: [{ role: "system", parts: [] }] }],
  ["contents[0].parts", { contents: [{ parts: "a" }] }],
  [PART, withPart("a")],
  [PART, withPart({})],
  [`${PART}.inlineData`, withPart({ inlineData: { mimeType: "image/png" } })],
  [`${PART}.fileData`, withPart({ fileData: { mimeType: "image/png" } })],
  [`${PART}.functionCall`, withPart({ functionCall: { name: "f" } })],
  [`${PART}.functionCall.name`, withPart({ functionCall: {} }, "model")],
  [`${PART}.functionCall.args`, withPart({ functionCall: { name: "f", args: "{}" } }, "model")],
  [`${PART}.functionResponse`, withPart({ functionResponse: { name: "f", response: {} } })],
  [`${PART}.functionResponse`, withPart({ functionResponse: { name: "f" } }, "model")],
  ["systemInstruction", { ...HELLO, systemInstruction: "Be brief" }],
  ["systemInstruction.parts[0]", { ...HELLO, systemInstruction: { parts: [{ inlineData: {} }] } }],
  ["tools", { ...HELLO, tools: "f" }],
  ["tools[0]", { ...HELLO, tools: ["f"] }],
  ["tools[0].functionDeclarations[0].name", withFunction({})],
  ["tools[0].functionDeclarations[0].parameters", withFunction({ name: "f", parameters: { items: 7 } })],
  [
    "tools[0].functionDeclarations[0].parameters",
    withFunction({ name: "f", parameters: {}, parametersJsonSchema: {} }),
  ],
  ["toolConfig.functionCallingConfig.mode", { ...HELLO, toolConfig: { functionCallingConfig: { mode: "MAYBE" } } }],
  ["generationConfig", withConfig([])],
  [`${CONFIG}.maxOutputTokens`, withConfig({ maxOutputTokens: "5" })],
  [`${CONFIG}.candidateCount`, withConfig({ candidateCount: 0 })],
  [`${CONFIG}.stopSequences[0]`, withConfig({ stopSequences: [7] })],
  [`${CONFIG}.logprobs`, withConfig({ logprobs: 3 })],
  [`${CONFIG}.responseMimeType`, withConfig({ responseSchema: { type: "STRING" } })],
  [`${CONFIG}.thinkingConfig`, withConfig({ thinkingConfig: { thinkingBudget: 1, thinkingLevel: "LOW" } })],
  [`${CONFIG}.thinkingConfig.thinkingLevel`, withConfig({ thinkingConfig: { thinkingLevel: "HUGE" } })],
];

describe("a malformed request", () => {
  for (const [param, body] of CASES) {
    test(`is refused by its place: ${param} in ${JSON.stringify(body).slice(0, 80)}`, () => {
      assert.throws(
        () => gemini.client.readRequest(body, { model: "m", stream: false }),
        (error) => error instanceof LlmError && error.fault.status === 400 && error.fault.param === param,
      );
    });
  }
});
