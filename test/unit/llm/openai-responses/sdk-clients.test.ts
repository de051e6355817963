// Official and popular SDKs as clients of Responses, with answers as the writers make them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";
import { isObject } from "../../../../src/llm/json/values.ts";
import { faultOf } from "../../../../src/llm/message/fault.ts";
import type { ChatRequest, Part } from "../../../../src/llm/message/request.ts";
import type { FinishReason } from "../../../../src/llm/message/response.ts";
import type { StreamSink } from "../../../../src/llm/message/stream-sink.ts";
import { openaiResponses } from "../../../../src/llm/openai-responses/format.ts";
import { call, chatResponse, text } from "../../../support/llm/common-form.ts";
import { validateResponsesStream } from "../../../support/llm/responses-validator.ts";

const USAGE = { input: 10, cacheRead: 4, cacheWrite: 0, cacheWriteLong: 0, output: 5, reasoning: 3 };
const SIGNED = { family: "anthropic", value: "sig" } as const;

/** Parts of an answer, told to a writer in small pieces. */
function tell(parts: readonly Part[], finish: FinishReason, sink: StreamSink): void {
  sink.start("msg_1", "claude", 0);
  let calls = 0;
  for (const part of parts) {
    if (part.kind === "text") for (const piece of pieces(part.text)) sink.text(0, piece);
    if (part.kind === "refusal") for (const piece of pieces(part.text)) sink.refusal(0, piece);
    if (part.kind === "reasoning") {
      for (const piece of pieces(part.text)) sink.reasoning(0, piece, part.summary);
      sink.reasoningEnd(0, part.signature, part.redacted, part.id);
    }
    if (part.kind !== "toolCall") continue;
    sink.toolStart(0, calls, part.id, part.name, part.freeform);
    for (const piece of pieces(part.arguments)) sink.toolArguments(0, calls, piece);
    sink.toolEnd(0, calls++, part.signature);
  }
  sink.usage(USAGE);
  sink.finish(0, finish, null);
  sink.end();
}

function pieces(value: string): string[] {
  return value.match(/[\s\S]{1,3}/g) ?? [];
}

/** Answers each request with the next parts, as `fetch` would; notes what was asked. */
function server(...answers: readonly (readonly Part[] | ((sink: StreamSink) => void))[]) {
  const requests: ChatRequest[] = [];
  const fetch = async (_url: unknown, init?: { readonly body?: unknown }): Promise<Response> => {
    const body: unknown = JSON.parse(String(init?.body));
    assert.ok(isObject(body));
    const request = openaiResponses.client.readRequest(body, { model: null, stream: null });
    const answer = answers[requests.push(request) - 1] ?? assert.fail("asked too often");
    const as = { id: `resp_${requests.length}`, model: request.model, createdAt: 9, request, inputEstimate: 0 };
    if (!request.stream) {
      assert.ok(typeof answer !== "function");
      const response = chatResponse({ parts: answer, finish: finishOf(answer) }, { usage: USAGE });
      return Response.json(openaiResponses.client.writeResponse(response, as));
    }
    const writer = openaiResponses.client.streamWriter(as);
    if (typeof answer === "function") answer(writer);
    else tell(answer, finishOf(answer), writer);
    const events = writer.take();
    if (events !== "") validateResponsesStream(events);
    return new Response(openaiResponses.client.keepAlive + events, {
      headers: { "content-type": "text/event-stream" },
    });
  };
  return { requests, fetch: fetch as typeof globalThis.fetch };
}

function finishOf(parts: readonly Part[]): FinishReason {
  return parts.some(({ kind }) => kind === "toolCall") ? "toolCalls" : "stop";
}

const THOUGHT: Part = {
  kind: "reasoning",
  text: "Let me see",
  summary: false,
  signature: SIGNED,
  redacted: false,
  id: null,
};
const ANSWER: readonly Part[] = [
  THOUGHT,
  text("I look, grüße 😀"),
  call("call_a", "get", '{"city":"Ulm"}'),
  call("call_b", "get", "{}"),
  call("call_c", "patch", "*** Begin\n", { freeform: true }),
];
const TOOLS = [
  { type: "function" as const, name: "get", parameters: { type: "object" }, strict: false },
  { type: "custom" as const, name: "patch" },
];

