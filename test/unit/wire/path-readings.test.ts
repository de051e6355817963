// Ways in which servers read a path other than the gateway does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasReadings, hasSeparators, otherReadings, withoutParameters } from "../../../src/wire/path-readings.ts";
import { isSkipped } from "../../../src/wire/skipped-paths.ts";

test("a path without parameters and encoded separators is read in one way", () => {
  for (const path of ["/", "/a/b", "/a:b/*", "/caf%C3%A9", "/a%25"]) {
    assert.deepEqual([withoutParameters(path), otherReadings(path), hasSeparators(path)], [[], [], false], path);
  }
  assert.equal(hasReadings("/a/b:c"), false);
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

test("encoded separators may separate, before and after parameters are taken out", () => {
  assert.deepEqual(otherReadings("/a/..%2Fb"), ["/b"]);
  assert.deepEqual(otherReadings("/a%5C..%5Cb"), ["/b"]);
  assert.deepEqual(otherReadings("/a/b;x%2F..%2Fc"), ["/a/b", "/a/c"]);
  assert.deepEqual(otherReadings("/..%2F..%2Fb"), [null]);
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
