// Faults that no message puts on a fragment: whose they are is found out, and what they cost is bounded.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReadFragment } from "../../../../src/config/fragments/read.ts";
import { type Checked, settle } from "../../../../src/config/fragments/settle.ts";
import { oneLine, Problems } from "../../../../src/config/text/problem.ts";
import { emptyMap } from "../../../../src/config/text/tree.ts";

const ALONE: Checked<readonly string[]> = { problems: new Problems(), result: [] };

function read(count: number): ReadFragment[] {
  return Array.from({ length: count }, (_, i) => {
    const source = `f${String(i).padStart(4, "0")}`;
    return { source, tree: emptyMap({ file: source, line: 0, column: 0, fragment: source }), warnings: [] };
  });
}

/** Settles fragments with a check that fails, at no place, with any of `bad`. */
function settled(count: number, bad: readonly string[], fail: (problems: Problems) => void) {
  let checks = 0;
  const { checked, dropped } = settle(ALONE, { read: read(count), dropped: [] }, (fragments) => {
    checks++;
    const problems = new Problems();
    const sources = fragments.map(({ source }) => source);
    if (sources.some((source) => bad.includes(source))) fail(problems);
    return { problems, result: sources };
  });
  return { kept: checked.result, dropped: dropped.map(({ source }) => source), checks, said: dropped };
}

test("an error at a place of the file is the fault of the fragment with which it begins", () => {
  const { kept, dropped, checks, said } = settled(1000, ["f0500", "f0777"], (problems) =>
    problems.error({ file: "t.yaml", line: 1, column: 2 }, "wrong"),
  );
  assert.deepEqual(dropped, ["f0500", "f0777"]);
  assert.equal(kept?.length, 998);
  assert.ok(checks <= 3 + 2 * 10, `${checks} checks`);
  assert.equal(oneLine(said[0]!.problems[0]!), "f0500: it makes the configuration invalid: t.yaml:1:2: wrong");
});

test("an exception is such an error too", () => {
  const { dropped } = settled(5, ["f0003"], () => {
    throw new Error("a bug");
  });
  assert.deepEqual(dropped, ["f0003"]);
});

test("after ten rounds all that are left are dropped, and the file is in effect", () => {
  const bad = read(50).map(({ source }) => source);
  const { kept, dropped, checks } = settled(100, bad, (problems) => problems.error(null, "wrong"));
  assert.deepEqual(kept, []);
  assert.equal(dropped.length, 100);
  assert.ok(checks <= 10 * 8 + 1, `${checks} checks`);
});
