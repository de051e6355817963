// Other interpretations of paths.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasReadings, otherReadings, strayReadings, withoutParameters } from "../../../src/wire/path-readings.ts";
import { isSkipped } from "../../../src/wire/skipped-paths.ts";

test("a path without parameters and odd escapes has one interpretation", () => {
  for (const path of ["/", "/a/b", "/a:b/*", "/caf%C3%A9", "/a%25", "/100%25/x", "/a%20b", "/a/%5B1%5D"])
    assert.deepEqual([withoutParameters(path), otherReadings(path), strayReadings(path)], [[], [], []], path);
  assert.deepEqual([hasReadings("/a/b:c"), hasReadings("/a;b"), hasReadings("/a%20")], [false, true, true]);
});

test("parameters end at the next slash, and dot segments before them are resolved", () => {
  const rows = [
    ["/a;x", ["/a"]],
    ["/a;x=1;y/b;z", ["/a/b"]],
    ["/a%3Bx/b", ["/a/b"]],
    ["/a/..;/b", ["/b"]],
    ["/a/..;x%2F..%2F/b", ["/b"]],
    ["/;/a", ["/a"]],
    ["/..;/a", [null]],
  ] as const;
  for (const [path, readings] of rows) assert.deepEqual(withoutParameters(path), readings, path);
});

test("with both spellings of the semicolon there are two interpretations", () => {
  assert.deepEqual(withoutParameters("/open/..;/files/..%3B/open"), ["/open", "/files/..%3B/open"]);
});

test("paths are decoded once and twice, folded, and stripped of control characters", () => {
  const rows = [
    ["/a/x%2Fy", ["/a/x/y"]],
    ["/a%2541", ["/aA"]],
    ["/a/%FF", ["/a/%EF%BF%BD"]],
    ["/cafe%CC%81", ["/caf%C3%A9"]],
    ["/a%5Cb%2Fc", ["/a%5Cb/c", "/a/b/c"]],
    ["/a;x%2Fb/c%2Fd", ["/a/c%2Fd", "/a;x/b/c/d", "/a/b/c/d", "/a/c/d"]],
  ] as const;
  for (const [path, all] of rows) {
    const found = otherReadings(path);
    assert.deepEqual(new Set(found), new Set(all), path);
    assert.deepEqual(strayReadings(path), withoutParameters(path), path);
  }
});

test("a path whose dots climb only as some servers read it may lead anywhere", () => {
  for (const path of [
    "/a/..%2Fb",
    "/a%5C..%5Cb",
    "/a/%252e%252e%252fb",
    "/a/%EF%BC%8E%EF%BC%8E%EF%BC%8Fb",
    "/a/%E2%80%A5/b",
    "/a/..%09/b",
    "/a/..%7F/b",
    "/a/..;/b",
    "/a/..%253B/b",
    "/a/..%23/b",
    "/..%2F..%2Fb",
    // Depending on the order, the dots climb out of one segment or another.
    "/a/%3B%2F../b",
    "/a/x;y%2Fz/..%2F..%2Fb",
    "/a/x%5Cy/..%2F..%2Fb",
    "/a/x%252Fy%2F..%2F..%252Fb",
    "/a/..%EF%BC%852fb",
  ])
    assert.deepEqual([otherReadings(path), strayReadings(path)], [[null], [null]], path);
  for (const path of ["/a/..b%2Fc", "/a/b..%2Fc", "/a/...%2Fc", "/a%2F.%2Fb"])
    assert.ok(!otherReadings(path).includes(null), path);
});

test("a path is exempt if it is in every interpretation", () => {
  const skips = (path: string) => path.startsWith("/open/");
  const rows = [
    ["/open/a", true],
    ["/a", false],
    ["/open/a;b", true],
    ["/a;b", false],
    ["/open/..;/a", null],
    ["/a/..;/open/b", null],
    ["/open/..;/a/..%3B/open/b", null],
    ["/open/..;/..;/a", null],
    ["/open/a%2Fb", true],
    ["/open%2Fa", null],
    ["/open/..%5Ca", null],
    ["/open/%FF", false],
    ["/open/..%7F/a", null],
  ] as const;
  for (const [path, expected] of rows) assert.equal(isSkipped(path, skips), expected, path);
});
