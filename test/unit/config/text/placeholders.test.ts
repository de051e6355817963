// Placeholders in scalars and keys: every form, escaping, files, and that no value can add structure.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseYaml } from "../../../../src/config/text/parse.ts";
import { fillPlaceholders } from "../../../../src/config/text/placeholders.ts";
import { oneLine, Problems } from "../../../../src/config/text/problem.ts";
import { SourceFiles } from "../../../../src/config/text/source-files.ts";
import { type Node, plain } from "../../../../src/config/text/tree.ts";

const folder = mkdtempSync(join(tmpdir(), "placeholders-"));
after(() => rmSync(folder, { recursive: true }));

interface Filled {
  readonly tree: Node;
  readonly value: unknown;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly files: readonly string[];
}

function fill(yaml: string, env: Readonly<Record<string, string>> = {}): Filled {
  const problems = new Problems();
  const files = new SourceFiles();
  const tree = fillPlaceholders(parseYaml(yaml, "t.yaml", problems), { env, files, used: new Set() }, problems);
  const { errors, warnings } = problems;
  return {
    tree,
    value: plain(tree),
    errors: errors.map(oneLine),
    warnings: warnings.map(oneLine),
    files: [...files.stamps.keys()],
  };
}

function one(text: string, env: Readonly<Record<string, string>> = {}): unknown {
  const { value, errors, warnings } = fill(`v: ${JSON.stringify(text)}\n`, env);
  assert.deepEqual([errors, warnings], [[], []]);
  return (value as { v: unknown }).v;
}

const FORMS: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ["${A}", { A: "x" }, "x"],
  ["a-${A}-${B_2}", { A: "x", B_2: "y" }, "a-x-y"],
  ["${A}", { A: "" }, ""],
  ["${A:-d}", {}, "d"],
  ["${A:-d}", { A: "" }, "d"],
  ["${A:-d}", { A: "x" }, "x"],
  ["${A:-}", {}, ""],
  ["${A:-http://h:1/p?q=a b}", {}, "http://h:1/p?q=a b"],
  ["${A:d}", {}, "d"],
  ["${A:d}", { A: "" }, "d"],
  ["${A:d}", { A: "x" }, "x"],
  ["${A:?needed}", { A: "x" }, "x"],
  ["$${A}", { A: "x" }, "${A}"],
  ["$${A}${A}", { A: "x" }, "${A}x"],
  ["${A}", { A: "$& ${B} $1" }, "$& ${B} $1"],
  ["${request_id} ${header:User-Agent}", { request_id: "x" }, "${request_id} ${header:User-Agent}"],
  ["$A {A} $", { A: "x" }, "$A {A} $"],
  ["${_A1}", { _A1: "x" }, "x"],
  ["${1A}", { "1A": "x" }, "${1A}"],
  ["${A", { A: "x" }, "${A"],
];

for (const [text, env, expected] of FORMS) {
  test(`${text} with ${JSON.stringify(env)} becomes "${expected}"`, () => assert.equal(one(text, env), expected));
}

test("an unset variable stays as text and warns once, with its place", () => {
  const { value, errors, warnings } = fill("a: ${NOPE}\nb: ${NOPE}\n");
  assert.deepEqual(value, { a: "${NOPE}", b: "${NOPE}" });
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings, ["t.yaml:1:4: environment variable NOPE is not set; ${NOPE} is left unchanged"]);
});

for (const env of [{}, { A: "" }]) {
  test(`a required variable that is ${"A" in env ? "empty" : "unset"} is an error with its message`, () => {
    assert.deepEqual(fill('v: "${A:?set A to the key}"\n', env).errors, [
      "t.yaml:1:4: environment variable A is not set: set A to the key",
    ]);
  });
}

test("a required variable without a message is named", () => {
  assert.deepEqual(fill('v: "${A:?}"\n').errors, ["t.yaml:1:4: environment variable A is not set"]);
});

test("keys are filled too", () => {
  assert.deepEqual(fill("${K}: 1\nlist:\n  - ${K}x: 2\n", { K: "name" }).value, { name: 1, list: [{ namex: 2 }] });
});

test("two keys that become the same are an error", () => {
  assert.deepEqual(fill("a: 1\n${K}: 2\n", { K: "a" }).errors, ['t.yaml:2:1: duplicate key "a"']);
});

const STRUCTURE = ["a: b", "[1, 2]", "{ x: 1 }", "a\nb: c\n- d", "*anchor", "&a b", "# comment", '"', "!!int 5", "<<"];
for (const text of STRUCTURE) {
  test(`the value ${JSON.stringify(text)} stays one text`, () => {
    assert.deepEqual(fill('v: ${A}\nw: [ "x${A}" ]\n', { A: text }).value, { v: text, w: [`x${text}`] });
  });
}

test("values that are not text are left alone", () => {
  assert.deepEqual(fill("a: 1\nb: true\nc:\nd: 1.5\n").value, { a: 1, b: true, c: null, d: 1.5 });
});

test("a file gives its content without its last line break, and is remembered to be watched", () => {
  const path = join(folder, "secret");
  writeFileSync(path, "s3cret\nline two\n");
  const { value, files, errors } = fill(`v: "x\${file:${path}}"\n`);
  assert.deepEqual([value, files, errors], [{ v: "xs3cret\nline two" }, [path], []]);
});

test("a file that is not there is an error, and watched all the same", () => {
  const path = join(folder, "none");
  const { errors, files } = fill(`v: \${file:${path}}\n`);
  assert.deepEqual(errors, [`t.yaml:1:4: cannot read \${file:…}: "${path}": no such file`]);
  assert.deepEqual(files, [path]);
});

test("a file larger than 1 MiB is refused", () => {
  const path = join(folder, "large");
  writeFileSync(path, "x".repeat(1024 * 1024 + 1));
  assert.deepEqual(fill(`v: \${file:${path}}\n`).errors, [
    `t.yaml:1:4: cannot read \${file:…}: "${path}": larger than 1 MiB`,
  ]);
});

test("content of a file is not filled again", () => {
  const path = join(folder, "template");
  writeFileSync(path, "${A} ${file:/etc/hostname}");
  assert.deepEqual(fill(`v: \${file:${path}}\n`, { A: "x" }).value, { v: "${A} ${file:/etc/hostname}" });
});

test("an escaped file placeholder is text", () => assert.equal(one("$${file:/nope}"), "${file:/nope}"));

test("filled values say where they came from, so that no message repeats them", () => {
  const path = join(folder, "kind");
  writeFileSync(path, "x");
  const { tree } = fill(`a: \${A}\nb: \${file:${path}}\nc: plain\n`, { A: "x" });
  const kinds =
    tree.kind === "map" ? [...tree.entries.values()].map((e) => e.value.kind === "scalar" && e.value.filled) : [];
  assert.deepEqual(kinds, ["env", "file", undefined]);
});
