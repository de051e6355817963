// Answers streamed as Chat Completions, as real servers send them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SinkCall } from "../../../support/llm/common-form.ts";
import { chunk, delta, END, finish, HELLO, read, SAID, START, usage } from "./chunks.ts";

/** What, events, and what the sink is told before its `end`. */
const ANSWERS: readonly (readonly [string, readonly string[], readonly SinkCall[]])[] = [
  [
    "text and usage as OpenAI sends them",
    [...HELLO, delta({}, "stop"), chunk([], { usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } })],
    [...SAID, usage(5, 2), finish("stop")],
  ],
  [
    "a first chunk without choices or model (Azure)",
    [chunk([], { id: "", model: "", prompt_filter_results: [] }), ...HELLO, delta({}, "stop")],
    [...SAID, finish("stop")],
  ],
  [
    "padding and moderation of chunks",
    [chunk([{ index: 0, delta: { content: "Hi" }, finish_reason: "stop" }], { obfuscation: "x1", moderation: null })],
    [START, ["text", 0, "Hi"], finish("stop")],
  ],
  [
    "usage in every chunk, the first before any content (vLLM)",
    [
      chunk([{ index: 0, delta: { role: "assistant" } }], {
        usage: { prompt_tokens: 5, completion_tokens: 0, total_tokens: 5 },
      }),
      chunk([{ index: 0, delta: { content: "Hi" } }], {
        usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
      }),
      delta({}, "stop"),
    ],
    [START, usage(5, 0), ["text", 0, "Hi"], usage(5, 1), finish("stop")],
  ],
  [
    "early usage with no choices, which ends nothing",
    [chunk([], { usage: { prompt_tokens: 5, completion_tokens: 0 } }), ...HELLO, delta({}, "stop")],
    [START, usage(5, 0), ["text", 0, "Hel"], ["text", 0, "lo"], finish("stop")],
  ],
  [
    "usage where Groq has it",
    [
      delta({ content: "Hi" }),
      chunk([{ index: 0, delta: {}, finish_reason: "stop" }], {
        x_groq: { usage: { prompt_tokens: 1, completion_tokens: 2 } },
      }),
    ],
    [START, ["text", 0, "Hi"], usage(1, 2), finish("stop")],
  ],
  [
    "two objects glued together in one event",
    [HELLO[0]!, `${HELLO[1]} ${HELLO[2]}`, delta({}, "stop")],
    [...SAID, finish("stop")],
  ],
  [
    "a finish that is repeated, and content after it",
    [HELLO[0]!, HELLO[1]!, delta({}, "stop"), delta({ content: "lo" }, "stop")],
    [...SAID, finish("stop")],
  ],
  [
    "no index of the choice",
    [chunk([{ delta: { content: "Hi" } }]), chunk([{ delta: {}, finish_reason: "stop" }])],
    [START, ["text", 0, "Hi"], finish("stop")],
  ],
  [
    "a refusal",
    [delta({ role: "assistant", refusal: "No" }), delta({}, "stop")],
    [START, ["refusal", 0, "No"], finish("stop")],
  ],
  [
    "the stop sequence that was reached (vLLM)",
    [delta({ content: "Hi" }), delta({}, "stop", { stop_reason: "END" })],
    [START, ["text", 0, "Hi"], finish("stopSequence", "END")],
  ],
  [
    "a token that ends every text is no stop sequence (vLLM)",
    [delta({ content: "Hi" }), delta({}, "stop", { stop_reason: 128_009 })],
    [START, ["text", 0, "Hi"], finish("stop")],
  ],
  [
    "log probabilities before the text they are of",
    [
      delta({ content: "Hi" }, null, { logprobs: { content: [{ token: "Hi" }] } }),
      delta({}, "stop", { logprobs: null }),
    ],
    [START, ["logprobs", 0, { content: [{ token: "Hi" }] }], ["text", 0, "Hi"], finish("stop")],
  ],
  [
    "several choices, interleaved",
    [
      chunk([{ index: 1, delta: { content: "B" } }]),
      chunk([{ index: 0, delta: { content: "A" } }]),
      chunk([{ index: 1, delta: {}, finish_reason: "length" }]),
      delta({}, "stop"),
    ],
    [START, ["text", 1, "B"], ["text", 0, "A"], finish("stop"), ["finish", 1, "length", null]],
  ],
  [
    "a content filter",
    [delta({ content: "Hi" }), delta({}, "content_filter")],
    [START, ["text", 0, "Hi"], finish("contentFilter")],
  ],
  [
    "reasoning_content (DeepSeek, vLLM)",
    [
      delta({ role: "assistant", content: null, reasoning_content: "" }),
      delta({ reasoning_content: "Hm" }),
      delta({ content: "Hi", reasoning_content: null }),
      delta({}, "stop"),
    ],
    [START, ["reasoning", 0, "Hm", false], ["reasoningEnd", 0, null, false, null], ["text", 0, "Hi"], finish("stop")],
  ],
  [
    "the same thought in two fields",
    [delta({ reasoning: "Hm", reasoning_content: "Hm" }), delta({ content: "Hi" }, "stop")],
    [START, ["reasoning", 0, "Hm", false], ["reasoningEnd", 0, null, false, null], ["text", 0, "Hi"], finish("stop")],
  ],
  [
    "reasoning and its proof (OpenRouter, Claude)",
    [
      delta({
        reasoning: "Hm",
        reasoning_details: [{ type: "reasoning.text", text: "Hm", format: "anthropic-claude-v1", index: 0 }],
      }),
      delta({
        reasoning: null,
        reasoning_details: [{ type: "reasoning.text", signature: "sig", format: "anthropic-claude-v1", index: 0 }],
      }),
      delta({ content: "Hi" }, "stop"),
    ],
    [
      START,
      ["reasoning", 0, "Hm", false],
      ["reasoningEnd", 0, { family: "anthropic", value: "sig" }, false, null],
      ["text", 0, "Hi"],
      finish("stop"),
    ],
  ],
  [
    "a summary and its encrypted thought (OpenRouter, OpenAI)",
    [
      delta({
        reasoning: "Sum",
        reasoning_details: [{ type: "reasoning.summary", summary: "Sum", format: "openai-responses-v1" }],
      }),
      delta({
        reasoning_details: [{ type: "reasoning.encrypted", data: "enc", id: "rs_1", format: "openai-responses-v1" }],
      }),
      delta({ content: "Hi" }, "stop"),
    ],
    [
      START,
      ["reasoning", 0, "Sum", true],
      ["reasoningEnd", 0, { family: "openai", value: "enc" }, false, "rs_1"],
      ["text", 0, "Hi"],
      finish("stop"),
    ],
  ],
  [
    "a thought that is all encrypted",
    [
      delta({ reasoning_details: [{ type: "reasoning.encrypted", data: "enc", format: "anthropic-claude-v1" }] }),
      delta({ content: "Hi" }, "stop"),
    ],
    [START, ["reasoningEnd", 0, { family: "anthropic", value: "enc" }, true, null], ["text", 0, "Hi"], finish("stop")],
  ],
  [
    "a proof that comes after the answer began is of no thought any more",
    [
      delta({ reasoning: "Hm" }),
      delta({ content: "Hi" }),
      delta({ reasoning_details: [{ type: "reasoning.text", signature: "s", format: "anthropic-claude-v1" }] }),
      delta({}, "stop"),
    ],
    [START, ["reasoning", 0, "Hm", false], ["reasoningEnd", 0, null, false, null], ["text", 0, "Hi"], finish("stop")],
  ],
  [
    "content in parts (Mistral)",
    [
      delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "Hm" }] }] }),
      delta({ content: [{ type: "text", text: "Hi" }] }, "stop"),
    ],
    [START, ["reasoning", 0, "Hm", false], ["reasoningEnd", 0, null, false, null], ["text", 0, "Hi"], finish("stop")],
  ],
];

describe("streams that are complete", () => {
  for (const [what, events, calls] of ANSWERS) test(what, () => assert.deepEqual(read(events), [...calls, END]));

  test("an answer with a finish is complete without [DONE]", () => {
    assert.deepEqual(read([...HELLO, delta({}, "stop")], "closed"), [...SAID, finish("stop"), END]);
  });

  test("nothing is read after [DONE]", () => {
    assert.deepEqual(read([...HELLO, delta({}, "stop"), "[DONE]", delta({ content: "x" })]), [
      ...SAID,
      finish("stop"),
      END,
    ]);
  });
});
