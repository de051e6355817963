// The operator's keys: who serves whom, who rests, and what survives a reload.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Cooldowns } from "../../../../src/llm/credentials/cooldowns.ts";
import { KeyRing } from "../../../../src/llm/credentials/key-ring.ts";
import { Recent } from "../../../../src/llm/credentials/recent.ts";
import { CredentialState } from "../../../../src/llm/credentials/state.ts";
import type { FaultKind } from "../../../../src/llm/message/fault.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FALLBACK, providerFault, providerOf } from "../../../support/llm-credentials.ts";

const MODEL = "gpt-5";

function setUp(...values: string[]) {
  const clock = new FakeClock();
  const state = new CredentialState(() => clock.now());
  const ringOf = (...keys: string[]) => new KeyRing(providerOf("openai", "openai", keys), FALLBACK, state);
  return { clock, state, ringOf, ring: ringOf(...values) };
}

/** The key picked, by its value's place; "" none. */
function picked(ring: KeyRing, conversation: string | null = null, exclude: readonly string[] = [], model = MODEL) {
  return ring.pick(model, conversation, exclude)?.key.fingerprint ?? "";
}

function keysOf(ring: KeyRing): string[] {
  return ring.keys.map(({ fingerprint }) => fingerprint);
}

function fail(ring: KeyRing, fingerprint: string, kind: FaultKind, retryAfterMs = -1, model = MODEL): void {
  ring.report(ring.find(fingerprint)!, model, providerFault(kind, retryAfterMs));
}

describe("keys of the operator", () => {
  test("take turns where there is no conversation", () => {
    const { ring } = setUp("a", "b", "c");
    const [a, b, c] = keysOf(ring);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => picked(ring)),
      [a, b, c, a],
    );
  });
  test("are each used, whatever the number of conversations, about as often", () => {
    const { ring } = setUp("a", "b", "c", "d");
    const counts = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const key = picked(ring, `conversation ${i}`);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    assert.equal(counts.size, 4);
    for (const count of counts.values()) assert.ok(count > 800 && count < 1200, `${count} of 4000`);
  });
  test("written twice are one", () => assert.equal(setUp("a", "a", "b").ring.keys.length, 2));
  test("of none serve nobody", () => {
    const { ring } = setUp();
    assert.equal(picked(ring, "x"), "");
    assert.equal(ring.waitMs(MODEL), 0);
  });
});

describe("a conversation", () => {
  test("keeps its key, also in another gateway and after a reload", () => {
    const { ring, ringOf } = setUp("a", "b", "c");
    const key = picked(ring, "x");
    for (let i = 0; i < 20; i++) assert.equal(picked(ring, "x"), key);
    assert.equal(picked(setUp("a", "b", "c").ring, "x"), key);
    assert.equal(picked(ringOf("z", "y", "c", "b", "a"), "x"), key);
  });
  for (const kind of ["authentication", "billing", "rateLimit", "quota"] as const) {
    test(`moves on ${kind}, and does not come back`, () => {
      const { ring, clock } = setUp("a", "b", "c");
      const before = picked(ring, "x");
      fail(ring, before, kind);
      const after = ring.pick(MODEL, "x", []);
      assert.notEqual(after!.key.fingerprint, before);
      assert.equal(after!.moved, true);
      clock.advance(400_000);
      const later = ring.pick(MODEL, "x", [])!;
      assert.deepEqual([later.key.fingerprint, later.moved], [after!.key.fingerprint, false]);
    });
  }
  for (const kind of ["server", "timeout", "invalid", "unavailable", "overloaded"] as const) {
    test(`stays on ${kind}`, () => {
      const { ring } = setUp("a", "b", "c");
      const before = picked(ring, "x");
      fail(ring, before, kind);
      assert.equal(picked(ring, "x"), before);
    });
  }
  test("goes back to its key if that had failed for one request only", () => {
    const { ring } = setUp("a", "b");
    const before = picked(ring, "x");
    assert.notEqual(picked(ring, "x", [before]), before);
    assert.equal(picked(ring, "x"), before);
  });
  test("has the same key with every provider it uses, or not: providers do not share pins", () => {
    const { state, ring } = setUp("a", "b");
    const other = new KeyRing(providerOf("azure", "openai", ["a", "b"]), FALLBACK, state);
    fail(ring, picked(ring, "x"), "rateLimit");
    const moved = picked(ring, "x");
    assert.equal(other.pick(MODEL, "x", [])!.moved, false);
    assert.equal(picked(ring, "x"), moved);
  });
});

