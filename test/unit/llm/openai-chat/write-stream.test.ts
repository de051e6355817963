// Streams of Chat Completions as clients get them, by a strict validator.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { faultOf } from "../../../../src/llm/message/fault.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { validateChatStream } from "../../../support/llm/chat-validator.ts";
import { identity, replay, type SinkCall } from "../../../support/llm/common-form.ts";

import { finish, START, TEXT, TOOLS, USAGE, validated, write } from "./written.ts";

describe("streams for clients", () => {
  test("text, with usage in a chunk of its own", () => {
    const answer = validated(TEXT);
    assert.equal(answer.choices[0]!.text, "Héllo\n");
    assert.equal(answer.choices[0]!.finish, "stop");
    assert.equal(answer.id, "chatcmpl-9");
    assert.equal(answer.model, "acme/model");
    assert.deepEqual([answer.usage!.prompt_tokens, answer.usage!.completion_tokens], [6, 9]);
  });

  test("no usage chunk for a client that has not asked", () => {
    const stream = write(TEXT, { streamUsage: false });
    assert.equal(validateChatStream(stream, { usage: false }).usage, null);
    assert.doesNotMatch(stream, /usage/);
  });

  test("no usage is invented where the provider reports none", () => {
    assert.equal(validated(TEXT.filter(([name]) => name !== "usage")).usage, null);
  });

  test("parallel calls, one without arguments", () => {
    const [choice] = validated(TOOLS).choices;
    assert.equal(choice!.text, "Let me");
    assert.deepEqual(
      choice!.calls.map(({ id, name, arguments: args }) => [id, name, args]),
      [
        ["call_a", "read", '{"path":"a"}'],
        ["call_b", "list", "{}"],
      ],
    );
    assert.equal(choice!.finish, "tool_calls");
  });

  test("interleaved calls stay apart", () => {
    const [choice] = validated([
      START,
      ["toolStart", 0, 0, "a", "f", false],
      ["toolStart", 0, 1, "b", "g", false],
      ["toolArguments", 0, 1, "[1"],
      ["toolArguments", 0, 0, "{}"],
      ["toolArguments", 0, 1, "]"],
      ["toolEnd", 0, 0, null],
      ["toolEnd", 0, 1, null],
      finish("toolCalls"),
      ["end"],
    ]).choices;
    assert.deepEqual(
      choice!.calls.map((each) => each.arguments),
      ["{}", "[1]"],
    );
  });

  test("freeform calls have raw input", () => {
    const [choice] = validated([
      START,
      ["toolStart", 0, 0, "a", "patch", true],
      ["toolArguments", 0, 0, "*** x"],
      ["toolEnd", 0, 0, null],
      finish("toolCalls"),
      ["end"],
    ]).choices;
    assert.deepEqual(choice!.calls, [{ id: "a", name: "patch", type: "custom", arguments: "*** x", extra: null }]);
  });

  test("clients that declared functions get a function_call", () => {
    const [choice] = validated(TOOLS, { functions: true }).choices;
    assert.deepEqual(choice!.calls, [
      { id: "", name: "read", type: "function_call", arguments: '{"path":"a"}', extra: null },
    ]);
    assert.equal(choice!.finish, "function_call");
  });

  test("the proof of a call goes where Google has it", () => {
    const [choice] = validated([
      START,
      ["toolStart", 0, 0, "a", "f", false],
      ["toolEnd", 0, 0, { family: "gemini", value: "sig" }],
      finish("toolCalls"),
      ["end"],
    ]).choices;
    assert.deepEqual(choice!.calls[0]!.extra, { google: { thought_signature: "sig" } });
  });

  test("thoughts, and a detail that repeats the proved one whole", () => {
    const signature = { family: "anthropic", value: "sig" };
    const thought: readonly SinkCall[] = [
      ["reasoning", 0, "H", false],
      ["reasoning", 0, "m", false],
      ["reasoningEnd", 0, signature, false, null],
      ["reasoningEnd", 0, { ...signature, value: "enc" }, true, null],
    ];
    const calls: readonly SinkCall[] = [START, ...thought, ["text", 0, "Hi"], finish("stop"), ["end"]];
    const [choice] = validated(calls).choices;
    assert.deepEqual([choice!.thoughts, choice!.text], ["Hm", "Hi"]);
    assert.deepEqual(choice!.details, [
      { type: "reasoning.text", text: "Hm", signature: "sig", format: "anthropic-claude-v1", id: null, index: 0 },
      { type: "reasoning.encrypted", data: "enc", format: "anthropic-claude-v1", id: null, index: 1 },
    ]);
    const hidden = { effort: null, budget: null, adaptive: false, visible: false, summary: null };
    assert.deepEqual(validated(calls, { reasoning: hidden }).choices[0]!.thoughts, "");
  });

  test("unproved thoughts have no detail", () => {
    const [choice] = validated([
      START,
      ["reasoning", 0, "Hm", false],
      ["reasoningEnd", 0, null, false, null],
      ["text", 0, "Hi"],
      finish("stop"),
      ["end"],
    ]).choices;
    assert.deepEqual([choice!.thoughts, choice!.details], ["Hm", []]);
  });

  test("log probabilities go with their text", () => {
    const [choice] = validated([
      START,
      ["logprobs", 0, { content: [{ token: "Hi" }], refusal: null }],
      ["text", 0, "Hi"],
      finish("stop"),
      ["end"],
    ]).choices;
    assert.deepEqual(choice!.logprobs, [{ token: "Hi" }]);
  });

  test("several choices, each with its role and finish", () => {
    const answer = validated([
      START,
      ["text", 1, "B"],
      ["text", 0, "A"],
      ["finish", 1, "length", null],
      finish("stop"),
      ["end"],
    ]);
    assert.deepEqual(
      answer.choices.map(({ text, finish: end }) => [text, end]),
      [
        ["A", "stop"],
        ["B", "length"],
      ],
    );
  });

  for (const [reason, word] of [
    ["stop", "stop"],
    ["stopSequence", "stop"],
    ["length", "length"],
    ["contentFilter", "content_filter"],
  ]) {
    test(`${reason} is ${word}, also of an answer without content`, () => {
      assert.equal(validated([START, finish(reason!), ["end"]]).choices[0]!.finish, word);
    });
  }

  test("a fault is the last event, and no [DONE] follows", () => {
    const answer = validated([
      START,
      ["text", 0, "Hé"],
      ["fault", faultOf("overloaded", "The provider is overloaded")],
    ]);
    assert.equal(answer.error!.code, "server_is_overloaded");
    assert.equal(answer.choices[0]!.finish, null);
    const alone = openaiChat.client.errorEvents(faultOf("badGateway", "cut"), "r-1");
    assert.equal(validateChatStream(openaiChat.client.keepAlive + alone, { usage: false }).error!.message, "cut");
  });

  test("only what the client would miss counts as content", () => {
    const writer = openaiChat.client.streamWriter(identity({ stream: true }));
    replay([START, USAGE], writer);
    assert.equal(writer.hasContent, false);
    replay([["reasoning", 0, "Hm", false]], writer);
    assert.equal(writer.hasContent, true);
  });
});
