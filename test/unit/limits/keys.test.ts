// What requests are counted by: that different clients get different keys, and one client never a second.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { identityOf } from "../../../src/core/identity.ts";
import { isShared, keyBy, needsIdentity, parseKeySource } from "../../../src/limits/keys.ts";
import { networkOf } from "../../../src/wire/network.ts";
import { requestOf, sources } from "../../support/limited.ts";

describe("keys", () => {
  test("are read as they are written", () => {
    assert.deepEqual(parseKeySource("header:X-Tenant"), { kind: "header", field: "x-tenant" });
    for (const kind of ["ip", "subject", "apiKey", "route"])
      assert.deepEqual(parseKeySource(kind), { kind, field: "" });
    for (const text of ["", "IP", "header", "header:", "header:a b", "header:a\r\nb", "user"]) {
      assert.equal(parseKeySource(text), null, text);
    }
  });

  test("tell clients apart by address, and count an IPv6 network of 64 bits as one client", () => {
    assert.equal(networkOf("10.0.0.1"), "10.0.0.1");
    assert.equal(networkOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    assert.equal(networkOf("2001:db8:1:2::9"), "2001:db8:1:2::");
    assert.equal(networkOf("2001:db8::9"), "2001:db8:0:0::");
    assert.equal(networkOf("2001::1:2:3:4:5"), "2001:0:0:1::");
    assert.equal(networkOf("::1"), "0:0:0:0::");
    assert.equal(networkOf("::"), "0:0:0:0::");
    assert.equal(networkOf("64:ff9b::1.2.3.4"), "64:ff9b:0:0::");
    assert.equal(networkOf("1::2:3:4:5:6.7.8.9"), "1:0:2:3::");
  });

  test("fall back to the address where the request lacks something", () => {
    const ip = keyBy(sources("ip"))(requestOf("10.0.0.1"));
    for (const kind of ["subject", "apiKey", "header:x-tenant"]) {
      assert.equal(keyBy(sources(kind))(requestOf("10.0.0.1")), ip, kind);
    }
    assert.equal(keyBy(sources("header:x-tenant"))(requestOf("10.0.0.1", ["X-Tenant", ""])), ip);
  });

  test("take the identity when there is one", () => {
    const ctx = requestOf("10.0.0.1");
    ctx.identity = identityOf({ subject: "ann", method: "apikey", apiKey: "k1" });
    const keys = [keyBy(sources("subject"))(ctx), keyBy(sources("apiKey"))(ctx), keyBy(sources("ip"))(ctx)];
    assert.equal(new Set(keys).size, 3);
    ctx.identity = identityOf({ subject: "ann", method: "basic" });
    assert.equal(keyBy(sources("apiKey"))(ctx), keys[2]);
  });

  test("never mistake what a header says for an address or an identity", () => {
    const byHeader = keyBy(sources("header:x-tenant"));
    const ip = keyBy(sources("ip"))(requestOf("10.0.0.1"));
    assert.notEqual(byHeader(requestOf("10.0.0.2", ["x-tenant", "10.0.0.1"])), ip);
    assert.notEqual(byHeader(requestOf("10.0.0.2", ["x-tenant", "h10.0.0.1"])), ip);
  });

  test("joined of several parts cannot be forged by moving text from one to the next", () => {
    const key = keyBy(sources("header:a", "header:b"));
    const one = key(requestOf("10.0.0.1", ["a", "x", "b", "y2:hz"]));
    const other = key(requestOf("10.0.0.1", ["a", "x4:hy2", "b", "hz"]));
    assert.notEqual(one, other);
    assert.notEqual(key(requestOf("10.0.0.1", ["a", "1", "b", "2"])), key(requestOf("10.0.0.1", ["a", "2", "b", "1"])));
  });

  test("are short however long what they are made of is, and still different", () => {
    const key = keyBy(sources("header:a"));
    const long = [key(requestOf("::1", ["a", "x".repeat(8000)])), key(requestOf("::1", ["a", "x".repeat(8001)]))];
    assert.notEqual(long[0], long[1]);
    for (const text of long) assert.ok(text.length <= 64);
    assert.equal(long[0], key(requestOf("::1", ["a", "x".repeat(8000)])));
  });

  test("say whether they need an identity, and whether all clients share them", () => {
    assert.deepEqual([needsIdentity(sources("ip", "subject")), needsIdentity(sources("ip", "route"))], [true, false]);
    assert.deepEqual([isShared(sources("route")), isShared(sources("route", "ip"))], [true, false]);
  });
});
