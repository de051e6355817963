// Streamed answers for Gemini clients.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import { faultOf } from "../../../../src/llm/message/fault.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import { unseal } from "../../../../src/llm/reasoning/sealed-thoughts.ts";
import { identity, recordingSink, replay, type SinkCall, tool } from "../../../support/llm/common-form.ts";
import { type GeminiAnswer, validateGeminiArray, validateGeminiEvents } from "../../../support/llm/gemini-validator.ts";

const ARRAY = gemini.array!.client;
const VISIBLE = { effort: null, budget: null, adaptive: false, visible: true, summary: null };
const FOREIGN = { family: "anthropic", value: "sig" } as const;

/** What a client gets, in both framings the same. */
function written(calls: readonly SinkCall[], request: Partial<ChatRequest> = {}): GeminiAnswer {
  const events = gemini.client.streamWriter(identity(request));
  const array = ARRAY.streamWriter(identity(request));
  replay(calls, events);
  replay(calls, array);
  const answer = validateGeminiEvents(events.take());
  assert.deepEqual(validateGeminiArray(array.take()), answer);
  return answer;
}

const START: SinkCall = ["start", "other", "real", 5];
const END: readonly SinkCall[] = [["finish", 0, "stop", null], ["end"]];
const USAGE = { input: 10, cacheRead: 5, cacheWrite: 0, cacheWriteLong: 0, output: 3, reasoning: 2 };

