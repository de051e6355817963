// Malformed requests of Chat Completions: each is refused by the place of its fault.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import { HELLO, read } from "./requests.ts";

/** Body, and the place and words of the fault. */
const MALFORMED: readonly (readonly [JsonObject, string])[] = [
  [{ model: 7 }, "model: "],
  [{ model: "" }, "model: "],
  [{ messages: "Hi" }, "messages: "],
  [{ messages: [] }, "messages: "],
  [{ messages: [7] }, "messages[0]: "],
  [{ messages: [...HELLO, { role: "narrator", content: "" }] }, "messages[1].role: "],
  [{ messages: [{ role: "user" }] }, "messages[0].content: "],
  [{ messages: [{ role: "user", content: [7] }] }, "messages[0].content[0]: "],
  [{ messages: [{ role: "user", content: [{ type: "text", text: 7 }] }] }, "messages[0].content[0].text: "],
  [{ messages: [{ role: "user", content: [{ type: "image_url" }] }] }, "messages[0].content[0].image_url.url: "],
  [
    { messages: [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }] },
    "messages[0].content[0].input_audio.data: ",
  ],
  [{ messages: [{ role: "user", content: [{ type: "file", file: {} }] }] }, "messages[0].content[0].file: "],
  [{ messages: [{ role: "system", content: [{ type: "image_url" }] }] }, "messages[0].content[0].type: "],
  [{ messages: [{ role: "tool", content: "x" }] }, "messages[0].tool_call_id: "],
  [{ messages: [{ role: "function", name: "f", content: "x" }] }, "messages[0].name: "],
  [
    { messages: [{ role: "assistant", tool_calls: [{ type: "function", function: { name: "f" } }] }] },
    "messages[0].tool_calls[0].id: ",
  ],
  [
    { messages: [{ role: "assistant", tool_calls: [{ id: "a", function: {} }] }] },
    "messages[0].tool_calls[0].function.name: ",
  ],
  [
    { messages: [{ role: "assistant", tool_calls: [{ id: "a", function: { name: "f", arguments: {} } }] }] },
    "messages[0].tool_calls[0].function.arguments: ",
  ],
  [
    { messages: [{ role: "assistant", tool_calls: [{ id: "a", type: "custom", custom: { name: "f" } }] }] },
    "messages[0].tool_calls[0].custom.input: ",
  ],
  [{ tools: {} }, "tools: "],
  [{ tools: [{}] }, "tools[0].type: "],
  [{ tools: [{ type: "function", function: {} }] }, "tools[0].function.name: "],
  [{ tools: [{ type: "function", function: { name: "f", parameters: 7 } }] }, "tools[0].function.parameters: "],
  [{ tool_choice: "maybe" }, "tool_choice: "],
  [{ tool_choice: { type: "function" } }, "tool_choice.function.name: "],
  [{ tool_choice: { type: "allowed_tools" } }, "tool_choice.allowed_tools.mode: "],
  [{ temperature: "warm" }, "temperature: "],
  [{ max_tokens: 0 }, "max_tokens: "],
  [{ n: 1.5 }, "n: "],
  [{ stop: [7] }, "stop: "],
  [{ stream: "yes" }, "stream: "],
  [{ response_format: {} }, "response_format.type: "],
  [{ response_format: { type: "json_schema" } }, "response_format.json_schema: "],
];

describe("malformed requests", () => {
  for (const [body, place] of MALFORMED) {
    test(`${JSON.stringify(body)} is a fault of ${place}`, () => {
      assert.throws(
        () => read(body),
        (error) => error instanceof LlmError && error.fault.kind === "invalid" && error.message.startsWith(place),
      );
    });
  }
});
