// What paths of Gemini's API say.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { geminiPlace } from "../../../../src/llm/gemini/read-path.ts";

describe("the path of a Gemini request", () => {
  for (const [path, query, wanted] of [
    ["/v1beta/models/m:generateContent", "", ["m", "generateContent", false, "events"]],
    ["/v1/models/m:generateContent", "?alt=sse", ["m", "generateContent", false, "events"]],
    ["/v1beta/models/m:streamGenerateContent", "?alt=sse", ["m", "streamGenerateContent", true, "events"]],
    ["/v1beta/models/m:streamGenerateContent", "?key=x&$alt=sse", ["m", "streamGenerateContent", true, "events"]],
    ["/v1beta/models/m:streamGenerateContent", "", ["m", "streamGenerateContent", true, "array"]],
    ["/v1beta/models/m:streamGenerateContent", "?alt=json", ["m", "streamGenerateContent", true, "array"]],
    ["/v1beta/models/acme/m:generateContent", "", ["acme/m", "generateContent", false, "events"]],
    ["/v1beta/models/acme%2Fm%3A8b:generateContent", "", ["acme/m:8b", "generateContent", false, "events"]],
    ["/v1beta/models/p:acme/m:8b:generateContent", "", ["p:acme/m:8b", "generateContent", false, "events"]],
    ["/v1alpha/tunedModels/m:generateContent", "", ["tunedModels/m", "generateContent", false, "events"]],
    ["/v1beta/models/m:countTokens", "", ["m", "countTokens", false, "events"]],
    ["/v1beta/models/%zz:countTokens", "", ["%zz", "countTokens", false, "events"]],
  ] as const) {
    test(`is read: ${path}${query}`, () => {
      const [model, method, stream, framing] = wanted;
      assert.deepEqual(geminiPlace(path, query), { model, method, stream, framing });
    });
  }

  for (const path of [
    "/v1beta/models",
    "/v1beta/models/m",
    "/v1beta/files/x",
    "/v1/chat/completions",
    "/v2/models/m:x",
  ]) {
    test(`is another: ${path}`, () => assert.equal(geminiPlace(path, ""), null));
  }
});
