// Query parameters: found by name however they are written, and at little cost however badly they are written.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { queryValue } from "../../../src/wire/query.ts";

const found: readonly (readonly [query: string, name: string, value: string | undefined])[] = [
  ["?a=1&b=2", "b", "2"],
  ["?a=1&a=2", "a", "1"],
  ["?a", "a", ""],
  ["?a&b=2", "b", "2"],
  ["?a=b=c", "a", "b=c"],
  ["?ab=1", "a", undefined],
  ["?a=1", "ab", undefined],
  ["?%61=1", "a", "1"],
  ["?a+b=c+d", "a b", "c d"],
  ["?caf%C3%A9=%c3%a9", "café", "é"],
  ["?%6=1", "%6", "1"],
  ["?%zz=%zz", "%zz", "%zz"],
  ["?%ff=1&a=%ff", "a", "%ff"],
  ["?%2=1", "a", undefined],
  ["?=1", "", "1"],
  ["", "a", undefined],
];

for (const [query, name, value] of found) {
  test(`${JSON.stringify(name)} in "${query}" is ${JSON.stringify(value)}`, () => {
    assert.equal(queryValue(query, name), value);
  });
}

test("names and values are decoded without an exception for each that is none", () => {
  const decode = mock.method(globalThis, "decodeURIComponent");
  assert.equal(queryValue(`?${"%&%ff&".repeat(1000)}a=%31`, "a"), "1");
  for (const bad of ["%", "%4", "%4g", "%ff", "+%c0%ae", "\xe9%41"]) assert.equal(queryValue(`?a=${bad}`, "a"), bad);
  assert.equal(queryValue("?a=%c3%a9+%2B%00", "a"), "é +\0");
  assert.equal(decode.mock.callCount(), 0);
  decode.mock.restore();
});
