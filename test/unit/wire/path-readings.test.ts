// Ways in which servers read a path other than the gateway does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasReadings, otherReadings, strayReadings, withoutParameters } from "../../../src/wire/path-readings.ts";
import { isSkipped } from "../../../src/wire/skipped-paths.ts";

test("a path without parameters and odd escapes has one interpretation", () => {
  for (const path of ["/", "/a/b", "/a:b/*", "/caf%C3%A9", "/a%25", "/100%25/x", "/a%20b", "/a/%5B1%5D"])
    assert.deepEqual([withoutParameters(path), otherReadings(path), strayReadings(path)], [[], [], []], path);
  assert.deepEqual([hasReadings("/a/b:c"), hasReadings("/a;b"), hasReadings("/a%20")], [false, true, true]);
});

test("parameters are taken out up to the next slash, and dots that were behind them count", () => {
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

test("where both spellings of a semicolon stand, servers that know but one see another path", () => {
  assert.deepEqual(withoutParameters("/open/..;/files/..%3B/open"), ["/open", "/files/..%3B/open"]);
});

test("a path may be decoded once or twice, with folded characters and without controls, before it is divided", () => {
  const rows = [
    ["/a/x%2Fy", ["/a/x/y"], []],
    ["/a/..%2Fb", ["/b"], ["/b"]],
    ["/a%5C..%5Cb", ["/b"], ["/b"]],
    ["/a/%252e%252e%252fb", ["/b"], ["/b"]],
    ["/a/%EF%BC%8E%EF%BC%8E%EF%BC%8Fb", ["/b"], ["/b"]],
    ["/a/..%09/b", ["/b"], ["/b"]],
    ["/a/..%253B/b", ["/a/..;/b", "/b"], ["/a/..;/b", "/b"]],
    ["/a%2541", ["/aA"], []],
    ["/a/%FF", ["/a/%EF%BF%BD"], []],
    ["/cafe%CC%81", ["/caf%C3%A9"], []],
    ["/..%2F..%2Fb", [null], [null]],
  ] as const;
  for (const [path, all, stray] of rows)
    assert.deepEqual([otherReadings(path), strayReadings(path)], [all, stray], path);
});

test("a path is exempt where every reading is, and never with encoded separators", () => {
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
    ["/open/a%2Fb", false],
    ["/open/..%5Ca", false],
  ] as const;
  for (const [path, expected] of rows) assert.equal(isSkipped(path, skips), expected, path);
});
