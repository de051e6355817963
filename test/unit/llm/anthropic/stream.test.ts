// Streamed answers of Anthropic Messages: read from providers, written to clients.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { anthropicMessages } from "../../../../src/llm/anthropic/format.ts";
import type { StreamWriter } from "../../../../src/llm/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { faultOf, LlmError } from "../../../../src/llm/message/fault.ts";
import type { Usage } from "../../../../src/llm/message/usage.ts";
import { unseal, unsealCall } from "../../../../src/llm/reasoning/sealed-thoughts.ts";
import { feed, identity, stream } from "../../../support/llm/anthropic-samples.ts";
import { validateMessages } from "../../../support/llm/anthropic-validator.ts";
import { RecordingSink } from "../../../support/llm/recording-sink.ts";

const usage: Usage = { input: 10, cacheRead: 20, cacheWrite: 30, cacheWriteLong: 40, output: 5, reasoning: 6 };
const START = {
  type: "message_start",
  message: { id: "msg_1", model: "claude-x", usage: { input_tokens: 9, output_tokens: 1 } },
};
const begin = (index: number, content_block: JsonObject) => ({ type: "content_block_start", index, content_block });
const delta = (index: number, piece: JsonObject) => ({ type: "content_block_delta", index, delta: piece });
const stop = (index: number) => ({ type: "content_block_stop", index });
const END = [
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 7 } },
  { type: "message_stop" },
];

function heard(events: readonly JsonObject[]): RecordingSink {
  const sink = new RecordingSink();
  const reader = anthropicMessages.provider.streamReader(sink);
  feed(reader, events);
  reader.close();
  return sink;
}

/** Calls between start and finish, without usage. */
function content(...events: JsonObject[]): unknown[] {
  const calls = heard([START, ...events, ...END]).calls.filter(([name]) => name !== "usage");
  return calls.slice(
    1,
    calls.findIndex(([name]) => name === "finish"),
  );
}

