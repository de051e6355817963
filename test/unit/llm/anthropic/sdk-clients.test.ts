// Official clients understand what is written for them, and what they send is understood.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import Anthropic from "@anthropic-ai/sdk";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import AnthropicBefore from "anthropic-sdk-previous";
import { faultOf } from "../../../../src/llm/message/fault.ts";
import type { Part } from "../../../../src/llm/message/request.ts";
import type { StreamSink } from "../../../../src/llm/message/stream-sink.ts";
import { type Answers, serve } from "../../../support/llm/anthropic-clients.ts";

const usage = { input: 10, cacheRead: 20, cacheWrite: 30, cacheWriteLong: 0, output: 5, reasoning: 6 };
const signature = { family: "anthropic", value: "c2ln" } as const;
const call = (id: string, args: string): Part => {
  return { kind: "toolCall", id, name: "look", arguments: args, freeform: false, signature: null, cache: null };
};
const PARTS: Part[] = [
  { kind: "reasoning", text: "hm 💭", summary: false, signature, redacted: false, id: null },
  { kind: "text", text: "I look – ü.", cache: null },
  call("call_1", '{"at":"a"}'),
  call("call_2", '{"at":"b"}'),
];

/** An answer that thinks, talks and calls twice, calls interleaved. */
const ANSWERS: Answers = {
  whole: {
    id: "x",
    model: "y",
    createdAt: 0,
    choices: [{ parts: PARTS, finish: "toolCalls", stopSequence: null, logprobs: null }],
    usage,
    serviceTier: null,
  },
  streamed: [
    (to: StreamSink) => to.start("x", "y", 0),
    (to: StreamSink) => to.reasoning(0, "hm ", false),
    (to: StreamSink) => to.reasoning(0, "💭", false),
    (to: StreamSink) => to.reasoningEnd(0, signature, false, null),
    (to: StreamSink) => to.text(0, "I look"),
    (to: StreamSink) => to.text(0, " – ü."),
    (to: StreamSink) => to.toolStart(0, 0, "call_1", "look", false),
    (to: StreamSink) => to.toolArguments(0, 0, '{"at":'),
    (to: StreamSink) => to.toolStart(0, 1, "call_2", "look", false),
    (to: StreamSink) => to.toolArguments(0, 1, '{"at":"b"}'),
    (to: StreamSink) => to.toolArguments(0, 0, '"a"}'),
    (to: StreamSink) => to.toolEnd(0, 0, null),
    (to: StreamSink) => to.finish(0, "stop", null),
    (to: StreamSink) => to.usage(usage),
    (to: StreamSink) => to.end(),
  ],
};

const WANT = [
  { type: "thinking", thinking: "hm 💭", signature: "c2ln" },
  { type: "text", text: "I look – ü." },
  { type: "tool_use", id: "call_1", name: "look", input: { at: "a" } },
  { type: "tool_use", id: "call_2", name: "look", input: { at: "b" } },
];
const BODY = {
  model: "my-model",
  max_tokens: 1000,
  messages: [{ role: "user" as const, content: "look" }],
  tools: [{ name: "look", input_schema: { type: "object" as const, properties: { at: { type: "string" } } } }],
};

/** Blocks without what clients add to them. */
function plain(content: readonly object[]): unknown[] {
  return content.map((block, index) =>
    Object.fromEntries(Object.keys(WANT[index] ?? {}).map((key) => [key, Reflect.get(block, key)])),
  );
}

