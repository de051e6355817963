// Code verifiers and challenges.
import assert from "node:assert/strict";
import { test } from "node:test";
import { challengeOf, newVerifier } from "../../../../src/auth/login/pkce.ts";

test("the challenge of a verifier is that of RFC 7636, appendix B", () => {
  assert.equal(
    challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  );
});
test("verifiers have 43 legal characters, and are all different", () => {
  const made = new Set(Array.from({ length: 10_000 }, newVerifier));
  assert.equal(made.size, 10_000);
  for (const verifier of made) assert.match(verifier, /^[A-Za-z0-9\-._~]{43}$/);
});
