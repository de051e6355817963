// Cookies are found by their whole name, wherever they stand, and nothing else is taken for one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cookieValue, setCookieValue } from "../../../src/wire/cookies.ts";

for (const [line, value] of [
  ["id=7", "7"],
  ["a=b; id=7; c=d", "7"],
  ["a=b;id=7 ;c=d", "7"],
  ["id=a=b", "a=b"],
  ["id=", ""],
  ["id=1; id=2", "1"],
  ['id="x y"', '"x y"'],
  ["xid=7", undefined],
  ["ID=7", undefined],
  ["id", undefined],
  ["a=id=7", undefined],
  [";;; ", undefined],
  ["", undefined],
] as const) {
  test(`"id" of "${line}" is ${JSON.stringify(value)}`, () => {
    assert.equal(cookieValue(["Host", "id=9", "cookie", line], "id"), value);
  });
}

test("every Cookie field is looked at", () => {
  assert.equal(cookieValue(["Cookie", "a=b", "COOKIE", "id=7"], "id"), "7");
});

for (const [fields, value] of [
  [["Set-Cookie", "id=7; Path=/; HttpOnly"], "7"],
  [["Set-Cookie", "id=7", "set-cookie", "id=8"], "8"],
  [["Set-Cookie", "a=b; id=7"], undefined],
  [["Set-Cookie", "secure; id=7"], undefined],
  [["Set-Cookie", "id=; Max-Age=0"], ""],
  [["Cookie", "id=7"], undefined],
] as const) {
  test(`the id set by ${fields.join(" ")} is ${JSON.stringify(value)}`, () => {
    assert.equal(setCookieValue(fields, "id"), value);
  });
}
