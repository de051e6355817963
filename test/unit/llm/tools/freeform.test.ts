// Freeform tools as functions with one text, and back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Tool } from "../../../../src/llm/message/request.ts";
import { asFunction, InputUnwrapper, unwrapInput, wrapInput } from "../../../../src/llm/tools/freeform.ts";

const PLAIN: Tool = {
  name: "get",
  description: "Gets",
  schema: { type: "object" },
  strict: true,
  grammar: null,
  freeform: false,
  namespace: null,
  cache: null,
};
const PATCH: Tool = {
  ...PLAIN,
  name: "apply_patch",
  description: "Applies a patch",
  schema: null,
  strict: null,
  grammar: { type: "grammar", grammar: { syntax: "lark", definition: 'start: "x"' } },
  freeform: true,
};

const INPUTS = [
  "",
  "a",
  '*** Begin\n+ "q" \\ \t',
  "grüße 😀 \u2028",
  '{"input":"nested"}',
  "\\u0041",
  "\\",
  '"',
  "\u0001",
];

describe("a freeform tool", () => {
  test("becomes a function with one required text, whose description tells the grammar", () => {
    const tool = asFunction(PATCH);
    assert.equal(tool.freeform, false);
    assert.deepEqual(tool.schema?.required, ["input"]);
    assert.equal(tool.description, 'Applies a patch\n\nThe input must match this lark grammar:\nstart: "x"');
    assert.equal(asFunction({ ...PATCH, grammar: null }).description, "Applies a patch");
    assert.equal(asFunction({ ...PATCH, grammar: { type: "text" } }).description, "Applies a patch");
  });
  test("is the only one that changes", () => {
    assert.equal(asFunction(PLAIN), PLAIN);
  });
});

describe("raw input", () => {
  test("comes back from whole arguments", () => {
    for (const input of INPUTS) assert.equal(unwrapInput(JSON.stringify(wrapInput(input))), input);
  });
  test("comes back from arguments cut into two, or into single characters", () => {
    for (const input of INPUTS) {
      for (const args of [JSON.stringify(wrapInput(input)), JSON.stringify(wrapInput(input), null, 2)]) {
        for (let cut = 0; cut <= args.length; cut++) {
          assert.equal(joined([args.slice(0, cut), args.slice(cut)]), input, `${args} cut at ${cut}`);
        }
        assert.equal(joined(args.split("")), input);
      }
    }
  });
  test("is read from every escape of JSON", () => {
    const args = '{"input":"\\u0041\\/\\b\\f\\n\\r\\t\\"\\\\\\ud83d\\ude00"}';
    assert.equal(joined(args.split("")), 'A/\b\f\n\r\t"\\😀');
  });
  test("is given out before the arguments are complete", () => {
    const unwrapper = new InputUnwrapper();
    assert.equal(unwrapper.push('{"inp'), "");
    assert.equal(unwrapper.push('ut": "ab\\'), "ab");
    assert.equal(unwrapper.push("nc"), "\nc");
    assert.equal(unwrapper.push('"}'), "");
    assert.equal(unwrapper.end(), "");
  });
  test("keeps line breaks that the model left unescaped", () => {
    assert.equal(joined(['{"input":"a\n\\', 'tb"}']), "a\n\tb");
    assert.equal(unwrapInput('{"input":"a\n\\tb"}'), "a\n\tb");
  });
  test("is kept as far as it came when the arguments are cut", () => {
    assert.equal(joined(['{"input":"ab\\u00']), "ab");
    assert.equal(unwrapInput('{"input":"ab\\u00'), "ab");
  });
  test("is all of the arguments where they are of another shape", () => {
    for (const args of ["*** Begin Patch", '{"patch":"x"}', "[1]", `${" ".repeat(80)}{}`]) {
      assert.equal(unwrapInput(args), args);
      assert.equal(joined(args.split("")), args);
    }
    const other = `{"note":"${"n".repeat(80)}","input":"x"}`;
    assert.equal(joined(other.split("")), "x");
  });
});

function joined(pieces: readonly string[]): string {
  const unwrapper = new InputUnwrapper();
  return pieces.map((piece) => unwrapper.push(piece)).join("") + unwrapper.end();
}
