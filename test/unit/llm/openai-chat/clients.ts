// The clients that people use, each over a fetch that answers from memory.
import assert from "node:assert/strict";
import { createOpenAI } from "@ai-sdk/openai";
import type { AIMessageChunk } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { streamText } from "ai";
import type OpenAI from "openai";
import { answering, BASE_URL, openaiClient } from "./openai-client.ts";

const MESSAGES = [{ role: "user" as const, content: "Hello" }];

/** The answer as OpenAI's client accumulates it. */
export async function byOpenai(stream: string): Promise<OpenAI.ChatCompletion> {
  const run = openaiClient(answering(stream)).chat.completions.stream({ model: "m", messages: MESSAGES });
  return await run.finalChatCompletion();
}

/** The answer as the AI SDK accumulates it. */
export async function byAiSdk(stream: string) {
  const provider = createOpenAI({ apiKey: "none", baseURL: BASE_URL, fetch: answering(stream) });
  const errors: unknown[] = [];
  const run = streamText({
    model: provider.chat("m"),
    prompt: "Hello",
    maxRetries: 0,
    onError: ({ error }) => void errors.push(error),
  });
  const parts: unknown[] = [];
  for await (const part of run.fullStream) parts.push(part);
  if (errors.length > 0) throw errors[0];
  const [text, calls, finish, usage] = await Promise.all([run.text, run.toolCalls, run.finishReason, run.usage]);
  return { text, calls, finish, usage };
}

/** The answer as LangChain accumulates it. */
export async function byLangChain(stream: string): Promise<AIMessageChunk> {
  const model = new ChatOpenAI({
    ...{ model: "m", apiKey: "none", maxRetries: 0 },
    configuration: { baseURL: BASE_URL, fetch: answering(stream) },
  });
  let answer: AIMessageChunk | null = null;
  for await (const piece of await model.stream("Hello")) answer = answer === null ? piece : answer.concat(piece);
  assert.ok(answer !== null);
  return answer;
}
