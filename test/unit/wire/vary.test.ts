// Names that are added to `Vary`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addVary } from "../../../src/wire/vary.ts";

const rows: readonly (readonly [before: string[], after: string[]])[] = [
  [[], ["Vary", "Origin"]],
  [
    ["vary", "Accept"],
    ["vary", "Accept, Origin"],
  ],
  [
    ["Vary", "accept , ORIGIN"],
    ["Vary", "accept , ORIGIN"],
  ],
  [
    ["Vary", "*"],
    ["Vary", "*"],
  ],
  [
    ["Vary", ""],
    ["Vary", "", "Vary", "Origin"],
  ],
  [
    ["Vary", "A", "X", "1", "Vary", "B"],
    ["Vary", "A", "X", "1", "Vary", "B, Origin"],
  ],
  [
    ["Vary", "Origin", "Vary", "B"],
    ["Vary", "Origin", "Vary", "B"],
  ],
  [
    ["Vary", "X-Origin"],
    ["Vary", "X-Origin, Origin"],
  ],
];
for (const [before, after] of rows) {
  test(`${JSON.stringify(before)} becomes ${JSON.stringify(after)}`, () => {
    const fields = [...before];
    addVary(fields, "Origin");
    assert.deepEqual(fields, after);
  });
}
