// The schema language: what each kind of field reads, refuses, shows and says about itself.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Field, Origin } from "../../../../src/config/schema/field.ts";
import { jsonOf, listOf, mapOf, object, optional } from "../../../../src/config/schema/fields.ts";
import {
  bool,
  dur,
  free,
  int,
  num,
  numbers,
  oneOf,
  size,
  str,
  strings,
} from "../../../../src/config/schema/scalars.ts";
import { parseYaml } from "../../../../src/config/text/parse.ts";
import { oneLine, Problems } from "../../../../src/config/text/problem.ts";

interface Result<T> {
  readonly value: T;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly origins: ReadonlyMap<string, Origin>;
}

function read<T>(field: Field<T>, yaml: string): Result<T> {
  const problems = new Problems();
  const tree = parseYaml(`k: ${yaml}\n`, "t", problems);
  const origins = new Map<string, Origin>();
  const value = field.read(tree.entries.get("k")!.value, "k", { problems, origins, schema: {} });
  const { errors, warnings } = problems;
  return { value, errors: errors.map(oneLine), warnings: warnings.map(oneLine), origins };
}

type Case = readonly [
  name: string,
  field: Field<unknown>,
  good: readonly (readonly [string, unknown])[],
  bad: readonly string[],
];

const CASES: readonly Case[] = [
  [
    "text",
    str("d"),
    [
      ["x", "x"],
      ["5", "5"],
      ["true", "true"],
      ['""', ""],
    ],
    ["[ a ]", "{ a: 1 }"],
  ],
  [
    "whole number",
    int("d", 1, 0, 10),
    [
      ["0", 0],
      ["10", 10],
      ['"7"', 7],
    ],
    ["11", "-1", "1.5", "x", '"7x"', '""', "true", "[ 1 ]", ".inf", ".nan"],
  ],
  [
    "number",
    num("d"),
    [
      ["0", 0],
      ["1.5", 1.5],
      ['"7"', 7],
    ],
    ["-1", "x", "1e400", ".inf", ".nan", "[ 1 ]"],
  ],
  [
    "ascending numbers",
    numbers("d", [1]),
    [["[ 0.5, 2 ]", [0.5, 2]]],
    ["[ 2, 1 ]", "[ 1, .inf ]", "[ -.inf, 1 ]", "[ .nan ]", "[]", "1"],
  ],
  [
    "yes or no",
    bool("d"),
    [
      ["true", true],
      ["false", false],
      ["yes", true],
      ["NO", false],
      ["on", true],
      ["Off", false],
      ['"true"', true],
    ],
    ["1", "maybe", "[ true ]", '""', "constructor", "__proto__", "valueOf"],
  ],
  [
    "duration",
    dur("d"),
    [
      ["0", 0],
      ["1.5", 1500],
      ["250ms", 250],
      ["1m30s", 90_000],
    ],
    ["-1", "soon", "true", "30 d ays", "[ 1 ]", "100d"],
  ],
  [
    "size",
    size("d"),
    [
      ["0", 0],
      ["512kb", 524_288],
      ["1MiB", 1_048_576],
    ],
    ["-1", "big", "1.5", "true", "{ a: 1 }"],
  ],
  [
    "one of",
    oneOf("d", ["red", "green"]),
    [
      ["red", "red"],
      ["GREEN", "green"],
    ],
    ["blue", "[ red ]", "constructor", "5"],
  ],
  [
    "list of texts",
    strings("d"),
    [
      ["[ a, 5 ]", ["a", "5"]],
      ["a", ["a"]],
      ["[]", []],
    ],
    ["{ a: 1 }", "[ a, [ b ] ]", "[ null ]"],
  ],
  [
    "ascending numbers",
    numbers("d", [1]),
    [["[ 0.5, 1, 2 ]", [0.5, 1, 2]]],
    ["[ 2, 1 ]", "[ 1, 1 ]", "[ a ]", "5", "[]"],
  ],
  [
    "free map",
    free("d"),
    [
      ["{ a: [ 1, { b: c } ] }", { a: [1, { b: "c" }] }],
      ["{}", {}],
    ],
    ["[ a ]", "text"],
  ],
  [
    "list",
    listOf("d", object("o", { a: int("a") })),
    [
      ["[ { a: 1 } ]", [{ a: 1 }]],
      ["[]", []],
    ],
    ["{ a: 1 }", "[ { b: 1 } ]", "[ 5 ]", "[ {} ]"],
  ],
  ["map", mapOf("d", int("i")), [["{ x: 1, y: 2 }", { x: 1, y: 2 }]], ["[ 1 ]", "{ x: a }"]],
];

for (const [name, field, good, bad] of CASES) {
  describe(name, () => {
    for (const [yaml, expected] of good) {
      test(`reads ${yaml}`, () => {
        const { value, errors } = read(field, yaml);
        assert.deepEqual([value, errors], [expected, []]);
      });
    }
    for (const yaml of bad) {
      test(`refuses ${yaml} with place and path`, () => {
        const { errors } = read(field, yaml);
        assert.ok(errors.length > 0);
        for (const error of errors) assert.match(error, /^t:1:\d+: .*\bk\b/);
      });
    }
    test("has a sentence, a type and a JSON Schema", () => {
      assert.ok(field.doc !== "" && field.type !== "");
      assert.equal(jsonOf(field).description, field.doc);
    });
  });
}

