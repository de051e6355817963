// Which rule wins: every row of the table of path patterns, specificity, and what is answered when none does.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answer, request, type TestRule, treeOf } from "../../support/routes.ts";

function winner(
  rules: readonly TestRule[] | Readonly<Record<string, TestRule>>,
  target: string,
  method = "GET",
  host = "",
): string {
  return answer(treeOf(rules).match(request(target, method, host)));
}

describe("what a pattern matches", () => {
  const rows: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
    ["/a/b", ["/a/b"], ["/a", "/a/", "/a/b/", "/a/b/c", "/A/b", "/a/bc", "/"]],
    ["/a/*", ["/a", "/a/", "/a/b", "/a/b/", "/a/b/c/d"], ["/", "/ab", "/b/a", "/A"]],
    ["/a/{rest...}", ["/a", "/a/", "/a/b", "/a/b/c/d"], ["/", "/ab"]],
    ["/a/", ["/a", "/a/", "/a/b", "/a/b/c/d"], ["/", "/ab"]],
    ["/*", ["/", "/a", "/a/", "/a/b/c"], []],
    ["/", ["/", "/a", "/a/b/c"], []],
    ["/a/*/c", ["/a/b/c", "/a/%2F/c"], ["/a/c", "/a/b/b/c", "/a/b/c/", "/a/b", "/a/b/c/d"]],
    ["/a/{x}/c", ["/a/b/c"], ["/a/c", "/a/b/b/c", "/a/b/c/"]],
    ["/a/:x/c", ["/a/b/c"], ["/a/c", "/a/b/b/c"]],
    ["/a/{x}", ["/a/b"], ["/a/", "/a", "/a/b/", "/a/b/c"]],
    ["/v*/x", ["/v/x", "/v1/x", "/v1.2/x"], ["/w/x", "/v1/y", "/v1/2/x", "/x", "/v1"]],
    ["/a-*-z/x", ["/a-b-z/x", "/a--z/x"], ["/a-z/x", "/a-b/x"]],
    ["/a*", ["/a", "/ab", "/a/", "/a/b", "/abc/d/e"], ["/", "/b", "/ba"]],
    ["/x/a*", ["/x/a", "/x/ab/c"], ["/x", "/x/", "/x/ba"]],
    ["/*.js", ["/a.js", "/.js"], ["/a.jsx", "/a/b.js", "/a.js/"]],
    ["/a/{$}", ["/a/"], ["/a", "/a/b", "/a//"]],
    ["/{$}", ["/"], ["/a", "/a/"]],
    ["/{x}", ["/a"], ["/", "/a/", "/a/b"]],
    ["/{x}/*", ["/a", "/a/", "/a/b"], ["/"]],
  ];
  for (const [pattern, yes, no] of rows) {
    for (const path of yes)
      test(`${pattern} takes ${path}`, () => assert.equal(winner([{ path: pattern }], path), pattern));
    for (const path of no)
      test(`${pattern} leaves ${path}`, () => assert.equal(winner([{ path: pattern }], path), "404"));
  }
  test("the query is not part of the path", () => {
    assert.equal(winner([{ path: "/a" }], "/a?x=/b"), "/a");
    assert.equal(winner([{ path: "/a/b" }], "/a?x=/b"), "404");
  });
});

describe("the most specific wins, whatever the order", () => {
  const rows: readonly (readonly [path: string, winner: string, losers: readonly string[]])[] = [
    ["/a/b", "/a/b", ["/a/*", "/a/{x}", "/a/b*", "/*", "/a/"]],
    ["/a/b", "/a/b*", ["/a/{x}", "/a/*", "/*"]],
    ["/a/b", "/a/{x}", ["/a/*", "/*"]],
    ["/a/b", "/a/*", ["/*", "/{x}/b"]],
    ["/a/b", "/a/{x}", ["/{x}/b", "/a*"]],
    ["/a", "/a", ["/a/*", "/a*", "/{x}"]],
    ["/a", "/a/*", ["/a*", "/{x}", "/*"]],
    ["/a/", "/a/{$}", ["/a/*", "/a*", "/*"]],
    ["/", "/{$}", ["/*"]],
    ["/v1/x", "/v*/x", ["/{x}/x", "/*"]],
    ["/v1beta/x", "/v1*/x", ["/v*/x", "/{x}/x"]],
    ["/a/b/c", "/a/b/{x}", ["/a/{x}/c", "/{x}/b/c", "/a/*"]],
    ["/a/b/c", "/a/b/*", ["/a/{x}/c", "/a/{x}/{y}"]],
    ["/a/b/c/d", "/a/*", ["/{x}/b/c/d"]],
  ];
  for (const [path, expected, losers] of rows) {
    for (const loser of losers) {
      test(`${path}: ${expected} before ${loser}`, () => {
        assert.equal(winner([{ path: expected }, { path: loser }], path), expected);
        assert.equal(winner([{ path: loser }, { path: expected }], path), expected);
      });
    }
  }
  test("a more specific beginning that leads nowhere is left again", () => {
    const rules = [{ path: "/a/b/c" }, { path: "/a/{x}/d" }, { path: "/{x}/{y}/e" }, { path: "/a*" }];
    assert.deepEqual(
      ["/a/b/c", "/a/b/d", "/a/b/e", "/a/b/f", "/b/b/f"].map((p) => winner(rules, p)),
      ["/a/b/c", "/a/{x}/d", "/a*", "/a*", "404"],
    );
  });
});

