// Streamed answers of Gemini in the common form.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EventReader } from "../../../../src/llm/bytes/event-reader.ts";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import { recordingSink, type SinkCall } from "../../../support/llm/common-form.ts";

const NAMES = { responseId: "r", modelVersion: "gemini-x-001" };

function chunk(parts: readonly JsonObject[], finishReason?: string, more: object = {}): JsonObject {
  const content = { role: "model", parts };
  return {
    candidates: [{ content, index: 0, ...(finishReason === undefined ? {} : { finishReason }) }],
    ...NAMES,
    ...more,
  };
}

/** What the sink is told; of faults the kind. */
function read(...chunks: readonly (JsonObject | string)[]): readonly SinkCall[] {
  const { sink, calls } = recordingSink();
  const reader = gemini.provider.streamReader(sink);
  for (const each of chunks) reader.event("", typeof each === "string" ? each : JSON.stringify(each));
  reader.close();
  return calls.map((call) => (call[0] === "fault" ? ["fault", (call[1] as { kind: string }).kind] : call));
}

const START: SinkCall = ["start", "r", "gemini-x-001", 0];
const SIGNED = { family: "gemini", value: "c2ln" };

describe("a stream of Gemini", () => {
  test("tells thoughts, texts, calls and usage in their order, and its end when the connection ends", () => {
    const usage = { promptTokenCount: 5, totalTokenCount: 5 };
    const last = { promptTokenCount: 5, candidatesTokenCount: 3, thoughtsTokenCount: 2, totalTokenCount: 10 };
    const functionCall = { id: "c1", name: "f", args: { a: 1 } };
    const none = { cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0 };
    const calls = read(
      chunk([{ text: "Hm", thought: true }], undefined, { usageMetadata: usage }),
      chunk([{ text: "!", thought: true }]),
      chunk([{ text: "Hel" }, { text: "lo" }]),
      chunk([{ functionCall, thoughtSignature: "c2ln" }, { functionCall: { id: "c2", name: "g" } }]),
      chunk([{ text: "" }], "STOP", { usageMetadata: last }),
    );
    assert.deepEqual(calls, [
      START,
      ["reasoning", 0, "Hm", true],
      ["usage", { ...none, input: 5, output: 0, reasoning: 0 }],
      ["reasoning", 0, "!", true],
      ["reasoningEnd", 0, null, false, null],
      ["text", 0, "Hel"],
      ["text", 0, "lo"],
      ["toolStart", 0, 0, "c1", "f", false],
      ["toolArguments", 0, 0, '{"a":1}'],
      ["toolEnd", 0, 0, SIGNED],
      ["toolStart", 0, 1, "c2", "g", false],
      ["toolArguments", 0, 1, "{}"],
      ["toolEnd", 0, 1, null],
      ["usage", { ...none, input: 5, output: 3, reasoning: 2 }],
      ["finish", 0, "toolCalls", null],
      ["end"],
    ]);
  });

  test("tells signatures of thoughts and texts where they stand", () => {
    const calls = read(
      chunk([{ text: "Hm", thought: true, thoughtSignature: "c2ln" }]),
      chunk([{ text: "", thought: true, thoughtSignature: "c2ln" }]),
      chunk([{ text: "so", thoughtSignature: "c2ln" }]),
      chunk([{ text: "", thoughtSignature: "c2ln" }], "STOP"),
    );
    assert.deepEqual(calls.slice(1, -2), [
      ["reasoning", 0, "Hm", true],
      ["reasoningEnd", 0, SIGNED, false, null],
      ["reasoningEnd", 0, SIGNED, true, null],
      ["text", 0, "so"],
      ["reasoningEnd", 0, SIGNED, true, null],
      ["reasoningEnd", 0, SIGNED, true, null],
    ]);
  });

  test("of models that say in each chunk why they stopped ends with the last reason", () => {
    const calls = read(
      chunk([{ text: "a" }], "STOP"),
      chunk([{ functionCall: { id: "c", name: "f" } }]),
      chunk([{ text: "b" }], "MAX_TOKENS"),
    );
    assert.deepEqual(calls.slice(-2), [["finish", 0, "length", null], ["end"]]);
    const late = read(chunk([{ text: "a" }], "STOP"), chunk([{ functionCall: { id: "c", name: "f" } }]));
    assert.deepEqual(late.slice(-2), [["finish", 0, "toolCalls", null], ["end"]]);
  });

  test("may have several candidates, which end on their own", () => {
    const of = (index: number, text: string, finishReason?: string): JsonObject => {
      return { candidates: [{ index, content: { parts: [{ text }] }, finishReason }], ...NAMES };
    };
    assert.deepEqual(read(of(1, "b"), of(0, "a", "STOP"), of(1, "B", "MAX_TOKENS")), [
      START,
      ["text", 1, "b"],
      ["text", 0, "a"],
      ["text", 1, "B"],
      ["finish", 0, "stop", null],
      ["finish", 1, "length", null],
      ["end"],
    ]);
    assert.deepEqual(read(of(1, "b"), of(0, "a", "STOP")).at(-1), ["fault", "badGateway"]);
  });

  test("to a blocked prompt is filtered content", () => {
    const calls = read({ promptFeedback: { blockReason: "PROHIBITED_CONTENT" }, ...NAMES });
    assert.deepEqual(calls, [START, ["finish", 0, "contentFilter", null], ["end"]]);
  });

  test("may have log probabilities", () => {
    const logprobsResult = { chosenCandidates: [{ token: "a", logProbability: -1 }] };
    const candidates = [{ index: 0, content: { parts: [{ text: "a" }] }, finishReason: "STOP", logprobsResult }];
    const content = [{ token: "a", logprob: -1, bytes: [97], top_logprobs: [] }];
    assert.deepEqual(read({ candidates, ...NAMES })[1], ["logprobs", 0, { content, refusal: null }]);
  });

  test("tolerates two objects in one event, an array of them, a foreign [DONE], and unknown fields", () => {
    const [one, two] = [chunk([{ text: "a" }]), chunk([{ text: "b" }], "STOP", { news: [1] })].map((each) => {
      return JSON.stringify(each);
    });
    const wanted = read(one!, two!);
    assert.deepEqual(read(`${one}${two}`), wanted);
    assert.deepEqual(read(`[${one},${two}]`), wanted);
    assert.deepEqual(read(one!, "", two!, "[DONE]"), wanted);
    assert.deepEqual(read("{}", one!, two!)[0], ["start", "", "", 0]);
  });

  for (const [what, ...chunks] of [
    ["is empty"],
    ["stops in the middle", chunk([{ text: "a" }])],
    ["has no candidates", { usageMetadata: {} }],
    ["does not say why it stopped", chunk([{ text: "a" }], "FINISH_REASON_UNSPECIFIED")],
  ] as const) {
    test(`that ${what} ends with a fault, never with an invented end`, () => {
      assert.deepEqual(read(...chunks).at(-1), ["fault", "badGateway"]);
    });
  }

  test("may report a fault at any point, after which nothing counts", () => {
    const error = { error: { code: 503, message: "The model is overloaded", status: "UNAVAILABLE" } };
    for (const before of [[], [chunk([{ text: "a" }])], [chunk([{ text: "a" }], "STOP")]]) {
      const calls = read(...before, error, chunk([{ text: "b" }], "STOP"));
      assert.deepEqual(calls.at(-1), ["fault", "overloaded"]);
      assert.equal(calls.filter(([name]) => name === "end" || name === "fault").length, 1);
    }
    const bad = { error: { code: 400, message: "Bad", status: "INVALID_ARGUMENT" } };
    assert.deepEqual(read(bad), [["fault", "invalid"]]);
  });

  for (const [what, data] of [
    ["no JSON", "<html>"],
    ["a number", "7"],
    ["a candidate that is no object", '{"candidates":[7]}'],
    ["an unknown reason", JSON.stringify(chunk([], "SOMETHING_NEW"))],
    ["a failed call", JSON.stringify(chunk([], "MALFORMED_FUNCTION_CALL"))],
    ["a call in pieces", JSON.stringify(chunk([{ functionCall: { name: "f", partialArgs: [] } }]))],
    ["a picture", JSON.stringify(chunk([{ inlineData: { mimeType: "image/png", data: "AAAA" } }]))],
  ] as const) {
    test(`is invalid with ${what}`, () => {
      const reader = gemini.provider.streamReader(recordingSink().sink);
      assert.throws(
        () => reader.event("", data),
        (error) => error instanceof LlmError && error.fault.kind === "badGateway",
      );
    });
  }

  test("says the same however its bytes are cut", () => {
    const chunks = [
      chunk([{ text: "Grüße 👋\r\n", thought: true }]),
      chunk([{ text: "naïve\n\ndata: x" }]),
      chunk([{ functionCall: { id: "c", name: "f", args: { ключ: "日本" } } }], "STOP"),
    ];
    const bytes = Buffer.from(chunks.map((each) => `data: ${JSON.stringify(each)}\r\n\r\n`).join(""));
    const whole = read(...chunks);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { sink, calls } = recordingSink();
      const reader = gemini.provider.streamReader(sink);
      const listener = {
        event: (name: string, data: string) => reader.event(name, data),
        comment: () => undefined,
        tooLarge: () => assert.fail(),
      };
      const events = new EventReader(listener, 1 << 20);
      events.feed(bytes.subarray(0, cut));
      events.feed(bytes.subarray(cut));
      events.end();
      reader.close();
      assert.deepEqual(calls, whole);
    }
  });
});

