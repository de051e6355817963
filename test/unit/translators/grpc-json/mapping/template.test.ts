// Path templates: every form of the grammar, and which of several wins.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PathTable, variableValue } from "../../../../../src/translators/grpc-json/mapping/path-table.ts";
import { parseTemplate, type Template } from "../../../../../src/translators/grpc-json/mapping/template.ts";

function parsed(text: string): Template {
  const template = parseTemplate(text);
  if (typeof template === "string") throw new Error(template);
  return template;
}

/** Values of a path under one template, or null when it does not match. */
function values(text: string, path: string): Record<string, string | undefined> | null {
  const template = parsed(text);
  const table = new PathTable<Template>();
  table.add("GET", template, template);
  const match = table.match("GET", path, new Set());
  if (match === undefined) return null;
  return Object.fromEntries(match.value.variables.map((v) => [v.field, variableValue(v, match.segments)]));
}

describe("a template", () => {
  const cases: [template: string, path: string, values: Record<string, string> | null][] = [
    ["/", "/", {}],
    ["/", "/a", null],
    ["/v1/a", "/v1/a", {}],
    ["/v1/a", "/v1/a/", null],
    ["/v1/a", "/v1/A", null],
    ["/v1/a", "/v1", null],
    ["/v1/a b", "/v1/a%20b", {}],
    ["/v1/*", "/v1/x", {}],
    ["/v1/*", "/v1/", null],
    ["/v1/*", "/v1/x/y", null],
    ["/v1/*/b", "/v1/x/b", {}],
    ["/v1/**", "/v1", {}],
    ["/v1/**", "/v1/", {}],
    ["/v1/**", "/v1/x/y/z", {}],
    ["/v1/**", "/v2/x", null],
    ["/**", "/anything/at/all", {}],
    ["/v1/{x}", "/v1/y", { x: "y" }],
    ["/v1/{x}", "/v1/a%2Fb%5Cc%20d", { x: "a/b\\c d" }],
    ["/v1/{x=*}", "/v1/a%2Fb", { x: "a/b" }],
    ["/v1/{x=**}", "/v1/a/b%2Fc%20d", { x: "a/b%2Fc d" }],
    ["/v1/{x=**}", "/v1", { x: "" }],
    ["/v1/{x=shelves/*}", "/v1/shelves/1", { x: "shelves/1" }],
    ["/v1/{x=shelves/*}", "/v1/shelves/1/2", null],
    ["/v1/{x=shelves/*/books/*}", "/v1/shelves/1/books/2", { x: "shelves/1/books/2" }],
    ["/v1/{x=shelves/**}", "/v1/shelves/1/books/2", { x: "shelves/1/books/2" }],
    ["/v1/{a.b.c=shelves/*/books/**}", "/v1/shelves/1/books/2/3", { "a.b.c": "shelves/1/books/2/3" }],
    ["/v1/{x=fixed}", "/v1/fixed", { x: "fixed" }],
    ["/v1/{x=fixed}", "/v1/other", null],
    ["/v1/{x}/{y}", "/v1/1/2", { x: "1", y: "2" }],
    ["/v1/{x=a/*}/{y=b/*}", "/v1/a/1/b/2", { x: "a/1", y: "b/2" }],
    ["/v1/a:go", "/v1/a:go", {}],
    ["/v1/a:go", "/v1/a", null],
    ["/v1/a:go", "/v1/a:stop", null],
    ["/v1/{x}:go", "/v1/y:go", { x: "y" }],
    ["/v1/{x}:go", "/v1/a:b:go", { x: "a:b" }],
    ["/v1/{x}:go", "/v1/a%3Ago", null],
    ["/v1/{x}", "/v1/y:go", { x: "y:go" }],
    ["/v1/{x=**}:go", "/v1/a/b:go", { x: "a/b" }],
    ["/v1/{x=**}:go", "/v1:go", { x: "" }],
    ["/v1/{x=shelves/*}:go", "/v1/shelves/1:go", { x: "shelves/1" }],
    ["/v1/{x}:go", "/v1/aa:bb:cc:dd:ee:ff:go", { x: "aa:bb:cc:dd:ee:ff" }],
    ["/v1/{x}:go", "/v1/2001:db8:0:0:0:0:0:1:go", { x: "2001:db8:0:0:0:0:0:1" }],
    ["/v1/{x}:go", "/v1/a:go:b", null],
    ["/v1/{x}:go", "/v1/a:go:", null],
    ["/v1/{x=a/*}:go", "/v1/a/b:c:d:e:f:g:go", { x: "a/b:c:d:e:f:g" }],
    ["/v1/{x=**}:go", "/v1/a:1/b:2:3:4:5:6:7:go", { x: "a:1/b:2:3:4:5:6:7" }],
    ["/v1/**:go", "/v1/a/b:go", {}],
    ["/v1/**:go", "/v1/a/b", null],
    ["/v1/{x=**}/tail", "/v1/a/b/tail", { x: "a/b" }],
    ["/v1/{x=**}/tail", "/v1/tail/tail", { x: "tail" }],
    ["/v1/{x=**}/tail", "/v1/tail", { x: "" }],
    ["/v1/{x=**}/tail", "/v1/a/b", null],
    ["/v1/{x=**}/tail", "/v1", null],
    ["/v1/{x=**}/tail", "/v1/a/tail/b", null],
    ["/v1/{x=**}/tail:go", "/v1/a/b/tail:go", { x: "a/b" }],
    ["/v1/{x=**}/{y}", "/v1/a/b/c", { x: "a/b", y: "c" }],
    ["/v1/{x=**}/{y}", "/v1/a/", null],
    ["/v1/{x=**}/b/{y=c/*}/{z}", "/v1/a/b/c/d/e", { x: "a", y: "c/d", z: "e" }],
    ["/v1/**/{y}", "/v1/a/b%2Fc", { y: "b/c" }],
    ["/v1/{w}/{x=a/**/b}/{y}", "/v1/0/a/1/2/b/3", { w: "0", x: "a/1/2/b", y: "3" }],
    ["/v1/{x=a/**/b}", "/v1/a/b", { x: "a/b" }],
    ["/v1/{x=a/**/b}", "/v1/a/1%2F2/b", { x: "a/1%2F2/b" }],
    ["/**/tail", "/tail", {}],
    ["/v1/**/a b", "/v1/x/a%20b", {}],
  ];
  for (const [template, path, expected] of cases) {
    test(`${template} ${expected === null ? "does not match" : "matches"} ${path}`, () => {
      assert.deepEqual(values(template, path), expected);
    });
  }
  test("gives no value for bytes that are not UTF-8", () => {
    assert.deepEqual(values("/v1/{x}", "/v1/%FF"), { x: undefined });
    assert.deepEqual(values("/v1/{x=**}", "/v1/a/%FF"), { x: undefined });
  });

  const wrong: [template: string, message: RegExp][] = [
    ["", /begin with/],
    ["v1", /begin with/],
    ["/v1//a", /empty segment/],
    ["/v1/", /empty segment/],
    ["/v1/{}", /field name/],
    ["/v1/{x", /lacks/],
    ["/v1/{x=", /empty segment/],
    ["/v1/{x={y}}", /inside a variable/],
    ["/v1/{x}{y}", /belongs/],
    ["/v1/a{x}", /belongs/],
    ["/v1/{x}a", /belongs/],
    ["/v1/{x}/{x}", /twice/],
    ["/v1/**/a/**", /more than one/],
    ["/v1/{x=**}/{y=**}", /more than one/],
    ["/v1/{x=**/a/**}", /more than one/],
    ["/v1/a:", /empty segment/],
    ["/v1/a:b:c", /belongs/],
    ["/v1/a:b/c", /belongs/],
    ["/v1/{a-b}", /lacks/],
    ["/v1/{1a}", /field name/],
    ["/v1/a?b=c", /belongs/],
    ["/v1/***", /belongs/],
  ];
  for (const [template, message] of wrong) {
    test(`is refused: ${template || "nothing"}`, () => assert.match(String(parseTemplate(template)), message));
  }
});

