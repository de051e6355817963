// A stream cut at any byte, with any line ends, says the same.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { anthropicMessages } from "../../../../src/llm/anthropic/format.ts";
import { EventReader } from "../../../../src/llm/bytes/event-reader.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import { identity } from "../../../support/llm/anthropic-samples.ts";
import { validateMessages } from "../../../support/llm/anthropic-validator.ts";

const EVENTS = [
  { type: "message_start", message: { id: "msg_1", model: "c", usage: { input_tokens: 9, output_tokens: 1 } } },
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Où 💭" } },
  { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "c2ln" } },
  { type: "content_block_stop", index: 0 },
  { type: "ping" },
  { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "a\r\nb\n\nü" } },
  { type: "content_block_stop", index: 1 },
  { type: "content_block_start", index: 2, content_block: { type: "tool_use", id: "t1", name: "f", input: {} } },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '{"k":"' } },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: 'é"}' } },
  { type: "content_block_stop", index: 2 },
  { type: "message_delta", delta: { stop_reason: "tool_use", stop_sequence: null }, usage: { output_tokens: 30 } },
  { type: "message_stop" },
];

const wire = (end: string, blank = " ") => {
  return Buffer.from(
    EVENTS.map((event) => `event: ${event.type}${end}data:${blank}${JSON.stringify(event)}${end}${end}`).join(""),
  );
};

/** What a client gets of bytes of the provider. */
function through(chunks: readonly Buffer[]): ReturnType<typeof validateMessages> {
  const writer = anthropicMessages.client.streamWriter(identity());
  const reader = anthropicMessages.provider.streamReader(writer);
  let out = "";
  const events = new EventReader(
    { event: (name, data) => reader.event(name, data), comment: () => undefined, tooLarge: () => assert.fail() },
    1 << 20,
  );
  for (const chunk of chunks) {
    events.feed(chunk);
    out += writer.take();
  }
  try {
    events.end();
    reader.close();
  } catch (error) {
    assert.ok(error instanceof LlmError);
    writer.fault(error.fault);
  }
  return validateMessages(out + writer.take());
}

describe("a stream of a provider", () => {
  const whole = through([wire("\n")]);

  test("says what it says", () => {
    const said = whole.content.map(({ thinking, text, input }) => thinking ?? text ?? input);
    assert.deepEqual(said, ["Où 💭", "a\r\nb\n\nü", '{"k":"é"}']);
    assert.deepEqual([whole.stopReason, whole.usage?.output_tokens, whole.usage?.input_tokens], ["tool_use", 30, 9]);
  });

  for (const [name, bytes] of [
    ["LF", wire("\n")],
    ["CRLF", wire("\r\n")],
    ["CR, and no blank", wire("\r", "")],
  ] as const) {
    test(`is the same cut at every byte, with ${name}`, () => {
      for (let at = 1; at < bytes.length; at++) {
        assert.deepEqual(through([bytes.subarray(0, at), bytes.subarray(at)]), whole, `cut at ${at}`);
      }
    });
  }

  test("that ends anywhere before its end is an error, never an answer", () => {
    const bytes = wire("\n");
    const end = bytes.lastIndexOf("event: message_stop");
    for (let at = 0; at < end; at += 7) {
      const { error, stopReason } = through([bytes.subarray(0, at)]);
      assert.equal(error?.type, "api_error", `ended at ${at}`);
      assert.equal(stopReason, null);
    }
  });
});
