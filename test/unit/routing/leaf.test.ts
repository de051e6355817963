// Rules that share a pattern: hosts exact and wildcard, and the order among the rules of one host.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Conditions } from "../../../src/routing/conditions.ts";
import { Leaf } from "../../../src/routing/leaf.ts";
import { ForwardedPeer } from "../../../src/wire/forwarded.ts";
import { contextOf } from "../../support/context.ts";
import { conditionsOf, request } from "../../support/routes.ts";

type Rules = Readonly<Record<string, Partial<Conditions>>>;

function leafOf(rules: Rules): Leaf<{ id: string }> {
  const leaf = new Leaf<{ id: string }>();
  for (const [order, [id, rule]] of Object.entries(rules).entries()) {
    leaf.add({ route: { id }, conditions: conditionsOf(rule), order });
  }
  return leaf;
}

function find(
  rules: Rules,
  host: string,
  method = "GET",
  headers: Readonly<Record<string, string>> = {},
): string | null {
  return leafOf(rules).find(request("/", method, host, headers), null)?.id ?? null;
}

describe("hosts", () => {
  const rules = {
    any: {},
    wild: { hosts: ["*.example.org"] },
    deeper: { hosts: ["*.eu.example.org"] },
    exact: { hosts: ["a.eu.example.org", "example.org"] },
  };
  const rows: readonly (readonly [string, string])[] = [
    ["a.eu.example.org", "exact"],
    ["example.org", "exact"],
    ["b.eu.example.org", "deeper"],
    ["x.y.eu.example.org", "deeper"],
    ["eu.example.org", "wild"],
    ["us.example.org", "wild"],
    ["b.a.eu.example.org", "deeper"],
    ["badexample.org", "any"],
    ["example.org.evil.net", "any"],
    [".example.org", "any"],
    ["", "any"],
    ["127.0.0.1", "any"],
  ];
  for (const [host, expected] of rows) {
    test(`"${host}" finds the rule ${expected}`, () => assert.equal(find(rules, host), expected));
  }
  test("a wildcard does not match the name below it", () => {
    assert.equal(find({ wild: { hosts: ["*.example.org"] } }, "example.org"), null);
  });
  test("an unknown host finds nothing when every rule has hosts", () => {
    assert.equal(find({ a: { hosts: ["a.org"] }, b: { hosts: ["*.b.org"] } }, "c.org"), null);
  });
  test("a rule whose method does not fit gives way to the next wider host", () => {
    const narrow = {
      exact: { hosts: ["a.b.org"], methods: ["POST"] },
      wild: { hosts: ["*.b.org"], methods: ["PUT"] },
      any: {},
    };
    assert.deepEqual(
      ["POST", "PUT", "GET"].map((m) => find(narrow, "a.b.org", m)),
      ["exact", "wild", "any"],
    );
  });
});

describe("order of rules of one host", () => {
  const header = (name: string) => [name, { present: true }] as const;
  const rules = {
    plain: {},
    second: {},
    method: { methods: ["GET"] },
    one: { methods: ["GET"], headers: [header("x")] },
    two: { methods: ["GET"], headers: [header("x")], query: [header("q")] },
    free: { headers: [header("x"), header("y"), header("z")] },
  };
  test("with methods before without, more conditions before fewer, then file order", () => {
    const leaf = leafOf(rules);
    const at = (target: string, method: string, headers: Readonly<Record<string, string>>) =>
      leaf.find(request(target, method, "", headers), null)?.id;
    assert.equal(at("/?q=1", "GET", { x: "1" }), "two");
    assert.equal(at("/", "GET", { x: "1", y: "1", z: "1" }), "one");
    assert.equal(at("/", "GET", {}), "method");
    assert.equal(at("/", "POST", { x: "1", y: "1", z: "1" }), "free");
    assert.equal(at("/", "POST", {}), "plain");
  });
});

describe("methods kept out", () => {
  const rules = { a: { hosts: ["a.org"], methods: ["PUT"] }, b: { methods: ["POST", "PATCH"] } };
  test("are collected from every rule of the host", () => {
    const allow = new Set<string>();
    assert.equal(leafOf(rules).find(request("/", "GET", "a.org"), allow), null);
    assert.deepEqual([...allow].sort(), ["PATCH", "POST", "PUT"]);
  });
  test("are not collected from rules of other hosts", () => {
    const allow = new Set<string>();
    leafOf(rules).find(request("/", "GET", "b.org"), allow);
    assert.deepEqual([...allow].sort(), ["PATCH", "POST"]);
  });
});

describe("listeners", () => {
  const at = (rules: Rules, listener: string, method = "GET") => {
    const ctx = contextOf({ peer: new ForwardedPeer("192.0.2.1", listener, null), method });
    const allow = new Set<string>();
    return [leafOf(rules).find(ctx, allow)?.id ?? null, ...allow];
  };

  test("a rule that is bound to them holds there alone, before rules of all, whatever else these ask for", () => {
    const rules = { all: { methods: ["GET"] }, admin: { listeners: ["admin", "local"] } };
    assert.deepEqual(
      ["admin", "local", "http"].map((name) => at(rules, name)[0]),
      ["admin", "admin", "all"],
    );
  });

  test("methods of a rule that does not hold there are not told of", () => {
    const rules = { admin: { listeners: ["admin"], methods: ["POST"] } };
    assert.deepEqual(at(rules, "http"), [null]);
    assert.deepEqual(at(rules, "admin"), [null, "POST"]);
  });
});