describe("of several templates", () => {
  const table = new PathTable<{ name: string }>();
  const all: [method: string, template: string][] = [
    ["GET", "/v1/**"],
    ["GET", "/v1/{x}"],
    ["GET", "/v1/a"],
    ["GET", "/v1/{x}:go"],
    ["GET", "/v1/{x}/b"],
    ["GET", "/v1/a/{y}"],
    ["POST", "/v1/a"],
    ["DELETE", "/v1/{x}"],
    ["*", "/v2/{x}"],
    ["GET", "/v2/{x}"],
    ["GET", "/v4/**"],
    ["GET", "/v4/**/{y}/b"],
    ["GET", "/v4/**/b"],
    ["GET", "/v4/**/a/b"],
    ["GET", "/v4/a/b"],
  ];
  for (const [method, template] of all)
    assert.equal(table.add(method, parsed(template), { name: template }), undefined);

  const cases: [method: string, path: string, template: string | undefined, allow?: string[]][] = [
    ["GET", "/v1/a", "/v1/a"],
    ["HEAD", "/v1/a", "/v1/a"],
    ["GET", "/v1/b", "/v1/{x}"],
    ["GET", "/v1/b:go", "/v1/{x}:go"],
    ["GET", "/v1/b:stop", "/v1/{x}"],
    ["GET", "/v1/a/b", "/v1/a/{y}"],
    ["GET", "/v1/c/b", "/v1/{x}/b"],
    ["GET", "/v1/c/d", "/v1/**"],
    ["GET", "/v1/c/b/d", "/v1/**"],
    ["DELETE", "/v1/a", "/v1/{x}"],
    ["PUT", "/v1/a", undefined, ["DELETE", "GET", "POST"]],
    ["PUT", "/v3", undefined, []],
    ["PUT", "/v2/x", "/v2/{x}"],
    ["GET", "/v2/x", "/v2/{x}"],
    ["GET", "/v4/a/b", "/v4/a/b"],
    ["GET", "/v4/x/a/b", "/v4/**/a/b"],
    ["GET", "/v4/x/y/b", "/v4/**/{y}/b"],
    ["GET", "/v4/b", "/v4/**/b"],
    ["GET", "/v4/x/y", "/v4/**"],
    ["PUT", "/v4/x/a/b", undefined, ["GET"]],
  ];
  for (const [method, path, template, allow] of cases) {
    test(`${method} ${path} goes to ${template ?? "none"}`, () => {
      const allowed = new Set<string>();
      assert.equal(table.match(method, path, allowed)?.value.name, template);
      if (allow !== undefined) assert.deepEqual([...allowed].sort(), allow);
    });
  }
  test("the first of two equal ones stays", () => {
    assert.deepEqual(table.add("GET", parsed("/v1/{other}"), { name: "late" }), { name: "/v1/{x}" });
    assert.equal(table.match("GET", "/v1/b", new Set())?.value.name, "/v1/{x}");
  });
  test("long and repetitive paths cost no more than their length", () => {
    const deep = new PathTable<{ name: string }>();
    for (let i = 0; i < 12; i++) {
      const segments = Array.from({ length: 12 }, (_, at) => ((i >> (at % 4)) & 1 ? "*" : "a"));
      deep.add("GET", parsed(`/${segments.join("/")}/end${i}`), { name: "" });
    }
    const begun = performance.now();
    for (let i = 0; i < 200; i++) deep.match("GET", `/${"a/".repeat(4000)}${":".repeat(1000)}`, new Set());
    assert.ok(performance.now() - begun < 2000);
  });
});
