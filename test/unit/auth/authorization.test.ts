// The Authorization field: which scheme it has, and what stands behind it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { authorizationOf, hasSeveralAuthorizations } from "../../../src/auth/authorization.ts";

for (const [value, rest] of [
  ["Bearer abc", "abc"],
  ["BEARER   abc ", "abc"],
  ["bearer", ""],
  ["bearer ", ""],
  ["Bearer a b", "a b"],
  // Others read these as a blank; if they were another scheme, what was not verified would be sent on.
  ["Bearer\tabc", "abc"],
  ["Bearer\xa0abc", "abc"],
  ["Bearer,abc", ",abc"],
  ["Bearer=abc", "=abc"],
  ['Bearer"abc"', '"abc"'],
  ["Bearerabc", null],
  ["Bearer-Token abc", null],
  ["Bearer.abc", null],
  ["Basic abc", null],
  ["Token Bearer abc", null],
  ["", null],
] as const) {
  test(`of ${JSON.stringify(value)} a bearer token is ${JSON.stringify(rest)}`, () => {
    assert.equal(authorizationOf(["Accept", "*/*", "authorization", value], "bearer"), rest);
  });
}

test("several fields are detected, whatever the case of their names", () => {
  assert.equal(hasSeveralAuthorizations(["Authorization", "a", "AUTHORIZATION", "a"]), true);
  assert.equal(hasSeveralAuthorizations(["Authorization", "a", "Proxy-Authorization", "b"]), false);
});
