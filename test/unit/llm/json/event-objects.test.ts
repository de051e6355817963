// Objects in the data of an event.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { objectsOf } from "../../../../src/llm/json/event-objects.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";

describe("the data of an event", () => {
  test("is one object", () => assert.deepEqual(objectsOf(' {"a":1}\n'), [{ a: 1 }]));
  test("may be several that were glued together", () => {
    const tricky = { text: 'a "} {" \\', b: [{ c: {} }] };
    const glued = `${JSON.stringify(tricky)}${JSON.stringify({ d: 1 })} \n${JSON.stringify(tricky)} `;
    assert.deepEqual(objectsOf(glued), [tricky, { d: 1 }, tricky]);
  });
  test("may be an array of them", () => assert.deepEqual(objectsOf('[{"error":{}},{}]'), [{ error: {} }, {}]));
  for (const data of [
    "",
    "[DONE]",
    "null",
    "7",
    "[]",
    "[1]",
    '{"a":1',
    '{"a":1}x',
    '{"a":1}{',
    "<html>",
    '{"a":"',
    "}{",
  ]) {
    test(`is nothing else: ${data}`, () => assert.throws(() => objectsOf(data), LlmError));
  }
  test("is read in one pass however long it is", () => {
    const many = '{"a":"b"}'.repeat(50_000);
    assert.equal(objectsOf(many).length, 50_000);
  });
});
