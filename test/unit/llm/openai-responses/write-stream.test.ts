// Streams for clients of Responses.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ReplyIdentity } from "../../../../src/llm/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { faultOf } from "../../../../src/llm/message/fault.ts";
import type { StreamSink } from "../../../../src/llm/message/stream-sink.ts";
import { openaiResponses } from "../../../../src/llm/openai-responses/format.ts";
import { validateResponsesStream } from "../../../support/llm/responses-validator.ts";
import { read } from "./support.ts";

function identity(body: JsonObject = {}): ReplyIdentity {
  return { id: "resp_abc", model: "gpt", createdAt: 1_700_000_000, request: read(body), inputEstimate: 3 };
}

const USAGE = { input: 10, cacheRead: 4, cacheWrite: 2, cacheWriteLong: 1, output: 5, reasoning: 3 };
const SIGNED = { family: "anthropic", value: "sig" } as const;

/** The valid stream that a client gets. */
function stream(tell: (sink: StreamSink) => void, body: JsonObject = {}) {
  const writer = openaiResponses.client.streamWriter(identity(body));
  writer.start("chatcmpl-1", "claude", 5);
  tell(writer);
  return validateResponsesStream(writer.take());
}

/** The output of a response. */
function items(response: JsonObject | null): JsonObject[] {
  return response!.output as JsonObject[];
}

function types(events: readonly JsonObject[]): string[] {
  return events.map(({ type }) => String(type).replace("response.", ""));
}

