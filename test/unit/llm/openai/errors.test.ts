// Errors of OpenAI's APIs and compatible servers, as they arrive and as clients get them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { FAULT_STATUS, type FaultKind, faultOf } from "../../../../src/llm/message/fault.ts";
import { faultOfError, readOpenAiError, writeOpenAiError } from "../../../../src/llm/openai/errors.ts";
import { retryAfterMs } from "../../../../src/llm/providers/retry-after.ts";

function openai(message: string, type: string, code: unknown = null, more: JsonObject = {}): JsonObject {
  return { error: { message, type, param: null, code, ...more } };
}

/** Server, status, body, kind. */
const RECEIVED: readonly (readonly [string, number, JsonObject | null, FaultKind])[] = [
  ["a malformed request", 400, openai("bad", "invalid_request_error"), "invalid"],
  [
    "a prompt that is too long",
    400,
    openai("long", "invalid_request_error", "context_length_exceeded"),
    "contextOverflow",
  ],
  ["a refused prompt", 400, openai("no", "invalid_request_error", "content_policy_violation"), "contentPolicy"],
  ["a refused prompt at Azure", 400, openai("no", "", "content_filter"), "contentPolicy"],
  ["a wrong key", 401, openai("Incorrect API key", "invalid_request_error", "invalid_api_key"), "authentication"],
  ["a region", 403, openai("Country not supported", "request_forbidden", "unsupported_country"), "permission"],
  ["an unknown model", 404, openai("no model", "invalid_request_error", "model_not_found"), "notFound"],
  ["limited requests", 429, openai("slow", "requests", "rate_limit_exceeded"), "rateLimit"],
  ["limited tokens", 429, openai("slow", "tokens"), "rateLimit"],
  ["a used-up quota", 429, openai("pay", "insufficient_quota", "insufficient_quota"), "quota"],
  ["no credit", 429, openai("pay", "insufficient_quota", "credit_balance_exhausted"), "billing"],
  ["a conflict", 409, openai("again", "invalid_request_error"), "unavailable"],
  ["overload by code", 503, openai("busy", "service_unavailable_error", "server_is_overloaded"), "overloaded"],
  ["a failure", 500, openai("oops", "server_error"), "server"],
  ["a gateway's HTML", 502, null, "badGateway"],
  ["HTML of a proxy in front", 524, null, "timeout"],
  [
    "vLLM, overflow",
    400,
    {
      object: "error",
      message: "This model's maximum context length is 4 tokens.",
      type: "BadRequestError",
      param: null,
      code: 400,
    },
    "contextOverflow",
  ],
  [
    "vLLM, unknown model",
    404,
    { object: "error", message: "The model `x` does not exist.", type: "NotFoundError", param: null, code: 404 },
    "notFound",
  ],
  [
    "llama.cpp, overflow",
    400,
    openai("request (9 tokens) exceeds the available context size", "exceed_context_size_error", 400),
    "contextOverflow",
  ],
  ["llama.cpp, loading", 503, openai("Loading model", "unavailable_error", 503), "unavailable"],
  ["Ollama", 404, { error: "model 'x' not found" }, "notFound"],
  ["FastAPI", 422, { detail: [{ loc: ["body"], msg: "field required" }] }, "invalid"],
  [
    "Mistral",
    422,
    { object: "error", message: { detail: [{ msg: "x" }] }, type: "invalid_request_error", code: null },
    "invalid",
  ],
  ["DeepSeek, no balance", 402, openai("Insufficient Balance", "unknown_error", "invalid_request_error"), "billing"],
  ["OpenRouter, no credit", 402, { error: { code: 402, message: "Insufficient credits" } }, "billing"],
  [
    "OpenRouter, moderation",
    403,
    { error: { code: 403, message: "flagged", metadata: { reasons: ["violence"] } } },
    "contentPolicy",
  ],
  [
    "OpenRouter, overflow behind it",
    400,
    {
      error: {
        code: 400,
        message: "Provider returned error",
        metadata: { raw: '{"message":"prompt is too long: 9 tokens"}' },
      },
    },
    "contextOverflow",
  ],
];

