// Which failed requests may be sent again: the whole table, so that a change to it is a decision.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Progress } from "../../../src/core/edges.ts";
import type { RetryRule } from "../../../src/core/retry.ts";
import { askedWait, backoff, isRepeatable, maySendAgain } from "../../../src/gateway/resend.ts";
import { contextOf } from "../../support/context.ts";

/** How far it came → may be repeated without asking, and when the configuration asks for retries. */
const table: Readonly<
  Record<Progress, { readonly alone: readonly [boolean, boolean]; readonly asked: readonly [boolean, boolean] }>
> = {
  // [not repeatable, repeatable]
  unsent: { alone: [true, true], asked: [true, true] },
  refused: { alone: [true, true], asked: [true, true] },
  reset_on_reuse: { alone: [false, true], asked: [false, true] },
  unable: { alone: [false, false], asked: [false, false] },
  declined: { alone: [false, false], asked: [false, false] },
  sent: { alone: [false, false], asked: [false, true] },
  responding: { alone: [false, false], asked: [false, false] },
};

for (const [progress, { alone, asked }] of Object.entries(table)) {
  for (const [i, repeatable] of [false, true].entries()) {
    const kind = repeatable ? "a repeatable request" : "a request that must not be done twice";
    test(`${kind}, ${progress}: ${alone[i] ? "again" : "not by itself"}${asked[i] ? ", again where asked" : ""}`, () => {
      assert.equal(maySendAgain(progress as Progress, repeatable, true, false), alone[i]);
      assert.equal(maySendAgain(progress as Progress, repeatable, true, true), asked[i]);
    });
    test(`${kind}, ${progress}: never when its body is gone`, () => {
      assert.equal(maySendAgain(progress as Progress, repeatable, false, true), false);
    });
  }
}

function repeatable(method: string, fields: readonly string[] = []): boolean {
  return isRepeatable(contextOf({ method, fields }));
}

test("GET, HEAD, OPTIONS, TRACE, PUT and DELETE are repeatable, others with an Idempotency-Key", () => {
  for (const method of ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]) assert.ok(repeatable(method), method);
  for (const method of ["POST", "PATCH", "LOCK"]) assert.ok(!repeatable(method), method);
  assert.ok(repeatable("POST", ["Idempotency-Key", "a1"]));
  assert.ok(!repeatable("POST", ["Idempotency-Key", ""]));
});

describe("the wait before the next try", () => {
  const rule = { initialDelayMs: 100, maxDelayMs: 1000, multiplier: 2, jitter: 0 as number | "full" } as RetryRule;

  test("grows by the multiplier up to the largest", () => {
    const waits = [0, 1, 2, 3, 4, 50].map((n) => backoff(rule, n, () => 0.5));
    assert.deepEqual(waits, [100, 200, 400, 800, 1000, 1000]);
  });

  test("with full jitter is anywhere between nothing and the whole", () => {
    const full = { ...rule, jitter: "full" as const };
    assert.deepEqual(
      [0, 0.5, 1].map((r) => backoff(full, 1, () => r)),
      [0, 100, 200],
    );
  });

  test("with a share as jitter varies by it, and never exceeds the largest", () => {
    const some = { ...rule, jitter: 0.25 };
    assert.deepEqual(
      [0, 0.5, 1].map((r) => backoff(some, 0, () => r)),
      [75, 100, 125],
    );
    assert.equal(
      backoff(some, 9, () => 1),
      1000,
    );
  });
});

describe("the wait a backend asks for", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const cases: readonly (readonly [string, string[], number])[] = [
    ["none", [], -1],
    ["seconds", ["Retry-After", "3"], 3000],
    ["a date", ["retry-after", "Thu, 01 Jan 2026 00:00:05 GMT"], 5000],
    ["a date gone by", ["Retry-After", "Thu, 01 Jan 2015 00:00:05 GMT"], 0],
    ["nonsense", ["Retry-After", "soon"], -1],
    ["a fraction", ["Retry-After", "1.5"], -1],
    ["a negative wait", ["Retry-After", "-5"], -1],
    ["a date in words", ["Retry-After", "next may 7"], -1],
    ["more digits than any wait has", ["Retry-After", "99999999999"], -1],
    ["gRPC push-back", ["grpc-retry-pushback-ms", "250"], 250],
    ["not to come back", ["grpc-retry-pushback-ms", "-1"], Number.POSITIVE_INFINITY],
    ["push-back before Retry-After", ["Retry-After", "3", "grpc-retry-pushback-ms", "10"], 10],
  ];
  for (const [name, fields, expected] of cases) {
    test(name, () => assert.equal(askedWait(fields, now), expected));
  }
});