describe("a stream for a client of Responses", () => {
  test("brackets a text, and ends with all of it", () => {
    const { events, response } = stream((sink) => {
      sink.text(0, "Hel");
      sink.text(0, "");
      sink.text(0, "lo");
      sink.usage(USAGE);
      sink.finish(0, "stop", null);
      sink.end();
    });
    assert.deepEqual(types(events), [
      "created",
      "in_progress",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.delta",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "completed",
    ]);
    assert.deepEqual(response?.output, [
      {
        id: "msg_abc_0",
        type: "message",
        status: "completed",
        role: "assistant",
        content: [{ type: "output_text", text: "Hello", annotations: [], logprobs: [] }],
      },
    ]);
    assert.deepEqual(response?.usage, {
      input_tokens: 17,
      input_tokens_details: {
        cached_tokens: 4,
        cache_write_tokens: 3,
        cache_write_tokens_details: { ttl_30m_tokens: 2, ttl_12h_tokens: 1 },
      },
      output_tokens: 8,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 25,
    });
  });

  test("has an item each for thoughts, texts and interleaved calls", () => {
    const { response } = stream((sink) => {
      sink.reasoning(0, "Let me ", false);
      sink.reasoning(0, "see", false);
      sink.reasoningEnd(0, SIGNED, false, null);
      sink.text(0, "I look");
      sink.toolStart(0, 0, "call_a", "get", false);
      sink.toolStart(0, 1, "call_b", "get", false);
      sink.toolArguments(0, 1, '{"b":');
      sink.toolArguments(0, 0, '{"a":1}');
      sink.toolArguments(0, 1, "2}");
      sink.toolEnd(0, 0, null);
      sink.toolEnd(0, 1, null);
      sink.finish(0, "toolCalls", null);
      sink.end();
    });
    const output = items(response);
    assert.deepEqual(
      output.map(({ type }) => type),
      ["reasoning", "message", "function_call", "function_call"],
    );
    assert.deepEqual(output[0]!.content, [{ type: "reasoning_text", text: "Let me see" }]);
    assert.deepEqual(output.slice(2), [
      {
        id: "fc_abc_2",
        type: "function_call",
        status: "completed",
        call_id: "call_a",
        name: "get",
        arguments: '{"a":1}',
      },
      {
        id: "fc_abc_3",
        type: "function_call",
        status: "completed",
        call_id: "call_b",
        name: "get",
        arguments: '{"b":2}',
      },
    ]);
  });

  test("shows thoughts as summaries to clients that ask for one", () => {
    const { response, events } = stream(
      (sink) => {
        sink.reasoning(0, "Let me see", false);
        sink.reasoningEnd(0, SIGNED, false, null);
        sink.text(0, "x");
        sink.finish(0, "stop", null);
        sink.end();
      },
      { reasoning: { summary: "auto" } },
    );
    assert.deepEqual(items(response)[0]!.summary, [{ type: "summary_text", text: "Let me see" }]);
    assert.ok(types(events).includes("reasoning_summary_text.delta"));
  });

  test("has a thought of its own for what is all encrypted, and for the signature of a call", () => {
    const { response } = stream((sink) => {
      sink.reasoningEnd(0, SIGNED, true, null);
      sink.reasoningEnd(0, null, false, null);
      sink.toolStart(0, 0, "call_a", "get", false);
      sink.toolEnd(0, 0, { family: "gemini", value: "g" });
      sink.finish(0, "toolCalls", null);
      sink.end();
    });
    const output = items(response);
    assert.deepEqual(
      output.map(({ type }) => type),
      ["reasoning", "function_call", "reasoning"],
    );
    assert.equal(output[1]!.arguments, "{}", "empty arguments are an empty object");
    const again = read({ input: [...output, { type: "function_call_output", call_id: "call_a", output: "" }] });
    assert.deepEqual(again.turns[0], {
      role: "assistant",
      parts: [
        { kind: "reasoning", text: "", summary: false, signature: SIGNED, redacted: true, id: null },
        {
          kind: "toolCall",
          id: "call_a",
          name: "get",
          arguments: "{}",
          freeform: false,
          signature: { family: "gemini", value: "g" },
          cache: null,
        },
      ],
    });
  });

  test("streams raw input of freeform tools, and names tools in namespaces", () => {
    const tools = [
      { type: "custom", name: "apply_patch" },
      { type: "namespace", name: "crm", description: "", tools: [{ type: "function", name: "get", parameters: {} }] },
    ];
    const { response, events } = stream(
      (sink) => {
        sink.toolStart(0, 0, "call_a", "apply_patch", true);
        sink.toolArguments(0, 0, "*** Begin\n");
        sink.toolArguments(0, 0, "*** End");
        sink.toolEnd(0, 0, null);
        sink.toolStart(0, 1, "call_b", "crm__get", false);
        sink.toolArguments(0, 1, "{}");
        sink.toolEnd(0, 1, null);
        sink.finish(0, "toolCalls", null);
        sink.end();
      },
      { tools },
    );
    assert.deepEqual(response?.output, [
      {
        id: "ctc_abc_0",
        type: "custom_tool_call",
        status: "completed",
        call_id: "call_a",
        name: "apply_patch",
        input: "*** Begin\n*** End",
      },
      {
        id: "fc_abc_1",
        type: "function_call",
        status: "completed",
        call_id: "call_b",
        name: "get",
        namespace: "crm",
        arguments: "{}",
      },
    ]);
    assert.ok(types(events).includes("custom_tool_call_input.delta"));
  });

  test("says why it is incomplete, and leaves cut arguments as they are", () => {
    const cut = stream((sink) => {
      sink.text(0, "I call");
      sink.toolStart(0, 0, "call_a", "get", false);
      sink.toolArguments(0, 0, '{"a":');
      sink.finish(0, "length", null);
      sink.end();
    });
    assert.equal(cut.events.at(-1)?.type, "response.incomplete");
    assert.deepEqual(cut.response?.incomplete_details, { reason: "max_output_tokens" });
    const [message, call] = items(cut.response);
    assert.equal(message!.status, "completed");
    assert.deepEqual([call!.status, call!.arguments], ["incomplete", '{"a":']);
    const withheld = stream((sink) => {
      sink.text(0, "I");
      sink.finish(0, "contentFilter", null);
      sink.end();
    });
    assert.deepEqual(withheld.response?.incomplete_details, { reason: "content_filter" });
  });

  test("is complete where the model declines in words, after a text in the same message", () => {
    const { response } = stream((sink) => {
      sink.text(0, "Hm.");
      sink.refusal(0, "I can");
      sink.refusal(0, "not");
      sink.finish(0, "contentFilter", null);
      sink.end();
    });
    assert.equal(response?.status, "completed");
    assert.deepEqual(items(response)[0]!.content, [
      { type: "output_text", text: "Hm.", annotations: [], logprobs: [] },
      { type: "refusal", refusal: "I cannot" },
    ]);
  });

  test("carries log probabilities with the text they belong to", () => {
    const entry = { token: "a", bytes: [97], logprob: -1, top_logprobs: [] };
    const { events, response } = stream((sink) => {
      sink.logprobs(0, { content: [entry], refusal: null });
      sink.text(0, "a");
      sink.text(0, "b");
      sink.finish(0, "stop", null);
      sink.end();
    });
    const deltas = events.filter(({ type }) => type === "response.output_text.delta");
    assert.deepEqual(
      deltas.map(({ logprobs }) => logprobs),
      [[entry], []],
    );
    const [text] = items(response)[0]!.content as JsonObject[];
    assert.deepEqual(text!.logprobs, [entry]);
  });

  test("ends with an error and a failure, wherever the fault comes", () => {
    const failed = faultOf("badGateway", "The provider sent an invalid response: it is cut");
    const begun = stream((sink) => {
      sink.text(0, "Hel");
      sink.fault(failed);
    });
    assert.deepEqual(types(begun.events).slice(-2), ["error", "failed"]);
    assert.equal(begun.error?.message, failed.message);
    assert.deepEqual(begun.response?.error, { code: "bad_gateway", message: failed.message });
    const writer = openaiResponses.client.streamWriter(identity());
    writer.fault(failed);
    assert.equal(validateResponsesStream(writer.take()).response?.status, "failed");
    const alone = validateResponsesStream(openaiResponses.client.errorEvents(failed, "req"));
    assert.deepEqual([alone.response, alone.error?.code], [null, "bad_gateway"]);
  });

  test("has no content before the first text, thought or call", () => {
    const writer = openaiResponses.client.streamWriter(identity());
    writer.start("", "", 0);
    writer.usage(USAGE);
    writer.text(0, "");
    assert.equal(writer.hasContent, false);
    assert.notEqual(writer.take(), "");
    assert.equal(writer.take(), "");
    writer.text(0, "a");
    assert.equal(writer.hasContent, true);
  });
});
