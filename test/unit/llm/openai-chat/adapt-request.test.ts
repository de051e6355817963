// A client's own body for an endpoint that takes not quite the same.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { editedJson } from "../../../../src/llm/bytes/json-edit.ts";
import { isProblem, membersOf } from "../../../../src/llm/bytes/json-members.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { Dialect, ModelTarget } from "../../../../src/llm/models/model.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { PROVIDER_KINDS } from "../../../../src/llm/providers/kinds.ts";
import { modelTarget } from "../../../support/llm/common-form.ts";

const OPENROUTER = PROVIDER_KINDS.openrouter.dialect;
const COMPATIBLE = PROVIDER_KINDS.openaiCompatible.dialect;

function adapted(body: JsonObject, dialect: Partial<Dialect>, more: Partial<ModelTarget> = {}): unknown {
  const bytes = Buffer.from(JSON.stringify(body));
  const members = membersOf(bytes, { from: 0, to: bytes.length });
  assert.ok(!isProblem(members));
  const pieces = editedJson(
    bytes,
    members,
    openaiChat.provider.adaptRequest!(body, { ...modelTarget({}, dialect), ...more }),
  );
  assert.ok(!isProblem(pieces));
  return JSON.parse(Buffer.concat(pieces).toString());
}

describe("a client's own body", () => {
  const plain = {
    messages: [
      { role: "system", content: "Be brief" },
      { role: "assistant", tool_calls: [{ id: "call_1" }] },
      { role: "tool", tool_call_id: "call_1", content: "x" },
    ],
    max_completion_tokens: 5,
  };

  test("passes as it is where the endpoint takes it", () => {
    assert.deepEqual(openaiChat.provider.adaptRequest!(plain, modelTarget()), {});
  });

  test("has the bound of its output under the name the endpoint knows", () => {
    assert.deepEqual(adapted({ a: 1, max_completion_tokens: 5 }, COMPATIBLE), { a: 1, max_tokens: 5 });
    assert.deepEqual(adapted({ max_tokens: 5 }, {}), { max_completion_tokens: 5 });
    assert.deepEqual(adapted({ max_tokens: 5, max_completion_tokens: 6 }, {}), { max_completion_tokens: 6 });
    assert.deepEqual(adapted({ max_tokens: 5, max_completion_tokens: 6 }, COMPATIBLE), { max_tokens: 6 });
    assert.deepEqual(adapted({ max_tokens: null }, {}), { max_tokens: null });
  });

  test("has instructions as system where the role developer is unknown", () => {
    const messages = [
      { role: "developer", content: "Be brief", name: "x" },
      { role: "user", content: "Hi" },
    ];
    assert.deepEqual(adapted({ messages }, COMPATIBLE), {
      messages: [{ ...messages[0], role: "system" }, messages[1]],
    });
  });

  test("has a thought in every turn with calls where the model demands it, empty if the client has not kept it", () => {
    const target = (reasoning: Dialect["reasoning"]) =>
      modelTarget({ reasoningBack: true }, { genuine: false, reasoning });
    const kept = { role: "assistant", tool_calls: [{ id: "call_2" }], reasoning_content: "Hm" };
    const body = { messages: [...plain.messages, kept] };
    for (const [dialect, field] of [
      ["reasoning_effort", "reasoning_content"],
      ["openrouter", "reasoning"],
    ] as const) {
      const { messages } = openaiChat.provider.adaptRequest!(body, target(dialect));
      const [, call, , last] = JSON.parse(String(messages)) as unknown[];
      assert.deepEqual([call, last], [{ ...plain.messages[1], [field]: "" }, kept]);
    }
    assert.deepEqual(openaiChat.provider.adaptRequest!({ messages: [kept] }, target("reasoning_effort")), {});
  });

  test("has ids of calls that Mistral takes, those of results alike", () => {
    const { messages } = adapted(plain, { callIds: "mistral" }) as { messages: readonly Record<string, unknown>[] };
    const [call] = messages[1]!.tool_calls as { id: string }[];
    assert.match(call!.id, /^[a-zA-Z0-9]{9}$/);
    assert.equal(messages[2]!.tool_call_id, call!.id);
  });

  const detail = (format: string, more: object = { signature: "s" }) => ({
    type: "reasoning.text",
    text: "Hm",
    format,
    ...more,
  });
  const thinking = {
    ...{ role: "assistant", content: null, reasoning_content: "Hm" },
    reasoning_details: [detail("anthropic-claude-v1"), detail("unknown", {})],
    tool_calls: [{ id: "call_1", extra_content: { google: { thought_signature: "g" } } }],
  };

  test("keeps thoughts from OpenAI, which knows no field for them", () => {
    const { messages } = adapted({ messages: [thinking] }, {}) as { messages: readonly object[] };
    assert.deepEqual(messages, [{ role: "assistant", content: null, tool_calls: [{ id: "call_1" }] }]);
  });

  test("keeps proved thoughts from models of others, with their text, and leaves the rest", () => {
    const { reasoning_details: details, reasoning_content: text, ...rest } = thinking;
    const others = adapted({ messages: [thinking] }, OPENROUTER, { family: "gemini" }) as {
      messages: readonly object[];
    };
    assert.deepEqual(others.messages, [{ ...rest, reasoning_details: [details[1]] }]);
    for (const own of [
      { ...thinking, reasoning_details: [details[1]] },
      { ...rest, reasoning_content: text },
    ]) {
      assert.deepEqual(openaiChat.provider.adaptRequest!({ messages: [own] }, modelTarget({}, COMPATIBLE)), {});
    }
    assert.deepEqual(adapted({ messages: [thinking] }, OPENROUTER, { family: "anthropic" }), { messages: [thinking] });
  });

  test("has an empty thought where the model demands one", () => {
    const foreign = { ...thinking, reasoning_details: thinking.reasoning_details.slice(0, 1) };
    const facts = { ...modelTarget().facts, reasoningBack: true };
    const { messages } = adapted({ messages: [foreign] }, COMPATIBLE, { family: "other", facts }) as {
      messages: readonly JsonObject[];
    };
    assert.equal(messages[0]!.reasoning_content, "");
  });

  test("is not read where it is malformed", () => {
    for (const messages of [null, 7, [null, 7, { tool_calls: 7 }, { tool_calls: [null, { id: 7 }] }]]) {
      assert.deepEqual(openaiChat.provider.adaptRequest!({ messages }, modelTarget({}, COMPATIBLE)), {});
    }
  });
});