describe("errors of providers", () => {
  for (const [what, status, body, kind] of RECEIVED) {
    test(`${what}: ${status} is ${kind}`, () => {
      const fault = readOpenAiError(status, body, []);
      assert.equal(fault.kind, kind);
      assert.equal(fault.status, status);
    });
  }

  test("a model that is missing has a code, and what else is missing has none", () => {
    const code = (text: string) => readOpenAiError(404, { error: { message: text, code: 404 } }, []).code;
    assert.equal(code("The model `x` does not exist."), "model_not_found");
    assert.equal(code("model 'x' not found"), "model_not_found");
    assert.equal(code("No such File object: model does not exist"), null);
  });

  test("words reach the client only for faults of its request, without keys", () => {
    const invalid = readOpenAiError(400, openai("No such field. Key sk-abcdef1234567890", "invalid_request_error"), []);
    assert.equal(invalid.message, "No such field. Key …");
    const key = readOpenAiError(401, openai("Key of acme", "invalid_request_error", "invalid_api_key"), []);
    assert.doesNotMatch(key.message, /acme/);
    assert.match(readOpenAiError(422, { detail: [{ msg: "field required" }] }, []).message, /field required/);
  });

  test("an error in a stream has the status its code says, else that of its kind", () => {
    assert.deepEqual(pick(faultOfError({ message: "bad", code: 400 })), ["invalid", 400]);
    assert.deepEqual(pick(faultOfError({ message: "limited", code: "429" })), ["rateLimit", 429]);
    assert.deepEqual(pick(faultOfError({ message: "bad", type: "invalid_request_error", code: null })), [
      "invalid",
      400,
    ]);
    assert.deepEqual(pick(faultOfError({ type: "server_error", code: "rate_limit_exceeded" })), ["rateLimit", 429]);
    assert.deepEqual(pick(faultOfError("oops")), ["server", 500]);
    assert.deepEqual(pick(faultOfError({ code: 200 })), ["server", 500]);
    assert.deepEqual(pick(faultOfError({ code: "constructor", type: "toString" })), ["server", 500]);
  });

  test("the wait is read as seconds, milliseconds and date", () => {
    assert.equal(readOpenAiError(429, null, ["Retry-After", "7"]).retryAfterMs, 7000);
    assert.equal(retryAfterMs(["retry-after-ms", "1500.5", "retry-after", "9"]), 1501);
    assert.equal(retryAfterMs(["retry-after", "Thu, 01 Jan 1970 00:00:09 GMT"], 4000), 5000);
    assert.equal(retryAfterMs(["retry-after", "Thu, 01 Jan 1970 00:00:09 GMT"], 40_000), 0);
    assert.equal(retryAfterMs(["retry-after", "999999999999"]), 86_400_000);
    for (const fields of [[], ["retry-after", "soon"], ["retry-after", "-1"], ["retry-after", "1e3"]]) {
      assert.equal(retryAfterMs(fields), -1);
    }
  });
});

describe("errors for clients", () => {
  for (const kind of Object.keys(FAULT_STATUS) as FaultKind[]) {
    test(`${kind} is an error object that is read back as what it was`, () => {
      const { status, body } = writeOpenAiError(faultOf(kind, "words", "messages[0]"));
      const read = readOpenAiError(status, body, []);
      assert.equal(read.kind, kind);
      assert.deepEqual(Object.keys(body.error as JsonObject), ["message", "type", "param", "code"]);
      assert.equal(read.param, "messages[0]");
      assert.ok(status >= 400 && status <= 504);
    });
  }

  test("an overflow has the code that agents look for", () => {
    const { body } = writeOpenAiError({ ...faultOf("contextOverflow", "long"), code: "exceed_context_size_error" });
    assert.equal((body.error as JsonObject).code, "context_length_exceeded");
  });
});

function pick({ kind, status }: { readonly kind: FaultKind; readonly status: number }): readonly unknown[] {
  return [kind, status];
}
