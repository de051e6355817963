// Calls of tools streamed as Chat Completions, as real servers send them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SinkCall } from "../../../support/llm/common-form.ts";
import { delta, END, finish, read, START, toolDelta } from "./chunks.ts";

const begin = (tool: number, id: string, name: string, freeform = false): SinkCall => [
  "toolStart",
  0,
  tool,
  id,
  name,
  freeform,
];
const args = (tool: number, piece: string): SinkCall => ["toolArguments", 0, tool, piece];
const done = (tool: number, signature: object | null = null): SinkCall => ["toolEnd", 0, tool, signature];
const fn = (name: string | null, piece: unknown, more: object = {}) => ({
  function: { ...(name === null ? {} : { name }), arguments: piece },
  ...more,
});

const CALLS: readonly (readonly [string, readonly string[], readonly SinkCall[]])[] = [
  [
    "one call in pieces, as OpenAI sends it",
    [
      delta({ role: "assistant", content: null }),
      toolDelta({ index: 0, id: "call_1", type: "function", ...fn("f", "") }),
      toolDelta({ index: 0, ...fn(null, '{"a"') }),
      toolDelta({ index: 0, ...fn(null, ":1}") }),
      delta({}, "tool_calls"),
    ],
    [begin(0, "call_1", "f"), args(0, '{"a"'), args(0, ":1}"), done(0), finish("toolCalls")],
  ],
  [
    "parallel calls, interleaved",
    [
      toolDelta({ index: 0, id: "a", ...fn("f", "{") }),
      toolDelta({ index: 1, id: "b", ...fn("g", "[") }),
      toolDelta({ index: 0, ...fn(null, "}") }, { index: 1, ...fn(null, "]") }),
      delta({}, "tool_calls"),
    ],
    [
      begin(0, "a", "f"),
      args(0, "{"),
      begin(1, "b", "g"),
      args(1, "["),
      args(0, "}"),
      args(1, "]"),
      done(0),
      done(1),
      finish("toolCalls"),
    ],
  ],
  [
    "a call that is complete ends as the next begins",
    [
      toolDelta({ index: 0, id: "a", ...fn("f", "{}") }),
      toolDelta({ index: 1, id: "b", ...fn("g", "{}") }),
      delta({}, "tool_calls"),
    ],
    [begin(0, "a", "f"), args(0, "{}"), done(0), begin(1, "b", "g"), args(1, "{}"), done(1), finish("toolCalls")],
  ],
  [
    "text and a call in one turn, ended by stop (Gemini's compatible endpoint)",
    [delta({ content: "Let me" }), toolDelta({ index: 0, id: "a", ...fn("f", "{}") }), delta({}, "stop")],
    [["text", 0, "Let me"], begin(0, "a", "f"), args(0, "{}"), done(0), finish("toolCalls")],
  ],
  [
    "arguments cut by the length",
    [toolDelta({ index: 0, id: "a", ...fn("f", '{"a') }), delta({}, "length")],
    [begin(0, "a", "f"), args(0, '{"a'), done(0), finish("length")],
  ],
  [
    "ids and names repeated in every delta, or empty",
    [
      toolDelta({ index: 0, id: "a", type: "function", ...fn("f", "{") }),
      toolDelta({ index: 0, id: "a", type: "function", ...fn("f", '"b":') }),
      toolDelta({ index: 0, id: "", ...fn("", "1}") }),
      delta({}, "tool_calls"),
    ],
    [begin(0, "a", "f"), args(0, "{"), args(0, '"b":'), args(0, "1}"), done(0), finish("toolCalls")],
  ],
  [
    "a new id in every delta, without a name",
    [
      toolDelta({ index: 0, id: "a", ...fn("f", "{") }),
      toolDelta({ index: 0, id: "b", ...fn(null, "}") }),
      delta({}, "tool_calls"),
    ],
    [begin(0, "a", "f"), args(0, "{"), args(0, "}"), done(0), finish("toolCalls")],
  ],
  [
    "whole calls that all have index 0 (Ollama)",
    [
      toolDelta({ index: 0, id: "a", ...fn("f", "{}") }),
      toolDelta({ index: 0, id: "b", ...fn("f", '{"a":1}') }),
      delta({}, "stop"),
    ],
    [begin(0, "a", "f"), args(0, "{}"), done(0), begin(1, "b", "f"), args(1, '{"a":1}'), done(1), finish("toolCalls")],
  ],
  [
    "no index at all",
    [
      toolDelta({ id: "a", ...fn("f", "{") }),
      toolDelta(fn(null, "}")),
      toolDelta({ id: "b", ...fn("g", "{") }),
      toolDelta({ id: "b", ...fn(null, "}") }),
      delta({}, "tool_calls"),
    ],
    [
      begin(0, "a", "f"),
      args(0, "{"),
      args(0, "}"),
      done(0),
      begin(1, "b", "g"),
      args(1, "{"),
      args(1, "}"),
      done(1),
      finish("toolCalls"),
    ],
  ],
  [
    "arguments before the name",
    [
      toolDelta({ index: 0, id: "a", ...fn(null, "{") }),
      toolDelta({ index: 0, ...fn("f", "}") }),
      delta({}, "tool_calls"),
    ],
    [begin(0, "a", "f"), args(0, "{}"), done(0), finish("toolCalls")],
  ],
  [
    "arguments as an object",
    [toolDelta({ index: 0, id: "a", ...fn("f", { a: 1 }) }), delta({}, "tool_calls")],
    [begin(0, "a", "f"), args(0, '{"a":1}'), done(0), finish("toolCalls")],
  ],
  [
    "a call without arguments",
    [toolDelta({ index: 0, id: "a", ...fn("f", "") }), delta({}, "tool_calls")],
    [begin(0, "a", "f"), done(0), finish("toolCalls")],
  ],
  [
    "an index that does not begin at 0",
    [toolDelta({ index: 1, id: "a", ...fn("f", "{}") }), delta({}, "tool_calls")],
    [begin(0, "a", "f"), args(0, "{}"), done(0), finish("toolCalls")],
  ],
  [
    "an empty delta of no call",
    [delta({ content: "Hi" }), toolDelta({ index: 0, ...fn(null, "") }), delta({}, "stop")],
    [["text", 0, "Hi"], finish("stop")],
  ],
  [
    "tool_calls without any call",
    [delta({ content: "Hi", tool_calls: [] }), delta({}, "tool_calls")],
    [["text", 0, "Hi"], finish("stop")],
  ],
  [
    "a freeform call",
    [
      toolDelta({ index: 0, id: "a", type: "custom", custom: { name: "patch", input: "" } }),
      toolDelta({ index: 0, custom: { input: "*** {}" } }),
      delta({}, "tool_calls"),
    ],
    [begin(0, "a", "patch", true), args(0, "*** {}"), done(0), finish("toolCalls")],
  ],
  [
    "a proof with the call (Google)",
    [
      toolDelta({ index: 0, id: "a", ...fn("f", "{}"), extra_content: { google: { thought_signature: "sig" } } }),
      delta({}, "stop"),
    ],
    [begin(0, "a", "f"), args(0, "{}"), done(0, { family: "gemini", value: "sig" }), finish("toolCalls")],
  ],
  [
    "a proof beside the call (OpenRouter, Gemini)",
    [
      delta({
        tool_calls: [{ index: 0, id: "a", ...fn("f", "{}") }],
        reasoning_details: [{ type: "reasoning.encrypted", data: "sig", id: "a", format: "google-gemini-v1" }],
      }),
      delta({}, "tool_calls"),
    ],
    [begin(0, "a", "f"), args(0, "{}"), done(0, { family: "gemini", value: "sig" }), finish("toolCalls")],
  ],
];

describe("calls in streams", () => {
  for (const [what, events, calls] of CALLS) test(what, () => assert.deepEqual(read(events), [START, ...calls, END]));

  test("calls without an id get one each", () => {
    const calls = read([toolDelta({ ...fn("f", "{}") }), toolDelta({ ...fn("g", "{}") }), delta({}, "stop")]);
    const ids = calls.filter(([name]) => name === "toolStart").map((each) => each[3]);
    assert.equal(new Set(ids).size, 2);
    for (const id of ids) assert.match(String(id), /^call_[0-9a-f]{32}$/);
  });

  test("the deprecated function_call", () => {
    const calls = read([
      delta({ function_call: { name: "f", arguments: "" } }),
      delta({ function_call: { arguments: "{}" } }),
      delta({}, "function_call"),
    ]);
    assert.match(String(calls[1]![3]), /^call_/);
    assert.deepEqual(calls.slice(2), [args(0, "{}"), done(0), finish("toolCalls"), END]);
  });
});
