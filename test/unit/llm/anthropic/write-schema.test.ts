// JSON schemas as the provider takes them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { strictSchema } from "../../../../src/llm/anthropic/write-schema.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";

describe("a schema that the provider enforces", () => {
  const rows: [string, JsonObject, JsonObject][] = [
    [
      "closes objects",
      { type: "object", properties: { a: {} } },
      { type: "object", properties: { a: {} }, additionalProperties: false },
    ],
    [
      "puts bounds into words",
      { type: "string", description: "d", maxLength: 3, pattern: "a" },
      { type: "string", description: 'd\n\nmaxLength: 3, pattern: "a"' },
    ],
    ["keeps what is known", { enum: ["a"], title: "t", default: "a" }, { enum: ["a"], title: "t", default: "a" }],
    ["keeps known formats", { type: "string", format: "date" }, { type: "string", format: "date" }],
    [
      "puts other formats into words",
      { type: "string", format: "iban" },
      { type: "string", description: 'format: "iban"' },
    ],
    [
      "knows lists that are not empty",
      { type: "array", minItems: 1, items: { type: "string" } },
      { type: "array", minItems: 1, items: { type: "string" } },
    ],
    ["puts other lengths into words", { type: "array", minItems: 2 }, { type: "array", description: "minItems: 2" }],
    [
      "takes one of for any of",
      { oneOf: [{ type: "null" }, { minimum: 1 }] },
      { anyOf: [{ type: "null" }, { description: "minimum: 1" }] },
    ],
    ["drops the dialect", { $schema: "x", type: "null" }, { type: "null" }],
    [
      "follows definitions",
      { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { type: "null" } } },
      { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { type: "null" } } },
    ],
    [
      "keeps an object without properties",
      { type: "object", additionalProperties: false },
      { type: "object", properties: {}, additionalProperties: false },
    ],
  ];
  for (const [name, schema, want] of rows) test(name, () => assert.deepEqual(strictSchema(schema), want));

  const beyond: [string, JsonObject][] = [
    [
      "properties of any name",
      { type: "object", properties: { a: { type: "object", additionalProperties: { type: "string" } } } },
    ],
    ["objects of any kind", { type: "object" }],
    ["names by a pattern", { type: "object", properties: { a: {} }, patternProperties: { "^x": {} } }],
    [
      "recursion",
      { $ref: "#/$defs/a", $defs: { a: { type: "array", items: { $ref: "#/$defs/b" } }, b: { $ref: "#/$defs/a" } } },
    ],
    ["recursion to the top", { type: "object", properties: { a: { $ref: "#" } } }],
    ["schemas elsewhere", { $ref: "https://a/b.json" }],
    ["malformed alternatives", { anyOf: 1 }],
    ["great depth", deep(100)],
  ];
  for (const [name, schema] of beyond) test(`is none with ${name}`, () => assert.equal(strictSchema(schema), null));

  test("takes time in proportion to its size, however definitions refer to each other", () => {
    const names = Array.from({ length: 300 }, (_, index) => `d${index}`);
    const refs = (from: number) => names.slice(from + 1).map((name) => ({ $ref: `#/$defs/${name}` }));
    const $defs = Object.fromEntries(names.map((name, index) => [name, index === 299 ? {} : { anyOf: refs(index) }]));
    assert.notEqual(strictSchema({ $ref: "#/$defs/d0", $defs }), null);
  });
});

function deep(levels: number): JsonObject {
  let schema: JsonObject = { type: "string" };
  for (let level = 0; level < levels; level++) schema = { type: "array", items: schema };
  return schema;
}
