// Bodies of clients for providers of the same format.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { anthropicMessages } from "../../../../src/llm/anthropic/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { seal, sealCall } from "../../../../src/llm/reasoning/sealed-thoughts.ts";
import { target } from "../../../support/llm/anthropic-samples.ts";

const gemini = { family: "gemini", value: "sig" } as const;
const foreign = seal({ signature: gemini, redacted: false, summary: false, id: null, hidden: null }, "anthropic");
const own = { type: "thinking", thinking: "hm", signature: "ErUB" };
const call = { type: "tool_use", id: "t", name: "f", input: {} };
const result = { role: "user", content: [{ type: "tool_result", tool_use_id: "t" }] };
const user = { role: "user", content: "a" };

function adapted(body: JsonObject, reasoningBack = false): JsonObject {
  const edits = anthropicMessages.provider.adaptRequest!(body, target({ reasoningBack }));
  return Object.fromEntries(Object.entries(edits).map(([key, json]) => [key, JSON.parse(String(json))]));
}

describe("a body for a provider of the same format", () => {
  test("passes as it is where all thoughts are the provider's", () => {
    const redacted = { type: "redacted_thinking", data: "ErUB" };
    assert.deepEqual(adapted({ messages: [user, { role: "assistant", content: [own, redacted, call] }, result] }), {});
    assert.deepEqual(adapted({ messages: "malformed" }), {});
    assert.deepEqual(adapted({ messages: [1, { role: "assistant", content: [1] }] }), {});
  });

  test("loses thoughts of others, and unproved ones", () => {
    const content = [
      { ...own, signature: foreign },
      { type: "redacted_thinking", data: sealCall(gemini, "anthropic") },
      { type: "thinking", thinking: "x", signature: "" },
      own,
      call,
    ];
    const alone = { role: "assistant", content: [{ ...own, signature: foreign }] };
    const { messages } = adapted({ messages: [user, alone, user, { role: "assistant", content, extra: 1 }, result] });
    assert.deepEqual(messages, [user, user, { role: "assistant", content: [own, call], extra: 1 }, result]);
  });

  test("keeps unproved thoughts for a model that wants its own back", () => {
    const content = [{ type: "thinking", thinking: "x", signature: "" }, call];
    assert.deepEqual(adapted({ messages: [user, { role: "assistant", content }, result] }, true), {});
  });

  test("asks for no thought with a budget in the middle of a loop that began without", () => {
    const messages = [user, { role: "assistant", content: [{ ...own, signature: foreign }, call] }, result];
    const thinking = { type: "enabled", budget_tokens: 2000 };
    assert.deepEqual(adapted({ messages, thinking }).thinking, { type: "disabled" });
    assert.equal(adapted({ messages, thinking: { type: "adaptive" } }).thinking, undefined);
    const ended = [...messages, { role: "assistant", content: "done" }, user];
    assert.equal(adapted({ messages: ended, thinking }).thinking, undefined);
  });
});
