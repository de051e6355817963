// YAML → written tree: anchors, merges, `x-` keys, positions, and every kind of text that is refused.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseYaml } from "../../../../src/config/text/parse.ts";
import { oneLine, Problems } from "../../../../src/config/text/problem.ts";
import { type MapNode, plain } from "../../../../src/config/text/tree.ts";
import { load, loadFine, withMore } from "../../../support/load.ts";

interface Parsed {
  readonly tree: MapNode;
  readonly value: unknown;
  readonly errors: readonly string[];
}

function parse(text: string): Parsed {
  const problems = new Problems();
  const tree = parseYaml(text, "t.yaml", problems);
  return { tree, value: plain(tree), errors: problems.list.map(oneLine) };
}

function fine(text: string): unknown {
  const { value, errors } = parse(text);
  assert.deepEqual(errors, []);
  return value;
}

describe("values", () => {
  test("scalars keep their YAML 1.2 type", () => {
    const text = 'a: 1\nb: 1.5\nc: true\nd: yes\ne: "1"\nf: null\ng:\nh: 0x10\ni: 010\nj: 2024-01-01\n';
    const { entries } = parse(text).tree;
    const values = [...entries.values()].map(({ value }) => (value.kind === "scalar" ? value.value : value));
    assert.deepEqual(values, [1, 1.5, true, "yes", "1", null, null, 16, 10, "2024-01-01"]);
  });
  test("keys are texts, whatever they look like", () =>
    assert.deepEqual(fine("1: a\ntrue: b\n"), { "1": "a", true: "b" }));
  test("block texts keep their lines", () => assert.deepEqual(fine("a: |\n  x\n  y\n"), { a: "x\ny\n" }));
  for (const [name, text] of [
    ["nothing", ""],
    ["comments only", "# a\n\n"],
    ["an empty document", "---\n"],
  ] as const) {
    test(`${name} is an empty mapping`, () => assert.deepEqual(fine(text), {}));
  }
});

describe("positions", () => {
  test("keys and values know line and column, from 1", () => {
    const { tree } = parse("a:\n  b: 5\n  c: [ 1, x ]\n");
    const a = tree.entries.get("a")!;
    assert.deepEqual(a.keyAt, { file: "t.yaml", line: 1, column: 1 });
    const b = a.value.kind === "map" ? a.value.entries.get("b")! : null;
    assert.deepEqual(b?.keyAt, { file: "t.yaml", line: 2, column: 3 });
    assert.deepEqual(b?.value.at, { file: "t.yaml", line: 2, column: 6 });
    const c = a.value.kind === "map" ? a.value.entries.get("c")!.value : null;
    assert.deepEqual(c?.kind === "list" && c.items[1]?.at, { file: "t.yaml", line: 3, column: 11 });
  });
  test("an anchored value knows the place it was written at", () => {
    const { tree } = parse("a: &x 5\nb: *x\n");
    assert.equal(tree.entries.get("b")!.value.at.line, 1);
  });
});

describe("anchors", () => {
  test("an alias is a copy of what it names", () => {
    assert.deepEqual(fine("a: &x { k: [ 1 ] }\nb: *x\nc: [ *x ]\n"), { a: { k: [1] }, b: { k: [1] }, c: [{ k: [1] }] });
  });
  test("two aliases do not share their nodes", () => {
    const { tree } = parse("a: &x { k: 1 }\nb: *x\n");
    assert.notEqual(tree.entries.get("a")!.value, tree.entries.get("b")!.value);
  });
  test("an anchor set again is the later one from there on", () => {
    assert.deepEqual(fine("a: &x 1\nb: *x\nc: &x 2\nd: *x\n"), { a: 1, b: 1, c: 2, d: 2 });
  });
  test("an alias of nothing is an error", () => {
    assert.match(parse("a: *nope\n").errors.join(), /t\.yaml:1:4: .*alias/i);
  });
  test("an alias inside its own anchor is an error with its place", () => {
    const { errors } = parse("a: &x [ *x ]\n");
    assert.equal(errors.length, 1);
    assert.match(errors[0]!, /^t\.yaml:1:\d+: /);
  });
  test("a file that unfolds to a billion values is refused once", () => {
    const names = "abcdefghij";
    const rows = [...names].map((n, i) => {
      const item = i === 0 ? "l" : `*${names[i - 1]}`;
      return `${n}: &${n} [${Array(9).fill(item).join(",")}]\n`;
    });
    const { errors } = parse(rows.join(""));
    assert.equal(errors.filter((e) => e.includes("more than 500000 values")).length, 1);
  });
});

