// Google's own client as the reader of what is written for it, and as the maker of requests.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ApiError, FunctionCallingConfigMode, GoogleGenAI, ThinkingLevel, Type } from "@google/genai";
import type { ReplyIdentity } from "../../../../src/llm/format.ts";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import { geminiPlace } from "../../../../src/llm/gemini/read-path.ts";
import { faultOf } from "../../../../src/llm/message/fault.ts";
import type { ChatRequest, Part } from "../../../../src/llm/message/request.ts";
import {
  call,
  chatResponse,
  identity,
  modelTarget,
  replay,
  type SinkCall,
  text,
} from "../../../support/llm/common-form.ts";
import { validateGeminiEvents } from "../../../support/llm/gemini-validator.ts";

/** Answers a request; given back is the body of the answer. */
type Answer = (request: ChatRequest, as: ReplyIdentity) => string | { readonly status: number; readonly body: object };

interface World {
  readonly ai: GoogleGenAI;
  /** As read from the client. */
  readonly requests: ChatRequest[];
}

/** A client whose requests are read and answered in this process. @param cut bytes of a stream that arrive first; -1 all */
function world(answer: Answer, cut = -1): World {
  const requests: ChatRequest[] = [];
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { pathname, search } = new URL(String(input));
    const place = geminiPlace(pathname, search);
    assert.ok(place !== null && place.framing === "events", `${pathname}${search}`);
    const request = gemini.client.readRequest(JSON.parse(String(init?.body)), place);
    requests.push(request);
    const answered = answer(request, identity({}, { model: request.model, request }));
    if (typeof answered !== "string") return Response.json(answered.body, { status: answered.status });
    if (!request.stream) return new Response(answered, { headers: { "content-type": "application/json" } });
    return new Response(inPieces(Buffer.from(answered), cut), { headers: { "content-type": "text/event-stream" } });
  };
  const ai = new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: "http://gateway.test", fetch } });
  return { ai, requests };
}

function inPieces(bytes: Buffer, cut: number): ReadableStream<Uint8Array> {
  const pieces = cut < 0 ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)];
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) if (piece.length > 0) controller.enqueue(piece);
      controller.close();
    },
  });
}

function streamed(calls: readonly SinkCall[]): Answer {
  return (_request, as) => {
    const writer = gemini.client.streamWriter(as);
    const bytes: string[] = [gemini.client.keepAlive];
    for (const one of calls) {
      replay([one], writer);
      bytes.push(writer.take(), gemini.client.keepAlive);
    }
    const stream = bytes.join("");
    validateGeminiEvents(stream);
    return stream;
  };
}

function complete(parts: readonly Part[], more: Parameters<typeof chatResponse>[1] = {}): Answer {
  const finish = parts.some(({ kind }) => kind === "toolCall") ? "toolCalls" : "stop";
  return (_request, as) => JSON.stringify(gemini.client.writeResponse(chatResponse({ parts, finish }, more), as));
}

const USAGE = { input: 10, cacheRead: 5, cacheWrite: 0, cacheWriteLong: 0, output: 3, reasoning: 2 };
const FOREIGN = { family: "anthropic", value: "sig" } as const;
const STREAM: readonly SinkCall[] = [
  ["start", "x", "y", 0],
  ["reasoning", 0, "Hm 👋", false],
  ["reasoningEnd", 0, FOREIGN, false, null],
  ["text", 0, "Grüße, "],
  ["text", 0, "日本\r\n\r\ndata: x"],
  ["toolStart", 0, 0, "c1", "add", false],
  ["toolStart", 0, 1, "c2", "add", false],
  ["toolArguments", 0, 1, '{"a":3}'],
  ["toolArguments", 0, 0, '{"a":1,'],
  ["toolArguments", 0, 0, '"b":2}'],
  ["toolEnd", 0, 1, null],
  ["toolEnd", 0, 0, { family: "gemini", value: "c2ln" }],
  ["usage", USAGE],
  ["finish", 0, "toolCalls", null],
  ["end"],
];

