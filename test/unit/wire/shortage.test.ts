// Which failures are the gateway's own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { causeOf, descriptorShortage } from "../../../src/wire/shortage.ts";

function failure(code: string, address = "10.0.0.1"): Error {
  return Object.assign(new Error(code), { code, address });
}

test("want of descriptors, ports, memory and processes is", () => {
  for (const code of ["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOMEM", "ENOBUFS", "EAGAIN"]) {
    assert.equal(causeOf(failure(code)), code);
  }
});

test("what the other side or the way to it does is not", () => {
  for (const code of ["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"]) {
    assert.equal(causeOf(failure(code)), null);
  }
  assert.equal(causeOf(new Error("no code")), null);
});

test("an IPv6 address is no want of ports on a machine without IPv6", () => {
  const error = failure("EADDRNOTAVAIL", "::1");
  assert.equal(
    causeOf(error, () => false),
    null,
  );
  assert.equal(
    causeOf(error, () => true),
    "EADDRNOTAVAIL",
  );
});

test("a process that can open a file has descriptors", () => assert.equal(descriptorShortage(), null));
