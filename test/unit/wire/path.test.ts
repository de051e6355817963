// The canonical path: one spelling per resource, and no spelling that leads elsewhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalPath } from "../../../src/wire/path.ts";
import { Random } from "../../support/hostile.ts";

const cases: [raw: string, canonical: string | null][] = [
  ["/", "/"],
  ["/a/b", "/a/b"],
  ["/a/b/", "/a/b/"],
  ["/A/b", "/A/b"],
  ["//", "/"],
  ["///a", "/a"],
  ["/a//b///c", "/a/b/c"],
  ["/a//", "/a/"],
  ["/.", "/"],
  ["/./", "/"],
  ["/a/.", "/a/"],
  ["/a/./b", "/a/b"],
  ["/a/..", "/"],
  ["/a/../", "/"],
  ["/a/b/..", "/a/"],
  ["/a/b/../", "/a/"],
  ["/a/../b", "/b"],
  ["/a//../b", "/b"],
  ["/a/b/../../c", "/c"],
  ["/a/.../b", "/a/.../b"],
  ["/a/.b", "/a/.b"],
  ["/a/..b", "/a/..b"],
  ["/a/b..", "/a/b.."],
  ["/a/..;/b", "/a/..;/b"],
  ["/a/.;/b", "/a/.;/b"],
  ["/%61%62", "/ab"],
  ["/%7e%7Ex%2Dy%5f", "/~~x-y_"],
  ["/a%2fb", "/a%2Fb"],
  ["/a%2F..%2fb", "/a%2F..%2Fb"],
  ["/a%5cb", "/a%5Cb"],
  ["/a/..%2fb", "/a/..%2Fb"],
  ["/a/%2e%2e/b", "/b"],
  ["/a/%2E./b", "/b"],
  ["/a/.%2e/b", "/b"],
  ["/a/%2e/b", "/a/b"],
  ["/a/%2e", "/a/"],
  ["/%2561", "/%2561"],
  ["/%252e%252e/a", "/%252e%252e/a"],
  ["/%252f", "/%252f"],
  ["/a%20b", "/a%20b"],
  ["/a%3fb%23c", "/a%3Fb%23c"],
  ["/%c3%a9", "/%C3%A9"],
  ["/%ff", "/%FF"],
  ["/%0a", "/%0A"],
  ["/a;b=c,d", "/a;b=c,d"],
  ["/a+b", "/a+b"],
  ["/..", null],
  ["/../", null],
  ["/../a", null],
  ["/a/../..", null],
  ["/a/../../b", null],
  ["/./..", null],
  ["//..", null],
  ["/%2e%2e", null],
  ["/%2e%2e/a", null],
  ["/.%2E/a", null],
  ["/a/%2e%2e/%2e%2e/b", null],
  ["", null],
  ["*", null],
  ["a", null],
  ["a/b", null],
  ["http://h/a", null],
  ["?a", null],
  ["/a\\b", null],
  ["\\a", null],
  ["/\\..\\a", null],
  ["/a#b", null],
  ["/a b", null],
  ["/a\tb", null],
  ["/a\0b", null],
  ["/a\x7fb", null],
  ["/a\x80b", null],
  ["/caf\xe9", null],
  ["/\u0100", null],
  ["/a%00", null],
  ["/%00", null],
  ["/a%00b/%2e%2e", null],
  ["/%", null],
  ["/%4", null],
  ["/%zz", null],
  ["/%4z", null],
  ["/%z4", null],
  ["/a%", null],
  ["/%%61", null],
  ["/%u0041", null],
  ["/%-1", null],
  ["/% 1", null],
  ["/a/../%", null],
];

for (const [raw, canonical] of cases) {
  test(`${JSON.stringify(raw)} is ${canonical === null ? "refused" : JSON.stringify(canonical)}`, () => {
    assert.equal(canonicalPath(raw), canonical);
  });
}

test("no control byte, encoded NUL or byte beyond ASCII is in any path", () => {
  for (let c = 0; c < 256; c++) {
    const refused = c <= 0x20 || c >= 0x7f || c === 0x23 || c === 0x5c;
    const found = canonicalPath(`/a${String.fromCharCode(c)}b`);
    if (refused) assert.equal(found, null, `byte ${c}`);
    else if (c !== 0x25) assert.notEqual(found, null, `byte ${c}`);
  }
});

test("a clean path is the same string", () => {
  const path = "/api/v1/users/42;x=1/report.pdf";
  assert.equal(canonicalPath(path), path);
});

test("a canonical path is its own canonical form, and holds nothing that could be resolved again", () => {
  const random = Random.fresh();
  const parts = [
    "/",
    "/",
    "..",
    ".",
    "%2e",
    "%2E",
    "%2f",
    "%5C",
    "%61",
    "%7e",
    "%25",
    "%c3",
    "%00",
    "%",
    "a",
    "b",
    ";",
    "~",
    "\\",
    "?",
    "#",
  ];
  let kept = 0;
  for (let i = 0; i < 50_000; i++) {
    let raw = "/";
    for (let n = random.int(10); n > 0; n--) raw += random.pick(parts);
    const path = canonicalPath(raw);
    if (path === null) continue;
    kept++;
    const about = `seed ${random.seed}: ${raw} → ${path}`;
    assert.equal(canonicalPath(path), path, about);
    assert.ok(path.startsWith("/") && !path.includes("//"), about);
    for (const segment of path.split("/")) assert.ok(segment !== "." && segment !== "..", about);
    assert.ok(!/%(2e|61|7e|00)/i.test(path), about);
    assert.ok(!/%(?![0-9A-F]{2})/.test(path), about);
    assert.ok(!/[\\#]/.test(path), about);
  }
  assert.ok(kept > 5000, `${kept} paths were canonical`);
});
