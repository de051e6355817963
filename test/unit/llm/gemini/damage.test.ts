// Whatever is damaged in what clients and providers send is named, and nothing else fails.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { identity, modelTarget, recordingSink, tool } from "../../../support/llm/common-form.ts";
import { survive } from "../../../support/llm/damage.ts";
import { validateGeminiEvents } from "../../../support/llm/gemini-validator.ts";

const { client, provider } = gemini;
const IMAGE = { inlineData: { mimeType: "image/png", data: "AAAA" } };
const CALL = { functionCall: { id: "c1", name: "f", args: { a: 1 } }, thoughtSignature: "c2ln" };

const REQUEST: JsonObject = {
  systemInstruction: { parts: [{ text: "s" }] },
  contents: [
    { role: "user", parts: [{ text: "a" }, IMAGE, { fileData: { mimeType: "image/png", fileUri: "gs://x" } }] },
    { role: "model", parts: [{ text: "t", thought: true, thoughtSignature: "c2ln" }, CALL] },
    { role: "user", parts: [{ functionResponse: { id: "c1", name: "f", response: { output: "r" }, parts: [IMAGE] } }] },
  ],
  tools: [
    {
      functionDeclarations: [
        { name: "f", description: "d", parameters: { type: "OBJECT", properties: { a: { type: "STRING" } } } },
        { name: "g", parametersJsonSchema: { properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: {} } } },
      ],
    },
  ],
  toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["f"] } },
  generationConfig: {
    maxOutputTokens: 5,
    stopSequences: ["x"],
    responseMimeType: "application/json",
    responseSchema: { type: "OBJECT", nullable: true, properties: { a: { type: "STRING" } } },
    responseLogprobs: true,
    logprobs: 2,
    thinkingConfig: { thinkingBudget: 5, includeThoughts: true },
  },
  serviceTier: "flex",
};

const PARTS = [{ text: "t", thought: true }, { text: "a", thoughtSignature: "c2ln" }, CALL];
const LOGPROBS = {
  chosenCandidates: [{ token: "a", logProbability: -1 }],
  topCandidates: [{ candidates: [{ token: "a", logProbability: -1 }] }],
};
const RESPONSE: JsonObject = {
  candidates: [{ content: { role: "model", parts: PARTS }, finishReason: "STOP", index: 0, logprobsResult: LOGPROBS }],
  usageMetadata: { promptTokenCount: 5, cachedContentTokenCount: 2, candidatesTokenCount: 3, totalTokenCount: 8 },
  modelVersion: "m",
  responseId: "r",
  createTime: "2026-01-01T00:00:00Z",
};
const EVENTS: JsonObject[] = [
  { candidates: [{ content: { parts: PARTS.slice(0, 2) }, index: 0 }], modelVersion: "m", responseId: "r" },
  RESPONSE,
];

describe("damage", () => {
  test("of a client's request", () => {
    const passed = survive(REQUEST, (body) => {
      const request = client.readRequest(body, { model: "m", stream: true });
      if (request.nativeOnly.length === 0) provider.writeRequest(request, modelTarget());
      provider.adaptRequest!(body, modelTarget({ contextOut: 1 }));
    });
    assert.ok(passed > 300, String(passed));
  });

  test("of a provider's answer", () => {
    const passed = survive(RESPONSE, (body) => client.writeResponse(provider.readResponse(body), identity()));
    assert.ok(passed > 200, String(passed));
  });

  test("of a provider's events, from which a client gets a whole stream or none", () => {
    const passed = survive(EVENTS, (events) => {
      const writer = client.streamWriter(identity({ tools: [tool("f")] }));
      for (const sink of [recordingSink().sink, writer]) {
        const reader = provider.streamReader(sink);
        for (const event of Object.values(events)) reader.event("", JSON.stringify(event));
        reader.close();
      }
      validateGeminiEvents(writer.take(), true);
    });
    assert.ok(passed > 500, String(passed));
  });

  test("of facts of events, usage and errors", () => {
    survive(RESPONSE, (data) => provider.eventFacts("", data));
    survive(RESPONSE, (body) => provider.usageOf(body));
    const details = [
      { "@type": "x", reason: "API_KEY_INVALID", retryDelay: "1s", violations: [{ quotaId: "PerDay" }] },
      { fieldViolations: [{ field: "f" }] },
    ];
    const error = { error: { code: 429, message: "m", status: "RESOURCE_EXHAUSTED", details } };
    survive(error, (body) => client.writeError(provider.readError(429, body, []), "r"));
    survive(error, (body) => provider.eventFacts("", body));
  });
});
