// Which of several is meant by a host name.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NameTable } from "../../../src/tls/name-table.ts";

const table = new NameTable(
  [
    [["a.test", "*.b.test"], "one"],
    [["x.b.test", "a.test"], "two"],
    [["*.test"], "three"],
  ],
  "default",
);

test("an exact name comes before a wildcard, and the first that has a name keeps it", () => {
  assert.equal(table.find("a.test"), "one");
  assert.equal(table.find("x.b.test"), "two");
  assert.equal(table.find("y.b.test"), "one");
});

test("a wildcard stands for one label, and for no more and no less", () => {
  assert.equal(table.find("c.test"), "three");
  for (const name of ["x.y.b.test", "test", ".test", "", "*.b.test."]) assert.equal(table.find(name), "default", name);
});

test("each value is listed once, the default among them", () => {
  assert.deepEqual([...table.values()].sort(), ["default", "one", "three", "two"]);
});
