// Complete answers and errors of Anthropic Messages: read from providers, written to clients.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { anthropicMessages } from "../../../../src/llm/anthropic/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { FAULT_STATUS, type FaultKind, faultOf, LlmError } from "../../../../src/llm/message/fault.ts";
import type { Part, Signature } from "../../../../src/llm/message/request.ts";
import type { ChatResponse, FinishReason } from "../../../../src/llm/message/response.ts";
import { unseal, unsealCall } from "../../../../src/llm/reasoning/sealed-thoughts.ts";
import { identity } from "../../../support/llm/anthropic-samples.ts";

const { client, provider } = anthropicMessages;

const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-x",
  content: [{ type: "text", text: "Hi" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 4, service_tier: "standard" },
};

function choice(message: JsonObject): ChatResponse["choices"][number] {
  return provider.readResponse({ ...MESSAGE, ...message }).choices[0]!;
}

describe("an answer of a provider", () => {
  test("is read", () => {
    assert.deepEqual(provider.readResponse(MESSAGE), {
      id: "msg_1",
      model: "claude-x",
      createdAt: 0,
      choices: [
        { parts: [{ kind: "text", text: "Hi", cache: null }], finish: "stop", stopSequence: null, logprobs: null },
      ],
      usage: { input: 3, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, output: 4, reasoning: 0 },
      serviceTier: "standard",
    });
  });

  test("has calls, thoughts and nothing that only clients of this format know", () => {
    const content = [
      { type: "thinking", thinking: "hm", signature: "sig" },
      { type: "redacted_thinking", data: "enc" },
      { type: "server_tool_use", id: "s", name: "web_search", input: {} },
      { type: "tool_use", id: "t", name: "f", input: { a: 1 } },
      { type: "novelty" },
      "garbage",
    ];
    const { parts, finish } = choice({ content });
    const family = "anthropic";
    const common = { kind: "reasoning", summary: false, id: null };
    assert.deepEqual(parts, [
      { ...common, text: "hm", signature: { family, value: "sig" }, redacted: false },
      { ...common, text: "", signature: { family, value: "enc" }, redacted: true },
      { kind: "toolCall", id: "t", name: "f", arguments: '{"a":1}', freeform: false, signature: null, cache: null },
    ]);
    assert.equal(finish, "toolCalls");
  });

  test("by a schema may be a call", () => {
    const content = [{ type: "tool_use", id: "t", name: "gateway_final_answer", input: { a: 1 } }];
    const { parts, finish } = choice({ content, stop_reason: "tool_use" });
    assert.deepEqual([parts, finish], [[{ kind: "text", text: '{"a":1}', cache: null }], "stop"]);
  });

  test("is refused if it is none", () => {
    assert.throws(() => provider.readResponse({ ...MESSAGE, content: "x" }), /a message without content/);
    assert.throws(() => choice({ stop_reason: null }), /no stop_reason/);
    assert.throws(() => choice({ stop_reason: "bored" }), /the unknown stop_reason bored/);
    const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    assert.throws(
      () => provider.readResponse(error),
      (thrown) => thrown instanceof LlmError && thrown.fault.kind === "overloaded",
    );
  });

  test("says what it has cost", () => {
    const rows: [unknown, (number | null)[]][] = [
      [{ input_tokens: 1, output_tokens: 2 }, [1, 0, 0, 0, 2, 0]],
      [
        { input_tokens: 1, cache_read_input_tokens: 5, cache_creation_input_tokens: 7, output_tokens: 2 },
        [1, 5, 7, 0, 2, 0],
      ],
      [
        {
          input_tokens: 1,
          cache_creation_input_tokens: 7,
          cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
          output_tokens: 9,
          output_tokens_details: { thinking_tokens: 5 },
        },
        [1, 0, 3, 4, 4, 5],
      ],
      [{ input_tokens: -1, output_tokens: "2", output_tokens_details: { thinking_tokens: 5 } }, [0, 0, 0, 0, 0, 0]],
    ];
    for (const [reported, [input, cacheRead, cacheWrite, cacheWriteLong, output, reasoning]] of rows) {
      assert.deepEqual(provider.usageOf({ usage: reported }), {
        input,
        cacheRead,
        cacheWrite,
        cacheWriteLong,
        output,
        reasoning,
      });
    }
    assert.equal(provider.usageOf({}), null);
  });
});

