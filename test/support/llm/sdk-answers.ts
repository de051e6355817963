// What an answer says to its client by the official SDK of each API, over a fetch that answers from memory.
import Anthropic from "@anthropic-ai/sdk";
import { type GenerateContentResponse, GoogleGenAI } from "@google/genai";
import Previous from "anthropic-sdk-previous";
import OpenAI from "openai";
import type { FormatName } from "../../../src/llm/format.ts";
import type { JsonObject } from "../../../src/llm/json/values.ts";
import { bodySays, responseSays, type Said } from "./answer-meaning.ts";

/** A fetch that answers every request with this. */
function answering(body: string, type = "text/event-stream", status = 200): typeof fetch {
  return async () => new Response(body, { status, headers: { "content-type": type } });
}

const MESSAGES = [{ role: "user" as const, content: "Hello" }];

/** What a stream says to the SDKs of an API, one result for each. @throws whatever an SDK throws */
export async function sdksSay(client: FormatName, stream: string): Promise<readonly Said[]> {
  return ACCUMULATORS[client](answering(stream));
}

const ACCUMULATORS: Readonly<Record<FormatName, (fetch: typeof globalThis.fetch) => Promise<readonly Said[]>>> = {
  async "openai-chat"(fetch) {
    const sdk = new OpenAI({ apiKey: "none", baseURL: "http://llm.test/v1", fetch, maxRetries: 0 });
    const run = sdk.chat.completions.stream({ model: "m", messages: MESSAGES });
    return [bodySays("openai-chat", asObject(await run.finalChatCompletion()))];
  },
  async "openai-responses"(fetch) {
    const sdk = new OpenAI({ apiKey: "none", baseURL: "http://llm.test/v1", fetch, maxRetries: 0 });
    const response = await sdk.responses.stream({ model: "m", input: "Hello" }).finalResponse();
    if (response.status === "failed") throw new Error(response.error?.message ?? "failed");
    return [responseSays(asObject(response))];
  },
  async "anthropic-messages"(fetch) {
    const options = { apiKey: "none", baseURL: "http://llm.test", fetch, maxRetries: 0 };
    const request = { model: "m", max_tokens: 100, messages: MESSAGES };
    const newest = await new Anthropic(options).messages.stream(request).finalMessage();
    const previous = await new Previous(options).messages.stream(request).finalMessage();
    return [newest, previous].map((message) => bodySays("anthropic-messages", asObject(message)));
  },
  async gemini(fetch) {
    const sdk = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: "http://llm.test" } });
    // The SDK takes no fetch of its own.
    const own = globalThis.fetch;
    globalThis.fetch = fetch;
    try {
      const chunks: GenerateContentResponse[] = [];
      for await (const chunk of await sdk.models.generateContentStream({ model: "m", contents: "Hello" }))
        chunks.push(chunk);
      return [bodySays("gemini", joined(chunks))];
    } finally {
      globalThis.fetch = own;
    }
  },
};

/** The SDK leaves it to its user to join chunks: parts are appended, the last report of all else holds. */
function joined(chunks: readonly GenerateContentResponse[]): JsonObject {
  const candidates = chunks.flatMap((chunk) => chunk.candidates ?? []);
  const parts = candidates.flatMap((candidate) => candidate.content?.parts ?? []);
  const finishReason = candidates.findLast((candidate) => candidate.finishReason !== undefined)?.finishReason;
  const usage = chunks.findLast((chunk) => chunk.usageMetadata !== undefined)?.usageMetadata;
  const answer = { candidates: [{ content: { role: "model", parts }, finishReason }], usageMetadata: usage };
  return asObject(JSON.parse(JSON.stringify(answer)));
}

function asObject(value: object): JsonObject {
  return value as JsonObject;
}
