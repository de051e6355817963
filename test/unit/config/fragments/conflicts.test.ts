// Fragments that contradict the file or each other: who wins, who is dropped, and what is said.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Fragment } from "../../../../src/core/registry.ts";
import { fragment, loadMixed, ruleFragment, serviceValues } from "../../../support/fragments.ts";
import { withMore } from "../../../support/load.ts";

const FIXED = "; rename or remove one of them";
const ALIKE = "; distinguish them by path, listeners, methods, hosts or match, or remove one of them";

/** What is said of the dropped ones, whatever the order they come in. */
function droppedOf(...fragments: Fragment[]): Readonly<Record<string, readonly string[]>> {
  const { dropped } = loadMixed(fragments);
  assert.deepEqual(loadMixed([...fragments].reverse()).dropped, dropped);
  return dropped;
}

describe("the file wins over fragments", () => {
  test("on the id of a rule", () => {
    assert.deepEqual(droppedOf(ruleFragment("a", "/a", { id: "web-1" })), {
      a: [`a: duplicate rule id "web-1"; the first is at t.yaml:2${FIXED}`],
    });
  });
  test("on a match", () => {
    assert.deepEqual(droppedOf(ruleFragment("a", "/*")), {
      a: [`a: duplicate match "/*"; the first is at t.yaml:2${ALIKE}`],
    });
  });
  test("on a service", () => {
    assert.deepEqual(droppedOf(fragment("a", serviceValues("web"))), {
      a: [`a: duplicate service "web"; the first is at t.yaml:3${FIXED}`],
    });
  });
});

describe("of two fragments the one that comes first wins", () => {
  test("on the id of a rule", () => {
    assert.deepEqual(droppedOf(ruleFragment("a", "/a", { id: "x" }), ruleFragment("b", "/b", { id: "x" })), {
      b: [`b: duplicate rule id "x"; the first is at a${FIXED}`],
    });
  });
  test("on a match, whatever else differs", () => {
    assert.deepEqual(droppedOf(ruleFragment("b", "/x", { timeout: 1 }), ruleFragment("a", "/x")), {
      b: [`b: duplicate match "/x"; the first is at a${ALIKE}`],
    });
  });
  test("on a service", () => {
    assert.deepEqual(droppedOf(fragment("a", serviceValues("x")), fragment("b", serviceValues("x", "10.0.0.9"))), {
      b: [`b: duplicate service "x"; the first is at a${FIXED}`],
    });
  });
  test("on the id of a limit", () => {
    const first = ruleFragment("a", "/a", { id: "x", "rateLimits[0].id": "y.z", "rateLimits[0].rate": 1 });
    const second = ruleFragment("b", "/b", { id: "x.y", "rateLimits[0].id": "z", "rateLimits[0].rate": 1 });
    assert.match(droppedOf(first, second).b!.join(), /^b: duplicate limit "x\.y\.z"; the first is at a/);
  });
  test("one that is wrong by itself has no claim", () => {
    const dropped = droppedOf(ruleFragment("a", "/x", { timeout: "soon" }), ruleFragment("b", "/x"));
    assert.deepEqual(Object.keys(dropped), ["a"]);
    const unknown = droppedOf(ruleFragment("a", "/x", { serviceName: "none" }), ruleFragment("b", "/x"));
    assert.deepEqual(Object.keys(unknown), ["a"]);
  });
  test("one that is dropped for another claim has no claim either", () => {
    const both = fragment("b", {
      "router.rules[0].path": "/x",
      "router.rules[0].serviceName": "web",
      "router.rules[1].path": "/y",
      "router.rules[1].serviceName": "web",
    });
    const dropped = droppedOf(ruleFragment("a", "/x"), both, ruleFragment("c", "/y"));
    assert.deepEqual(Object.keys(dropped), ["b"]);
  });
  test("a long chain of claims leaves every second one", () => {
    const link = (i: number) =>
      fragment(`f${String(i).padStart(3, "0")}`, {
        "router.rules[0].path": `/${i}`,
        "router.rules[0].serviceName": "web",
        "router.rules[1].path": `/${i + 1}`,
        "router.rules[1].serviceName": "web",
      });
    const dropped = droppedOf(...Array.from({ length: 100 }, (_, i) => link(i)));
    const expected = Array.from({ length: 50 }, (_, i) => `f${String(2 * i + 1).padStart(3, "0")}`);
    assert.deepEqual(Object.keys(dropped), expected);
  });
  test("all losers are named the winner", () => {
    const dropped = droppedOf(...["d", "c", "b", "a"].map((source) => ruleFragment(source, "/x")));
    assert.deepEqual(Object.keys(dropped), ["b", "c", "d"]);
    for (const said of Object.values(dropped)) assert.match(said.join(), /the first is at a;/);
  });
  test("rules that differ by host or method contradict nobody", () => {
    const rules = [
      ruleFragment("a", "/x", { hosts: "a.example" }),
      ruleFragment("b", "/x", { hosts: "b.example" }),
      ruleFragment("c", "/x", { methods: "POST" }),
    ];
    assert.deepEqual(droppedOf(...rules), {});
  });
  test("claims twice by itself is a fault, whoever else claims it", () => {
    const twice = fragment("b", {
      "router.rules[0].path": "/x",
      "router.rules[0].serviceName": "web",
      "router.rules[1].path": "/x",
      "router.rules[1].serviceName": "web",
    });
    assert.deepEqual(Object.keys(droppedOf(ruleFragment("a", "/x"), twice, ruleFragment("c", "/z"))), ["b"]);
    assert.deepEqual(
      Object.keys(droppedOf(ruleFragment("a", "/x", { timeout: "?" }), twice, ruleFragment("c", "/x"))),
      ["a", "b"],
    );
  });
});

describe("a fragment stands by itself", () => {
  test("the services of another are not there for its rules", () => {
    const dropped = droppedOf(
      fragment("a", serviceValues("x")),
      fragment("b", { "router.rules[0].path": "/b", "router.rules[0].serviceName": "x" }),
    );
    assert.match(dropped.b!.join(), /^b label router\.rules\[0\]\.serviceName: rule "b-1": unknown service "x"/);
    assert.deepEqual(Object.keys(dropped), ["b"]);
  });
  test("what its service speaks is not asked of another of that name", () => {
    const grpc = { "registry.static.services[0].type": "grpc" };
    const rule = (source: string) => ({ "router.rules[0].path": `/${source}`, "router.rules[0].serviceName": "x" });
    const first = fragment("a", { ...serviceValues("x"), ...rule("a"), "router.rules[0].fallback.status": 503 });
    const second = fragment("b", { ...serviceValues("x"), ...grpc, ...rule("b") });
    assert.deepEqual(Object.keys(droppedOf(first, second)), ["b"]);
  });
  test("a service of the file keeps its protocol beside a fragment's of the same name", () => {
    const text = withMore("").replace("name: web", "name: web, type: grpc");
    const bad = fragment("a", serviceValues("web"));
    const good = fragment("b", { "router.rules[0].path": "/b", "router.rules[0].serviceName": "web" });
    const { config, dropped } = loadMixed([bad, good], text);
    assert.deepEqual(Object.keys(dropped), ["a"]);
    assert.deepEqual(
      config.rules.map((rule) => rule.protocol),
      ["grpc", "grpc"],
    );
  });
});