describe("a stream for a Gemini client", () => {
  test("has texts at once, and its reason and usage at the end, under the name the client asked for", () => {
    const writer = gemini.client.streamWriter(identity());
    writer.start("other", "real", 5);
    assert.equal(writer.hasContent, false);
    assert.equal(writer.take(), "");
    writer.text(0, "Hel");
    assert.equal(writer.hasContent, true);
    assert.equal(
      writer.take(),
      'data: {"candidates":[{"content":{"parts":[{"text":"Hel"}],"role":"model"},"index":0}],' +
        '"modelVersion":"acme/model","responseId":"id-1"}\r\n\r\n',
    );
    writer.finish(0, "stop", null);
    writer.usage(USAGE);
    assert.equal(writer.take(), "");
    writer.end();
    const last = JSON.parse(writer.take().slice("data: ".length));
    assert.deepEqual(last, {
      candidates: [{ content: { parts: [{ text: "" }], role: "model" }, finishReason: "STOP", index: 0 }],
      usageMetadata: {
        ...{ promptTokenCount: 15, cachedContentTokenCount: 5, candidatesTokenCount: 3 },
        ...{ thoughtsTokenCount: 2, totalTokenCount: 20 },
      },
      modelVersion: "acme/model",
      responseId: "id-1",
    });
    assert.equal(writer.take(), "");
  });

  test("has calls whole and in their order, however their pieces interleave", () => {
    const answer = written([
      START,
      ["text", 0, "I look"],
      ["toolStart", 0, 0, "c1", "f", false],
      ["toolStart", 0, 1, "c2", "g", false],
      ["toolArguments", 0, 1, '{"b"'],
      ["toolArguments", 0, 0, '{"a"'],
      ["toolArguments", 0, 1, ":2}"],
      ["toolEnd", 0, 1, null],
      ["toolArguments", 0, 0, ":1}"],
      ["toolEnd", 0, 0, { family: "gemini", value: "c2ln" }],
      ["toolStart", 0, 2, "c3", "h", false],
      ["toolEnd", 0, 2, null],
      ["finish", 0, "toolCalls", null],
      ["end"],
    ]);
    const [candidate] = answer.candidates;
    assert.equal(candidate!.text, "I look");
    assert.equal(candidate!.finishReason, "STOP");
    assert.deepEqual(candidate!.signatures, ["c2ln"]);
    assert.deepEqual(candidate!.calls, [
      { id: "c1", name: "f", args: { a: 1 } },
      { id: "c2", name: "g", args: { b: 2 } },
      { id: "c3", name: "h", args: {} },
    ]);
  });

  test("has calls made in parallel in one chunk, of which clients make one message", () => {
    const calls: SinkCall[] = [0, 1].flatMap((tool): SinkCall[] => [
      ["toolStart", 0, tool, `c${tool}`, "f", false],
      ["toolEnd", 0, tool, null],
    ]);
    const writer = gemini.client.streamWriter(identity());
    replay([START, ["text", 0, "a"], ...calls, ["text", 0, "b"], ["finish", 0, "toolCalls", null], ["end"]], writer);
    const chunks = writer.take().split("\r\n\r\n").slice(0, -1);
    const parts = chunks.map((each) => JSON.parse(each.slice("data: ".length)).candidates[0].content.parts);
    assert.deepEqual(
      parts.map((each: readonly object[]) => each.map((part) => Object.keys(part)[0])),
      [["text"], ["functionCall", "functionCall"], ["text"], ["text"]],
    );
  });

  test("has raw input of a freeform tool as one argument", () => {
    const calls: SinkCall[] = [
      ["toolStart", 0, 0, "c1", "sh", true],
      ["toolArguments", 0, 0, "ls"],
      ["toolEnd", 0, 0, null],
    ];
    assert.deepEqual(written([START, ...calls, ...END]).candidates[0]!.calls[0]!.args, { input: "ls" });
  });

  test("leaves out a call that a limit has cut, and reports broken arguments as Gemini does", () => {
    const cut: SinkCall[] = [
      ["text", 0, "a"],
      ["toolStart", 0, 0, "c1", "f", false],
      ["toolArguments", 0, 0, '{"a":'],
    ];
    for (const end of [[], [["toolEnd", 0, 0, null]]] as readonly SinkCall[][]) {
      const [limited] = written([START, ...cut, ...end, ["finish", 0, "length", null], ["end"]]).candidates;
      assert.deepEqual([limited!.finishReason, limited!.calls.length], ["MAX_TOKENS", 0]);
      const [broken] = written([START, ...cut, ...end, ["finish", 0, "toolCalls", null], ["end"]]).candidates;
      assert.deepEqual([broken!.finishReason, broken!.calls.length], ["MALFORMED_FUNCTION_CALL", 0]);
    }
  });

  test("shows thoughts if asked, with their proof behind them", () => {
    const calls: SinkCall[] = [
      ["reasoning", 0, "wh", false],
      ["reasoning", 0, "y", false],
      ["reasoningEnd", 0, FOREIGN, false, "rs_1"],
      ["text", 0, "so"],
    ];
    const [shown] = written([START, ...calls, ...END], { reasoning: VISIBLE }).candidates;
    assert.equal(shown!.thoughts, "why");
    assert.equal(shown!.text, "so");
    assert.deepEqual(shown!.signatures.map(unseal), [
      { signature: FOREIGN, redacted: false, summary: false, id: "rs_1", hidden: null },
    ]);
    const [hidden] = written([START, ...calls, ...END]).candidates;
    assert.equal(hidden!.thoughts, "");
    assert.deepEqual(hidden!.signatures.map(unseal), [
      { signature: FOREIGN, redacted: false, summary: false, id: "rs_1", hidden: "why" },
    ]);
  });

  test("has no proof of unsigned thoughts unless tools may ask for them", () => {
    const calls: SinkCall[] = [
      ["reasoning", 0, "why", false],
      ["reasoningEnd", 0, null, false, null],
      ["text", 0, "so"],
    ];
    assert.deepEqual(written([START, ...calls, ...END]).candidates[0]!.signatures, []);
    const [looped] = written([START, ...calls, ...END], { tools: [tool("f")] }).candidates;
    assert.equal(unseal(looped!.signatures[0]!)?.hidden, "why");
  });

  test("gives back to the reader what was streamed, chunk by chunk", () => {
    const writer = gemini.client.streamWriter(identity({ reasoning: VISIBLE }));
    const calls: SinkCall[] = [
      ["reasoning", 0, "wh", false],
      ["reasoning", 0, "y", false],
      ["reasoningEnd", 0, FOREIGN, false, null],
      ["text", 0, "Hel"],
      ["text", 0, "lo"],
      ["toolStart", 0, 0, "c1", "f", false],
      ["toolArguments", 0, 0, '{"a":1}'],
      ["toolEnd", 0, 0, null],
    ];
    replay([START, ...calls, ...END], writer);
    const chunks = writer.take().split("\r\n\r\n").slice(0, -1);
    const contents = chunks.map((each) => JSON.parse(each.slice("data: ".length)).candidates[0].content);
    const { turns } = gemini.client.readRequest({ contents }, { model: "m", stream: false });
    assert.equal(turns.length, 1);
    assert.deepEqual(
      turns[0]!.parts.map((part) => [
        part.kind,
        "text" in part ? part.text : "arguments" in part ? part.arguments : "",
      ]),
      [
        ["reasoning", "why"],
        ["text", "Hello"],
        ["toolCall", '{"a":1}'],
      ],
    );
    const [first] = turns[0]!.parts;
    assert.deepEqual(first?.kind === "reasoning" ? first.signature : null, FOREIGN);
  });

  test("has every candidate end once, also one that said nothing", () => {
    const answer = written([
      START,
      ["text", 1, "b"],
      ["finish", 0, "contentFilter", null],
      ["finish", 1, "length", null],
      ["end"],
    ]);
    assert.deepEqual(
      answer.candidates.map(({ text, finishReason }) => [text, finishReason]),
      [
        ["", "SAFETY"],
        ["b", "MAX_TOKENS"],
      ],
    );
  });

  test("merges reports of usage", () => {
    const early = { ...USAGE, output: 0, reasoning: 0 };
    const late = { ...USAGE, input: 0, cacheRead: 0 };
    const answer = written([START, ["usage", early], ["text", 0, "a"], ["usage", late], ...END]);
    assert.equal(answer.usage?.totalTokenCount, 20);
    assert.equal(written([START, ["text", 0, "a"], ...END]).usage, null);
  });

  test("has log probabilities with the text they belong to", () => {
    const writer = gemini.client.streamWriter(identity());
    const content = [{ token: "a", logprob: -1, top_logprobs: [] }];
    replay([START, ["logprobs", 0, { content, refusal: null }], ["text", 0, "a"], ["text", 0, "b"]], writer);
    const [first, second] = writer.take().split("\r\n\r\n");
    const { logprobsResult } = JSON.parse(first!.slice("data: ".length)).candidates[0];
    assert.deepEqual(logprobsResult.chosenCandidates, [{ token: "a", logProbability: -1 }]);
    assert.equal(second!.includes("logprobsResult"), false);
  });

  test("has a refusal as text", () => {
    assert.equal(written([START, ["refusal", 0, "No"], ...END]).candidates[0]!.text, "No");
  });

  test("ends with an error and nothing else where the answer cannot be completed", () => {
    const fault = faultOf("overloaded", "Too many");
    for (const before of [[], [["text", 0, "a"]], [["toolStart", 0, 0, "c", "f", false]]] as readonly SinkCall[][]) {
      const answer = written([START, ...before, ["fault", fault]]);
      assert.deepEqual(answer.error, { code: 503, message: "Too many", status: "UNAVAILABLE" });
    }
  });

  test("keeps what Gemini streams through both halves of the format", () => {
    const { sink, calls } = recordingSink();
    const reader = gemini.provider.streamReader(sink);
    const names = { responseId: "r", modelVersion: "m" };
    const functionCall = { id: "c1", name: "f", args: { a: "\u2028" } };
    for (const [parts, more] of [
      [[{ text: "Hm", thought: true }], {}],
      [[{ text: "Hello" }], {}],
      [[{ functionCall, thoughtSignature: "c2ln" }], { finishReason: "STOP" }],
    ] as const) {
      reader.event("", JSON.stringify({ candidates: [{ content: { parts }, index: 0, ...more }], ...names }));
    }
    reader.close();
    const [candidate] = written(calls, { reasoning: VISIBLE }).candidates;
    const wanted = { text: "Hello", thoughts: "Hm", calls: [functionCall], signatures: ["c2ln"], finishReason: "STOP" };
    assert.deepEqual(candidate, wanted);
  });
});
