// How many client connections the open files allow: each may need one to a service beside it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionLimit, openFileLimit } from "../../../src/data/open-files.ts";

function limit(configured: number, openFiles: number) {
  const warnings: string[] = [];
  return { max: connectionLimit(configured, openFiles, (message) => warnings.push(message)), warnings };
}

for (const [openFiles, max] of [
  [0, 0],
  [128, 48],
  [1024, 384],
  [65_536, 32_640],
] as const) {
  test(`${openFiles || "any number of"} open files: ${max || "any number of"} connections`, () => {
    assert.deepEqual(limit(0, openFiles), { max, warnings: [] });
  });
}

test("two for each connection leave something for everything else", () => {
  for (const openFiles of [64, 128, 256, 1024, 4096, 1_048_576]) {
    const rest = openFiles - 2 * limit(0, openFiles).max;
    assert.ok(rest >= Math.min(256, openFiles / 4), `${openFiles}: ${rest}`);
  }
});

test("what is configured holds, with a warning when it is more than the open files allow", () => {
  assert.deepEqual(limit(384, 1024), { max: 384, warnings: [] });
  assert.deepEqual(limit(9999, 0), { max: 9999, warnings: [] });
  const { max, warnings } = limit(385, 1024);
  assert.equal(max, 385);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^frontend\.http\.maxConnections: 385 .* limit of 1024 open files allows for 384;/);
});

test("the limit of this process is found", { skip: process.platform === "win32" }, () => {
  const known = openFileLimit();
  assert.ok(Number.isInteger(known) && known >= 0);
});
