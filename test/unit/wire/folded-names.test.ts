// Sets of names that stand for all spellings which some backend takes for them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FoldedNames, metadataName } from "../../../src/wire/folded-names.ts";

test("a name stands for each spelling with other characters in place of dashes, and for metadata of that name", () => {
  const names = new FoldedNames(["x-user", "Remote.User"]);
  for (const name of ["X-User", "x_user", "X.USER", "x~user", "grpc-metadata-x-user", "Grpc_Metadata-X_User"])
    assert.ok(names.has(name), name);
  for (const name of ["remote-user", "REMOTE_USER"]) assert.ok(names.has(name), name);
  for (const name of [
    "xuser",
    "x-users",
    "ax-user",
    "x-user-",
    "grpc-metadata-x-users",
    "grpc-metadata-",
    "metadata-x-user",
  ])
    assert.ok(!names.has(name), name);
});

test("no names stand for nothing", () => {
  assert.ok(!new FoldedNames([]).has("x-user"));
});

test("the name of metadata is what stands behind its prefix", () => {
  assert.equal(metadataName("Grpc-Metadata-X_User"), "X_User");
  assert.equal(metadataName("grpc.metadata.x"), "x");
  assert.equal(metadataName("X-User"), "X-User");
});