describe("a key that was limited", () => {
  test("rests for the model it was limited for, as long as the provider says", () => {
    const { ring, clock } = setUp("a");
    const [a] = keysOf(ring);
    fail(ring, a!, "rateLimit", 7000);
    assert.equal(picked(ring), "");
    assert.equal(ring.waitMs(MODEL), 7000);
    assert.equal(picked(ring, null, [], "gpt-5-mini"), a);
    clock.advance(6999);
    assert.equal(picked(ring), "");
    clock.advance(1);
    assert.equal(picked(ring), a);
  });
  test("rests for all models if its account has no credit", () => {
    const { ring } = setUp("a");
    fail(ring, keysOf(ring)[0]!, "billing");
    assert.equal(picked(ring, null, [], "another"), "");
    assert.equal(ring.waitMs("another"), 300_000);
  });
  test("goes on resting when a request that was sent before is served", () => {
    const { ring } = setUp("a");
    const [a] = ring.keys;
    ring.report(a!, MODEL, providerFault("rateLimit"));
    ring.worked(a!, MODEL);
    assert.equal(picked(ring), "");
  });
  test("rests the longer of two times", () => {
    const { ring } = setUp("a");
    const [a] = keysOf(ring);
    fail(ring, a!, "rateLimit", 9000);
    fail(ring, a!, "rateLimit", 1000);
    assert.equal(ring.waitMs(MODEL), 9000);
  });
});

describe("a key that was refused", () => {
  test("is tried by one request after five minutes, and by all once that has been served", () => {
    const { ring, clock } = setUp("a");
    const [a] = ring.keys;
    ring.report(a!, MODEL, providerFault("authentication"));
    assert.equal(ring.health(MODEL)[0]!.state, "bad");
    clock.advance(299_999);
    assert.equal(picked(ring), "");
    clock.advance(1);
    assert.equal(ring.peek(MODEL, null, [])!.key, a, "a look at it is no try");
    assert.equal(picked(ring), a!.fingerprint);
    assert.equal(picked(ring), "", "the others wait for the one that tries it");
    ring.worked(a!, MODEL);
    assert.equal(picked(ring), a!.fingerprint);
    assert.equal(picked(ring), a!.fingerprint);
    assert.equal(ring.health(MODEL)[0]!.state, "good");
  });
  test("is tried again five minutes later if nothing was heard of the try", () => {
    const { ring, clock } = setUp("a");
    ring.report(ring.keys[0]!, MODEL, providerFault("authentication"));
    clock.advance(300_000);
    picked(ring);
    clock.advance(300_000);
    assert.notEqual(picked(ring), "");
  });
  test("for a model without permission serves the others", () => {
    const { ring } = setUp("a");
    const [a] = ring.keys;
    ring.report(a!, MODEL, providerFault("permission"));
    assert.equal(picked(ring), "");
    assert.equal(picked(ring, null, [], "another"), a!.fingerprint);
  });
  test("is tried again at once after a reload, while one that was limited is not", () => {
    const { ring, ringOf } = setUp("a", "b");
    const [a, b] = keysOf(ring);
    fail(ring, a!, "authentication");
    fail(ring, b!, "rateLimit");
    assert.equal(picked(ring), "");
    const next = ringOf("b", "a");
    assert.equal(picked(next), a);
    assert.deepEqual(
      next.health(MODEL).map(({ state, forMs }) => [state, forMs]),
      [
        ["cooling", 180_000],
        ["bad", 300_000],
      ],
    );
  });
});

describe("what is remembered", () => {
  test("of cooldowns is bounded: the one set longest ago goes first", () => {
    const cooldowns = new Cooldowns(3, () => 0);
    for (const name of ["a", "b", "a", "c", "d"]) cooldowns.set(name, 1000, false);
    assert.equal(cooldowns.size, 3);
    assert.deepEqual(
      ["a", "b", "c", "d"].map((name) => cooldowns.remaining(name)),
      [1000, 0, 1000, 1000],
    );
  });
  test("of conversations is bounded: the one used longest ago goes first", () => {
    const pins = new Recent<string>(2);
    pins.set("a", "1");
    pins.set("b", "2");
    pins.use("a");
    pins.set("c", "3");
    assert.deepEqual([pins.size, pins.peek("a"), pins.peek("b"), pins.peek("c")], [2, "1", undefined, "3"]);
  });
});