const ADD = { name: "add", parameters: { type: Type.OBJECT, properties: { a: { type: Type.NUMBER } } } };

describe("Google's client", () => {
  test("gets a complete answer", async () => {
    const { ai, requests } = world(complete([text("Hi"), call("c1", "add", '{"a":1}')], { usage: USAGE }));
    const answer = await ai.models.generateContent({ model: "acme/model", contents: "Hello" });
    assert.equal(answer.text, "Hi");
    assert.deepEqual(answer.functionCalls, [{ id: "c1", name: "add", args: { a: 1 } }]);
    assert.equal(answer.candidates?.[0]?.finishReason, "STOP");
    assert.equal(answer.usageMetadata?.totalTokenCount, 20);
    assert.equal(answer.modelVersion, "acme/model");
    assert.equal(answer.responseId, "id-1");
    assert.equal(requests[0]!.model, "acme/model");
    assert.equal(requests[0]!.stream, false);
  });

  test("gets a stream, at whichever byte it is cut", async () => {
    const length = Buffer.from(streamed(STREAM)({} as ChatRequest, identity()) as string).length;
    for (let cut = 0; cut < length; cut += 7) {
      const { ai } = world(streamed(STREAM), cut);
      const config = { thinkingConfig: { includeThoughts: true } };
      const seen = { text: "", thoughts: "", calls: [] as unknown[], finish: [] as unknown[], total: 0 };
      for await (const chunk of await ai.models.generateContentStream({ model: "m", contents: "Hello", config })) {
        for (const part of chunk.candidates?.[0]?.content?.parts ?? []) {
          if (part.thought === true) seen.thoughts += part.text ?? "";
          else seen.text += part.text ?? "";
        }
        seen.calls.push(...(chunk.functionCalls ?? []));
        if (chunk.candidates?.[0]?.finishReason !== undefined) seen.finish.push(chunk.candidates[0].finishReason);
        seen.total = chunk.usageMetadata?.totalTokenCount ?? seen.total;
      }
      assert.deepEqual(seen, {
        text: "Grüße, 日本\r\n\r\ndata: x",
        thoughts: "Hm 👋",
        calls: [
          { id: "c1", name: "add", args: { a: 1, b: 2 } },
          { id: "c2", name: "add", args: { a: 3 } },
        ],
        finish: ["STOP"],
        total: 20,
      });
    }
  });

  test("keeps a streamed answer in its history, with signatures for their makers, over a loop of tools", async () => {
    const turn = { count: 0 };
    const { ai, requests } = world((request, as) => {
      turn.count++;
      return streamed(turn.count === 1 ? STREAM : [["text", 0, "Done"], ["finish", 0, "stop", null], ["end"]])(
        request,
        as,
      );
    });
    const chat = ai.chats.create({ model: "m", config: { tools: [{ functionDeclarations: [ADD] }] } });
    for await (const _chunk of await chat.sendMessageStream({ message: "Add" }));
    const answers = ["c1", "c2"].map((id) => {
      return { functionResponse: { id, name: "add", response: { output: `${id} is 3` } } };
    });
    let last = "";
    for await (const chunk of await chat.sendMessageStream({ message: answers })) last += chunk.text ?? "";
    assert.equal(last, "Done");
    assert.equal(requests.length, 2);
    const [asked, answered, results] = requests[1]!.turns;
    assert.deepEqual(asked!.parts, [text("Add")]);
    const thought = { kind: "reasoning", text: "Hm 👋", summary: false, redacted: false, id: null } as const;
    assert.deepEqual(answered!.parts, [
      { ...thought, signature: FOREIGN },
      text("Grüße, 日本\r\n\r\ndata: x"),
      call("c1", "add", '{"a":1,"b":2}', { signature: { family: "gemini", value: "c2ln" } }),
      call("c2", "add", '{"a":3}'),
    ]);
    assert.deepEqual(
      results!.parts.map((part) => (part.kind === "toolResult" ? [part.id, part.parts] : null)),
      [
        ["c1", [text("c1 is 3")]],
        ["c2", [text("c2 is 3")]],
      ],
    );
  });

  test("asks for everything it can in words that are understood, and that come out as they went in", async () => {
    const { ai, requests } = world(complete([text("{}")]));
    await ai.models.generateContent({
      model: "acme/model",
      contents: [
        { role: "user", parts: [{ text: "See" }, { inlineData: { mimeType: "image/png", data: "AAAA" } }] },
        {
          role: "model",
          parts: [{ functionCall: { id: "c1", name: "add", args: { a: 1 } }, thoughtSignature: "c2ln" }],
        },
        { role: "user", parts: [{ functionResponse: { id: "c1", name: "add", response: { output: "1" } } }] },
      ],
      config: {
        systemInstruction: "Be brief",
        temperature: 0.5,
        topP: 0.9,
        topK: 3,
        candidateCount: 1,
        maxOutputTokens: 100,
        stopSequences: ["END"],
        seed: 7,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        responseLogprobs: true,
        logprobs: 2,
        responseMimeType: "application/json",
        responseSchema: { type: Type.OBJECT, properties: { a: { type: Type.STRING, nullable: true } } },
        thinkingConfig: { thinkingLevel: ThinkingLevel.LOW, includeThoughts: true },
        tools: [{ functionDeclarations: [ADD] }],
        toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ["add"] } },
      },
    });
    const [request] = requests;
    assert.deepEqual([...request!.nativeOnly, ...request!.droppable], []);
    const to = modelTarget({ reasoning: { kind: "level", levels: ["low", "high"] } });
    const { body, warnings } = gemini.provider.writeRequest(request!, to);
    assert.deepEqual(warnings, []);
    assert.deepEqual(body, {
      systemInstruction: { parts: [{ text: "Be brief" }] },
      contents: [
        { role: "user", parts: [{ text: "See" }, { inlineData: { mimeType: "image/png", data: "AAAA" } }] },
        {
          role: "model",
          parts: [{ functionCall: { id: "c1", name: "add", args: { a: 1 } }, thoughtSignature: "c2ln" }],
        },
        { role: "user", parts: [{ functionResponse: { id: "c1", name: "add", response: { output: "1" } } }] },
      ],
      tools: [
        {
          functionDeclarations: [
            { name: "add", parametersJsonSchema: { type: "object", properties: { a: { type: "number" } } } },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["add"] } },
      generationConfig: {
        ...{ maxOutputTokens: 100, temperature: 0.5, topP: 0.9, topK: 3, frequencyPenalty: 0.2, presencePenalty: 0.1 },
        ...{ seed: 7, stopSequences: ["END"], responseLogprobs: true, logprobs: 2 },
        responseMimeType: "application/json",
        responseJsonSchema: { type: "object", properties: { a: { type: ["string", "null"] } } },
        thinkingConfig: { includeThoughts: true, thinkingLevel: "LOW" },
      },
    });
  });

  test("raises errors by their status, before and in a stream", async () => {
    const fault = { ...faultOf("rateLimit", "Slow down"), retryAfterMs: 1000 };
    const refused = world(() => gemini.client.writeError(fault, "r"));
    const isLimit = (error: unknown): boolean => error instanceof ApiError && error.status === 429;
    await assert.rejects(refused.ai.models.generateContent({ model: "m", contents: "x" }), isLimit);
    await assert.rejects(refused.ai.models.generateContentStream({ model: "m", contents: "x" }), isLimit);
    const cut = world(
      streamed([
        ["text", 0, "a"],
        ["fault", faultOf("overloaded", "Too many")],
      ]),
    );
    let seen = "";
    const drain = async (): Promise<void> => {
      for await (const chunk of await cut.ai.models.generateContentStream({ model: "m", contents: "x" })) {
        seen += chunk.text ?? "";
      }
    };
    // One chunk holds both events here, and the client looks for errors first in what arrives together.
    await assert.rejects(drain(), (error) => error instanceof ApiError && error.status === 503);
    assert.ok(seen === "a" || seen === "");
  });
});