for (const [name, Sdk, version] of [
  ["@anthropic-ai/sdk 1.14", Anthropic, "2026-10-21"],
  ["@anthropic-ai/sdk 0.137", AnthropicBefore as unknown as typeof Anthropic, "2023-06-01"],
] as const) {
  describe(name, () => {
    const open = (answers: Answers, pieces = 0) => {
      const server = serve(answers, pieces);
      return { server, sdk: new Sdk({ apiKey: "k", fetch: server.fetch, maxRetries: 0 }) };
    };

    test("reads a complete answer", async () => {
      const { server, sdk } = open(ANSWERS);
      const message = await sdk.messages.create(BODY);
      assert.deepEqual(plain(message.content), WANT);
      assert.deepEqual(
        [message.model, message.stop_reason, message.usage.cache_read_input_tokens],
        ["my-model", "tool_use", 20],
      );
      assert.equal(server.fields[0]!.get("anthropic-version"), version);
      assert.equal(server.requests[0]!.tools[0]!.name, "look");
    });

    for (const pieces of [0, 1, 7]) {
      test(`accumulates a stream ${pieces === 0 ? "as it is written" : `cut every ${pieces} bytes`}`, async () => {
        const message = await open(ANSWERS, pieces).sdk.messages.stream(BODY).finalMessage();
        assert.deepEqual(plain(message.content), WANT);
        assert.equal(message.stop_reason, "tool_use");
        assert.deepEqual(
          [message.usage.input_tokens, message.usage.output_tokens, message.usage.cache_creation_input_tokens],
          [10, 11, 30],
        );
      });
    }

    test("iterates over a stream", async () => {
      const events = await open(ANSWERS).sdk.messages.create({ ...BODY, stream: true });
      const types = new Set<string>();
      for await (const { type } of events) types.add(type);
      assert.deepEqual(
        [...types],
        [
          "message_start",
          "content_block_start",
          "content_block_delta",
          "content_block_stop",
          "message_delta",
          "message_stop",
        ],
      );
    });

    test("accumulates calls without arguments, and calls that the bound of output cut", async () => {
      const streamed = [
        (to: StreamSink) => to.start("", "", 0),
        (to: StreamSink) => to.toolStart(0, 0, "a", "look", false),
        (to: StreamSink) => to.toolEnd(0, 0, null),
        (to: StreamSink) => to.toolStart(0, 1, "b", "look", false),
        (to: StreamSink) => to.toolArguments(0, 1, '{"at":"x'),
        (to: StreamSink) => to.finish(0, "length", null),
        (to: StreamSink) => to.end(),
      ];
      const { content, stop_reason } = await open({ ...ANSWERS, streamed })
        .sdk.messages.stream(BODY)
        .finalMessage();
      assert.equal(stop_reason, "max_tokens");
      assert.deepEqual(content[0]?.type === "tool_use" && content[0].input, {});
      assert.equal(content.length, 2);
    });

    test("throws for a stream that ends with an error", async () => {
      const streamed = [...ANSWERS.streamed.slice(0, 5), (to: StreamSink) => to.fault(faultOf("overloaded", "busy"))];
      await assert.rejects(
        open({ ...ANSWERS, streamed })
          .sdk.messages.stream(BODY)
          .finalMessage(),
        /overloaded_error.*busy/,
      );
    });

    test("throws errors of their class", async () => {
      const { sdk } = open({ ...ANSWERS, whole: faultOf("rateLimit", "slow down") });
      await assert.rejects(
        sdk.messages.create(BODY),
        (error) => error instanceof Sdk.RateLimitError && error.status === 429,
      );
      const missing = open({ ...ANSWERS, whole: faultOf("notFound", "no such model", "model", "model_not_found") });
      await assert.rejects(missing.sdk.messages.create(BODY), (error) => error instanceof Sdk.NotFoundError);
    });

    test("sends back thoughts and results in a loop of tools", async () => {
      const { server, sdk } = open(ANSWERS);
      const first = await sdk.messages.stream(BODY).finalMessage();
      const results = first.content.flatMap((block) => {
        return block.type === "tool_use"
          ? [{ type: "tool_result" as const, tool_use_id: block.id, content: "ok" }]
          : [];
      });
      const messages = [
        ...BODY.messages,
        { role: "assistant" as const, content: first.content },
        { role: "user" as const, content: results },
      ];
      await sdk.messages.create({ ...BODY, messages });
      const [, assistant, user] = server.requests[1]!.turns;
      assert.deepEqual(
        assistant!.parts.map(({ kind }) => kind),
        ["reasoning", "text", "toolCall", "toolCall"],
      );
      assert.deepEqual(assistant!.parts[0], PARTS[0]);
      assert.deepEqual(
        user!.parts.map((part) => part.kind === "toolResult" && part.id),
        ["call_1", "call_2"],
      );
    });
  });
}

describe("ai with @ai-sdk/anthropic", () => {
  const look = tool({
    inputSchema: jsonSchema<{ at: string }>({ type: "object", properties: { at: { type: "string" } } }),
    execute: ({ at }) => `seen ${at}`,
  });
  const open = (answers: Answers, pieces = 0) => {
    const server = serve(answers, pieces);
    return { server, model: createAnthropic({ apiKey: "k", fetch: server.fetch })("my-model") };
  };

  test("reads a complete answer", async () => {
    const {
      text,
      reasoningText,
      toolCalls,
      finishReason,
      usage: found,
    } = await generateText({ model: open(ANSWERS).model, prompt: "look", tools: { look } });
    assert.deepEqual([text, reasoningText, finishReason], ["I look – ü.", "hm 💭", "tool-calls"]);
    assert.deepEqual(
      toolCalls.map(({ input }) => input),
      [{ at: "a" }, { at: "b" }],
    );
    assert.equal(found.outputTokens, 11);
    assert.equal(found.inputTokens, 60);
  });

  for (const pieces of [0, 3]) {
    test(`reads a stream ${pieces === 0 ? "as it is written" : `cut every ${pieces} bytes`}`, async () => {
      const { server, model } = open(ANSWERS, pieces);
      const result = streamText({ model, prompt: "look", tools: { look }, stopWhen: stepCountIs(2) });
      const steps = await result.steps;
      assert.deepEqual(
        [steps[0]!.text, steps[0]!.reasoningText, steps[0]!.finishReason],
        ["I look – ü.", "hm 💭", "tool-calls"],
      );
      assert.deepEqual(
        steps[0]!.toolCalls.map(({ input }) => input),
        [{ at: "a" }, { at: "b" }],
      );
      assert.deepEqual(
        server.requests[1]!.turns.map(({ role, parts }) => [role, ...parts.map(({ kind }) => kind)]),
        [
          ["user", "text"],
          ["assistant", "reasoning", "text", "toolCall", "toolCall"],
          ["user", "toolResult", "toolResult"],
        ],
      );
    });
  }
});
