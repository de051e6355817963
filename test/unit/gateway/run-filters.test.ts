// The filter list: flat, in order, synchronous until a filter waits.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../../../src/core/filter.ts";
import type { Verdict } from "../../../src/core/reply.ts";
import { runFilters } from "../../../src/gateway/run-filters.ts";
import { contextOf } from "../../support/context.ts";

const ctx = contextOf();
const refusal: Verdict = { code: "overloaded" };

function filters(calls: string[], ...answers: (() => Verdict | Promise<Verdict>)[]): Filter[] {
  return answers.map((answer, i) => ({
    name: `f${i}`,
    phase: "edge",
    onRequest: () => {
      calls.push(`f${i}`);
      return answer();
    },
  }));
}

test("lets a request pass that no filter stops, without a promise", () => {
  const calls: string[] = [];
  assert.equal(
    runFilters(
      ctx,
      filters(
        calls,
        () => undefined,
        () => undefined,
      ),
    ),
    undefined,
  );
  assert.deepEqual(calls, ["f0", "f1"]);
});

test("ends at the first verdict", () => {
  const calls: string[] = [];
  assert.equal(
    runFilters(
      ctx,
      filters(
        calls,
        () => refusal,
        () => undefined,
      ),
    ),
    refusal,
  );
  assert.deepEqual(calls, ["f0"]);
});

test("goes on after a filter that waited, in order", async () => {
  const calls: string[] = [];
  const list = filters(
    calls,
    () => Promise.resolve(undefined),
    () => undefined,
    () => Promise.resolve(refusal),
    () => assert.fail("not reached"),
  );
  assert.equal(await runFilters(ctx, list), refusal);
  assert.deepEqual(calls, ["f0", "f1", "f2"]);
});
