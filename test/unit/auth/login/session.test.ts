// What a session says of its user, by ID token and userinfo.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenReader } from "../../../../src/auth/jwt/token-meaning.ts";
import { beginSession, sessionIdentity } from "../../../../src/auth/login/session.ts";
import { part } from "../../../support/tokens.ts";

const reader = new TokenReader({ subjectClaim: "sub", scopeClaim: "scope", typeClaim: "typ", attributes: {} });

/** The claims of a user, as an ID token and userinfo tell them. */
function claimsOf(idToken: Record<string, unknown>, info: Record<string, unknown>) {
  const text = `${part({ alg: "RS256" })}.${part({ sub: "ann", ...idToken })}.${part("signature")}`;
  const tokens = { idToken: text, info: { sub: "ann", ...info }, scopes: null, refreshToken: "", endsAt: 0 };
  const identity = sessionIdentity(beginSession("corp", tokens, ["openid"], 60_000, 0), reader);
  assert.ok(typeof identity !== "string");
  return identity.claims;
}

test("claims of both count, and those of the ID token first", () => {
  const claims = claimsOf({ name: "Ann", nonce: "n" }, { name: "Other", team: "web" });
  assert.deepEqual(claims, { sub: "ann", name: "Ann", team: "web" });
});

test("an e-mail address is verified only by the source that names it", () => {
  assert.equal(claimsOf({ email: "boss@x.org" }, { email: "ann@x.org", email_verified: true }).email, undefined);
  assert.equal(claimsOf({ email_verified: true }, { email: "boss@x.org" }).email, undefined);
  assert.equal(claimsOf({}, { email: "ann@x.org", email_verified: true }).email, "ann@x.org");
  assert.equal(claimsOf({ email: "ann@x.org", email_verified: true }, { email: "b@x.org" }).email, "ann@x.org");
});
