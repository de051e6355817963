// What makes two requests parts of one conversation.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { conversationOf } from "../../../../src/llm/credentials/sticky.ts";

const AGENT = {
  system: [
    { type: "text", text: "x-anthropic-billing-header: cc_version=2.1; cch=a1b2c;" },
    { type: "text", text: "You are an agent.", cache_control: { type: "ephemeral" } },
  ],
  tools: [{ name: "read", input_schema: { type: "object" } }],
  messages: [{ role: "user", content: "fix the bug" }],
};
const LATER = [...AGENT.messages, { role: "assistant", content: "done" }, { role: "user", content: "now the tests" }];

function of(body: Parameters<typeof conversationOf>[1], fields: string[] = [], principal = "alice"): string | null {
  return conversationOf(fields, body, principal);
}

describe("a conversation", () => {
  test("is named by the session of its agent, then its cache key, then its user, then its beginning", () => {
    const body = { ...AGENT, prompt_cache_key: "c", metadata: { user_id: "u" } };
    const other = { ...body, prompt_cache_key: "d", metadata: { user_id: "v" }, messages: [] };
    assert.equal(of(body, ["X-Claude-Code-Session-Id", "s"]), of(other, ["x-claude-code-session-id", "s"]));
    assert.equal(of(body, ["session_id", "s"]), of(other, ["session_id", "s"]));
    assert.notEqual(of(body, ["session_id", "s"]), of(body, ["session_id", "t"]));
    assert.equal(of(body), of({ ...other, prompt_cache_key: "c" }));
    assert.notEqual(of(body), of(other));
    const { prompt_cache_key: _, ...named } = body;
    assert.equal(of(named), of({ messages: [], metadata: { user_id: "u" } }));
    assert.notEqual(of(named), of({ ...named, metadata: { user_id: "v" } }));
    assert.notEqual(of(AGENT), of({ ...AGENT, messages: [{ role: "user", content: "another" }] }));
  });
  test("goes on with further turns, another billing header and moved cache marks", () => {
    const system = [
      { type: "text", text: "x-anthropic-billing-header: cc_version=2.1; cch=99999;" },
      { type: "text", text: "You are an agent." },
    ];
    assert.equal(of({ ...AGENT, system, messages: LATER }), of(AGENT));
  });
  test("is another with other instructions, tools or client", () => {
    assert.notEqual(of({ ...AGENT, system: "You are a poet." }), of(AGENT));
    assert.notEqual(of({ ...AGENT, tools: [{ name: "write" }] }), of(AGENT));
    assert.notEqual(of(AGENT, [], "bob"), of(AGENT));
  });
  const FORMATS: readonly [string, (turns: number) => Record<string, unknown>][] = [
    [
      "Chat Completions",
      (turns) => ({
        tools: [{ type: "function", function: { name: "read" } }],
        messages: [
          { role: "system", content: "s" },
          ...Array.from({ length: turns }, (_, i) => ({ role: "user", content: `${i}` })),
        ],
      }),
    ],
    [
      "Responses",
      (turns) => ({
        instructions: "s",
        input: Array.from({ length: turns }, (_, i) => ({
          role: "user",
          content: [{ type: "input_text", text: `${i}` }],
        })),
      }),
    ],
    [
      "Gemini",
      (turns) => ({
        systemInstruction: { parts: [{ text: "s" }] },
        contents: Array.from({ length: turns }, (_, i) => ({ role: "user", parts: [{ text: `${i}` }] })),
      }),
    ],
  ];
  for (const [format, body] of FORMATS) {
    test(`is recognised by its beginning in ${format}`, () => {
      assert.match(of(body(1))!, /^[0-9a-f]{16}$/);
      assert.equal(of(body(5)), of(body(1)));
      assert.notEqual(of(body(1)), of({ ...body(1), instructions: "t", systemInstruction: "t", messages: ["t"] }));
    });
  }
  test("of one text is that text", () => {
    assert.notEqual(of({ input: "a" }), of({ input: "b" }));
    assert.equal(of({ input: "a" }), of({ input: "a" }));
  });
  test("has no identity without any of it", () => {
    assert.equal(of(null), null);
    assert.equal(of({ model: "m" }), null);
    assert.equal(of({ messages: [], tools: "none", metadata: 7, prompt_cache_key: "" }), null);
    assert.equal(of(null, ["session_id", ""]), null);
  });
  test("tells long instructions apart by beginning and length", () => {
    const long = "a".repeat(100_000);
    assert.notEqual(of({ system: long, messages: [] }), of({ system: `${long}a`, messages: [] }));
    assert.equal(of({ system: long, messages: [] }), of({ system: long, messages: [] }));
  });
  test("nested without end does not end the process", () => {
    let deep: unknown = "x";
    for (let i = 0; i < 5000; i++) deep = [deep];
    assert.equal(of({ input: deep }), null);
  });
});
