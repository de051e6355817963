// Schemas whose references are put in place.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inlineRefs } from "../../../../src/llm/json/schema-refs.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";

function inlined(schema: JsonObject): JsonObject {
  return inlineRefs(schema, "tools[0].parameters").schema;
}

describe("a schema", () => {
  test("without references keeps every keyword but its names and its dialect", () => {
    const schema = {
      type: "object",
      properties: { a: { type: ["string", "null"], const: "x", exclusiveMinimum: 1 }, $ref: { type: "string" } },
      required: ["a", "$ref"],
      additionalProperties: false,
      enum: [{ $ref: "#/data" }],
      default: { $defs: 1 },
    };
    const named = { $schema: "https://json-schema.org/draft/2020-12/schema", $id: "x", $comment: "c", ...schema };
    assert.deepEqual(inlineRefs(named, ""), { schema, loosened: false });
  });

  test("has what its references refer to, with what stands beside them", () => {
    const schema = {
      type: "object",
      properties: {
        from: { $ref: "#/$defs/place", description: "start" },
        via: { type: "array", items: { $ref: "#/definitions/a~1b%20c" } },
        to: { anyOf: [{ $ref: "#/$defs/place" }, { type: "null" }] },
      },
      $defs: { place: { type: "object", properties: { city: { $ref: "#/$defs/name" } } }, name: { type: "string" } },
      definitions: { "a/b c": { type: "integer" } },
    };
    const place = { type: "object", properties: { city: { type: "string" } } };
    assert.deepEqual(inlined(schema), {
      type: "object",
      properties: {
        from: { ...place, description: "start" },
        via: { type: "array", items: { type: "integer" } },
        to: { anyOf: [place, { type: "null" }] },
      },
    });
  });

  test("that contains itself is put into itself three times, and accepts any value below", () => {
    const tree = {
      type: "object",
      properties: { left: { $ref: "#" }, name: { type: "string" } },
    };
    const { schema, loosened } = inlineRefs(tree, "");
    assert.equal(loosened, true);
    const lefts = JSON.stringify(schema).match(/"left"/g)!;
    assert.equal(lefts.length, 4);
    assert.match(JSON.stringify(schema), /"left":\{\}/);
  });

  test("that refers to itself at once accepts any value", () => {
    assert.deepEqual(inlined({ $ref: "#" }), {});
    assert.deepEqual(inlined({ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }), {});
  });

  test("of a few lines cannot grow without bound", () => {
    const $defs: Record<string, JsonObject> = { d30: { type: "string" } };
    for (let at = 0; at < 30; at++) {
      const next = { $ref: `#/$defs/d${at + 1}` };
      $defs[`d${at}`] = { type: "object", properties: { a: next, b: next, c: next } };
    }
    const { schema, loosened } = inlineRefs({ $ref: "#/$defs/d0", $defs }, "");
    assert.equal(loosened, true);
    assert.ok(JSON.stringify(schema).length < 2_000_000);
  });

  test("true and false are schemas", () => {
    const schema = { properties: { a: { $ref: "#/$defs/t" }, b: { $ref: "#/$defs/f" } }, $defs: { t: true, f: false } };
    assert.deepEqual(inlined(schema), { properties: { a: {}, b: { not: {} } } });
  });

  for (const $ref of [
    "https://example.com/s.json",
    "other.json#/a",
    "#anchor",
    "#/$defs/none",
    "#/properties/__proto__",
    "#/required/7",
  ]) {
    test(`that refers to ${$ref} is refused by its place`, () => {
      const schema = { properties: { a: { $ref } }, required: ["a"] };
      assert.throws(
        () => inlined(schema),
        (error) =>
          error instanceof LlmError && error.fault.kind === "invalid" && error.fault.param === "tools[0].parameters",
      );
    });
  }
});
