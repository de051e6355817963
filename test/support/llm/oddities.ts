// Streams as providers have really been seen to send them: other than the documents say, and yet to be understood.
import { anthropicMessages } from "../../../src/llm/anthropic/format.ts";
import type { WireFormat } from "../../../src/llm/format.ts";
import { gemini } from "../../../src/llm/gemini/format.ts";
import type { JsonObject } from "../../../src/llm/json/values.ts";
import { openaiChat } from "../../../src/llm/openai-chat/format.ts";
import { openaiResponses } from "../../../src/llm/openai-responses/format.ts";
import type { Said } from "./answer-meaning.ts";

/** A stream, and what it says. */
export interface Oddity {
  readonly name: string;
  readonly format: WireFormat;
  readonly stream: string;
  readonly says: Pick<Said, "text" | "calls" | "finish">;
}

const CALLS = [
  { name: "a", input: { x: 1 } },
  { name: "b", input: { y: 2 } },
];

function chunk(delta: JsonObject, finish: string | null = null, more: JsonObject = {}): JsonObject {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m", choices, ...more };
}

function data(...chunks: readonly JsonObject[]): string {
  return chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("");
}

const DONE = "data: [DONE]\n\n";
const USAGE = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
const first = (index: number, name: string): JsonObject => {
  return { tool_calls: [{ index, id: `call_${name}`, type: "function", function: { name, arguments: "" } }] };
};
const piece = (index: number, text: string): JsonObject => ({ tool_calls: [{ index, function: { arguments: text } }] });
const whole = (name: string, text: string, more: JsonObject = {}): JsonObject => {
  return { tool_calls: [{ id: `call_${name}`, type: "function", function: { name, arguments: text }, ...more }] };
};

const CHAT: readonly Omit<Oddity, "format">[] = [
  {
    name: "parallel calls that interleave",
    stream:
      data(
        chunk({ role: "assistant", content: null }),
        chunk(first(0, "a")),
        chunk(first(1, "b")),
        chunk(piece(0, '{"x"')),
        chunk(piece(1, '{"y":')),
        chunk(piece(0, ":1}")),
        chunk(piece(1, "2}")),
        chunk({}, "tool_calls"),
      ) + DONE,
    says: { text: "", calls: CALLS, finish: "calls" },
  },
  {
    name: "calls that repeat their id, name and type in every chunk",
    stream:
      data(
        chunk({ role: "assistant" }),
        chunk(whole("a", '{"x"', { index: 0 })),
        chunk(whole("a", ":1}", { index: 0 })),
        chunk({}, "tool_calls"),
      ) + DONE,
    says: { text: "", calls: CALLS.slice(0, 1), finish: "calls" },
  },
  {
    name: "calls without an index, whole",
    stream:
      data(
        chunk({ role: "assistant" }),
        chunk(whole("a", '{"x":1}')),
        chunk(whole("b", '{"y":2}')),
        chunk({}, "stop"),
      ) + DONE,
    says: { text: "", calls: CALLS, finish: "calls" },
  },
  {
    name: "calls of different ids with the index 0",
    stream:
      data(
        chunk({ role: "assistant" }),
        chunk(whole("a", '{"x":1}', { index: 0 })),
        chunk(whole("b", '{"y":2}', { index: 0 })),
        chunk({}, "tool_calls"),
      ) + DONE,
    says: { text: "", calls: CALLS, finish: "calls" },
  },
  {
    name: "no role, no type and no blank behind `data:`",
    stream: `${data(chunk({ content: "Hi" }), chunk({ content: " there" }, "stop")).replaceAll("data: ", "data:")}data:[DONE]\n\n`,
    says: { text: "Hi there", calls: [], finish: "stop" },
  },
  {
    name: "usage beside the last choice, and an empty delta in a usage chunk",
    stream:
      data(chunk({ role: "assistant", content: "Hi" }), chunk({}, "stop", { usage: USAGE }), {
        ...chunk({}),
        choices: [{ index: 0, delta: {} }],
        usage: USAGE,
      }) + DONE,
    says: { text: "Hi", calls: [], finish: "stop" },
  },
  {
    name: "comments, CRLF and two objects in one event",
    stream: `: PROCESSING\r\n\r\ndata: ${JSON.stringify(chunk({ role: "assistant", content: "a" }))}${JSON.stringify(chunk({ content: "b" }))}\r\n\r\n${data(chunk({}, "stop")).replaceAll("\n", "\r\n")}${DONE}`,
    says: { text: "ab", calls: [], finish: "stop" },
  },
  {
    name: "an error with a status in the first event",
    stream: data({ error: { message: "bad", code: 400 } }),
    says: { text: "", calls: [], finish: "error" },
  },
  {
    name: "an error after content, with the finish reason error",
    stream: data(
      chunk({ role: "assistant", content: "Hi" }),
      chunk({ content: "" }, "error", { error: { code: 502, message: "gone" } }),
    ),
    says: { text: "Hi", calls: [], finish: "error" },
  },
];

