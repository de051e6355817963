// Read buffers: reused, and bounded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BULK_BYTES, BufferPool } from "../../../src/wire/buffers.ts";

test("a buffer given back is handed out again, the last one first", () => {
  const pool = new BufferPool();
  const a = pool.take();
  const b = pool.take();
  assert.equal(a.length, BULK_BYTES);
  assert.notEqual(a, b);
  pool.give(a);
  pool.give(b);
  assert.equal(pool.take(), b);
  assert.equal(pool.take(), a);
});

test("no more than 32 buffers are kept", () => {
  const pool = new BufferPool();
  const taken = Array.from({ length: 40 }, () => pool.take());
  for (const buffer of taken) pool.give(buffer);
  const known = new Set(taken);
  const again = Array.from({ length: 40 }, () => pool.take());
  assert.equal(again.filter((buffer) => known.has(buffer)).length, 32);
});
