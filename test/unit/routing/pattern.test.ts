// Path patterns: what each form parses to, what is refused, and globs within a segment.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePattern } from "../../../src/routing/pattern.ts";
import { fitsGlob } from "../../../src/wire/glob.ts";

describe("forms", () => {
  const cases: readonly (readonly [text: string, canonical: string, prefix: string])[] = [
    ["/", "/**", ""],
    ["/*", "/**", ""],
    ["/{rest...}", "/**", ""],
    ["/{$}", "/", ""],
    ["/a", "/a", "/a"],
    ["/a/b", "/a/b", "/a/b"],
    ["/a/", "/a/**", "/a"],
    ["/a/*", "/a/**", "/a"],
    ["/**", "/**", ""],
    ["/a/**", "/a/**", "/a"],
    ["/a/{rest...}", "/a/**", "/a"],
    ["/a/{...}", "/a/**", "/a"],
    ["/a/{$}", "/a/", "/a"],
    ["/a/*/c", "/a/{}/c", "/a"],
    ["/a/{x}/c", "/a/{}/c", "/a"],
    ["/a/:x/c", "/a/{}/c", "/a"],
    ["/a/{x}", "/a/{}", "/a"],
    ["/a/{x}/*", "/a/{}/**", "/a"],
    ["/v*/x", "/v*/x", ""],
    ["/a/v*x/b", "/a/v*x/b", "/a"],
    ["/a*", "/a*/**", ""],
    ["/a/b*", "/a/b*/**", "/a"],
    ["/*x", "/*x", ""],
    ["/a.b-c_d~e", "/a.b-c_d~e", "/a.b-c_d~e"],
    ["/a/b:c", "/a/b:c", "/a/b:c"],
  ];
  for (const [text, canonical, prefix] of cases) {
    test(`${text} is ${canonical}, with the literal prefix "${prefix}"`, () => {
      const pattern = parsePattern(text);
      assert.deepEqual([pattern.canonical, pattern.literalPrefix], [canonical, prefix]);
      assert.equal(pattern.rest, canonical.endsWith("/**"));
    });
  }
  test("a parameter keeps its name", () => {
    assert.deepEqual(parsePattern("/a/{user_id}").segments[1], { kind: "any", name: "user_id" });
    assert.deepEqual(parsePattern("/a/:user-id").segments[1], { kind: "any", name: "user-id" });
  });
});

describe("refused", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /begins with "\/"/],
    ["a", /begins with "\/"/],
    ["*", /begins with "\/"/],
    ["/a//b", /no "\/\/"/],
    ["//", /no "\/\/"/],
    ["/a?b", /no query/],
    ["/a#b", /no query, fragment/],
    ["/a b", /blank/],
    ["/a\tb", /blank/],
    ["/a/./b", /dot segments/],
    ["/a/..", /dot segments/],
    ["/a/**/b", /"\*\*" stands only for the end/],
    ["/a/b**", /"\*\*" stands only for the end/],
    ["/a/{x", /stands alone/],
    ["/a/x}", /stands alone/],
    ["/a/{x}y", /stands alone/],
    ["/a/{}", /stands alone/],
    ["/a/{1x}", /stands alone/],
    ["/a/{$}/b", /stands alone/],
    ["/a/{x...}/b", /stands alone/],
    [`/${"*a".repeat(9)}`, /more than eight/],
    [`/${"a".repeat(1024)}`, /at most 1024/],
  ];
  for (const [text, expected] of cases) {
    test(`"${text.slice(0, 20)}" is refused with its reason`, () => assert.throws(() => parsePattern(text), expected));
  }
  test("1024 characters and eight stars are fine", () => {
    assert.equal(parsePattern(`/${"a".repeat(1023)}`).segments.length, 1);
    assert.equal(parsePattern(`/${"*a".repeat(8)}`).segments.length, 1);
  });
  for (const text of ["/a%2", "/a/%zz", "/a\\b", "/a\u0000"]) {
    test(`${JSON.stringify(text)} can match no canonical path and is refused`, () =>
      assert.throws(() => parsePattern(text)));
  }
});

describe("written in another form than paths are compared in", () => {
  const cases: readonly (readonly [written: string, canonical: string])[] = [
    ["/caf\u00e9", "/caf%C3%A9"],
    ["/a/%41b", "/a/Ab"],
    ["/a%2fb", "/a%2Fb"],
  ];
  for (const [written, canonical] of cases) {
    test(`${written} means ${canonical}`, () => assert.equal(parsePattern(written).canonical, canonical));
  }
});

describe("globs", () => {
  const cases: readonly (readonly [glob: string, text: string, fits: boolean])[] = [
    ["v*", "v", true],
    ["v*", "v1", true],
    ["v*", "x1", false],
    ["*v", "v", true],
    ["*v", "1v", true],
    ["*v", "1v2", false],
    ["a*b", "ab", true],
    ["a*b", "axxb", true],
    ["a*b", "a", false],
    ["ab*ba", "aba", false],
    ["ab*ba", "abba", true],
    ["*a*", "bab", true],
    ["*a*", "bbb", false],
    ["*a*b*", "xbxa", false],
    ["*a*b*", "xaxb", true],
    ["a*bc*c", "abcc", true],
    ["a*bc*c", "abc", false],
    ["**", "", true],
    ["a**b", "ab", true],
  ];
  for (const [glob, text, fits] of cases) {
    test(`${glob} ${fits ? "fits" : "does not fit"} "${text}"`, () =>
      assert.equal(fitsGlob(text, glob.split("*")), fits));
  }
  test("agrees with a regular expression on every short text", () => {
    const texts = words("ab", 6);
    for (const glob of words("ab*", 4).filter((g) => g.includes("*"))) {
      const exact = new RegExp(`^${glob.replaceAll("*", ".*")}$`);
      for (const text of texts) assert.equal(fitsGlob(text, glob.split("*")), exact.test(text), `${glob} ${text}`);
    }
  });
});

/** Every text over `letters` of at most `length`. */
function words(letters: string, length: number): string[] {
  const all = [""];
  for (let from = 0, n = 0; n < length; n++) {
    const to = all.length;
    for (; from < to; from++) for (const letter of letters) all.push(all[from]! + letter);
  }
  return all;
}
