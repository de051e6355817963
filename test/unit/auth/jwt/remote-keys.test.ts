// Published key sets: when they are fetched, and what holds while they cannot be.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RemoteKeys } from "../../../../src/auth/jwt/remote-keys.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { signingKey } from "../../../support/tokens.ts";

const A = signingKey("ES256", "a");
const B = signingKey("ES256", "b");
const CACHE_MS = 3_600_000;

/** A set whose issuer answers when a test says so. */
function source() {
  const clock = new FakeClock();
  const asked: { readonly answer: (keys: unknown) => Promise<void>; readonly fail: () => Promise<void> }[] = [];
  const told: string[] = [];
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const fetch = () =>
    new Promise((resolve, reject) => {
      asked.push({
        answer: (keys) => {
          resolve({ keys });
          return settled();
        },
        fail: () => {
          reject(new Error("ECONNREFUSED"));
          return settled();
        },
      });
    });
  const keys = new RemoteKeys(fetch, CACHE_MS, clock, {
    failed: (error) => told.push(error.message),
    recovered: (count) => told.push(`${count} keys`),
  });
  const found = (kid: string) => keys.find(kid, "ES256").map((key) => key.kid);
  return { clock, asked, told, keys, found };
}

describe("a published key set", () => {
  test("is fetched at once, and requests that need it wait for the same answer", async () => {
    const { asked, keys, found } = source();
    assert.deepEqual([found("a"), keys.current, asked.length], [[], false, 1]);
    const waiting = [keys.refresh("a"), keys.refresh("b")];
    assert.equal(waiting[0], waiting[1]);
    await asked[0]!.answer([A.jwk]);
    await Promise.all(waiting);
    assert.deepEqual([found("a"), keys.current, asked.length], [["a"], true, 1]);
  });
  test("is fetched again when it is old, without a request", async () => {
    const { clock, asked, found } = source();
    await asked[0]!.answer([A.jwk]);
    clock.advance(CACHE_MS - 1);
    assert.equal(asked.length, 1);
    clock.advance(1);
    await asked[1]!.answer([B.jwk]);
    assert.deepEqual([found("a"), found("b")], [[], ["b"]]);
  });
  test("keeps unchanged keys, and marks removed ones", async () => {
    const { clock, asked, keys } = source();
    await asked[0]!.answer([A.jwk, B.jwk]);
    const [a] = keys.find("a", "ES256");
    const [b] = keys.find("b", "ES256");
    clock.advance(CACHE_MS);
    await asked[1]!.answer([A.jwk]);
    assert.equal(keys.find("a", "ES256")[0], a);
    assert.deepEqual([a!.retired, b!.retired], [false, true]);
  });
  test("is fetched for an unknown key, at most every 30 seconds", async () => {
    const { clock, asked, keys, found } = source();
    await asked[0]!.answer([A.jwk]);
    const waiting = [keys.refresh("b"), keys.refresh("c")];
    assert.equal(asked.length, 2);
    await asked[1]!.answer([A.jwk, B.jwk]);
    await Promise.all(waiting);
    assert.deepEqual(found("b"), ["b"]);
    assert.equal(keys.refresh("c"), null);
    clock.advance(29_999);
    assert.equal(keys.refresh("c"), null);
    clock.advance(1);
    assert.notEqual(keys.refresh("c"), null);
    assert.equal(asked.length, 3);
  });
  test("is not fetched twice within a minute for the same unknown key", async () => {
    const { clock, asked, keys } = source();
    await asked[0]!.answer([A.jwk]);
    const waiting = keys.refresh("x");
    await asked[1]!.answer([A.jwk]);
    await waiting;
    clock.advance(30_000);
    assert.equal(keys.refresh("x"), null);
    clock.advance(30_000);
    assert.notEqual(keys.refresh("x"), null);
  });
  test("remains in use while the issuer is down, and is fetched with increasing pauses", async () => {
    const { clock, asked, keys, told, found } = source();
    await asked[0]!.answer([A.jwk]);
    clock.advance(CACHE_MS);
    for (let failures = 1; failures <= 8; failures++) {
      await asked[failures]!.fail();
      assert.deepEqual([found("a"), keys.current], [["a"], false]);
      clock.advance(Math.min(1000 * 2 ** (failures - 1), 30_000));
      assert.equal(asked.length, failures + 2);
    }
    await asked[9]!.answer([A.jwk]);
    assert.ok(keys.current);
    assert.deepEqual(told.slice(-2), ["ECONNREFUSED", "1 keys"]);
  });
  test("that was never fetched is tried at least every five seconds, regardless of tokens", async () => {
    const { clock, asked, keys } = source();
    for (const pause of [1000, 2000, 4000, 5000, 5000]) {
      await asked.at(-1)!.fail();
      assert.deepEqual([keys.refresh("a"), keys.current], [null, false]);
      const before = asked.length;
      clock.advance(pause);
      assert.equal(asked.length, before + 1);
    }
  });
  test("that is malformed counts as a failure", async () => {
    const { asked, keys, told, clock, found } = source();
    await asked[0]!.answer([A.jwk]);
    clock.advance(CACHE_MS);
    await asked[1]!.answer("none");
    assert.match(told.at(-1)!, /not a JWK set/);
    assert.deepEqual([found("a"), keys.current], [["a"], false]);
  });
  test("that is empty is accepted", async () => {
    const { asked, keys, clock, found } = source();
    await asked[0]!.answer([A.jwk]);
    clock.advance(CACHE_MS);
    await asked[1]!.answer([]);
    assert.deepEqual([found("a"), keys.current], [[], true]);
  });
  test("releases everything when it is closed, during a fetch or between two", async () => {
    const during = source();
    during.keys.close();
    await during.asked[0]!.fail();
    assert.deepEqual([during.clock.pending, during.told], [0, []]);
    const between = source();
    await between.asked[0]!.answer([A.jwk]);
    assert.equal(between.clock.pending, 1);
    between.keys.close();
    assert.deepEqual([between.clock.pending, between.keys.refresh("b")], [0, null]);
  });
});
