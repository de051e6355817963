// The store of limits in memory: what it keeps, what it forgets, and that nobody can fill it.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Limit } from "../../../src/limits/limit.ts";
import { MAX_KEYS, MemoryStore } from "../../../src/limits/memory-store.ts";

const LIMIT: Limit = { id: "a", algorithm: "token_bucket", rate: 1, periodMs: 1000, burst: 2, keepMs: 0 };

/** In use after everything that can go has gone. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

describe("memory store", () => {
  let nowUs = 0;
  let store: MemoryStore;
  beforeEach(() => {
    nowUs = 0;
    store = new MemoryStore(() => nowUs);
  });
  const allowed = (key: string, limit = LIMIT) => store.take(limit, key, 1).allowed;

  test("keeps ten thousand keys and no more", () => {
    for (let i = 0; i < 3 * MAX_KEYS; i++) store.take(LIMIT, `key ${i}`, 1);
    assert.ok(store.size <= MAX_KEYS);
    assert.ok(store.size >= MAX_KEYS / 2);
  });

  test("keeps of a header the piece that is the key, and nothing else", () => {
    const before = heapBytes();
    for (let i = 0; i < 2000; i++) {
      const header = `${"x".repeat(16_000)}, address of client ${i}`;
      store.take(LIMIT, header.slice(header.indexOf(",") + 2), 1);
    }
    assert.equal(store.size, 2000);
    const kept = heapBytes() - before;
    assert.ok(kept < 8_000_000, `${kept} bytes are kept`); // all headers together have 32 MB
  });

  test("keeps a key that is in use while others come and go", () => {
    while (allowed("mine"));
    for (let i = 0; i < 3 * MAX_KEYS; i++) {
      store.take(LIMIT, `key ${i}`, 1);
      if (i % 1000 === 0) assert.equal(allowed("mine"), false);
    }
  });

  test("drops idle keys when others come, and when it is swept", () => {
    for (let i = 0; i < 100; i++) store.take(LIMIT, `key ${i}`, 1);
    nowUs += 2_000_000;
    allowed("other");
    nowUs += 2_000_000;
    allowed("another");
    assert.equal(store.size, 2);
    for (let i = 0; i < 2; i++) {
      nowUs += 2_000_000;
      store.sweep();
    }
    assert.equal(store.size, 0);
  });

  test("drops no key that still owes something", () => {
    while (allowed("mine"));
    for (let i = 0; i < 19; i++) {
      nowUs += 50_000;
      store.sweep();
      allowed(`key ${i}`);
    }
    assert.equal(allowed("mine"), false);
  });

  test("keeps keys as long as it is told", () => {
    const long = { ...LIMIT, keepMs: 60_000 };
    allowed("mine", long);
    for (let i = 0; i < 59; i++) {
      nowUs += 1_000_000;
      store.sweep();
    }
    assert.equal(store.size, 1);
  });

  test("keeps what is owed when the rate changes, and begins anew with another period", () => {
    while (allowed("mine"));
    assert.equal(allowed("mine", { ...LIMIT, rate: 2 }), false);
    nowUs += 500_000;
    assert.equal(allowed("mine", { ...LIMIT, rate: 2 }), true);
    assert.equal(allowed("mine", { ...LIMIT, periodMs: 2000 }), true);
  });

  for (const algorithm of ["token_bucket", "leaky_bucket", "sliding_window"] as const) {
    test(`tells what the fullest key is charged with: ${algorithm}`, () => {
      const limit: Limit = { ...LIMIT, algorithm, rate: 5, burst: 5 };
      assert.equal(store.usage(limit), 0);
      for (const [key, cost] of Object.entries({ few: 1, most: 4, some: 2 })) store.take(limit, key, cost);
      assert.equal(store.usage(limit), 4);
      assert.equal(store.usage({ ...limit, periodMs: 2000 }), 0, "another limit of that name");
      nowUs += 1_000_000;
      assert.equal(store.usage(limit), 0);
      assert.equal(store.size, 3);
    });
  }

  test("forgets a limit that is gone", () => {
    while (allowed("mine"));
    store.forget("a");
    assert.equal(store.size, 0);
    assert.equal(allowed("mine"), true);
  });
});