function named(...events: readonly (JsonObject & { readonly type: string })[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

const RESPONSE = { id: "resp_1", object: "response", created_at: 1, model: "m", status: "in_progress", output: [] };
const functionCall = (name: string, text: string) => {
  return { id: `fc_${name}`, type: "function_call", call_id: `call_${name}`, name, arguments: text };
};
const RESPONSES: readonly Omit<Oddity, "format">[] = [
  {
    name: "what is done without deltas",
    stream: named(
      { type: "response.created", response: RESPONSE },
      { type: "response.output_item.added", output_index: 0, item: functionCall("a", "") },
      { type: "response.function_call_arguments.done", item_id: "fc_a", output_index: 0, arguments: '{"x":1}' },
      { type: "response.output_item.done", output_index: 0, item: functionCall("a", '{"x":1}') },
      { type: "response.output_item.added", output_index: 1, item: functionCall("b", "") },
      { type: "response.output_item.done", output_index: 1, item: functionCall("b", '{"y":2}') },
      {
        type: "response.completed",
        response: {
          ...RESPONSE,
          status: "completed",
          output: [functionCall("a", '{"x":1}'), functionCall("b", '{"y":2}')],
        },
      },
    ),
    says: { text: "", calls: CALLS, finish: "calls" },
  },
  {
    name: "an output that only the last event has, and a [DONE]",
    stream: `${named(
      { type: "response.created", response: RESPONSE },
      {
        type: "response.completed",
        response: {
          ...RESPONSE,
          status: "completed",
          output: [
            {
              id: "msg_1",
              type: "message",
              role: "assistant",
              content: [{ type: "output_text", text: "Hi", annotations: [] }],
            },
          ],
        },
      },
    )}${DONE}`,
    says: { text: "Hi", calls: [], finish: "stop" },
  },
  {
    name: "events without names and unknown events",
    stream: named(
      { type: "response.created", response: RESPONSE },
      { type: "response.sparkle", level: 11 },
      {
        type: "response.output_item.added",
        output_index: 0,
        item: { id: "msg_1", type: "message", role: "assistant", content: [] },
      },
      {
        type: "response.content_part.added",
        item_id: "msg_1",
        output_index: 0,
        content_index: 0,
        part: { type: "output_text", text: "" },
      },
      { type: "response.output_text.delta", item_id: "msg_1", output_index: 0, content_index: 0, delta: "Hi" },
      {
        type: "response.incomplete",
        response: {
          ...RESPONSE,
          status: "incomplete",
          incomplete_details: { reason: "max_output_tokens" },
          output: [
            {
              id: "msg_1",
              type: "message",
              role: "assistant",
              content: [{ type: "output_text", text: "Hi", annotations: [] }],
            },
          ],
        },
      },
    ).replaceAll(/^event: .*\n/gm, ""),
    says: { text: "Hi", calls: [], finish: "length" },
  },
  {
    name: "a failure",
    stream: named(
      { type: "response.created", response: RESPONSE },
      {
        type: "response.failed",
        response: { ...RESPONSE, status: "failed", error: { code: "server_error", message: "gone" } },
      },
    ),
    says: { text: "", calls: [], finish: "error" },
  },
];

const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [],
  usage: { input_tokens: 3, output_tokens: 1 },
};
const MESSAGES: readonly Omit<Oddity, "format">[] = [
  {
    name: "pings everywhere, an unknown block and a block without deltas",
    stream: named(
      { type: "ping" },
      { type: "message_start", message: MESSAGE },
      { type: "ping" },
      { type: "content_block_start", index: 0, content_block: { type: "sparkle", level: 11 } },
      { type: "content_block_stop", index: 0 },
      { type: "content_block_start", index: 1, content_block: { type: "text", text: "Hi" } },
      { type: "ping" },
      { type: "content_block_stop", index: 1 },
      {
        type: "content_block_start",
        index: 2,
        content_block: { type: "tool_use", id: "toolu_a", name: "a", input: { x: 1 } },
      },
      { type: "content_block_stop", index: 2 },
      { type: "message_delta", delta: { stop_reason: "tool_use", stop_sequence: null }, usage: { output_tokens: 9 } },
      { type: "message_stop" },
    ),
    says: { text: "Hi", calls: CALLS.slice(0, 1), finish: "calls" },
  },
  {
    name: "an overload after content",
    stream: named(
      { type: "message_start", message: MESSAGE },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
      { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    ),
    says: { text: "Hi", calls: [], finish: "error" },
  },
  {
    name: "a full context",
    stream: named(
      { type: "message_start", message: MESSAGE },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
      { type: "content_block_stop", index: 0 },
      {
        type: "message_delta",
        delta: { stop_reason: "model_context_window_exceeded", stop_sequence: null },
        usage: { output_tokens: 9 },
      },
      { type: "message_stop" },
    ),
    says: { text: "Hi", calls: [], finish: "length" },
  },
];

function candidate(parts: readonly JsonObject[], finishReason: string | null = null): JsonObject {
  const end = finishReason === null ? {} : { finishReason };
  return { candidates: [{ content: { role: "model", parts }, ...end }], modelVersion: "m", responseId: "r" };
}

const GEMINI: readonly Omit<Oddity, "format">[] = [
  {
    name: "calls with ids in several events, and an end without content",
    stream: data(
      candidate([{ functionCall: { id: "1", name: "a", args: { x: 1 } } }]),
      candidate([{ functionCall: { id: "2", name: "b", args: { y: 2 } } }]),
      { candidates: [{ finishReason: "STOP" }], usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 } },
    ),
    says: { text: "", calls: CALLS, finish: "calls" },
  },
  {
    name: "text that is recited",
    stream: data(candidate([{ text: "Hi" }]), candidate([], "RECITATION")),
    says: { text: "Hi", calls: [], finish: "filter" },
  },
  {
    name: "a call that the model got wrong",
    stream: data(candidate([{ text: "Hi" }]), candidate([], "MALFORMED_FUNCTION_CALL")),
    says: { text: "Hi", calls: [], finish: "error" },
  },
  {
    name: "a finish reason that nobody knows",
    stream: data(candidate([{ text: "Hi" }], "SPARKLE")),
    says: { text: "Hi", calls: [], finish: "error" },
  },
  {
    name: "an error as an event",
    stream: data({ error: { code: 503, message: "overloaded", status: "UNAVAILABLE" } }),
    says: { text: "", calls: [], finish: "error" },
  },
  {
    name: "a blocked prompt",
    stream: data({ promptFeedback: { blockReason: "SAFETY" }, modelVersion: "m", responseId: "r" }),
    says: { text: "", calls: [], finish: "filter" },
  },
];

/** All of them. */
export const ODDITIES: readonly Oddity[] = [
  ...CHAT.map((oddity) => ({ ...oddity, format: openaiChat })),
  ...RESPONSES.map((oddity) => ({ ...oddity, format: openaiResponses })),
  ...MESSAGES.map((oddity) => ({ ...oddity, format: anthropicMessages })),
  ...GEMINI.map((oddity) => ({ ...oddity, format: gemini })),
];
