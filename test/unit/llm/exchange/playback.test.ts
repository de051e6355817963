// A complete answer, played as a stream and collected again, is the same answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerCollector } from "../../../../src/llm/exchange/reply/answer-collector.ts";
import { playback } from "../../../../src/llm/exchange/reply/playback.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import type { ChatResponse } from "../../../../src/llm/message/response.ts";

const SIGNATURE = { family: "anthropic", value: "s" } as const;
const ANSWER: ChatResponse = {
  id: "r-1",
  model: "m",
  createdAt: 5,
  serviceTier: null,
  usage: { input: 1, cacheRead: 2, cacheWrite: 3, cacheWriteLong: 0, output: 4, reasoning: 5 },
  choices: [
    {
      parts: [
        { kind: "reasoning", text: "hm", summary: false, signature: SIGNATURE, redacted: false, id: null },
        { kind: "reasoning", text: "", summary: false, signature: SIGNATURE, redacted: true, id: null },
        { kind: "text", text: "well", cache: null },
        { kind: "toolCall", id: "1", name: "a", arguments: "{}", freeform: false, signature: null, cache: null },
        { kind: "toolCall", id: "2", name: "b", arguments: "x", freeform: true, signature: SIGNATURE, cache: null },
      ],
      finish: "toolCalls",
      stopSequence: null,
      logprobs: null,
    },
    { parts: [{ kind: "refusal", text: "no" }], finish: "contentFilter", stopSequence: null, logprobs: null },
  ],
};

test("an answer survives being streamed", () => {
  const collector = new AnswerCollector();
  playback(ANSWER, collector);
  assert.deepEqual(collector.response(), ANSWER);
});

test("an answer that is not complete, or faulted, is none", () => {
  const cut = new AnswerCollector();
  cut.start("r", "m", 0);
  cut.text(0, "part");
  assert.throws(() => cut.response(), LlmError);
  const open = new AnswerCollector();
  open.text(0, "part");
  open.end();
  assert.throws(() => open.response(), LlmError);
});
