// What filters may change of a request's fields.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestEdit } from "../../../src/core/request-edit.ts";

test("set replaces what the client sent and what was set before; add leaves both", () => {
  const edit = new RequestEdit();
  edit.add("X-A", "1");
  edit.add("x-a", "2");
  assert.deepEqual([edit.fields, edit.drops("X-A")], [["X-A", "1", "x-a", "2"], false]);
  edit.set("X-a", "3");
  assert.deepEqual([edit.fields, edit.drops("X-A")], [["X-a", "3"], true]);
  edit.drop("X-A");
  assert.deepEqual([edit.fields, edit.drops("x-a")], [[], true]);
});

test("what frames a message or belongs to a connection cannot be set", () => {
  for (const name of [
    "Host",
    "Content-Length",
    "TRANSFER-ENCODING",
    "Connection",
    "Upgrade",
    "TE",
    "Expect",
    "Trailer",
  ])
    assert.throws(() => new RequestEdit().set(name, "1"), TypeError, name);
});

test("what is no field cannot be set, so that no value can end its line", () => {
  for (const [name, value] of [
    ["", "1"],
    ["X A", "1"],
    ["X:", "1"],
    ["X-A", "1\r\nX-B: 2"],
    ["X-A", "\0"],
    ["X-A", "\u{1f98a}"],
  ] as const)
    assert.throws(() => new RequestEdit().add(name, value), TypeError, JSON.stringify([name, value]));
});
