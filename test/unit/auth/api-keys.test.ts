// API keys: their places, their verification, and how they are stripped.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ApiKeySettings, apiKeys, keyDigest } from "../../../src/auth/api-keys.ts";
import { AMBIGUOUS } from "../../../src/auth/authenticator.ts";
import {
  type CredentialPlaces,
  credentialIn,
  isByCookie,
  removeCredential,
} from "../../../src/auth/credential-places.ts";
import type { RequestContext } from "../../../src/core/context.ts";
import { identityOf } from "../../../src/core/identity.ts";
import { contextOf } from "../../support/context.ts";

const PLACES: readonly CredentialPlaces[] = [
  { header: "x-api-key", prefix: "", query: "api_key", cookie: "key", subprotocol: false },
  { header: "authorization", prefix: "apikey", query: "", cookie: "", subprotocol: false },
];
const found = (fields: readonly string[], target = "/") => credentialIn(PLACES, contextOf({ fields, target }));
const remove = (ctx: RequestContext) => {
  for (const place of PLACES) removeCredential(place, ctx);
};

describe("a key", () => {
  test("is found in each of its places", () => {
    assert.equal(found(["X-Api-Key", "k"]), "k");
    assert.equal(found(["Authorization", "APIKEY  k"]), "k");
    assert.equal(found(["Cookie", "a=b; key=k"]), "k");
    assert.equal(found([], "/?a=b&api%5Fkey=k%2B"), "k+");
    assert.equal(found(["Authorization", "ApiKeys k", "x-api-keys", "k"], "/?api_keyx=k"), null);
    assert.equal(found(["Authorization", "ApiKey"]), "", "one that is empty is there all the same");
  });
  test("may be in several places if it is the same", () => {
    const twice = ["X-API-Key", "k", "Authorization", "ApiKey k"];
    assert.equal(found(twice, "/?api_key=k"), "k");
    assert.equal(found(twice, "/?api_key=other"), AMBIGUOUS);
    assert.equal(found(["X-API-Key", "a", "X-API-Key", "b"]), AMBIGUOUS);
    assert.equal(found(["Cookie", "key=a", "Cookie", "key=b"]), AMBIGUOUS);
    assert.equal(found([], "/?api_key=a&api_key=b"), AMBIGUOUS);
    assert.equal(found(["X-API-Key", ""], "/?api_key=a"), AMBIGUOUS);
  });
  test("is recognised as sent by cookie alone", () => {
    const by = (fields: readonly string[], target = "/") => isByCookie(PLACES)(contextOf({ fields, target }));
    assert.equal(by(["Cookie", "key=k"]), true);
    assert.equal(by(["Cookie", "key=k", "X-API-Key", "k"]), false);
    assert.equal(by(["Cookie", "key=k"], "/?api_key=k"), false);
    assert.equal(isByCookie([PLACES[1]!])(contextOf()), false, "there is no cookie");
  });
  test("is stripped from its places, and nothing else is", () => {
    const cookies = ["Cookie", "a=1; key=k", "Cookie", "keys=2; key=k"];
    const ctx = contextOf({ fields: ["X-API-Key", "k", ...cookies], target: "/?a=%41&api_key=k&b&api%5Fkey=k" });
    remove(ctx);
    assert.ok(ctx.edit!.drops("x-api-key") && !ctx.edit!.drops("authorization"));
    assert.deepEqual(ctx.edit!.fields, ["Cookie", "a=1; keys=2"]);
    assert.equal(ctx.edit!.query, "?a=%41&b");
    const alone = contextOf({ fields: ["Cookie", "key=k", "Authorization", "ApiKey k"], target: "/?api_key=k" });
    remove(alone);
    assert.ok(alone.edit!.drops("cookie") && alone.edit!.drops("authorization"));
    assert.equal(alone.edit!.query, "");
    const other = contextOf({ fields: ["Cookie", "a=1", "Authorization", "Bearer t"], target: "/?a=1" });
    remove(other);
    assert.ok(!other.edit!.drops("cookie") && !other.edit!.drops("authorization"));
    assert.equal(other.edit!.query, null);
  });
});

describe("keys", () => {
  const identity = identityOf({ subject: "ci", method: "apikey", apiKey: "ci" });
  const settings: ApiKeySettings = {
    places: PLACES,
    scheme: "ApiKey",
    forward: false,
    keys: [
      { name: "right", digest: keyDigest("right"), disabled: false, identity },
      { name: "off", digest: keyDigest("off"), disabled: true, identity },
    ],
  };
  const identify = (credential: string) => apiKeys(settings).identify(credential, contextOf());
  test("are looked up by digest", () => {
    assert.equal(identify("right"), identity);
    for (const bad of ["wrong", "", "right ", "x".repeat(100_000), keyDigest("right"), "\xff"])
      assert.equal((identify(bad) as { code: string }).code, "invalid_credentials");
  });
  test("that are disabled appear in the log by id only", () => {
    assert.deepEqual(identify("off"), { code: "invalid_credentials", why: 'key "ci" is disabled' });
  });
  test("are forwarded if configured", () => {
    const ctx = contextOf({ fields: ["X-API-Key", "right"] });
    apiKeys({ ...settings, forward: true }).strip(ctx);
    assert.equal(ctx.edit, null);
  });
});