/** What the client gets of an answer with these parts. */
function reply(parts: readonly Part[], finish: FinishReason = "stop", body: JsonObject = {}): JsonObject {
  const choices = [{ parts, finish, stopSequence: null, logprobs: null }];
  const usage = { input: 1, cacheRead: 2, cacheWrite: 3, cacheWriteLong: 4, output: 5, reasoning: 6 };
  const response = { id: "x", model: "y", createdAt: 0, choices, usage, serviceTier: null };
  return JSON.parse(JSON.stringify(client.writeResponse(response, identity(body))));
}

const text = (value: string): Part => ({ kind: "text", text: value, cache: null });
const call = (args: string, signature: Signature | null = null): Part => {
  return { kind: "toolCall", id: "a:1", name: "f", arguments: args, freeform: false, signature, cache: null };
};
const thought = (value: string, signature: Signature | null, redacted = false): Part => {
  return { kind: "reasoning", text: value, summary: false, signature, redacted, id: null };
};

describe("an answer for a client", () => {
  test("has the name the client asked for, and usage with the cache apart", () => {
    assert.deepEqual(reply([text("Hi")]), {
      id: "msg_test",
      type: "message",
      role: "assistant",
      model: "my-model",
      content: [{ type: "text", text: "Hi" }],
      stop_reason: "end_turn",
      stop_sequence: null,
      stop_details: null,
      container: null,
      usage: {
        input_tokens: 1,
        cache_read_input_tokens: 2,
        cache_creation_input_tokens: 7,
        cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
        output_tokens: 11,
        output_tokens_details: { thinking_tokens: 6 },
        server_tool_use: null,
        service_tier: "standard",
        inference_geo: null,
        speed: null,
      },
    });
  });

  test("has calls with ids that its API allows, and objects as arguments", () => {
    const { content, stop_reason } = reply([call('{"a":1}'), call(""), call("[")]);
    const blocks = content as JsonObject[];
    assert.deepEqual(
      blocks.map(({ input }) => input),
      [{ a: 1 }, {}, { _raw: "[" }],
    );
    for (const { id } of blocks) assert.match(String(id), /^[a-zA-Z0-9_-]+$/);
    assert.equal(stop_reason, "tool_use");
    assert.equal(reply([call("{}")], "length").stop_reason, "max_tokens");
  });

  test("has thoughts and proofs of other families, sealed", () => {
    const openai = { family: "openai", value: "enc" } as const;
    const gemini = { family: "gemini", value: "sig" } as const;
    const parts = [
      thought("hm", openai),
      thought("", openai, true),
      thought("x", null),
      thought("", null),
      call("{}", gemini),
    ];
    const content = reply(parts).content as JsonObject[];
    assert.deepEqual(
      content.map(({ type }) => type),
      ["thinking", "redacted_thinking", "thinking", "redacted_thinking", "tool_use"],
    );
    assert.deepEqual(unseal(String(content[0]!.signature))?.signature, openai);
    assert.equal(content[2]!.signature, "");
    assert.deepEqual(unsealCall(String(content[3]!.data)), gemini);
    const hidden = reply([thought("hm", openai)], "stop", { thinking: { type: "adaptive", display: "omitted" } });
    const [block] = hidden.content as JsonObject[];
    assert.deepEqual([block!.thinking, unseal(String(block!.signature))?.hidden], ["", "hm"]);
  });

  test("says that the model has declined", () => {
    const { content, stop_reason, stop_details } = reply([{ kind: "refusal", text: "No." }]);
    assert.deepEqual([(content as JsonObject[])[0]!.text, stop_reason], ["No.", "refusal"]);
    assert.deepEqual(stop_details, { type: "refusal", category: null, explanation: null });
  });

  test("has an estimate where the provider has not counted", () => {
    const choices = [
      { parts: [text("word ".repeat(100))], finish: "stop", stopSequence: null, logprobs: null } as const,
    ];
    const response = { id: "", model: "", createdAt: 0, choices, usage: null, serviceTier: null };
    const usage = client.writeResponse(response, identity()).usage as JsonObject;
    assert.equal(usage.input_tokens, 42);
    assert.ok(Number(usage.output_tokens) >= 100 && Number(usage.output_tokens) < 300);
  });
});

