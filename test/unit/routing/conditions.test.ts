// Conditions of a rule: methods, header values, query values.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { admitsMethod, unmet, type ValueTest } from "../../../src/routing/conditions.ts";
import { queryValue } from "../../../src/wire/query.ts";
import { conditionsOf, request } from "../../support/routes.ts";

describe("methods", () => {
  const rows: readonly (readonly [readonly string[], string, boolean])[] = [
    [[], "GET", true],
    [[], "BREW", true],
    [["GET"], "GET", true],
    [["GET"], "HEAD", true],
    [["HEAD"], "GET", false],
    [["POST"], "HEAD", false],
    [["POST", "GET"], "HEAD", true],
    [["GET"], "get", false],
  ];
  for (const [methods, method, admitted] of rows) {
    test(`[${methods}] ${admitted ? "admits" : "keeps out"} ${method}`, () =>
      assert.equal(admitsMethod(conditionsOf({ methods }), request("/", method)), admitted));
  }
});

const VALUES: readonly (readonly [ValueTest, string | undefined, boolean])[] = [
  [{ exact: "a" }, "a", true],
  [{ exact: "a" }, "A", false],
  [{ exact: "a" }, "ab", false],
  [{ exact: "" }, "", true],
  [{ exact: "" }, undefined, false],
  [{ prefix: "a" }, "ab", true],
  [{ prefix: "a" }, "ba", false],
  [{ suffix: "b" }, "ab", true],
  [{ suffix: "b" }, "ba", false],
  [{ contains: "b" }, "abc", true],
  [{ contains: "b" }, "ac", false],
  [{ contains: "" }, "x", true],
  [{ contains: "" }, undefined, false],
  [{ present: true }, "", true],
  [{ present: true }, undefined, false],
  [{ present: false }, undefined, true],
  [{ present: false }, "", false],
];

describe("values", () => {
  for (const [test_, value, holds] of VALUES) {
    const what = `${JSON.stringify(test_)} ${holds ? "holds" : "fails"} for ${value === undefined ? "nothing" : `"${value}"`}`;
    test(`header: ${what}`, () => {
      const ctx = request("/", "GET", "", value === undefined ? { Other: "a" } : { "X-Key": value });
      const expected = holds ? null : "header x-key";
      assert.equal(unmet(ctx, conditionsOf({ headers: [["x-key", test_]] })), expected);
    });
    test(`query: ${what}`, () => {
      const ctx = request(value === undefined ? "/?other=a" : `/?key=${value}`);
      const expected = holds ? null : "query parameter key";
      assert.equal(unmet(ctx, conditionsOf({ query: [["key", test_]] })), expected);
    });
  }
  test("all must hold; the first that fails is named", () => {
    const all = conditionsOf({
      headers: [
        ["a", { exact: "1" }],
        ["b", { exact: "2" }],
      ],
      query: [["c", { exact: "3" }]],
    });
    assert.equal(unmet(request("/?c=3", "GET", "", { a: "1", b: "2" }), all), null);
    assert.equal(unmet(request("/?c=3", "GET", "", { a: "1", b: "x" }), all), "header b");
    assert.equal(unmet(request("/?c=x", "GET", "", { a: "1", b: "2" }), all), "query parameter c");
  });
});

describe("query values", () => {
  const rows: readonly (readonly [query: string, name: string, value: string | undefined])[] = [
    ["", "a", undefined],
    ["?", "a", undefined],
    ["?a=1", "a", "1"],
    ["?a", "a", ""],
    ["?a=", "a", ""],
    ["?b=2&a=1", "a", "1"],
    ["?a=1&a=2", "a", "1"],
    ["?aa=1", "a", undefined],
    ["?A=1", "a", undefined],
    ["?a=b=c", "a", "b=c"],
    ["?a=x%20y+z", "a", "x y z"],
    ["?a%5B0%5D=1", "a[0]", "1"],
    ["?a+b=1", "a b", "1"],
    ["?a=%C3%A9", "a", "é"],
    ["?a=%zz", "a", "%zz"],
    ["?a=%", "a", "%"],
    ["?&&a=1", "a", "1"],
    ["?=1", "", "1"],
    ["?a=1?b=2", "a", "1?b=2"],
  ];
  for (const [query, name, value] of rows) {
    test(`"${name}" of "${query}" is ${JSON.stringify(value)}`, () => assert.equal(queryValue(query, name), value));
  }
});
