// Spellings of the gateway's own fields that backends may take for them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALIAS, ASSERTED, knownField, OTHER, OVERRIDE } from "../../../src/wire/known.ts";

test("every name that a backend may fold into one the gateway asserts is known for it", () => {
  for (const name of ["x-auth-subject", "X-Auth-Claims", "Client-Cert"]) {
    assert.equal(knownField(name), ASSERTED, name);
    for (const odd of ["_", ".", "~", "!", "'", "|", "*"]) {
      assert.equal(knownField(name.replaceAll("-", odd)), ALIAS, name.replaceAll("-", odd));
      assert.equal(knownField(name.replace(/-(?=[^-]*$)/, odd)), ALIAS, odd);
    }
  }
  for (const name of ["Grpc-Metadata-X-Auth-Subject", "grpc_metadata_x_auth_subject", "grpc-metadata-x.real.ip"])
    assert.equal(knownField(name), ALIAS, name);
  for (const name of ["grpc-metadata-x-author", "grpc-metadata-", "grpc-metadata-host", "grpc.metadata-x"])
    assert.equal(knownField(name), OTHER, name);
  for (const name of ["x-author", "x.author", "client.certs", "x-api.key"]) assert.equal(knownField(name), OTHER, name);
});

test("fields that override method or path are known in every spelling", () => {
  const names = ["X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"];
  for (const name of names) {
    for (const odd of ["-", "_", ".", "~", "!"])
      assert.equal(knownField(name.replaceAll("-", odd)), OVERRIDE, name.replaceAll("-", odd));
    for (const prefix of ["Grpc-Metadata-", "grpc_metadata_"]) assert.equal(knownField(prefix + name), OVERRIDE, name);
    assert.equal(knownField(name.toLowerCase()), OVERRIDE, name);
  }
  for (const name of [
    "X-Method",
    "X-HTTP-Methods",
    "X-Original-Host",
    "X-Original",
    "Method-Override",
    "X-Rewritten-URL",
  ])
    assert.equal(knownField(name), OTHER, name);
});