describe("an event that passes untranslated", () => {
  const facts = (data: JsonObject | null) => gemini.provider.eventFacts("", data);

  test("has content, usage and an end as it says", () => {
    const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 2 };
    const usage = { input: 5, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, output: 2, reasoning: 0 };
    const none = { content: false, usage: null, usageOnly: false, terminal: false, fault: null };
    assert.deepEqual(facts(chunk([{ text: "a" }])), { ...none, content: true });
    assert.deepEqual(facts(chunk([{ text: "a", thought: true }])), { ...none, content: true });
    assert.deepEqual(facts(chunk([{ functionCall: { name: "f" } }])), { ...none, content: true });
    assert.deepEqual(facts(chunk([{ text: "" }], "STOP", { usageMetadata })), { ...none, usage, terminal: true });
    assert.deepEqual(facts(chunk([{ text: "" }], "FINISH_REASON_UNSPECIFIED")), none);
    assert.deepEqual(facts({ promptFeedback: { blockReason: "SAFETY" } }), { ...none, terminal: true });
    assert.deepEqual(facts({ usageMetadata }), { ...none, usage });
  });

  test("has a fault if it is an error, no object, or the end of a model that has failed before any content", () => {
    assert.equal(facts(null).fault?.kind, "badGateway");
    assert.equal(facts({ error: { code: 429, status: "RESOURCE_EXHAUSTED" } }).fault?.status, 429);
    assert.equal(facts(chunk([], "MALFORMED_FUNCTION_CALL")).fault?.kind, "badGateway");
    assert.equal(facts(chunk([{ text: "a" }], "MALFORMED_FUNCTION_CALL")).fault, null);
  });
});