describe("a reader", () => {
  test("reads an answer from start to end", () => {
    const { calls } = heard([
      START,
      begin(0, { type: "text", text: "" }),
      { type: "ping" },
      delta(0, { type: "text_delta", text: "Hi" }),
      stop(0),
      ...END,
    ]);
    const report = { input: 9, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, output: 1, reasoning: 0 };
    assert.deepEqual(calls, [
      ["start", "msg_1", "claude-x", 0],
      ["usage", report],
      ["text", 0, "Hi"],
      ["usage", { ...report, output: 7 }],
      ["finish", 0, "stop", null],
      ["end"],
    ]);
  });

  const signature = { family: "anthropic", value: "sig" };
  const rows: [string, JsonObject[], unknown[]][] = [
    [
      "a call in pieces",
      [
        begin(0, { type: "tool_use", id: "t1", name: "f", input: {} }),
        delta(0, { type: "input_json_delta", partial_json: "" }),
        delta(0, { type: "input_json_delta", partial_json: '{"a"' }),
        delta(0, { type: "input_json_delta", partial_json: ":1}" }),
        stop(0),
      ],
      [
        ["toolStart", 0, 0, "t1", "f", false],
        ["toolArguments", 0, 0, '{"a":1}'],
        ["toolEnd", 0, 0, null],
      ],
    ],
    [
      "a call without arguments, and one whose arguments come at once",
      [
        begin(0, { type: "tool_use", id: "t1", name: "f", input: {} }),
        stop(0),
        begin(1, { type: "tool_use", id: "t2", name: "g", input: { a: 1 } }),
        stop(1),
      ],
      [
        ["toolStart", 0, 0, "t1", "f", false],
        ["toolEnd", 0, 0, null],
        ["toolStart", 0, 1, "t2", "g", false],
        ["toolArguments", 0, 1, '{"a":1}'],
        ["toolEnd", 0, 1, null],
      ],
    ],
    [
      "a thought with its proof",
      [
        begin(0, { type: "thinking", thinking: "", signature: "" }),
        delta(0, { type: "thinking_delta", thinking: "hm" }),
        delta(0, { type: "signature_delta", signature: "sig" }),
        stop(0),
      ],
      [
        ["reasoning", 0, "hm", false],
        ["reasoningEnd", 0, signature, false, null],
      ],
    ],
    [
      "an encrypted thought",
      [begin(0, { type: "redacted_thinking", data: "sig" }), stop(0)],
      [["reasoningEnd", 0, signature, true, null]],
    ],
    [
      "an answer by a schema, which is a call",
      [
        begin(0, { type: "tool_use", id: "t", name: "gateway_final_answer", input: {} }),
        delta(0, { type: "input_json_delta", partial_json: "{}" }),
        stop(0),
      ],
      [["text", 0, "{}"]],
    ],
    [
      "nothing of blocks that only clients of this format know",
      [
        begin(0, { type: "server_tool_use", id: "s", name: "web_search", input: {} }),
        delta(0, { type: "input_json_delta", partial_json: "{}" }),
        stop(0),
        begin(1, { type: "novelty" }),
        delta(1, { type: "novelty_delta" }),
        stop(1),
        { type: "novelty" },
      ],
      [],
    ],
  ];
  for (const [name, events, want] of rows) test(`reads ${name}`, () => assert.deepEqual(content(...events), want));

  test("counts what it has no place for", () => {
    const reader = anthropicMessages.provider.streamReader(new RecordingSink());
    const search = { type: "server_tool_use", id: "s", name: "web_search", input: {} };
    const piece = { type: "input_json_delta", partial_json: "{}" };
    feed(reader, [START, { type: "ping" }, begin(0, search), delta(0, piece), stop(0), { type: "novelty" }, ...END]);
    assert.equal(reader.ignored, 3);
  });

  test("tells what every stop_reason means, and a call from a plain end", () => {
    const reasons = {
      end_turn: "stop",
      pause_turn: "stop",
      max_tokens: "length",
      model_context_window_exceeded: "length",
      tool_use: "stop", // without any call
      refusal: "contentFilter",
    };
    for (const [stop_reason, want] of Object.entries(reasons)) {
      const sink = heard([
        START,
        { type: "message_delta", delta: { stop_reason }, usage: {} },
        { type: "message_stop" },
      ]);
      assert.deepEqual(sink.last("finish"), [0, want, null], stop_reason);
    }
    const matched = { type: "message_delta", delta: { stop_reason: "stop_sequence", stop_sequence: "X" }, usage: {} };
    assert.deepEqual(heard([START, matched]).last("finish"), [0, "stopSequence", "X"]);
    const call = [begin(0, { type: "tool_use", id: "t", name: "f", input: {} }), stop(0)];
    assert.deepEqual(heard([START, ...call, ...END]).last("finish"), [0, "toolCalls", null]);
  });

  test("adds up reports of usage", () => {
    const message = {
      usage: {
        input_tokens: 3,
        cache_read_input_tokens: 50,
        cache_creation_input_tokens: 30,
        cache_creation: { ephemeral_1h_input_tokens: 20 },
        output_tokens: 1,
      },
    };
    const last = {
      output_tokens: 100,
      output_tokens_details: { thinking_tokens: 60 },
      cache_creation_input_tokens: 30,
    };
    const sink = heard([
      { type: "message_start", message },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: last },
    ]);
    assert.deepEqual(sink.last("usage"), [
      { input: 3, cacheRead: 50, cacheWrite: 10, cacheWriteLong: 20, output: 40, reasoning: 60 },
    ]);
  });

  test("reports the error that a provider sends instead of going on", () => {
    const sink = heard([START, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, ...END]);
    assert.deepEqual(sink.calls.at(-1), ["fault", faultOf("overloaded", "The provider is overloaded")]);
  });

  test("never completes an answer that the provider has not", () => {
    for (const events of [[], [START], [START, END[0]!], [START, begin(0, { type: "text", text: "a" })]]) {
      const [name, fault] = heard(events).calls.at(-1)!;
      assert.deepEqual([name, (fault as { kind: string }).kind], ["fault", "badGateway"]);
    }
  });

  test("hears nothing after the end", () => {
    const sink = heard([START, ...END, START, { type: "error", error: {} }]);
    assert.deepEqual(sink.calls.filter(([name]) => name === "start" || name === "fault").length, 1);
  });

  test("names what no answer can contain", () => {
    const rows: [JsonObject[], RegExp][] = [
      [[delta(0, { type: "text_delta", text: "a" })], /a delta of no block/],
      [[begin(0, { type: "text" })], /a block before message_start/],
      [[START, START], /a second message_start/],
      [[START, begin(0, { type: "text" }), begin(0, { type: "text" })], /a block that begins twice/],
      [[START, { type: "message_stop" }], /a message_stop without stop_reason/],
      [[START, { type: "message_delta", delta: { stop_reason: "bored" }, usage: {} }], /the unknown stop_reason bored/],
    ];
    for (const [events, message] of rows) {
      const reader = anthropicMessages.provider.streamReader(new RecordingSink());
      assert.throws(
        () => feed(reader, events),
        (error) => error instanceof LlmError && message.test(error.message),
        String(message),
      );
    }
    const reader = anthropicMessages.provider.streamReader(new RecordingSink());
    assert.throws(() => reader.event("", "<html>"), LlmError);
    reader.event("", "[DONE]");
  });
});