describe("the SDK of OpenAI", () => {
  const sdk = (fetch: typeof globalThis.fetch) => new OpenAI({ apiKey: "k", fetch, maxRetries: 0 });

  test("accumulates a stream into what was said, and sends it back", async () => {
    const { fetch, requests } = server(ANSWER, [text("Done")]);
    const stream = sdk(fetch).responses.stream({ model: "gpt", input: "Hi", tools: TOOLS });
    let deltas = "";
    stream.on("response.output_text.delta", ({ delta }) => {
      deltas += delta;
    });
    const first = await stream.finalResponse();
    assert.equal(deltas, "I look, grüße 😀");
    assert.equal(first.output_text, deltas);
    assert.deepEqual([first.status, first.usage?.total_tokens], ["completed", 22]);
    const [thought, , ...calls] = first.output;
    assert.ok(thought?.type === "reasoning");
    assert.equal(thought.content?.[0]?.text, "Let me see");
    assert.deepEqual(
      calls.map((item) =>
        item.type === "function_call" ? item.arguments : item.type === "custom_tool_call" && item.input,
      ),
      ['{"city":"Ulm"}', "{}", "*** Begin\n"],
    );
    const outputs = calls.map((item) => {
      if (item.type === "custom_tool_call")
        return { type: "custom_tool_call_output" as const, call_id: item.call_id, output: "ok" };
      assert.ok(item.type === "function_call");
      return { type: "function_call_output" as const, call_id: item.call_id, output: "ok" };
    });
    const input = [...(first.output as OpenAI.Responses.ResponseInputItem[]), ...outputs];
    const second = await sdk(fetch).responses.create({ model: "gpt", input, tools: TOOLS });
    assert.equal(second.output_text, "Done");
    assert.deepEqual(requests[1]!.turns[0]!.parts, ANSWER);
    assert.deepEqual(
      requests[1]!.turns[1]!.parts.map((part) => part.kind === "toolResult" && [part.id, part.name, part.freeform]),
      [
        ["call_a", "get", false],
        ["call_b", "get", false],
        ["call_c", "patch", true],
      ],
    );
  });

  test("reads a complete answer, and one that is cut for its length", async () => {
    const { fetch } = server(ANSWER, (sink) => tell([text("Hel")], "length", sink));
    const whole = await sdk(fetch).responses.create({ model: "gpt", input: "Hi", tools: TOOLS });
    assert.equal(whole.output_text, "I look, grüße 😀");
    const cut = await sdk(fetch).responses.stream({ model: "gpt", input: "Hi" }).finalResponse();
    assert.deepEqual(
      [cut.status, cut.incomplete_details?.reason, cut.output_text],
      ["incomplete", "max_output_tokens", "Hel"],
    );
  });

  test("throws the error of a stream that cannot be completed", async () => {
    const failing = (sink: StreamSink) => {
      sink.start("", "", 0);
      sink.text(0, "Hel");
      sink.fault(faultOf("badGateway", "The provider sent an invalid response: it is cut"));
    };
    const { fetch } = server(failing, failing);
    await assert.rejects(sdk(fetch).responses.stream({ model: "gpt", input: "Hi" }).finalResponse(), /it is cut/);
    const events: string[] = [];
    const raw = await sdk(fetch).responses.create({ model: "gpt", input: "Hi", stream: true });
    const reading = (async () => {
      for await (const event of raw) events.push(event.type);
    })();
    await assert.rejects(reading, /it is cut/);
    assert.equal(events.at(-1), "response.output_text.delta");
  });
});

describe("the AI SDK, whose default is Responses", () => {
  const options = { openai: { store: false, reasoningSummary: "auto" } };
  const tools = {
    get: tool({
      inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } } }),
      execute: async () => "sunny",
    }),
  };
  const LOOP = [THOUGHT, text("I look"), call("call_a", "get", '{"city":"Ulm"}')];

  test("loops over tools in a stream, and sends thoughts back with their proof", async () => {
    const { fetch, requests } = server(LOOP, [text("It is sunny")]);
    const model = createOpenAI({ apiKey: "k", fetch })("gpt-5");
    const result = streamText({ model, prompt: "Weather?", tools, stopWhen: stepCountIs(3), providerOptions: options });
    assert.equal(await result.text, "It is sunny");
    const [first] = await result.steps;
    assert.equal(first!.reasoningText, "Let me see");
    assert.deepEqual([first!.finishReason, await result.finishReason], ["tool-calls", "stop"]);
    assert.equal((await result.usage).inputTokens, 14);
    assert.deepEqual(requests[1]!.turns[1]!.parts, LOOP);
    const [output] = requests[1]!.turns[2]!.parts;
    assert.ok(output?.kind === "toolResult");
    assert.deepEqual(output.parts, [text("sunny")]);
  });

  test("loops over tools in complete answers", async () => {
    const { fetch, requests } = server(LOOP, [text("It is sunny")]);
    const model = createOpenAI({ apiKey: "k", fetch })("gpt-5");
    const result = await generateText({
      model,
      prompt: "Weather?",
      tools,
      stopWhen: stepCountIs(3),
      providerOptions: options,
    });
    assert.equal(result.text, "It is sunny");
    assert.deepEqual(requests[1]!.turns[1]!.parts, LOOP);
  });

  test("refers to stored items unless told not to, which is native", async () => {
    const { fetch, requests } = server(LOOP, [text("It is sunny")]);
    const model = createOpenAI({ apiKey: "k", fetch })("gpt-5");
    await generateText({ model, prompt: "Weather?", tools, stopWhen: stepCountIs(3) });
    assert.match(requests[1]!.nativeOnly.join(), /^input item_reference .*store: false/);
  });

  test("reports the error of a stream that cannot be completed", async () => {
    const { fetch } = server((sink) => {
      sink.start("", "", 0);
      sink.text(0, "Hel");
      sink.fault(faultOf("overloaded", "The provider is overloaded"));
    });
    const errors: unknown[] = [];
    const model = createOpenAI({ apiKey: "k", fetch })("gpt-5");
    const result = streamText({ model, prompt: "Hi", maxRetries: 0, onError: ({ error }) => void errors.push(error) });
    let said = "";
    for await (const delta of result.textStream) said += delta;
    assert.equal(said, "Hel");
    assert.equal(errors.length, 1);
    assert.match(JSON.stringify(errors[0]), /overloaded/);
  });
});
