// UNIX sockets among addresses: what is looked up, how they are named, and which failures are whose.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressText, authorityOf } from "../../../src/wire/authority.ts";
import { isName } from "../../../src/wire/resolver.ts";
import { causeOf } from "../../../src/wire/shortage.ts";
import { placeToConnect } from "../../../src/wire/unix-socket.ts";

const SOCKET = { scheme: "https", address: "unix:/run/app.sock", port: 0 } as const;

test("they are no names, and are connected to by path", () => {
  assert.equal(isName(SOCKET.address), false);
  assert.deepEqual(placeToConnect(SOCKET.address, 0), { path: "/run/app.sock" });
  assert.deepEqual(placeToConnect("::1", 80), { host: "::1", port: 80 });
});

test("requests call them localhost, logs by their path", () => {
  assert.equal(authorityOf(SOCKET), "localhost");
  assert.equal(addressText(SOCKET), "unix:/run/app.sock");
  assert.equal(addressText({ address: "::1", port: 80 }), "[::1]:80");
});

test("a full queue is theirs; a process that cannot be made is a shortage of the gateway", () => {
  const failed = (syscall: string) => Object.assign(new Error("failed"), { code: "EAGAIN", syscall });
  assert.equal(causeOf(failed("connect")), null);
  assert.equal(causeOf(failed("spawn")), "EAGAIN");
});
