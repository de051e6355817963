// Values with each of their parts in turn replaced by junk, or taken away.
import assert from "node:assert/strict";
import { LlmError } from "../../../src/llm/message/fault.ts";

const JUNK: readonly unknown[] = [
  null,
  0,
  -1,
  1e300,
  "",
  "x",
  "\ud800",
  true,
  [],
  [null],
  [[]],
  {},
  { type: "text" },
  { type: 1 },
];

/** The value with each of its nodes in turn replaced by each piece of junk, or taken away. */
function* damaged(value: unknown): Generator<unknown> {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    const copy = (): Record<string, unknown> => structuredClone(value) as Record<string, unknown>;
    const without = copy();
    delete without[key];
    yield Array.isArray(value) ? Object.values(without) : without;
    for (const junk of JUNK) yield Object.assign(copy(), { [key]: junk });
    for (const inner of damaged(Reflect.get(value, key))) yield Object.assign(copy(), { [key]: inner });
  }
}

/**
 * Uses every damaged form of a value.
 * @returns how many of them passed
 * @throws AssertionError what is thrown is no LlmError
 */
export function survive<T>(value: T, use: (value: T) => void): number {
  let passed = 0;
  for (const bad of damaged(value)) {
    try {
      use(bad as T);
      passed++;
    } catch (error) {
      assert.ok(error instanceof LlmError, `${error} for ${JSON.stringify(bad)}`);
    }
  }
  return passed;
}
