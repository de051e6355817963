// Who made what providers keep.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Owners, unknownOwner } from "../../../../src/llm/credentials/owners.ts";

const A = { provider: "openai", fingerprint: "a" };
const B = { provider: "azure", fingerprint: "b" };

describe("the owner of a stored object", () => {
  test("is known to the client that made it, and to no other", () => {
    const owners = new Owners(10);
    owners.set("jwt alice", "resp_1", A);
    assert.equal(owners.get("jwt alice", "resp_1"), A);
    assert.equal(owners.get("jwt bob", "resp_1"), null);
    assert.equal(owners.get("", "resp_1"), null);
    owners.set("jwt bob", "resp_1", B);
    assert.equal(owners.get("jwt alice", "resp_1"), A);
  });
  test("is forgotten with the object", () => {
    const owners = new Owners(10);
    owners.set("", "file-1", A);
    owners.delete("", "file-1");
    assert.equal(owners.get("", "file-1"), null);
  });
  test("is remembered for a bounded number: the one used longest ago goes first", () => {
    const owners = new Owners(2);
    owners.set("", "1", A);
    owners.set("", "2", A);
    owners.get("", "1");
    owners.set("", "3", B);
    assert.deepEqual([owners.size, owners.get("", "1"), owners.get("", "2"), owners.get("", "3")], [2, A, null, B]);
  });
  test("is not remembered for ids that no provider makes", () => {
    const owners = new Owners(2);
    owners.set("", "", A);
    owners.set("", "x".repeat(513), A);
    assert.equal(owners.size, 0);
    assert.equal(owners.get("", "x".repeat(513)), null);
  });
  test("that is unknown is an error by name", () => {
    const { fault } = unknownOwner("previous_response_id", "resp_9");
    assert.deepEqual([fault.kind, fault.param, fault.code], ["notFound", "previous_response_id", "owner_not_found"]);
    assert.match(fault.message, /^"resp_9" is not known here/);
  });
});
