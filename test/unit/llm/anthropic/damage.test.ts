// Whatever is damaged in what clients and providers send is named, and nothing else fails.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { anthropicMessages } from "../../../../src/llm/anthropic/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { estimatePrompt } from "../../../../src/llm/token-estimate.ts";
import { identity, target } from "../../../support/llm/anthropic-samples.ts";
import { survive } from "../../../support/llm/damage.ts";
import { RecordingSink } from "../../../support/llm/recording-sink.ts";

const { client, provider } = anthropicMessages;
const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } };
const REQUEST: JsonObject = {
  model: "m",
  max_tokens: 10,
  system: [{ type: "text", text: "s", cache_control: { type: "ephemeral", ttl: "1h" } }],
  messages: [
    { role: "user", content: [{ type: "text", text: "a" }, image] },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "t", signature: "s" },
        { type: "tool_use", id: "i", name: "f", input: { a: 1 } },
      ],
    },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "i", content: [{ type: "text", text: "r" }, image] }],
    },
    { role: "user", content: [{ type: "document", source: { type: "content", content: [image] }, title: "t" }] },
  ],
  tools: [
    {
      name: "f",
      description: "d",
      input_schema: { type: "object", properties: { a: { type: "number" } } },
      strict: true,
    },
  ],
  tool_choice: { type: "auto", disable_parallel_tool_use: true },
  thinking: { type: "enabled", budget_tokens: 2000, display: "omitted" },
  output_config: {
    effort: "low",
    format: { type: "json_schema", schema: { type: "object", properties: { a: { type: "string" } } } },
  },
  stop_sequences: ["x"],
  metadata: { user_id: "u" },
  temperature: 0.5,
};

const usage = {
  input_tokens: 1,
  cache_creation: { ephemeral_1h_input_tokens: 1 },
  output_tokens: 1,
  output_tokens_details: { thinking_tokens: 1 },
};
const RESPONSE: JsonObject = {
  id: "i",
  model: "m",
  content: [
    { type: "text", text: "a" },
    { type: "tool_use", id: "i", name: "f", input: {} },
    { type: "thinking", thinking: "t", signature: "s" },
  ],
  stop_reason: "tool_use",
  usage,
};

const EVENTS: JsonObject[] = [
  { type: "message_start", message: { id: "i", model: "m", usage } },
  { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "i", name: "f", input: {} } },
  { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "{}" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "tool_use", stop_sequence: null }, usage },
  { type: "message_stop" },
];

describe("damage", () => {
  test("of a client's request", () => {
    const passed = survive(REQUEST, (body) => {
      const request = client.readRequest(body, { model: null, stream: null });
      assert.ok(estimatePrompt(request) > 0);
      provider.writeRequest(request, target());
      provider.adaptRequest!(body, target());
    });
    assert.ok(passed > 100);
  });

  test("of a provider's answer", () => {
    const passed = survive(RESPONSE, (body) => client.writeResponse(provider.readResponse(body), identity()));
    assert.ok(passed > 100);
  });

  test("of a provider's events", () => {
    const passed = survive(EVENTS, (events) => {
      const writer = client.streamWriter(identity());
      for (const sink of [writer, new RecordingSink()]) {
        const reader = provider.streamReader(sink);
        for (const event of Object.values(events)) reader.event("", JSON.stringify(event));
        reader.close();
      }
      writer.take();
    });
    assert.ok(passed > 100);
  });

  test("of facts of events, usage and errors", () => {
    for (const event of EVENTS) survive(event, (data) => provider.eventFacts("x", data));
    survive(RESPONSE, (body) => provider.usageOf(body));
    const error = { type: "error", error: { type: "x", message: "m", details: { error_code: "c" } } };
    survive(error, (body) => client.writeError(provider.readError(400, body, []), "r"));
    survive(error, (body) => provider.eventFacts("error", body));
  });
});
