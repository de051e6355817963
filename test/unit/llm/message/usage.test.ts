// Usage in its normal form.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inputTokens, mergeUsage, outputTokens, type Usage } from "../../../../src/llm/message/usage.ts";

function usage(parts: Partial<Usage>): Usage {
  return { input: 0, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, output: 0, reasoning: 0, ...parts };
}

test("parts of usage add up", () => {
  const whole = usage({ input: 1, cacheRead: 2, cacheWrite: 4, cacheWriteLong: 8, output: 16, reasoning: 32 });
  assert.equal(inputTokens(whole), 15);
  assert.equal(outputTokens(whole), 48);
});

test("reports of one answer add to each other, and count nothing twice", () => {
  const start = usage({ input: 3, cacheRead: 500, cacheWrite: 20, cacheWriteLong: 100, output: 1 });
  const rows: [Partial<Usage>, Partial<Usage>][] = [
    [
      { output: 40, reasoning: 60 },
      { output: 40, reasoning: 60 },
    ],
    [{ reasoning: 60 }, { output: 0, reasoning: 60 }],
    [{ input: 3, cacheRead: 500, cacheWrite: 120, output: 9 }, { output: 9 }],
    [
      { cacheWrite: 150, output: 9 },
      { cacheWrite: 50, output: 9 },
    ],
    [
      { input: 7, cacheWrite: 30, cacheWriteLong: 110 },
      { input: 7, cacheWrite: 30, cacheWriteLong: 110 },
    ],
  ];
  for (const [later, want] of rows) {
    assert.deepEqual(mergeUsage(start, usage(later)), { ...start, ...want }, JSON.stringify(later));
  }
  assert.deepEqual(mergeUsage(null, start), start);
});
