// Read buffers and name resolution: reused, bounded, and never pinned.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BULK_BYTES, BufferPool } from "../../../src/wire/buffers.ts";
import { isName, Resolver } from "../../../src/wire/resolver.ts";

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

test("an answer serves until its time is over", async () => {
  let now = 0;
  const resolver = new Resolver(() => now);
  const first = await resolver.resolve("localhost");
  assert.ok(first.length > 0);
  now = 9_999;
  assert.equal(await resolver.resolve("localhost"), first);
  now = 10_000;
  assert.notEqual(await resolver.resolve("localhost"), first);
});

test("a name that was forgotten is asked for again", async () => {
  const resolver = new Resolver(() => 0);
  const first = await resolver.resolve("localhost");
  resolver.forget("localhost");
  assert.notEqual(await resolver.resolve("localhost"), first);
});

test("questions asked together share one answer", async () => {
  const resolver = new Resolver(() => 0);
  const [a, b] = await Promise.all([resolver.resolve("localhost"), resolver.resolve("localhost")]);
  assert.equal(a, b);
});

test("a name that does not exist is an error, and is not remembered", async () => {
  const resolver = new Resolver(() => 0);
  await assert.rejects(resolver.resolve("a..b"));
  await assert.rejects(resolver.resolve("a..b"));
});

test("lookup answers in both shapes net.connect asks for", async () => {
  const resolver = new Resolver(() => 0);
  const [address, family] = await new Promise<[unknown, unknown]>((resolve, reject) => {
    resolver.lookup("localhost", {}, (error, a, f) => (error === null ? resolve([a, f]) : reject(error)));
  });
  assert.ok(typeof address === "string" && (family === 4 || family === 6));
  const all = await new Promise<unknown>((resolve, reject) => {
    resolver.lookup("localhost", { all: true }, (error, list) => (error === null ? resolve(list) : reject(error)));
  });
  assert.ok(Array.isArray(all) && all.length > 0);
  const failure = await new Promise<unknown>((resolve) => resolver.lookup("a..b", {}, (error) => resolve(error)));
  assert.ok(failure instanceof Error);
});

test("an address is no name", () => {
  assert.ok(isName("example.org"));
  assert.ok(!isName("127.0.0.1"));
  assert.ok(!isName("::1"));
});