test("__proto__ as key of a free map stays a key", () => {
  const { value } = read(free("d"), '{ "__proto__": { a: 1 } }');
  assert.deepEqual(Object.keys(value), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

describe("one of", () => {
  const field = oneOf("d", ["weighted_round_robin", "round_robin"], "round_robin", {
    weighted: "weighted_round_robin",
  });
  test("an old word is understood and warned about", () => {
    const { value, errors, warnings } = read(field, "Weighted");
    assert.deepEqual([value, errors], ["weighted_round_robin", []]);
    assert.deepEqual(warnings, ['t:1:4: k: "weighted" is an old spelling of "weighted_round_robin"']);
  });
  test("a near word is suggested", () => {
    assert.match(read(field, "round_robn").errors[0]!, /found "round_robn"; did you mean "round_robin"\?$/);
  });
  test("a word of every object is no old word", () => assert.equal(read(field, "constructor").errors.length, 1));
});

describe("object", () => {
  const field = object("o", {
    host: str("h"),
    port: int("p", 80),
    inner: object("i", { deep: bool("d", false) }),
    maybe: optional(dur("m")),
  });
  test("fills in defaults, also of absent blocks", () => {
    assert.deepEqual(read(field, "{ host: a }").value, { host: "a", port: 80, inner: { deep: false }, maybe: null });
  });
  test("null counts as absent", () => {
    assert.deepEqual(read(field, "{ host: a, port: null, inner: ~, maybe: }").value, {
      host: "a",
      port: 80,
      inner: { deep: false },
      maybe: null,
    });
  });
  test("a missing key is an error at the block", () => {
    assert.deepEqual(read(field, "{ port: 1 }").errors, ['t:1:4: k: missing key "host"']);
  });
  test("every unknown key is an error at the key, with a suggestion if there is one", () => {
    assert.deepEqual(read(field, "{ host: a, prt: 1, zzzzzz: 2 }").errors, [
      't:1:15: unknown key "prt" in k; did you mean "port"?',
      't:1:23: unknown key "zzzzzz" in k; it has host, port, inner, maybe',
    ]);
  });
  for (const key of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    test(`${key} is an unknown key`, () => {
      assert.match(read(field, `{ host: a, ${key}: 1 }`).errors.join(), new RegExp(`unknown key "${key}"`));
    });
  }
  test("all faults of all keys are reported, not only the first", () => {
    assert.equal(read(field, "{ port: x, inner: { deep: 7, b: 1 }, c: 2 }").errors.length, 5);
  });
  test("origins are noted of what is written, not of defaults", () => {
    const { origins } = read(field, "{ host: a, inner: { deep: true } }");
    assert.deepEqual(origins.get("k.inner.deep"), {
      kind: "file",
      at: { file: "t", line: 1, column: 30 },
      masked: false,
    });
    assert.equal(origins.has("k.port"), false);
  });
  test("requires its required keys in JSON Schema and admits no others but x- keys", () => {
    const json = jsonOf(field) as Record<string, unknown>;
    assert.deepEqual(json.required, ["host"]);
    assert.equal(json.additionalProperties, false);
    assert.deepEqual(Object.keys(json.patternProperties as object), ["^x-"]);
    assert.deepEqual(Object.keys(json.properties as object), ["host", "port", "inner", "maybe"]);
  });
});

describe("what is shown", () => {
  test("durations and sizes as text", () => {
    assert.deepEqual([dur("d").show(1500), size("s").show(2048)], ["1.5s", "2kb"]);
  });
  test("lists and maps element by element", () => {
    assert.deepEqual(listOf("d", dur("x")).show([1000]), ["1s"]);
    assert.deepEqual(mapOf("d", size("x")).show({ a: 1024 }), { a: "1kb" });
  });
  test("an absent optional as null", () => assert.equal(optional(dur("d")).show(null), null));
  test("the default in JSON Schema as it would be written", () => {
    assert.equal(jsonOf(dur("d", 30_000)).default, "30s");
    assert.equal(jsonOf(size("d", 1024)).default, "1kb");
    assert.ok(!("default" in jsonOf(str("d"))));
    assert.ok(!("default" in jsonOf(optional(str("d")))));
  });
});

describe("a wrong value in a message", () => {
  function messages(filled: "env" | "file" | undefined, path: string): readonly string[] {
    return [int("d", 1), bool("d", true), dur("d", 1), oneOf("d", ["a"], "a")].map((field) => {
      const problems = new Problems();
      const at = { file: "t", line: 1, column: 1 };
      const node = { kind: "scalar", at, value: "s3cret", ...(filled === undefined ? {} : { filled }) } as const;
      field.read(node, path, { problems, origins: new Map(), schema: {} });
      return problems.list.map(({ message }) => message).join();
    });
  }
  for (const [what, filled, path] of [
    ["of a key that holds a secret", undefined, "redis.password"],
    ["below a key that holds secrets", "env", "management.auth.token"],
    ["of a management user", "env", "management.auth.users.ann"],
    ["that a file holds", "file", "frontend.http.port"],
  ] as const) {
    test(`${what} is masked`, () => {
      for (const message of messages(filled, path)) assert.match(message, /found "\*\*\*"(?!.*s3cret)/);
    });
  }
  for (const filled of ["env", undefined] as const) {
    test(`of any other key is shown, from ${filled === undefined ? "the file" : "a variable"} too`, () => {
      for (const message of messages(filled, "frontend.http.port")) assert.match(message, /found "s3cret"/);
    });
  }
});
