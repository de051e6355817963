// Query parameters and cookies: all values of a name, and what is left without it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cookieValues, withoutCookie } from "../../../src/wire/cookies.ts";
import { queryValues, withoutParameter } from "../../../src/wire/query.ts";

test("query parameters are found however they are spelled, and the rest stays as it is", () => {
  const query = "?key=a&x=%6Bey&k%65y=b+c&key&keys=d&&=key";
  assert.deepEqual(queryValues(query, "key"), ["a", "b c", ""]);
  assert.equal(withoutParameter(query, "key"), "?x=%6Bey&keys=d&&=key");
  assert.equal(withoutParameter("?key=a", "key"), "");
  assert.equal(withoutParameter("?a=1&%zz=2", "key"), "?a=1&%zz=2");
  assert.deepEqual([queryValues("", "key"), withoutParameter("", "key")], [[], ""]);
});

test("cookies are found in all lines, and the rest becomes one", () => {
  const fields = ["Cookie", "a=1;key=x ;  b=2", "x", "key=no", "cookie", "key=y; Key=3; key2=4"];
  assert.deepEqual(cookieValues(fields, "key"), ["x", "y"]);
  assert.equal(withoutCookie(fields, "key"), "a=1; b=2; Key=3; key2=4");
  assert.equal(withoutCookie(["Cookie", "key=x"], "key"), "");
});

test("blanks before the = of a cookie are no part of its name, as many servers see it", () => {
  const fields = ["Cookie", "key =x; key\t =y; a =b =c; key x=1"];
  assert.deepEqual([cookieValues(fields, "key"), cookieValues(fields, "a")], [["x", "y"], ["b =c"]]);
  assert.equal(withoutCookie(fields, "key"), "a =b =c; key x=1");
});

test("cookies and queries of a megabyte are read in one go, whatever they consist of", { timeout: 20_000 }, () => {
  const many = (text: string) => text.repeat(2 ** 20 / text.length);
  for (const text of [many(" "), `a=b${many(" ")}x`, many(";"), many("\t;"), many("key;"), many("key =")])
    withoutCookie(["Cookie", `${text}; key=x`], "key");
  for (const text of [many("&"), many("key&"), many("%6Bey&"), many("key=%4&"), many("key=%ff&")])
    assert.equal(queryValues(`?${text}&key=x`, "key").at(-1), "x");
});
