// Values that pass between threads in pieces: the same at the other end, in pieces that are small whatever the value.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Config } from "../../../src/config/config.ts";
import { type Piece, pack, Unpacker } from "../../../src/control/pack.ts";
import { loadChecked } from "../../../src/snapshot/check/checked.ts";
import { loadFine, withRules } from "../../support/load.ts";

/** A value after its journey; pieces are cloned as a message port does. */
function carried<T extends object>(value: T): T {
  const unpacker = new Unpacker();
  for (const piece of pack(value)) unpacker.add(structuredClone(piece));
  return unpacker.value as T;
}

describe("a value arrives as it was", () => {
  const shared = { deep: [1, 2] };
  const cases: Readonly<Record<string, object>> = {
    leaves: {
      a: "text",
      b: -1.5,
      c: true,
      d: null,
      e: undefined,
      f: Number.POSITIVE_INFINITY,
      g: "",
      h: -0,
      i: Number.NaN,
    },
    "empty containers": [{}, [], new Map(), new Set(), Buffer.alloc(0)],
    maps: new Map<unknown, unknown>([
      ["list", [1, [2]]],
      [{ key: 1 }, new Map([["x", new Set(["y", shared])]])],
      ["empty", []],
    ]),
    buffers: [Buffer.from("äöü"), Buffer.from("äöü").subarray(1, 3)],
    "an object of the same keys in another order": [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    "keys that look like numbers or prototypes": JSON.parse('{ "__proto__": { "x": 1 }, "1": 2, "constructor": 3 }'),
  };
  for (const [name, value] of Object.entries(cases)) {
    test(name, () => assert.deepStrictEqual(carried(value), value));
  }
  test("what is shared stays shared", () => {
    const { a, b } = carried({ a: shared, b: [shared] });
    assert.equal(a, b[0]);
  });
  test("objects and lists are frozen", () => {
    const value = carried({ a: [{}] });
    assert.ok([value, value.a, value.a[0]!].every((part) => Object.isFrozen(part)));
  });
  for (const file of ["configs/default.yaml", "gateway.yaml"]) {
    test(`the configuration ${file}`, () => {
      const { config } = loadChecked({ file, env: {} });
      assert.deepStrictEqual(carried(config), config);
    });
  }
});

test("what would arrive as something else is refused", () => {
  class Own {}
  for (const value of [new Own(), /x/, new Date(), () => 0, 1n, Symbol("x"), Promise.resolve()]) {
    assert.throws(() => [...pack({ value })], TypeError);
  }
});

test("ten times the rules are more pieces, not larger ones", () => {
  const configOf = (n: number): Config =>
    loadFine(
      withRules(...Array.from({ length: n }, (_, i) => `{ path: /r${i}/*, serviceName: web, timeout: ${i + 1} }`)),
    );
  const sizes = (n: number) => {
    const pieces: Piece[] = [...pack(configOf(n))];
    // A map and a list of all rules are one row each; nothing else grows.
    return {
      count: pieces.length,
      median: pieces.map(({ rows }) => rows.length).sort((a, b) => a - b)[pieces.length >> 1]!,
    };
  };
  const [few, many] = [sizes(100), sizes(1000)];
  assert.ok(many.count > few.count * 5, JSON.stringify({ few, many }));
  assert.ok(many.median < 10_000, JSON.stringify({ few, many }));
});
