// Clients of Gemini through a gateway: Google's own, to Google and to another provider, and one that streams without events.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApiError, GoogleGenAI } from "@google/genai";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { validateGeminiArray } from "../support/llm/gemini-validator.ts";
import {
  chunk,
  events,
  failure,
  json,
  type ScriptedProvider,
  scriptedProvider,
  streamed,
} from "../support/llm/scripted-provider.ts";

const LIMIT = { timeout: 60_000 };
let google: ScriptedProvider;
let other: ScriptedProvider;
let gateway: GatewayProcess;
let ai: GoogleGenAI;

before(async () => {
  [google, other] = await Promise.all([scriptedProvider(), scriptedProvider()]);
  const yaml = {
    gateway: {
      frontend: { http: { host: "127.0.0.1", port: 0 } },
      llm: {
        authAdapters: { operatorKeys: "allow" },
        providers: {
          google: { kind: "gemini", baseUrl: `http://127.0.0.1:${google.port}`, apiKeys: ["k-google"] },
          other: { kind: "openaiCompatible", baseUrl: `http://127.0.0.1:${other.port}/v1`, apiKeys: ["k-other"] },
        },
      },
      router: {
        rules: [
          {
            id: "llm",
            path: "/*",
            strategy: {
              type: "llm",
              models: ["google/gemini-3.8-flash", "other:llama", "other:qwen"],
              failover: false,
            },
          },
        ],
      },
    },
  };
  gateway = await startGateway(JSON.stringify(yaml));
  ai = new GoogleGenAI({ apiKey: "k-client", httpOptions: { baseUrl: `http://127.0.0.1:${gateway.port}` } });
});

after(async () => {
  await gateway?.stop();
  await Promise.all([google, other].map((each) => each?.close()));
});

const CHUNKS = [
  { candidates: [{ content: { role: "model", parts: [{ text: "Hel" }] }, index: 0 }] },
  { candidates: [{ content: { role: "model", parts: [{ text: "lo" }] }, index: 0, finishReason: "STOP", news: 1 }] },
].map((each) => ({
  ...each,
  modelVersion: "gemini-3.8-flash-001",
  responseId: "r",
  usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 },
}));

async function textOf(model: string): Promise<string> {
  let text = "";
  for await (const each of await ai.models.generateContentStream({ model, contents: "Say hello" })) {
    text += each.text ?? "";
    assert.equal(each.modelVersion, model);
  }
  return text;
}

describe("a Gemini client", LIMIT, () => {
  test("reaches Google with its request as it was, and its own key", async () => {
    google.answer = ({ response }) => {
      events(response);
      for (const each of CHUNKS) response.write(`data: ${JSON.stringify(each)}\r\n\r\n`);
      response.end();
    };
    assert.equal(await textOf("google/gemini-3.8-flash"), "Hello");
    const { request, body } = google.asked.at(-1)!;
    assert.equal(request.url, "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse");
    assert.equal(request.headers["x-goog-api-key"], "k-client");
    assert.deepEqual(body.contents, [{ parts: [{ text: "Say hello" }], role: "user" }]);
  });

  test("reaches another provider, streamed and not, under the name it asked for", async () => {
    other.answer = streamed("Hel", "lo");
    assert.equal(await textOf("other:llama"), "Hello");
    assert.equal(other.asked.at(-1)!.request.headers.authorization, "Bearer k-other");
    assert.equal(other.asked.at(-1)!.request.headers["x-goog-api-key"], undefined);
    other.answer = ({ response }) => {
      const call = { id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } };
      const message = { role: "assistant", content: null, tool_calls: [call] };
      json(response, 200, { choices: [{ index: 0, message, finish_reason: "stop" }], model: "llama-x" });
    };
    const answer = await ai.models.generateContent({ model: "other:llama", contents: "Call f" });
    assert.deepEqual(answer.functionCalls, [{ id: "c1", name: "f", args: { a: 1 } }]);
    assert.equal(answer.candidates?.[0]?.finishReason, "STOP");
    assert.equal(answer.modelVersion, "other:llama");
  });

  test("gets errors in the shape of Google's", async () => {
    other.answer = failure(400);
    const refused = ai.models.generateContent({ model: "other:qwen", contents: "x" });
    await assert.rejects(refused, (error) => error instanceof ApiError && error.status === 400);
    const unknown = ai.models.generateContent({ model: "none", contents: "x" });
    await assert.rejects(unknown, (error) => error instanceof ApiError && error.status === 404);
  });

  test("that streams without events gets one array, from Google and from others, which a fault completes", async () => {
    const ask = async (model: string): Promise<{ readonly type: string | null; readonly text: string }> => {
      const url = `http://127.0.0.1:${gateway.port}/v1beta/models/${model}:streamGenerateContent`;
      const body = JSON.stringify({ contents: [{ parts: [{ text: "Say hello" }] }] });
      const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
      return { type: response.headers.get("content-type"), text: await response.text() };
    };
    const own = await ask("google/gemini-3.8-flash");
    assert.match(own.type ?? "", /^application\/json/);
    assert.equal(validateGeminiArray(own.text).candidates[0]!.text, "Hello");
    assert.equal(google.asked.at(-1)!.request.url, "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse");
    other.answer = streamed("Hel", "lo");
    const translated = validateGeminiArray((await ask("other:llama")).text);
    assert.equal(translated.candidates[0]!.text, "Hello");
    assert.equal(translated.modelVersion, "other:llama");
    other.answer = ({ response }) => {
      events(response);
      chunk(response, { role: "assistant", content: "Hel" });
      response.socket!.end(); // what was written arrives, but no end of the body
    };
    const cut = validateGeminiArray((await ask("other:llama")).text);
    assert.equal(cut.candidates[0]!.text, "Hel");
    assert.ok(cut.error !== null && cut.error.code >= 500);
  });
});