describe("an error of a provider", () => {
  const error = (type: string, message: string, code: string | null = null): JsonObject => {
    return { type: "error", error: { type, message, ...(code === null ? null : { details: { error_code: code } }) } };
  };
  const rows: [number, JsonObject | null, FaultKind, RegExp][] = [
    [400, error("invalid_request_error", "max_tokens: too large"), "invalid", /^max_tokens: too large$/],
    [
      400,
      error("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
      "contextOverflow",
      /prompt is too long/,
    ],
    [
      400,
      error("invalid_request_error", "input length and `max_tokens` exceed context limit: 1"),
      "contextOverflow",
      /exceed context limit/,
    ],
    [400, error("invalid_request_error", "Output blocked by content filtering policy"), "contentPolicy", /blocked/],
    [400, error("invalid_request_error", "Your credit balance is too low"), "billing", /out of credit/],
    [401, error("authentication_error", "invalid x-api-key sk-ant-api03-secret"), "authentication", /did not accept/],
    [402, error("billing_error", "x", "linked_organization_spend_limit_reached"), "quota", /used up/],
    [403, error("permission_error", "x"), "permission", /does not allow/],
    [404, error("not_found_error", "model: claude-9"), "notFound", /^model: claude-9$/],
    [409, error("conflict_error", "x"), "unavailable", /unavailable/],
    [413, error("request_too_large", "x"), "tooLarge", /larger/],
    [400, error("invalid_request_error", "x", "request_body_encoding_unsupported"), "unsupportedMedia", /encoding/],
    [429, error("rate_limit_error", "x"), "rateLimit", /limits requests/],
    [429, error("rate_limit_error", "x", "contract_spend_limit_reached"), "quota", /used up/],
    [429, error("rate_limit_error", "x", "ramp_limit_exceeded"), "rateLimit", /limits requests/],
    [500, error("api_error", "stack trace"), "server", /failed to serve/],
    [504, error("timeout_error", "x"), "timeout", /too long/],
    [529, error("overloaded_error", "x"), "overloaded", /overloaded/],
    [400, error("novelty_error", "x"), "invalid", /^x$/],
    [502, null, "badGateway", /invalid response/],
    [503, null, "unavailable", /unavailable/],
    [418, null, "invalid", /refused/],
    [599, null, "server", /failed/],
  ];
  for (const [status, body, kind, message] of rows) {
    test(`${status} ${JSON.stringify(body)}`, () => {
      const fault = provider.readError(status, body, []);
      assert.deepEqual([fault.kind, fault.status, fault.retryAfterMs], [kind, status, -1]);
      assert.match(fault.message, message);
    });
  }

  test("says when to come again, and what the code of the provider does not", () => {
    assert.equal(provider.readError(429, null, ["retry-after", "7"]).retryAfterMs, 7000);
    assert.equal(provider.readError(404, error("not_found_error", "model: x"), []).code, "model_not_found");
    assert.equal(provider.readError(404, error("not_found_error", "file x"), []).code, null);
    const proof = error("invalid_request_error", "messages.1.content.0: Invalid `signature` in `thinking` block");
    assert.equal(provider.readError(400, proof, []).code, "invalid_signature");
  });
});

describe("an error for a client", () => {
  test("has type and status of its kind", () => {
    const types: Partial<Record<FaultKind, string>> = {
      invalid: "invalid_request_error",
      authentication: "authentication_error",
      billing: "billing_error",
      permission: "permission_error",
      notFound: "not_found_error",
      tooLarge: "request_too_large",
      rateLimit: "rate_limit_error",
      quota: "rate_limit_error",
      server: "api_error",
      timeout: "timeout_error",
      overloaded: "overloaded_error",
    };
    for (const [kind, type] of Object.entries(types) as [FaultKind, string][]) {
      const { status, body } = client.writeError({ ...faultOf(kind, "why"), status: 418 }, "req_1");
      assert.equal(status, FAULT_STATUS[kind]);
      assert.deepEqual(body, { type: "error", error: { type, message: "why" }, request_id: "req_1" });
    }
  });

  test("tells agents in their words that the prompt is too long", () => {
    const { status, body } = client.writeError(
      { ...faultOf("contextOverflow", "maximum context length is 8192"), status: 413 },
      "r",
    );
    assert.equal(status, 400);
    assert.match(String((body.error as JsonObject).message), /^prompt is too long: maximum/);
    const same = client.writeError(faultOf("contextOverflow", "prompt is too long: 9 > 8"), "r").body
      .error as JsonObject;
    assert.equal(same.message, "prompt is too long: 9 > 8");
  });

  test("has the stable code", () => {
    const { body } = client.writeError(faultOf("notFound", "no such model", "model", "model_not_found"), "r");
    assert.deepEqual((body.error as JsonObject).details, { error_code: "model_not_found" });
  });
});