describe("methods", () => {
  const rules = {
    read: { path: "/a", methods: ["GET"] },
    write: { path: "/a", methods: ["POST", "PUT"] },
    all: { path: "/b" },
    one: { path: "/b", methods: ["DELETE"] },
  };
  test("each method finds its rule", () => {
    assert.deepEqual(
      ["GET", "POST", "PUT"].map((m) => winner(rules, "/a", m)),
      ["read", "write", "write"],
    );
  });
  test("GET admits HEAD, HEAD does not admit GET", () => {
    assert.equal(winner(rules, "/a", "HEAD"), "read");
    assert.equal(winner([{ path: "/h", methods: ["HEAD"] }], "/h", "GET"), "405 HEAD");
  });
  test("a method that no rule of the path admits is 405 with all that are, sorted", () => {
    assert.equal(winner(rules, "/a", "DELETE"), "405 GET HEAD POST PUT");
  });
  test("methods are case-sensitive", () => assert.equal(winner(rules, "/a", "get"), "405 GET HEAD POST PUT"));
  test("a rule with methods goes before one without", () => {
    assert.deepEqual(
      ["DELETE", "GET"].map((m) => winner(rules, "/b", m)),
      ["one", "all"],
    );
  });
  test("a less specific rule that admits the method takes over", () => {
    assert.equal(
      winner({ exact: { path: "/a/b", methods: ["GET"] }, below: { path: "/a/*" } }, "/a/b", "POST"),
      "below",
    );
  });
  test("405 collects the methods of every pattern that has the path", () => {
    const several = [
      { path: "/a/b", methods: ["GET"] },
      { path: "/a/{x}", methods: ["PUT"] },
      { path: "/a/*", methods: ["PATCH"] },
      { path: "/c", methods: ["DELETE"] },
    ];
    assert.equal(winner(several, "/a/b", "POST"), "405 GET HEAD PATCH PUT");
  });
  test("a path that no rule has is 404, whatever the method", () => assert.equal(winner(rules, "/c", "DELETE"), "404"));
  test("without rules everything is 404", () => assert.equal(winner([], "/"), "404"));
});

describe("hosts and methods together", () => {
  const rules = {
    exact: { path: "/a", hosts: ["x.org"], methods: ["GET"] },
    any: { path: "/a", methods: ["POST"] },
  };
  test("methods of rules for other hosts are not allowed here", () => {
    assert.equal(winner(rules, "/a", "GET", "y.org"), "405 POST");
    assert.equal(winner(rules, "/a", "DELETE", "x.org"), "405 GET HEAD POST");
  });
  test("a path that only another host has is 404", () => {
    assert.equal(winner([{ path: "/a", hosts: ["x.org"] }], "/a", "GET", "y.org"), "404");
  });
  test("a rule with a host goes before one with a method", () => {
    const both = { host: { path: "/a", hosts: ["x.org"] }, method: { path: "/a", methods: ["GET"] } };
    assert.equal(winner(both, "/a", "GET", "x.org"), "host");
    assert.equal(winner(both, "/a", "GET", "y.org"), "method");
  });
  test("the path counts more than the host", () => {
    const both = { host: { path: "/a/*", hosts: ["x.org"] }, path: { path: "/a/b" } };
    assert.equal(winner(both, "/a/b", "GET", "x.org"), "path");
  });
});

test("names of every object are ordinary segments and hosts", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    assert.equal(winner([{ path: "/a" }], `/${name}`, "GET", name), "404");
    assert.equal(winner([{ path: `/${name}` }], `/${name}`), `/${name}`);
  }
});

test("a deep path is walked without trouble", () => {
  const deep = "/a".repeat(2000);
  assert.equal(winner([{ path: "/*" }, { path: "/a/{x}/*" }], deep), "/a/{x}/*");
});
