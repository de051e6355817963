// Errors of Gemini, and errors for its clients.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import { FAULT_STATUS, type FaultKind, faultOf } from "../../../../src/llm/message/fault.ts";
import { validateGeminiArray, validateGeminiEvents } from "../../../support/llm/gemini-validator.ts";

const ARRAY = gemini.array!.client;
const RPC = "type.googleapis.com/google.rpc.";

function read(code: number, status: string, message: string, details: readonly object[] = [], http = code) {
  return gemini.provider.readError(http, { error: { code, message, status, details } }, []);
}

describe("an error of Gemini", () => {
  const quota = (quotaId: string): object => ({ "@type": `${RPC}QuotaFailure`, violations: [{ quotaId }] });
  const retry = { "@type": `${RPC}RetryInfo`, retryDelay: "34.074824224s" };
  const badKey = { "@type": `${RPC}ErrorInfo`, reason: "API_KEY_INVALID", domain: "googleapis.com" };
  const tooLong = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).";
  const cases: readonly (readonly [FaultKind, number, string, string, (readonly object[])?])[] = [
    ["invalid", 400, "INVALID_ARGUMENT", "Please use a valid role: user, model."],
    ["contextOverflow", 400, "INVALID_ARGUMENT", tooLong],
    ["authentication", 400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [badKey]],
    ["authentication", 400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."],
    ["permission", 400, "FAILED_PRECONDITION", "User location is not supported for the API use."],
    ["authentication", 401, "UNAUTHENTICATED", "Request had invalid authentication credentials."],
    ["permission", 403, "PERMISSION_DENIED", "Your project has been denied access."],
    ["notFound", 404, "NOT_FOUND", "models/x is not found for API version v1beta"],
    ["rateLimit", 429, "RESOURCE_EXHAUSTED", "Too fast", [quota("GenerateRequestsPerMinutePerProjectPerModel"), retry]],
    ["quota", 429, "RESOURCE_EXHAUSTED", "Too much", [quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")]],
    ["quota", 429, "RESOURCE_EXHAUSTED", "Quota exceeded for metric: x, limit: 0, model: gemini-x"],
    ["server", 500, "INTERNAL", "An internal error has occurred"],
    ["overloaded", 503, "UNAVAILABLE", "The model is overloaded. Please try again later."],
    ["timeout", 504, "DEADLINE_EXCEEDED", "Deadline expired"],
    ["unavailable", 499, "CANCELLED", "The operation was cancelled."],
  ];
  for (const [kind, code, status, message, details] of cases) {
    test(`is ${kind} if it is ${code} ${status}: ${message.slice(0, 40)}`, () => {
      for (const http of [code, 200]) {
        const fault = read(code, status, message, details, http);
        assert.equal(fault.kind, kind);
        assert.equal(fault.status, kind === "authentication" ? 401 : code);
        const shown = ["invalid", "contextOverflow", "notFound"].includes(kind);
        assert.equal(fault.message === message, shown, fault.message);
      }
    });
  }

  test("says when to come back in its details, else in a field", () => {
    assert.equal(read(429, "RESOURCE_EXHAUSTED", "", [retry]).retryAfterMs, 34_075);
    assert.equal(gemini.provider.readError(429, null, ["Retry-After", "7"]).retryAfterMs, 7000);
    for (const retryDelay of ["-1s", "1e3s", "soon", 5, `${"9".repeat(30)}s`]) {
      assert.equal(read(429, "RESOURCE_EXHAUSTED", "", [{ retryDelay }]).retryAfterMs, -1);
    }
    assert.equal(read(429, "RESOURCE_EXHAUSTED", "", [{ retryDelay: "999999999s" }]).retryAfterMs, 86_400_000);
  });

  test("names the field that is wrong", () => {
    const details = [{ "@type": `${RPC}BadRequest`, fieldViolations: [{ field: "contents[0].role" }] }];
    assert.equal(read(400, "INVALID_ARGUMENT", "x", details).param, "contents[0].role");
  });

  test("a model that is missing has a code, and what else is missing has none", () => {
    assert.equal(read(404, "NOT_FOUND", "models/x is not found").code, "model_not_found");
    assert.equal(read(404, "NOT_FOUND", "CachedContent not found").code, null);
  });

  const statuses: readonly (readonly [number, FaultKind])[] = [
    ...([
      [400, "invalid"],
      [401, "authentication"],
      [402, "billing"],
      [403, "permission"],
    ] as const),
    ...([
      [404, "notFound"],
      [408, "timeout"],
      [413, "tooLarge"],
      [415, "unsupportedMedia"],
      [422, "invalid"],
    ] as const),
    ...([
      [429, "rateLimit"],
      [500, "server"],
      [502, "unavailable"],
      [503, "overloaded"],
      [504, "timeout"],
    ] as const),
  ];
  for (const [status, kind] of statuses) {
    test(`without a body is ${kind} by its status ${status}`, () => {
      for (const body of [null, {}, { error: "x" }, { error: { details: [7, null], message: 5 } }]) {
        const fault = gemini.provider.readError(status, body, []);
        assert.equal(fault.kind, kind);
        assert.equal(fault.status, status);
      }
    });
  }
});

describe("an error for a Gemini client", () => {
  for (const kind of Object.keys(FAULT_STATUS) as FaultKind[]) {
    test(`has the shape of Google's: ${kind}`, () => {
      const { status, body } = gemini.client.writeError(faultOf(kind, "Words", "contents", "some_code"), "req-1");
      assert.equal(status, kind === "overloaded" ? 503 : FAULT_STATUS[kind]);
      const { error } = body as { error: { code: number; message: string; status: string; details: object[] } };
      assert.equal(error.code, status);
      assert.equal(error.message, "Words");
      assert.match(error.status, /^[A-Z_]+$/);
      assert.deepEqual(error.details, [
        { "@type": `${RPC}ErrorInfo`, reason: "SOME_CODE", domain: "gateway" },
        { "@type": `${RPC}BadRequest`, fieldViolations: [{ field: "contents", description: "Words" }] },
        { "@type": `${RPC}RequestInfo`, requestId: "req-1" },
      ]);
    });
  }

  test("says when to come back", () => {
    const { body } = gemini.client.writeError({ ...faultOf("rateLimit", "Slow"), retryAfterMs: 34_075 }, "");
    const { details } = body.error as { details: object[] };
    assert.deepEqual(details, [{ "@type": `${RPC}RetryInfo`, retryDelay: "34.075s" }]);
    assert.equal(gemini.provider.readError(429, body, []).retryAfterMs, 34_075);
  });

  test("ends a stream that cannot be completed, in either framing", () => {
    const fault = faultOf("overloaded", "Too many");
    const wanted = { code: 503, message: "Too many", status: "UNAVAILABLE" };
    assert.deepEqual(validateGeminiEvents(gemini.client.errorEvents(fault, "r")).error, wanted);
    assert.deepEqual(validateGeminiArray(ARRAY.errorEvents(fault, "r", false)).error, wanted);
    assert.deepEqual(
      validateGeminiArray(
        `[{"candidates":[],"modelVersion":"m","responseId":"r"}${ARRAY.errorEvents(fault, "r", true)}`,
      ).error,
      wanted,
    );
  });

  test("keep-alives are events of their own, and blanks in an array", () => {
    const stream = gemini.client.keepAlive + gemini.client.errorEvents(faultOf("server", "x"), "");
    assert.equal(validateGeminiEvents(stream).comments, 1);
    const { keepAlive } = ARRAY;
    validateGeminiArray(`${keepAlive}${ARRAY.errorEvents(faultOf("server", "x"), "", false)}${keepAlive}`);
    assert.match(ARRAY.streamType ?? "", /^application\/json/);
  });
});