function refuse(to: StreamWriter): void {
  to.refusal(0, "no");
  to.finish(0, "stop", null);
}

function cutCall(to: StreamWriter): void {
  to.toolStart(0, 0, "a", "f", false);
  to.toolArguments(0, 0, '{"a');
  to.finish(0, "length", null);
}

/** What a client that sent `body` gets of an answer, checked. */
function answer(body: JsonObject, ...steps: ((to: StreamWriter) => void)[]): ReturnType<typeof validateMessages> {
  return validateMessages(
    stream(
      identity(body),
      (to) => to.start("x", "y", 0),
      ...steps,
      (to) => to.end(),
    ),
  );
}

describe("a writer", () => {
  test("writes an answer from start to end, with the name the client asked for and exact usage", () => {
    const {
      message,
      content,
      stopReason,
      usage: reported,
    } = answer(
      {},
      (to) => to.text(0, "Hel"),
      (to) => to.text(0, "lo"),
      (to) => to.finish(0, "stop", null),
      (to) => to.usage(usage),
    );
    assert.deepEqual([message.id, message.model], ["msg_test", "my-model"]);
    assert.equal((message.usage as JsonObject).input_tokens, 42);
    assert.deepEqual(content, [{ type: "text", text: "Hello" }]);
    assert.equal(stopReason, "end_turn");
    assert.deepEqual(reported, {
      input_tokens: 10,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 70,
      output_tokens: 11,
      output_tokens_details: { thinking_tokens: 6 },
      server_tool_use: null,
    });
  });

  test("has content when the client would notice the loss of it", () => {
    const writer = anthropicMessages.client.streamWriter(identity());
    writer.start("", "", 0);
    writer.text(0, "");
    writer.usage(usage);
    assert.equal(writer.hasContent, false);
    assert.match(writer.take(), /^event: message_start\n[^\n]*"input_tokens":10,[^\n]*\n\n$/);
    assert.equal(writer.take(), "");
    writer.text(0, "a");
    assert.equal(writer.hasContent, true);
  });

  test("puts calls that come interleaved one after the other", () => {
    const { content, stopReason } = answer(
      {},
      (to) => to.text(0, "I look."),
      (to) => to.toolStart(0, 0, "call_a", "f", false),
      (to) => to.toolArguments(0, 0, '{"a":'),
      (to) => to.toolStart(0, 1, "call_b", "g", false),
      (to) => to.toolArguments(0, 1, '{"b":'),
      (to) => to.toolArguments(0, 0, "1}"),
      (to) => to.toolArguments(0, 1, "2}"),
      (to) => to.toolEnd(0, 1, null),
      (to) => to.toolEnd(0, 0, null),
      (to) => to.finish(0, "stop", null),
    );
    assert.deepEqual(
      content.map(({ name, text, input }) => [name ?? text, input]),
      [
        ["I look.", undefined],
        ["f", '{"a":1}'],
        ["g", '{"b":2}'],
      ],
    );
    assert.equal(stopReason, "tool_use");
  });

  test("keeps text behind a call that is not complete", () => {
    const { content } = answer(
      {},
      (to) => to.toolStart(0, 0, "a", "f", false),
      (to) => to.text(0, "so"),
      (to) => to.toolArguments(0, 0, "{}"),
      (to) => to.finish(0, "toolCalls", null),
    );
    assert.deepEqual(
      content.map(({ type, input, text }) => [type, input ?? text]),
      [
        ["tool_use", "{}"],
        ["text", "so"],
      ],
    );
  });

  test("keeps no more than a bound behind a call that is not complete", () => {
    const writer = anthropicMessages.client.streamWriter(identity());
    writer.toolStart(0, 0, "a", "f", false);
    writer.toolStart(0, 1, "b", "f", false);
    const piece = "x".repeat(1 << 20);
    assert.throws(() => {
      for (let count = 0; count < 10; count++) writer.toolArguments(0, 1, piece);
    }, LlmError);
  });

  test("says why the model stopped", () => {
    const rows: [(to: StreamWriter) => void, string][] = [
      [(to) => to.finish(0, "length", null), "max_tokens"],
      [(to) => to.finish(0, "contentFilter", null), "refusal"],
      [(to) => to.finish(0, "stopSequence", "X"), "stop_sequence"],
      [(to) => to.finish(0, "stopSequence", null), "end_turn"],
      [(to) => to.finish(0, "toolCalls", null), "end_turn"],
      [refuse, "refusal"],
      [cutCall, "max_tokens"],
    ];
    for (const [step, want] of rows) assert.equal(answer({}, step).stopReason, want);
  });

  test("shows thoughts with proofs that come back", () => {
    const signature = { family: "openai", value: "enc" } as const;
    const { content } = answer(
      {},
      (to) => to.reasoning(0, "hm", true),
      (to) => to.reasoningEnd(0, signature, false, "rs_1"),
      (to) => to.reasoningEnd(0, signature, true, "rs_2"),
      (to) => to.reasoning(0, "unproved", false),
      (to) => to.reasoningEnd(0, null, false, null),
      (to) => to.reasoningEnd(0, { family: "anthropic", value: "own" }, false, null),
      (to) => to.text(0, "so"),
      (to) => to.finish(0, "stop", null),
    );
    assert.deepEqual(
      content.map(({ type, thinking }) => [type, thinking]),
      [
        ["thinking", "hm"],
        ["redacted_thinking", undefined],
        ["thinking", "unproved"],
        ["thinking", ""],
        ["text", undefined],
      ],
    );
    assert.deepEqual(unseal(String(content[0]!.signature)), {
      signature,
      redacted: false,
      summary: true,
      id: "rs_1",
      hidden: null,
    });
    assert.equal(unseal(String(content[1]!.data))?.id, "rs_2");
    assert.deepEqual([content[2]!.signature, content[3]!.signature], ["", "own"]);
  });

  test("hides thoughts from a client that does not want them, but not from their maker", () => {
    const hidden = { thinking: { type: "adaptive", display: "omitted" } };
    const { content } = answer(
      hidden,
      (to) => to.reasoning(0, "secret", false),
      (to) => to.reasoningEnd(0, { family: "gemini", value: "sig" }, false, null),
      (to) => to.finish(0, "stop", null),
    );
    assert.equal(content[0]!.thinking, "");
    assert.equal(unseal(String(content[0]!.signature))?.hidden, "secret");
  });

  test("puts the proof of a call before it", () => {
    const signature = { family: "gemini", value: "sig" } as const;
    const { content } = answer(
      {},
      (to) => {
        to.toolStart(0, 0, "a", "f", false);
        to.toolArguments(0, 0, "{}");
        to.toolEnd(0, 0, signature);
        to.toolStart(0, 1, "b", "f", false);
        to.toolEnd(0, 1, null);
      },
      (to) => to.finish(0, "stop", null),
    );
    assert.deepEqual(
      content.map(({ type }) => type),
      ["redacted_thinking", "tool_use", "tool_use"],
    );
    assert.deepEqual(unsealCall(String(content[0]!.data)), signature);
  });

  test("estimates usage that nobody reports", () => {
    const { usage: reported } = answer(
      {},
      (to) => to.text(0, "x".repeat(100)),
      (to) => to.finish(0, "stop", null),
    );
    assert.deepEqual([reported!.input_tokens, reported!.output_tokens], [42, 30]);
  });

  test("ends with an error where the answer cannot be completed", () => {
    const fault = faultOf("overloaded", "The provider is overloaded");
    const events = stream(
      identity(),
      (to) => to.start("", "", 0),
      (to) => to.text(0, "a"),
      (to) => to.fault(fault),
    );
    assert.deepEqual(validateMessages(events).error, {
      type: "overloaded_error",
      message: "The provider is overloaded",
    });
    const unexplained = stream(
      identity(),
      (to) => to.start("", "", 0),
      (to) => to.end(),
    );
    assert.equal(validateMessages(unexplained).error?.type, "api_error");
    assert.equal(
      validateMessages(anthropicMessages.client.errorEvents(fault, "req_1")).error?.type,
      "overloaded_error",
    );
  });
});

