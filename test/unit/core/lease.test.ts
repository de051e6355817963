// Leases: one resource per key, alive as long as somebody holds it, closed once, in reverse order.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type LeaseHolder, LeaseTable } from "../../../src/core/lease.ts";

test("two holders of one key share the resource, and it closes with the last of them", () => {
  const table = new LeaseTable();
  const closed: string[] = [];
  const make = () => ({ name: "pool" });
  const close = (value: { name: string }) => closed.push(value.name);
  const first = table.holder();
  const second = table.holder();
  const a = first.lease("pool|a", make, close);
  assert.equal(second.lease("pool|a", make, close), a);
  first.release();
  assert.deepEqual(closed, []);
  second.release();
  assert.deepEqual(closed, ["pool"]);
  assert.equal(table.size, 0);
});

test("a key leased twice by one holder counts once", () => {
  const table = new LeaseTable();
  const holder = table.holder();
  let closes = 0;
  for (let i = 0; i < 2; i++) {
    holder.lease(
      "k",
      () => 1,
      () => closes++,
    );
  }
  holder.release();
  holder.release();
  assert.equal(closes, 1);
});

test("leases are given back in reverse order of taking", () => {
  const holder = new LeaseTable().holder();
  const order: number[] = [];
  for (const n of [1, 2, 3]) {
    holder.lease(
      `k${n}`,
      () => n,
      (value) => order.push(value),
    );
  }
  holder.release();
  assert.deepEqual(order, [3, 2, 1]);
});

test("what a holder owns ends once, between the leases around it, and is nobody else's", () => {
  const table = new LeaseTable();
  const holder = table.holder();
  const order: string[] = [];
  const lease = (key: string) =>
    holder.lease(
      key,
      () => key,
      (value) => order.push(value),
    );
  lease("before");
  holder.own(() => order.push("own"));
  lease("after");
  table.holder().own(() => assert.fail("of another holder"));
  holder.release();
  holder.release();
  assert.deepEqual(order, ["after", "own", "before"]);
  assert.equal(table.size, 0);
});

describe("a child", () => {
  const lease = (holder: LeaseHolder, key: string, order: string[]) =>
    holder.lease(
      key,
      () => key,
      (value) => order.push(value),
    );

  test("gives its own leases back, once, and leaves those of its parent", () => {
    const table = new LeaseTable();
    const parent = table.holder();
    const child = parent.child();
    const order: string[] = [];
    lease(parent, "common", order);
    lease(child, "common", order);
    lease(child, "its own", order);
    child.release();
    assert.deepEqual([order, table.size], [["its own"], 1]);
    parent.release();
    assert.deepEqual([order, table.size], [["its own", "common"], 0]);
    child.release();
    assert.equal(order.length, 2);
  });

  test("that is still there is released with its parent, in its turn", () => {
    const table = new LeaseTable();
    const parent = table.holder();
    const order: string[] = [];
    lease(parent, "before", order);
    const [gone, there] = [parent.child(), parent.child()];
    lease(gone, "gone", order);
    gone.release();
    parent.own(() => order.push("own"));
    lease(there, "there", order);
    lease(parent.child(), "later", order);
    parent.release();
    assert.deepEqual(order, ["gone", "later", "own", "there", "before"]);
    assert.equal(table.size, 0);
  });
});

test("a resource that cannot be made is not held", () => {
  const table = new LeaseTable();
  const holder = table.holder();
  const fail = () => {
    throw new Error("no");
  };
  assert.throws(() => holder.lease("k", fail, () => undefined), /no/);
  assert.equal(table.size, 0);
});
