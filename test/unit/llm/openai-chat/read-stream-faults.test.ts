// Streams of Chat Completions that are no complete answers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Fault, LlmError } from "../../../../src/llm/message/fault.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { recordingSink } from "../../../support/llm/common-form.ts";
import { chunk, delta, END, HELLO, read, toolDelta } from "./chunks.ts";

/** The fault that ends such a stream, reported or thrown, and whether anything but it was told. */
function faultOf(events: readonly string[], end: "done" | "closed" = "done", name = ""): Fault {
  const { sink, calls, faults } = recordingSink();
  const reader = openaiChat.provider.streamReader(sink);
  try {
    for (const data of events) reader.event(name, data);
    if (end === "done") reader.event("", "[DONE]");
    reader.close();
  } catch (error) {
    assert.ok(error instanceof LlmError);
    return error.fault;
  }
  assert.equal(faults.length, 1);
  assert.deepEqual(calls.at(-1)![0], "fault");
  return faults[0]!;
}

describe("streams that are not", () => {
  test("one that ends before its finish is a fault, with [DONE] and without", () => {
    for (const end of ["done", "closed"] as const) {
      assert.equal(faultOf(HELLO, end).kind, "badGateway");
      assert.equal(faultOf([], end).kind, "badGateway");
    }
  });

  test("one of two choices without a finish is a fault", () => {
    assert.equal(faultOf([chunk([{ index: 1, delta: { content: "B" } }]), delta({}, "stop")]).kind, "badGateway");
  });

  const errors: readonly (readonly [string, string, string, string])[] = [
    ["an error with the code of a status", '{"error":{"message":"bad","code":400}}', "", "invalid"],
    [
      "an error with a code in words",
      '{"error":{"message":"x","type":"server_error","code":"rate_limit_exceeded"}}',
      "",
      "rateLimit",
    ],
    ["an error that is a text", '{"error":"out of memory"}', "", "server"],
    [
      "an error beside a choice (OpenRouter)",
      chunk([{ index: 0, delta: { content: "" }, finish_reason: "error" }], { error: { code: 502, message: "gone" } }),
      "",
      "badGateway",
    ],
    [
      "an error in a choice (OpenRouter)",
      delta({}, "error", { error: { code: 429, message: "slow" } }),
      "",
      "rateLimit",
    ],
    ["an error object (vLLM)", '{"object":"error","message":"long context length","code":400}', "", "contextOverflow"],
    ["an event named error", '{"message":"bad","code":"invalid_api_key"}', "error", "authentication"],
    ["a finish that is an error", delta({}, "error"), "", "server"],
    ["a finish for want of capacity (DeepSeek)", delta({}, "insufficient_system_resource"), "", "overloaded"],
    ["a finish that nobody knows", delta({}, "constructor"), "", "badGateway"],
    ["HTML", "<html>", "", "badGateway"],
    ["half an object", '{"choices":[', "", "badGateway"],
    ["an object and a half", '{"choices":[]}{"cho', "", "badGateway"],
    ["an index that is none", chunk([{ index: 1e9, delta: { content: "x" } }]), "", "badGateway"],
    ["a call without a name", toolDelta({ index: 0, id: "a", function: { arguments: "{}" } }), "", "badGateway"],
  ];
  for (const [what, data, name, kind] of errors) {
    test(`${what} is ${kind}`, () => {
      const events = what === "a call without a name" ? [data, delta({}, "stop")] : [data];
      assert.equal(faultOf(events, "closed", name).kind, kind);
    });
  }

  test("calls without number are a fault", () => {
    const calls = Array.from({ length: 1025 }, (_, index) =>
      toolDelta({ index, id: `c${index}`, function: { name: "f" } }),
    );
    assert.equal(faultOf(calls).kind, "badGateway");
  });

  test("nothing is read after an error", () => {
    const calls = read(['{"error":{"message":"bad","code":400}}', ...HELLO, delta({}, "stop")]);
    assert.deepEqual(
      calls.map(([name]) => name),
      ["fault"],
    );
  });

  test("JSON that is no chunk is ignored", () => {
    for (const odd of [
      "{}",
      '{"choices":5}',
      '{"choices":[null,{"delta":7}]}',
      '{"choices":[{"delta":{"tool_calls":[3]}}]}',
    ]) {
      assert.deepEqual(read([odd, ...HELLO, delta({}, "stop")]).at(-1), END, odd);
    }
  });
});