test("an answer that is read and written says the same", () => {
  const writer = anthropicMessages.client.streamWriter(identity());
  const reader = anthropicMessages.provider.streamReader(writer);
  feed(reader, [
    START,
    begin(0, { type: "thinking", thinking: "", signature: "" }),
    delta(0, { type: "thinking_delta", thinking: "💭" }),
    delta(0, { type: "signature_delta", signature: "sig" }),
    stop(0),
    begin(1, { type: "text", text: "" }),
    delta(1, { type: "text_delta", text: "\ud83d" }),
    delta(1, { type: "text_delta", text: "\ude00" }),
    stop(1),
    begin(2, { type: "tool_use", id: "toolu_1", name: "f", input: {} }),
    delta(2, { type: "input_json_delta", partial_json: '{"a":"\\u00fc"}' }),
    stop(2),
    { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 7 } },
    { type: "message_stop" },
  ]);
  const { content, stopReason } = validateMessages(writer.take());
  assert.deepEqual(
    content.map(({ thinking, signature, text, input }) => thinking ?? text ?? input ?? signature),
    ["💭", "😀", '{"a":"\\u00fc"}'],
  );
  assert.equal(stopReason, "tool_use");
});

test("keep-alives are events without meaning", () => {
  assert.throws(() => validateMessages(anthropicMessages.client.keepAlive), /ends without message_stop/);
  assert.deepEqual(anthropicMessages.provider.eventFacts("ping", { type: "ping" }).content, false);
});

describe("facts of an event that passes", () => {
  const facts = anthropicMessages.provider.eventFacts;
  const rows: [string, JsonObject, [content: boolean, terminal: boolean]][] = [
    ["start", START, [false, false]],
    ["a block of text that begins", begin(0, { type: "text", text: "" }), [false, false]],
    ["a call that begins", begin(0, { type: "tool_use" }), [true, false]],
    ["a piece", delta(0, { type: "text_delta", text: "a" }), [true, false]],
    ["the end of a block", stop(0), [false, false]],
    ["the reason to stop", END[0]!, [true, false]],
    ["the end", END[1]!, [false, true]],
  ];
  for (const [name, data, want] of rows) {
    test(name, () => {
      const { content: found, terminal, fault } = facts(String(data.type), data);
      assert.deepEqual([found, terminal, fault], [...want, null]);
      assert.equal(facts(String(data.type), null).terminal, want[1]);
    });
  }

  test("usage, and the fault", () => {
    assert.equal(facts("message_start", START).usage?.input, 9);
    assert.equal(facts("message_delta", END[0]!).usage?.output, 7);
    assert.equal(facts("error", { type: "error", error: { type: "rate_limit_error" } }).fault?.kind, "rateLimit");
  });
});
