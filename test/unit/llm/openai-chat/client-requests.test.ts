// What the clients people use send is read whole, and loops of tools through them keep what has to come back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { HumanMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { tool as aiTool, generateText, jsonSchema } from "ai";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { call, chatResponse, identity, text } from "../../../support/llm/common-form.ts";
import { byOpenai } from "./clients.ts";
import { answering, BASE_URL as BASE, openaiClient } from "./openai-client.ts";
import { finish, START, write } from "./written.ts";

const SCHEMA = {
  type: "object",
  properties: { path: { type: "string" } },
  required: ["path"],
  additionalProperties: false,
} as const;

/** A fetch that notes bodies, and answers each with "Hi". */
function noting(): { readonly fetch: typeof fetch; readonly requests: ChatRequest[] } {
  const requests: ChatRequest[] = [];
  const answer = openaiChat.client.writeResponse(chatResponse({ parts: [text("Hi")] }), identity());
  const reply = answering(JSON.stringify(answer), "application/json");
  const noted: typeof fetch = async (url, init) => {
    const body = JSON.parse(String(init?.body)) as JsonObject;
    requests.push(openaiChat.client.readRequest(body, { model: null, stream: null }));
    return await reply(url, init);
  };
  return { fetch: noted, requests };
}

describe("requests of clients", () => {
  test("OpenAI's", async () => {
    const { fetch, requests } = noting();
    await openaiClient(fetch).chat.completions.create({
      model: "m",
      messages: [
        { role: "developer", content: "Be brief" },
        { role: "user", content: [{ type: "text", text: "Hi" }] },
      ],
      tools: [{ type: "function", function: { name: "read", parameters: SCHEMA, strict: true } }],
      tool_choice: { type: "function", function: { name: "read" } },
      ...{
        max_completion_tokens: 9,
        reasoning_effort: "low",
        response_format: { type: "json_object" },
        safety_identifier: "u",
      },
    });
    const [request] = requests;
    assert.deepEqual([request!.nativeOnly, request!.droppable], [[], []]);
    assert.equal(request!.tools[0]!.schema!.type, "object");
    assert.equal(request!.reasoning!.effort, "low");
  });

  test("the AI SDK's", async () => {
    const { fetch, requests } = noting();
    const provider = createOpenAI({ apiKey: "none", baseURL: BASE, fetch });
    await generateText({
      model: provider.chat("m"),
      system: "Be brief",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "See" },
            { type: "image", image: new Uint8Array([1, 2, 3]), mediaType: "image/png" },
          ],
        },
      ],
      tools: { read: aiTool({ description: "Reads", inputSchema: jsonSchema(SCHEMA) }) },
      ...{ toolChoice: "auto", maxOutputTokens: 9, temperature: 0.5, stopSequences: ["END"] },
    });
    const [request] = requests;
    assert.deepEqual([request!.nativeOnly, request!.droppable], [[], []]);
    assert.deepEqual(request!.turns[0]!.parts[1]!.kind, "image");
    assert.deepEqual([request!.system[0]!.text, request!.maxTokens, request!.stop], ["Be brief", 9, ["END"]]);
    assert.deepEqual(request!.toolChoice, { mode: "auto", allowed: null });
  });

  test("LangChain's", async () => {
    const { fetch, requests } = noting();
    const model = new ChatOpenAI({
      model: "m",
      apiKey: "none",
      maxRetries: 0,
      configuration: { baseURL: BASE, fetch },
    });
    const bound = model.bindTools([{ type: "function", function: { name: "read", parameters: SCHEMA } }], {
      tool_choice: "read",
    });
    await bound.invoke([new HumanMessage("Hi")]);
    const [request] = requests;
    assert.deepEqual([request!.nativeOnly, request!.droppable], [[], []]);
    assert.deepEqual(request!.toolChoice, { mode: "required", allowed: ["read"] });
  });
});

describe("a loop of tools that was streamed to OpenAI's client", () => {
  test("brings back thoughts with their proof, and the proof of a call", async () => {
    const signature = { family: "anthropic", value: "sig" } as const;
    const proof = { family: "gemini", value: "g" } as const;
    const stream = write([
      START,
      ["reasoning", 0, "H", false],
      ["reasoning", 0, "m", false],
      ["reasoningEnd", 0, signature, false, null],
      ["text", 0, "Let me"],
      ["toolStart", 0, 0, "call_a", "read", false],
      ["toolArguments", 0, 0, "{}"],
      ["toolEnd", 0, 0, proof],
      finish("toolCalls"),
      ["end"],
    ]);
    const { choices } = await byOpenai(stream);
    const messages = [
      { role: "user", content: "Hi" },
      choices[0]!.message,
      { role: "tool", tool_call_id: "call_a", content: "1" },
    ];
    const sent = JSON.parse(JSON.stringify({ model: "m", messages })) as JsonObject;
    const { turns } = openaiChat.client.readRequest(sent, { model: null, stream: null });
    assert.deepEqual(turns[1]!.parts, [
      { kind: "reasoning", text: "Hm", summary: false, signature, redacted: false, id: null },
      text("Let me"),
      call("call_a", "read", "{}", { signature: proof }),
    ]);
  });
});
