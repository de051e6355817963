// Sealed texts: what opens them, and that nothing else does.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { Sealer } from "../../../../src/auth/login/sealing.ts";
import { between, randomFrom } from "../../../support/schedule.ts";

const OLD = "old secret of thirty-two characters";
const NEW = "new secret of thirty-two characters";

describe("a sealed text", () => {
  test("can be decrypted by every gateway with the secret, and reveals nothing without", () => {
    const sealed = new Sealer([OLD]).seal("session", "the token t0k3n");
    assert.equal(new Sealer([OLD]).open("session", sealed), "the token t0k3n");
    assert.match(sealed, /^[\w-]+$/);
    assert.ok(!Buffer.from(sealed, "base64url").includes("t0k3n"));
    assert.equal(new Sealer([NEW]).open("session", sealed), null);
  });
  test("stays valid while its secret is in the list, at any position", () => {
    const sealed = new Sealer([OLD]).seal("session", "x");
    assert.equal(new Sealer([NEW, OLD]).open("session", sealed), "x");
    assert.equal(new Sealer([OLD]).open("session", new Sealer([NEW, OLD]).seal("session", "x")), null);
  });
  test("can be decrypted only for its purpose", () => {
    const sealer = new Sealer([OLD]);
    assert.equal(sealer.open("attempt", sealer.seal("session", "x")), null);
  });
  test("is different each time", () => {
    const sealer = new Sealer([OLD]);
    assert.equal(new Set(Array.from({ length: 100 }, () => sealer.seal("session", "x"))).size, 100);
  });
  test("that was changed cannot be decrypted", () => {
    const sealer = new Sealer([NEW, OLD]);
    const bytes = Buffer.from(sealer.seal("session", "a text of some length"), "base64url");
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 128]) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= bit;
        assert.equal(sealer.open("session", changed.toString("base64url")), null, `byte ${at}`);
      }
    }
    for (let length = 0; length < bytes.length; length++)
      assert.equal(sealer.open("session", bytes.subarray(0, length).toString("base64url")), null);
  });
  test("has only one encoding", () => {
    const sealer = new Sealer([OLD]);
    const sealed = sealer.seal("session", "x");
    for (const other of [
      `${sealed}=`,
      ` ${sealed}`,
      `${sealed}\n`,
      `${sealed.replaceAll("-", "+").replaceAll("_", "/")}.`,
    ])
      assert.equal(sealer.open("session", other), null);
  });
});

test("other texts are rejected without an error", () => {
  const sealer = new Sealer([OLD]);
  const random = randomFrom(7);
  const good = Buffer.from(sealer.seal("session", "x"), "base64url");
  for (let i = 0; i < 2_000; i++) {
    // Half of them begin as a good one does.
    const head = i % 2 === 0 ? good.subarray(0, between(random, 0, good.length - 1)) : Buffer.alloc(0);
    const text = Buffer.concat([head, randomBytes(between(random, 0, 200))]).toString(
      i % 3 === 0 ? "latin1" : "base64url",
    );
    assert.equal(sealer.open("session", text), null);
  }
});
