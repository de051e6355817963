// Complete answers of Gemini, and answers for its clients.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { finishOf } from "../../../../src/llm/gemini/finish.ts";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import type { Part } from "../../../../src/llm/message/request.ts";
import type { ChatResponse, FinishReason } from "../../../../src/llm/message/response.ts";
import { unseal } from "../../../../src/llm/reasoning/sealed-thoughts.ts";
import { call, chatResponse, identity, text, tool } from "../../../support/llm/common-form.ts";

function read(body: JsonObject): ChatResponse {
  return gemini.provider.readResponse(body);
}

function candidate(parts: readonly JsonObject[], finishReason: unknown = "STOP", more: object = {}): JsonObject {
  return { candidates: [{ content: { role: "model", parts }, finishReason, index: 0, ...more }] };
}

const VISIBLE = { effort: null, budget: null, adaptive: false, visible: true, summary: null };
const SIGNED = { family: "gemini", value: "c2ln" } as const;

describe("an answer of Gemini", () => {
  test("is read in full", () => {
    const functionCall = { id: "c1", name: "f", args: { a: [1, null] } };
    const parts = [
      { text: "Hm", thought: true },
      { text: ".", thought: true, thoughtSignature: "c2ln" },
      { text: "Hel" },
      { text: "lo" },
      { functionCall, thoughtSignature: "c2ln" },
      { functionCall: { id: "c2", name: "g" } },
      { executableCode: { code: "1" } },
    ];
    const usageMetadata = {
      ...{ promptTokenCount: 100, cachedContentTokenCount: 60, toolUsePromptTokenCount: 5 },
      ...{ candidatesTokenCount: 20, thoughtsTokenCount: 7, totalTokenCount: 132 },
    };
    const names = { responseId: "r", modelVersion: "gemini-x-001", createTime: "2025-01-02T03:04:05.678Z" };
    assert.deepEqual(read({ ...candidate(parts), usageMetadata, ...names, modelStatus: {} }), {
      ...{ id: "r", model: "gemini-x-001", createdAt: Date.UTC(2025, 0, 2, 3, 4, 5) / 1000, serviceTier: null },
      usage: { input: 45, cacheRead: 60, cacheWrite: 0, cacheWriteLong: 0, output: 20, reasoning: 7 },
      choices: [
        {
          parts: [
            { kind: "reasoning", text: "Hm.", summary: true, signature: SIGNED, redacted: false, id: null },
            text("Hello"),
            call("c1", "f", '{"a":[1,null]}', { signature: SIGNED }),
            call("c2", "g", "{}"),
          ],
          finish: "toolCalls",
          stopSequence: null,
          logprobs: null,
        },
      ],
    });
  });

  test("has ids for calls that have none, each its own", () => {
    const { parts } = read(candidate([{ functionCall: { name: "f" } }, { functionCall: { name: "f" } }])).choices[0]!;
    const ids = parts.map((part) => (part.kind === "toolCall" ? part.id : ""));
    for (const id of ids) assert.match(id, /^[a-zA-Z0-9_-]{5,64}$/);
    assert.notEqual(ids[0], ids[1]);
  });

  test("has the signature of a text as the proof of a thought that was not shown", () => {
    const { parts } = read(candidate([{ text: "a", thoughtSignature: "c2ln" }])).choices[0]!;
    const proof: Part = { kind: "reasoning", text: "", summary: false, signature: SIGNED, redacted: true, id: null };
    assert.deepEqual(parts, [text("a"), proof]);
  });

  test("may have pictures", () => {
    const { parts } = read(candidate([{ inlineData: { mimeType: "image/png", data: "AAAA" } }])).choices[0]!;
    const source = { kind: "base64", mediaType: "image/png", data: "AAAA" };
    assert.deepEqual(parts, [{ kind: "image", source, detail: null, cache: null }]);
  });

  test("may have several candidates", () => {
    const candidates = ["a", "b"].map((each, index) => {
      return { content: { parts: [{ text: each }] }, finishReason: "STOP", index };
    });
    const { choices } = read({ candidates });
    assert.deepEqual(
      choices.map(({ parts }) => parts),
      [[text("a")], [text("b")]],
    );
  });

  const REASONS: readonly (readonly [string, FinishReason])[] = [
    ["STOP", "stop"],
    ["MAX_TOKENS", "length"],
    ["CONTINUATION", "length"],
    ...(
      [
        ...["SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"],
        ...["IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "IMAGE_OTHER"],
      ] as const
    ).map((reason) => [reason, "contentFilter"] as const),
  ];
  for (const [reason, finish] of REASONS) {
    test(`that stops with ${reason} finishes with ${finish}`, () => {
      assert.equal(read(candidate([{ text: "a" }], reason)).choices[0]!.finish, finish);
      const calls = finish === "stop" ? "toolCalls" : finish;
      assert.equal(read(candidate([{ functionCall: { name: "f" } }], reason)).choices[0]!.finish, calls);
    });
  }

  for (const reason of [
    ...["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"],
    ...["MALFORMED_RESPONSE", "NO_IMAGE", "ESCALATION", "PUP_LIMITED_DISABLED", "SOMETHING_NEW"],
  ]) {
    test(`that stops with ${reason} is a fault that names it`, () => {
      assert.throws(
        () => read(candidate([], reason)),
        (error) => error instanceof LlmError && error.fault.status === 502 && error.message.includes(reason),
      );
    });
  }

  test("is no answer if it does not say why it stopped, or says it in a way that could be anything", () => {
    for (const reason of [null, "", "FINISH_REASON_UNSPECIFIED", 7]) {
      assert.throws(() => read(candidate([{ text: "a" }], reason)), /without a finishReason/);
    }
    assert.throws(() => read(candidate([], "<script>")), /an unknown reason/);
    assert.equal(finishOf("constructor", false), null);
  });

  test("to a blocked prompt is filtered content", () => {
    const body = { promptFeedback: { blockReason: "JAILBREAK" }, usageMetadata: { promptTokenCount: 5 } };
    const { choices, usage } = read(body);
    assert.deepEqual(choices, [{ parts: [], finish: "contentFilter", stopSequence: null, logprobs: null }]);
    assert.equal(usage?.input, 5);
  });

  for (const [what, body] of [
    ["nothing", {}],
    ["no candidates", { candidates: [], promptFeedback: {} }],
    ["a candidate that is no object", { candidates: [7] }],
    ["an impossible index", { candidates: [{ index: 1e9, finishReason: "STOP" }] }],
    ["a call without a name", candidate([{ functionCall: {} }])],
    ["a call with a list of arguments", candidate([{ functionCall: { name: "f", args: [] } }])],
    ["a call in pieces", candidate([{ functionCall: { name: "f", willContinue: true } }])],
  ] as const) {
    test(`is invalid with ${what}`, () => {
      assert.throws(
        () => read(body as JsonObject),
        (error) => error instanceof LlmError && error.fault.kind === "badGateway",
      );
    });
  }

  test("may be an error in spite of its status", () => {
    const error = { code: 429, message: "slow", status: "RESOURCE_EXHAUSTED" };
    assert.throws(
      () => read({ error }),
      (thrown) => thrown instanceof LlmError && thrown.fault.kind === "rateLimit" && thrown.fault.status === 429,
    );
  });

  test("has log probabilities in the form of Chat Completions, and back", () => {
    const logprobsResult = {
      chosenCandidates: [{ token: "é", tokenId: 1, logProbability: -0.5 }],
      topCandidates: [
        {
          candidates: [
            { token: "é", logProbability: -0.5 },
            { token: "e", logProbability: -1 },
          ],
        },
      ],
    };
    const [choice] = read(candidate([{ text: "é" }], "STOP", { logprobsResult })).choices;
    const accent = { token: "é", logprob: -0.5, bytes: [195, 169] };
    const plain = { token: "e", logprob: -1, bytes: [101] };
    const content = [{ ...accent, top_logprobs: [accent, plain] }];
    assert.deepEqual(choice!.logprobs, { content, refusal: null });
    const [written] = gemini.client.writeResponse(chatResponse(choice!), identity()).candidates as [JsonObject];
    assert.deepEqual(written.logprobsResult, {
      chosenCandidates: [{ token: "é", logProbability: -0.5 }],
      topCandidates: [
        {
          candidates: [
            { token: "é", logProbability: -0.5 },
            { token: "e", logProbability: -1 },
          ],
        },
      ],
    });
  });
});

describe("an answer for a Gemini client", () => {
  function write(parts: readonly Part[], finish: FinishReason = "stop", request = {}): JsonObject {
    const { candidates } = gemini.client.writeResponse(chatResponse({ parts, finish }), identity(request));
    return (candidates as readonly JsonObject[])[0]!;
  }

  function partsOf(candidate: JsonObject): readonly JsonObject[] {
    return (candidate.content as { readonly parts: readonly JsonObject[] }).parts;
  }

  test("is written in full, under the name the client asked for", () => {
    const usage = { input: 10, cacheRead: 60, cacheWrite: 20, cacheWriteLong: 10, output: 5, reasoning: 3 };
    const parts = [text("Hi"), call("c1", "f", '{"a":1}')];
    const answer = chatResponse({ parts, finish: "toolCalls" }, { usage, model: "real", id: "other" });
    assert.deepEqual(gemini.client.writeResponse(answer, identity()), {
      candidates: [
        {
          content: {
            parts: [{ text: "Hi" }, { functionCall: { id: "c1", name: "f", args: { a: 1 } } }],
            role: "model",
          },
          finishReason: "STOP",
          index: 0,
        },
      ],
      usageMetadata: {
        ...{ promptTokenCount: 100, cachedContentTokenCount: 60, candidatesTokenCount: 5 },
        ...{ thoughtsTokenCount: 3, totalTokenCount: 108 },
      },
      modelVersion: "acme/model",
      responseId: "id-1",
    });
  });

  for (const [finish, reason] of [
    ["stop", "STOP"],
    ["stopSequence", "STOP"],
    ["toolCalls", "STOP"],
    ["length", "MAX_TOKENS"],
    ["contentFilter", "SAFETY"],
  ] as const) {
    test(`that finishes with ${finish} stops with ${reason}`, () => {
      assert.equal(write([text("a")], finish).finishReason, reason);
    });
  }

  test("always has a part, without which clients forget it", () => {
    assert.deepEqual(partsOf(write([], "contentFilter")), [{ text: "" }]);
  });

  test("has a refusal as text", () =>
    assert.deepEqual(partsOf(write([{ kind: "refusal", text: "No" }])), [{ text: "No" }]));

  test("has calls with broken arguments as Gemini reports them, and none where a limit has cut it", () => {
    for (const broken of ['{"a":', "[1]", "7"]) {
      const parts = [text("a"), call("c1", "f", broken)];
      const malformed = write(parts, "toolCalls");
      assert.deepEqual(partsOf(malformed), [{ text: "a" }]);
      assert.equal(malformed.finishReason, "MALFORMED_FUNCTION_CALL");
      assert.equal(malformed.finishMessage, `Malformed function call: f(${broken})`);
      const cut = write(parts, "length");
      assert.deepEqual(partsOf(cut), [{ text: "a" }]);
      assert.equal(cut.finishReason, "MAX_TOKENS");
    }
  });

  const thought = { kind: "reasoning", text: "why", summary: false, redacted: false, id: "rs_1" } as const;
  test("shows thoughts only if asked, and lets signed ones come back", () => {
    const foreign = { ...thought, signature: { family: "openai", value: "enc" } } as const;
    const unsigned = { ...thought, signature: null };
    assert.deepEqual(partsOf(write([unsigned])), [{ text: "" }]);
    assert.deepEqual(partsOf(write([unsigned], "stop", { reasoning: VISIBLE })), [{ text: "why", thought: true }]);
    const [shown] = partsOf(write([foreign], "stop", { reasoning: VISIBLE }));
    assert.equal(shown!.text, "why");
    assert.equal(unseal(String(shown!.thoughtSignature))?.hidden, null);
    const [hidden] = partsOf(write([foreign]));
    assert.equal(hidden!.text, "");
    const { signature } = foreign;
    const proof = { signature, redacted: false, summary: false, id: "rs_1", hidden: "why" };
    assert.deepEqual(unseal(String(hidden!.thoughtSignature)), proof);
    const own = { ...thought, signature: SIGNED };
    const [kept] = partsOf(write([own], "stop", { reasoning: VISIBLE }));
    assert.deepEqual(kept, { text: "why", thought: true, thoughtSignature: "c2ln" });
  });

  test("lets unsigned thoughts come back in tool loops, for models that want theirs", () => {
    const answer = write([{ ...thought, signature: null }], "stop", { tools: [tool("f")] });
    const parts = partsOf(answer);
    const turns = gemini.client.readRequest(
      { contents: [{ parts: [{ text: "a" }] }, { role: "model", parts }] },
      { model: "m", stream: false },
    ).turns;
    assert.deepEqual(turns[1]!.parts, [{ ...thought, signature: null }]);
  });

  test("has the signatures of calls, those of others sealed", () => {
    const own = call("c1", "f", "{}", { signature: SIGNED });
    const foreign = call("c2", "f", "{}", { signature: { family: "other", value: "x" } });
    const [first, second] = partsOf(write([own, foreign], "toolCalls"));
    assert.equal(first!.thoughtSignature, "c2ln");
    assert.deepEqual(unseal(String(second!.thoughtSignature))?.signature, { family: "other", value: "x" });
  });
});
