// Who made what providers keep.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Owners, unknownOwner } from "../../../../src/llm/credentials/owners.ts";

const A = { provider: "openai", fingerprint: "a" };
const B = { provider: "azure", fingerprint: "b" };

describe("the owner of a stored object", () => {
  test("is known to the client that made it, and to no other, which cannot make it its own", () => {
    const owners = new Owners(10);
    owners.set("jwt alice", "resp_1", A);
    owners.set("jwt bob", "resp_1", B);
    assert.equal(owners.get("jwt alice", "resp_1", "id"), A);
    for (const other of ["jwt bob", ""]) {
      assert.throws(
        () => owners.get(other, "resp_1", "previous_response_id"),
        unknownOwner("previous_response_id", "resp_1"),
      );
    }
    assert.equal(owners.get("jwt alice", "resp_2", "id"), null);
  });
  test("is the one that made it last", () => {
    const owners = new Owners(10);
    owners.set("", "file-1", A);
    owners.set("", "file-1", B);
    assert.equal(owners.get("", "file-1", "id"), B);
  });
  test("is remembered for a bounded number: the one used longest ago goes first", () => {
    const owners = new Owners(2);
    owners.set("", "1", A);
    owners.set("", "2", A);
    owners.get("", "1", "id");
    owners.set("", "3", B);
    const found = ["1", "2", "3"].map((id) => owners.get("", id, "id"));
    assert.deepEqual([owners.size, ...found], [2, A, null, B]);
  });
  test("is not remembered for ids that no provider makes", () => {
    const owners = new Owners(2);
    owners.set("", "", A);
    owners.set("", "x".repeat(513), A);
    assert.equal(owners.size, 0);
    assert.equal(owners.get("", "x".repeat(513), "id"), null);
  });
  test("that is unknown is an error by name", () => {
    const { fault } = unknownOwner("previous_response_id", "resp_9");
    assert.deepEqual([fault.kind, fault.param, fault.code], ["notFound", "previous_response_id", "owner_not_found"]);
    assert.match(fault.message, /^"resp_9" is not known here/);
  });
});
