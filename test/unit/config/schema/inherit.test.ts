// Settings that are refined per service and per rule: the nearest key wins, and names must exist.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkInherited, inherit, type Overrides } from "../../../../src/config/schema/inherit.ts";
import { inherited } from "../../../../src/config/schema/inherited.ts";
import { dur, int } from "../../../../src/config/schema/scalars.ts";
import { parseYaml } from "../../../../src/config/text/parse.ts";
import { oneLine, Problems } from "../../../../src/config/text/problem.ts";
import type { MapNode } from "../../../../src/config/text/tree.ts";

const schema = inherited("Patience", { wait: dur("wait", 1_000), tries: int("tries", 3) });
type Patience = { readonly wait: number; readonly tries: number };

function read(text: string) {
  const problems = new Problems();
  const tree = parseYaml(text, "t.yaml", problems);
  const section = schema.read(tree, "patience", { problems, origins: new Map(), schema: {} });
  return { section, problems, tree };
}

const TEXT = `
enabled: true
default: { wait: 2s }
services: { web: { tries: 7 }, odd: { enabled: false } }
routes: { slow: { wait: 9s }, none: { enabled: false }, back: { enabled: true } }
`;

describe("inherited settings", () => {
  const { section } = read(TEXT);
  const own = (over: Partial<Overrides<Patience>>): Overrides<Patience> => ({
    enabled: null,
    wait: null,
    tries: null,
    ...over,
  });

  test("what says nothing has the default", () => {
    assert.deepEqual(inherit(section, "other", null), { wait: 2_000, tries: 3 });
  });
  test("a service changes the keys it names and no other", () => {
    assert.deepEqual(inherit(section, "web", null), { wait: 2_000, tries: 7 });
  });
  test("a rule wins over its service, key by key", () => {
    assert.deepEqual(inherit(section, "web", { id: "slow", own: null }), { wait: 9_000, tries: 7 });
  });
  test("what stands in the rule itself wins over everything", () => {
    const rule = { id: "slow", own: own({ wait: 5 }) };
    assert.deepEqual(inherit(section, "web", rule), { wait: 5, tries: 7 });
  });
  test("a service or a rule may switch it off, and a rule on again", () => {
    assert.equal(inherit(section, "odd", null), null);
    assert.equal(inherit(section, "web", { id: "none", own: null }), null);
    assert.deepEqual(inherit(section, "odd", { id: "back", own: null }), { wait: 2_000, tries: 3 });
  });
  test("a block in the rule switches it on where the section is off", () => {
    const off = read("default: { tries: 4 }").section;
    assert.equal(inherit(off, "web", { id: "a", own: null }), null);
    assert.deepEqual(inherit(off, "web", { id: "a", own: own({}) }), { wait: 1_000, tries: 4 });
    assert.equal(inherit(off, "web", { id: "a", own: own({ enabled: false }) }), null);
  });
  test("names that every object has name nothing", () => {
    assert.deepEqual(inherit(section, "constructor", { id: "toString", own: null }), { wait: 2_000, tries: 3 });
  });
});

test("entries for rules and services that do not exist are errors at their place", () => {
  const { section, tree } = read("services: { wbe: { tries: 1 } }\nroutes:\n  slwo: { tries: 1 }\n");
  const whole: MapNode = {
    kind: "map",
    at: tree.at,
    entries: new Map([["patience", { keyAt: tree.at, value: tree }]]),
  };
  const problems = new Problems();
  checkInherited("patience", section, { services: new Set(["web"]), routes: new Set(["slow"]) }, whole, problems);
  assert.deepEqual(problems.list.map(oneLine), [
    't.yaml:1:18: patience.services: unknown service "wbe"; did you mean "web"?',
    't.yaml:3:9: patience.routes: unknown rule "slwo"; did you mean "slow"?',
  ]);
});
