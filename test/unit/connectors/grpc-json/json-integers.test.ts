// Long integers in JSON stay exact.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exactIntegers } from "../../../../src/connectors/grpc-json/json-integers.ts";
import { libraryPool } from "../../../support/library.ts";

const pool = libraryPool();
const book = pool.registry.getMessage("test.library.v1.Book")!;
const everything = pool.registry.getMessage("test.library.v1.Everything")!;

const cases: [text: string, exact: string][] = [
  ['{"pages":9007199254740993}', '{"pages":"9007199254740993"}'],
  ['{"pages":-9223372036854775808}', '{"pages":"-9223372036854775808"}'],
  ["[9007199254740993 ,9007199254740995]", '["9007199254740993" ,"9007199254740995"]'],
  ["9007199254740993", '"9007199254740993"'],
  ['{"pages":123456789012345}', '{"pages":123456789012345}'],
  ['{"pages":1.00000000000000000001}', '{"pages":1.00000000000000000001}'],
  ['{"pages":1000000000000000000000e1}', '{"pages":1000000000000000000000e1}'],
  ['{"pages":1000000000000000000000.5}', '{"pages":1000000000000000000000.5}'],
  ['{"pages":1e-1000000000000000000000}', '{"pages":1e-1000000000000000000000}'],
  ['{"pages":1e+1000000000000000000000}', '{"pages":1e+1000000000000000000000}'],
  ['{"name":"9007199254740993"}', '{"name":"9007199254740993"}'],
  ['{"name":"a\\"9007199254740993"}', '{"name":"a\\"9007199254740993"}'],
  ['{"name":"9007199254740993', '{"name":"9007199254740993'],
  ["00000000000000000001", "00000000000000000001"],
];
for (const [text, exact] of cases) {
  test(text, () => assert.equal(exactIntegers(text, book), exact));
}
test("messages that may hold free-form JSON are left alone", () => {
  assert.equal(exactIntegers('{"aInt64":9007199254740993}', everything), '{"aInt64":9007199254740993}');
});