describe("merges", () => {
  const cases: readonly (readonly [string, string, unknown])[] = [
    ["`<<` brings in the keys of a mapping", "a: &a { k: 1, l: 2 }\nr: { <<: *a, m: 3 }\n", { m: 3, k: 1, l: 2 }],
    ["own keys win over merged ones", "a: &a { k: 1 }\nr: { <<: *a, k: 3 }\n", { k: 3 }],
    ["own keys win, also when they come first", "a: &a { k: 1 }\nr: { k: 2, <<: *a }\n", { k: 2 }],
    [
      "of several mappings the first wins",
      "a: &a { k: 1 }\nb: &b { k: 2, l: 3 }\nr: { <<: [ *a, *b ] }\n",
      { k: 1, l: 3 },
    ],
    ["merges go through merged mappings", "a: &a { k: 1 }\nb: &b { <<: *a, l: 2 }\nr: { <<: *b }\n", { l: 2, k: 1 }],
  ];
  for (const [name, text, expected] of cases) {
    test(name, () => assert.deepEqual((fine(text) as { r: unknown }).r, expected));
  }
  test("merging what is no mapping is an error", () => {
    assert.match(parse("a: &a 5\nb: { <<: *a }\n").errors.join(), /^t\.yaml:\d:\d+: .*merge/i);
  });
  test('a quoted "<<" is a key like any other', () => assert.deepEqual(fine('a: { "<<": 1 }\n'), { a: { "<<": 1 } }));
  test("a rule may take its defaults from an anchor", () => {
    const config = loadFine(`gateway:
  x-defaults: &defaults { serviceName: web, timeout: 5s }
  router: { rules: [ { <<: *defaults, path: /a }, { <<: *defaults, path: /b, timeout: 6s } ] }
  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1 } ] } ] } }
`);
    assert.deepEqual(
      config.rules.map((r) => [r.id, r.timeoutMs]),
      [
        ["web-1", 5000],
        ["web-2", 6000],
      ],
    );
  });
});

describe("x- keys", () => {
  test("are ignored beside gateway and in every block", () => {
    const text = `x-top: { any: 1 }\n${withMore("  x-a: 1\n  frontend: { x-b: [ 1 ], http: { x-c: {}, tls: { x-d: 1 } } }")}`;
    assert.deepEqual(load(text).errors, []);
  });
  test("are ignored in elements of lists", () => {
    assert.deepEqual(
      load(
        "gateway: { router: { rules: [ { path: /r, serviceName: _internal } ] }, tests: [ { x-note: 1, request: GET /, expect: { x-y: 1, status: 404 } } ] }",
      ).errors,
      [],
    );
  });
  test("in a free map they are keys like any other: a header condition is never dropped", () => {
    const { rules } = loadFine(
      "gateway: { router: { rules: [ { path: /, serviceName: _internal, match: { headers: { x-tenant: a }, query: { x-q: b } } } ] } }",
    );
    assert.deepEqual(rules[0]!.conditions.headers, [["x-tenant", { exact: "a" }]]);
    assert.deepEqual(rules[0]!.conditions.query, [["x-q", { exact: "b" }]]);
  });
  test("request headers of a test keep them too", () => {
    const { tests } = loadFine(
      "gateway: { router: { rules: [ { path: /r, serviceName: _internal } ] }, tests: [ { request: GET /, headers: { x-tenant: a }, expect: { status: 404 } } ] }",
    );
    assert.deepEqual(tests[0]!.headers, { "x-tenant": "a" });
  });
});

describe("refused text", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["a duplicate key", "a: 1\nb: 2\na: 3\n", /^t\.yaml:3:1: duplicate key "a"; the first is on line 1/],
    ["a second document", "a: 1\n---\nb: 2\n", /^t\.yaml:\d:\d: .*second/],
    ["a list at the top", "- a\n", /^t\.yaml:1:1: .*mapping/],
    ["a text at the top", "hello\n", /^t\.yaml:1:1: .*mapping/],
    ["tabs as indentation", "a:\n\tb: 1\n", /^t\.yaml:2:1: /],
    ["an unclosed list", "a: [ 1, 2\n", /^t\.yaml:\d:\d+: /],
    ["an unclosed quote", 'a: "x\n', /^t\.yaml:\d:\d+: /],
    ["a mapping in a mapping's line", "a: b: c\n", /^t\.yaml:1:\d: /],
  ];
  for (const [name, text, expected] of cases) {
    test(`${name} is an error with its place, on one line`, () => {
      const { errors } = parse(text);
      assert.match(errors[0] ?? "", expected);
      for (const error of errors) assert.ok(!error.includes("\n"), error);
    });
  }
  test("several syntax errors are all reported", () =>
    assert.ok(parse("a: 1\na: 2\nb: 1\nb: 2\n").errors.length === 2));
  test("nesting beyond all reason is an error, not a crash", () => {
    assert.ok(parse(`a: ${"[".repeat(20_000)}${"]".repeat(20_000)}`).errors.length > 0);
  });
});

test("a thousand aliases are all resolved", () => {
  const rows = Array.from({ length: 1000 }, (_, i) => `r${i}: *d\n`).join("");
  const values = Object.values(fine(`d: &d { a: 1 }\n${rows}`) as object);
  assert.equal(values.filter((v: unknown) => JSON.stringify(v) === '{"a":1}').length, 1001);
});
