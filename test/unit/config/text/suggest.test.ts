// "did you mean": near words are offered, far ones are not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, nearest } from "../../../../src/config/text/suggest.ts";

const KEYS = ["readTimeout", "writeTimeout", "idleTimeout", "host", "port", "tls"];

test("a missing letter is found", () => assert.equal(nearest("redTimeout", KEYS), "readTimeout"));
test("an added letter is found", () => assert.equal(nearest("hosts", KEYS), "host"));
test("swapped neighbours count as one edit", () => assert.equal(nearest("prot", KEYS), "port"));
test("case does not matter", () => assert.equal(nearest("READTIMEOUT", KEYS), "readTimeout"));
test("the nearest of several wins", () => assert.equal(nearest("writeTimeot", KEYS), "writeTimeout"));
test("of equally near words the first wins", () => assert.equal(nearest("ab", ["ax", "ay"]), "ax"));
test("a word too far from all is not guessed", () => assert.equal(nearest("certificates", KEYS), null));
test("a third of the length in edits is still near, more is not", () => {
  assert.equal(nearest("abcxyz", ["abcdef"]), null);
  assert.equal(nearest("abcdxy", ["abcdef"]), "abcdef");
});
test("nothing is near when nothing is known", () => assert.equal(nearest("host", []), null));
test("the hint is ready to be appended", () => assert.equal(didYouMean("prt", KEYS), '; did you mean "port"?'));
test("without a near word there is no hint", () => assert.equal(didYouMean("zzzzzz", KEYS), ""));
