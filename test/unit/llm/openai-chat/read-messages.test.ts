// Messages of clients of Chat Completions in the common form.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import { assistant, call, result, text, user } from "../../../support/llm/common-form.ts";
import { HELLO, read } from "./requests.ts";

function readMessages(...messages: readonly JsonObject[]): Pick<ChatRequest, "system" | "turns"> {
  const { system, turns } = read({ messages });
  return { system, turns };
}

describe("messages", () => {
  test("instructions at the beginning, and in the middle", () => {
    const { system, turns } = readMessages(
      { role: "developer", content: "A" },
      { role: "system", content: [{ type: "text", text: "B", cache_control: { type: "ephemeral", ttl: "1h" } }] },
      { role: "user", content: "Hi" },
      { role: "system", content: "C" },
    );
    assert.deepEqual(system, [text("A"), { ...text("B"), cache: { ttlSeconds: 3600 } }]);
    assert.deepEqual(turns, [user("Hi"), { role: "system", parts: [text("C")] }]);
  });

  test("contents of every kind", () => {
    const image = (source: object, detail: string | null = null) => ({ kind: "image", source, detail, cache: null });
    const content = [
      { type: "text", text: "See", prompt_cache_breakpoint: { mode: "explicit", ttl: "30m" } },
      { type: "image_url", image_url: { url: "https://x.test/a.png", detail: "low" } },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
      { type: "image_url", image_url: "https://x.test/b.png" },
      { type: "input_audio", input_audio: { data: "BBBB", format: "mp3" } },
      { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,CCCC" } },
      { type: "file", file: { file_id: "file-1" } },
      { type: "file", file: { filename: "b.pdf", file_data: "https://x.test/b.pdf" } },
      { type: "video_url", video_url: {} },
    ];
    const { turns, nativeOnly } = read({ messages: [{ role: "user", content }] });
    assert.deepEqual(turns[0]!.parts, [
      { ...text("See"), cache: { ttlSeconds: 1800 } },
      image({ kind: "url", url: "https://x.test/a.png", mediaType: null }, "low"),
      image({ kind: "base64", mediaType: "image/png", data: "AAAA" }),
      image({ kind: "url", url: "https://x.test/b.png", mediaType: null }),
      { kind: "audio", source: { kind: "base64", mediaType: "audio/mpeg", data: "BBBB" }, cache: null },
      {
        kind: "document",
        name: "a.pdf",
        source: { kind: "base64", mediaType: "application/pdf", data: "CCCC" },
        cache: null,
      },
      { kind: "document", name: null, source: { kind: "file", id: "file-1", family: "openai" }, cache: null },
      {
        kind: "document",
        name: "b.pdf",
        source: { kind: "url", url: "https://x.test/b.pdf", mediaType: null },
        cache: null,
      },
    ]);
    assert.deepEqual(nativeOnly, ["content video_url"]);
  });

  test("calls and their results, which are one turn", () => {
    const { turns } = readMessages(
      ...HELLO,
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "a", type: "function", function: { name: "f", arguments: "{}" } },
          { id: "b", type: "custom", custom: { name: "p", input: "raw" } },
        ],
      },
      { role: "tool", tool_call_id: "a", content: "1" },
      { role: "tool", tool_call_id: "b", content: [{ type: "text", text: "2" }] },
      { role: "tool", tool_call_id: "lost", content: "3" },
      { role: "user", content: "Go on" },
    );
    assert.deepEqual(turns.slice(1), [
      assistant(call("a", "f", "{}"), call("b", "p", "raw", { freeform: true })),
      user(result("a", "1", { name: "f" }), result("b", "2", { name: "p", freeform: true }), result("lost", "3")),
      user("Go on"),
    ]);
  });

  test("deprecated calls have the same id in call and result, on every turn", () => {
    const messages = [
      ...HELLO,
      { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
      { role: "function", name: "f", content: "1" },
    ];
    const { turns } = readMessages(...messages);
    assert.deepEqual(turns.slice(1), [
      assistant(call("call_function_1", "f", "{}")),
      user(result("call_function_1", "1", { name: "f" })),
    ]);
    assert.deepEqual(readMessages(...messages, ...HELLO).turns.slice(0, 3), turns);
  });

  test("refusals", () => {
    const { turns } = readMessages(...HELLO, {
      role: "assistant",
      content: [{ type: "refusal", refusal: "No" }],
      refusal: "Never",
    });
    assert.deepEqual(turns[1]!.parts, [
      { kind: "refusal", text: "No" },
      { kind: "refusal", text: "Never" },
    ]);
  });

  test("names of participants are left out elsewhere, audio and prefixes are of this format", () => {
    const messages = [
      { role: "user", content: "Hi", name: "ann" },
      { role: "assistant", content: "A", audio: { id: "x" }, prefix: true },
    ];
    const request = read({ messages });
    assert.deepEqual(
      [request.droppable, request.nativeOnly],
      [["messages.name"], ["messages.audio", "messages.prefix"]],
    );
  });
});
