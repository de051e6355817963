// What paths ask for, in every API.
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiPath, askedFor, formatOf } from "../../../../src/llm/exchange/operation.ts";
import { contextOf } from "../../../support/context.ts";

const ask = (method: string, target: string) => {
  const ctx = contextOf({ method, target });
  return askedFor(ctx, target.split("?")[0]!);
};

const ROWS: readonly (readonly [request: string, asked: object | null])[] = [
  ["POST /v1/chat/completions", { kind: "chat", format: "openai-chat", model: null, stream: null }],
  ["POST /v1/responses", { kind: "chat", format: "openai-responses", model: null, stream: null }],
  ["POST /v1/messages?beta=true", { kind: "chat", format: "anthropic-messages", model: null, stream: null }],
  [
    "POST /v1/messages/count_tokens?beta=true",
    { kind: "countTokens", format: "anthropic-messages", model: null, stream: false },
  ],
  ["POST /v1/embeddings", { kind: "model", api: "openai", operation: "embeddings", verb: null, model: null }],
  ["POST /v1/moderations", { kind: "model", api: "openai", operation: "moderations", verb: null, model: null }],
  ["POST /v1/completions", { kind: "model", api: "openai", operation: "completions", verb: null, model: null }],
  ["GET /v1/models", { kind: "models", model: null }],
  ["GET /v1/models/openai/gpt-5", { kind: "models", model: "openai/gpt-5" }],
  ["GET /v1/models/openai%2Fgpt-5", { kind: "models", model: "openai/gpt-5" }],
  ["GET /v1beta/models", { kind: "models", model: null }],
  ["POST /v1beta/models/g:countTokens", { kind: "countTokens", format: "gemini", model: "g", stream: false }],
  [
    "POST /v1beta/models/g:batchEmbedContents",
    { kind: "model", api: "gemini", operation: "embeddings", verb: "batchEmbedContents", model: "g" },
  ],
  ["POST /v1/audio/speech", { kind: "passed", operation: "audio", rest: "/speech" }],
  ["POST /v1/images/edits", { kind: "passed", operation: "images", rest: "/edits" }],
  ["GET /v1/files/file-1/content", { kind: "passed", operation: "files", rest: "/file-1/content" }],
  ["POST /v1/batch", { kind: "passed", operation: "batches", rest: "" }],
  ["POST /v1/batches/b/cancel", { kind: "passed", operation: "batches", rest: "/b/cancel" }],
  ["POST /v1/messages/batches", { kind: "passed", operation: "batches", rest: "" }],
  ["POST /v1/fine_tuning/jobs", { kind: "passed", operation: "fineTuning", rest: "/jobs" }],
  ["GET /v1/responses/resp_1", { kind: "passed", operation: "responses", rest: "/resp_1" }],
  ["POST /v1/responses/compact", { kind: "passed", operation: "responses", rest: "/compact" }],
  ["GET /v1/chat/completions/c", { kind: "passed", operation: "storedChats", rest: "/c" }],
  ["POST /v1beta/interactions", { kind: "passed", operation: "interactions", rest: "" }],
  ["POST /upload/v1beta/files", { kind: "passed", operation: "uploads", rest: "" }],
  ["GET /v1beta/models/v/operations/o", { kind: "passed", operation: "longRunning", rest: "/v/operations/o" }],
  ["HEAD /", { kind: "home" }],
  ["POST /v1/nothing", null],
  ["POST /v1/constructor", null],
  ["GET /v2/models", null],
];

test("each path asks for its operation", () => {
  for (const [request, asked] of ROWS) {
    const [method, target] = request.split(" ") as [string, string];
    assert.deepEqual(ask(method, target), asked, request);
  }
});

test("Gemini streams events when asked for them, and one array otherwise", () => {
  const framing = (query: string) => {
    const asked = ask("POST", `/v1beta/models/g:streamGenerateContent${query}`);
    assert.equal(asked?.kind, "chat");
    return "framing" in asked ? asked.framing : undefined;
  };
  assert.equal(framing("?alt=sse"), "events");
  assert.equal(framing(""), "array");
});

test("errors take the form of the API that a path and its fields belong to", () => {
  const version = ["anthropic-version", "2023-06-01"];
  assert.equal(formatOf("/v1/chat/completions", version), "openai-chat");
  assert.equal(formatOf("/v1/responses/r", []), "openai-responses");
  assert.equal(formatOf("/v1/messages", []), "anthropic-messages");
  assert.equal(formatOf("/v1/models", version), "anthropic-messages");
  assert.equal(formatOf("/v1/files", []), "openai-chat");
  assert.equal(formatOf("/v1beta/models/g:generateContent", []), "gemini");
});

test("the prefix that a route removes is no part of the path", () => {
  assert.equal(apiPath("/llm/v1/messages", "/llm"), "/v1/messages");
  assert.equal(apiPath("/llm", "/llm"), "/");
  assert.equal(apiPath("/v1/messages", ""), "/v1/messages");
});
