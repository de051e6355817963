// Optional fields of client requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  optionalCount,
  optionalFlag,
  optionalList,
  optionalNumber,
  optionalObject,
  optionalText,
} from "../../../../src/llm/json/fields.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";

const READERS = [
  { read: optionalText, right: "a", wrong: 1, none: null, what: "must be a text" },
  { read: optionalNumber, right: 0.5, wrong: "1", none: null, what: "must be a number" },
  { read: optionalFlag, right: false, wrong: 0, none: null, what: "must be true or false" },
  { read: optionalObject, right: {}, wrong: [], none: null, what: "must be an object" },
  { read: optionalList, right: [1], wrong: {}, none: [], what: "must be a list" },
];

for (const { read, right, wrong, none, what } of READERS) {
  test(`${read.name} takes its type, takes null for absent, and names the place of another type`, () => {
    assert.deepEqual(read({ key: right }, "key"), right);
    assert.deepEqual(read({}, "key"), none);
    assert.deepEqual(read({ key: null }, "key"), none);
    const refused = (error: unknown) => error instanceof LlmError && error.message === `there.key: ${what}`;
    assert.throws(() => read({ key: wrong }, "key", "there.key"), refused);
  });
}

test("optionalCount takes whole numbers from its minimum on", () => {
  assert.equal(optionalCount({ n: 1 }, "n", 1), 1);
  assert.equal(optionalCount({}, "n", 1), null);
  for (const n of [0, 1.5, "1", Number.MAX_VALUE]) {
    assert.throws(() => optionalCount({ n }, "n", 1), /^Error: n: must be a whole number of at least 1$/);
  }
});
