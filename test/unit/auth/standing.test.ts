// How the credential of an open stream stands, by the method that is configured now.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ADMITTED, AMBIGUOUS, type Authenticator, type AuthResult, invalid } from "../../../src/auth/authenticator.ts";
import { standingOf } from "../../../src/auth/standing.ts";
import { type Admission, type Identity, identityOf } from "../../../src/core/identity.ts";
import { contextOf } from "../../support/context.ts";

const ADMISSION: Admission = { method: "apikey", variant: "", scopes: ["read"] };
const ANN = identityOf({ subject: "ann", method: "apikey", scopes: ["read", "write"], expiresAt: 5 });

function methodOf(result: AuthResult, more: Partial<Authenticator> = {}): Authenticator {
  return {
    method: "apikey",
    challenge: "",
    credentialOf: () => "key",
    identify: () => result,
    strip: () => assert.fail("the request stays as it is"),
    ...more,
  };
}

function standing(result: AuthResult, more: Partial<Authenticator> = {}) {
  return standingOf(contextOf({ identity: ANN, admission: ADMISSION }), methodOf(result, more));
}

const changed = (more: Partial<Identity>): Identity => ({ ...ANN, ...more });

describe("the credential of an open stream", () => {
  test("stays valid while it has the same subject and the required scopes", async () => {
    assert.equal((standing(ANN) as Identity).expiresAt, 5);
    const later = changed({ scopes: ["read"], expiresAt: 9, type: "device" });
    assert.equal(((await standing(ANN, { identify: async () => later })) as Identity).expiresAt, 9);
    assert.deepEqual(standing(ADMITTED), { expiresAt: 5 });
  });
  test("becomes invalid", () => {
    const rows: readonly (readonly [ReturnType<typeof standing>, string])[] = [
      [standing(invalid("unknown key")), "unknown key"],
      [standing({ code: "expired_credentials", why: "it has expired" }), "it has expired"],
      [standing({ answer: { status: 403, fields: [], body: "" } }), "refused"],
      [standing(changed({ subject: "bob" })), "the credential belongs to another subject"],
      [standing(changed({ scopes: ["write"] })), 'scope "read" is missing'],
      [standing(ANN, { credentialOf: () => null }), "the credential is no longer accepted in this place"],
      [standing(ANN, { credentialOf: () => AMBIGUOUS }), "the credential is no longer accepted in this place"],
      [standingOf(contextOf({ identity: ANN, admission: ADMISSION }), null), "the method is no longer configured"],
    ];
    for (const [found, why] of rows) assert.deepEqual(found, { why: `apikey: ${why}` });
  });
  test("is undecided while it cannot be verified", async () => {
    const down: AuthResult = { code: "auth_unavailable", why: "down" };
    assert.equal(standing(down), null);
    assert.equal(await standing(ANN, { identify: async () => down }), null);
  });
  test("is verified by the recheck of its method if there is one", () => {
    const recheck = () => invalid("revoked");
    assert.deepEqual(standing(ANN, { recheck, identify: () => assert.fail("it would act on the request") }), {
      why: "apikey: revoked",
    });
  });
});
