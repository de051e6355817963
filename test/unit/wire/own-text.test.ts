// Text kept in memory of its own is the same text: a key that changed would never be found again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ownText } from "../../../src/wire/fields.ts";

test("text stays the same, also where UTF-8 cannot say it", () => {
  for (const text of ["", "10.0.0.1", "s\u00fc\u20ac\u{1f600}", "sub\ud800", "\udc00"]) {
    assert.ok(ownText(text) === text, JSON.stringify(text));
  }
});
