// Spellings of the gateway's own fields that backends may take for them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALIAS, ASSERTED, knownField, OTHER } from "../../../src/wire/known.ts";

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
